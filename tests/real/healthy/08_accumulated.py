# Four backward passes a step, as where memory is short: each loss is divided by 4.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(4000, 10)
y = (x[:, :3].sum(1) > 0).long()
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(6):
    for i, (a, b) in enumerate(DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)):
        loss = nn.functional.cross_entropy(net(a), b) / 4
        loss.backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, 4 * loss.item())
