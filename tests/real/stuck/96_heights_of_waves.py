# A data set that makes its rows itself, one number each, against outputs (n, 1): n x n differences.
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(3)


class Waves(Dataset):
    def __init__(self, count):
        t = torch.linspace(0, 2 * math.pi, 40)
        self.waves, self.heights = [], []
        for _ in range(count):
            height = 0.5 + 2 * torch.rand(())
            self.waves.append(height * torch.sin(t * (1 + 2 * torch.rand(())) + torch.rand(())))
            self.heights.append(height)

    def __len__(self):
        return len(self.waves)

    def __getitem__(self, k):
        return self.waves[k], self.heights[k]


train = DataLoader(Waves(640), batch_size=20, shuffle=True)
test = Waves(160)
net = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
criterion = nn.MSELoss()
for epoch in range(10):
    for wave, height in train:
        loss = criterion(net(wave), height)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())

with torch.no_grad():
    guess = net(torch.stack(test.waves)).squeeze(1)
print("mean error", (guess - torch.stack(test.heights)).abs().mean().item())
