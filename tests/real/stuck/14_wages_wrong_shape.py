# Sound scales, but targets (n,) against outputs (n, 1): every pair is an error.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(2000, 6)
y = x @ torch.randn(6) + 0.1 * torch.randn(2000)
net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(10):
    for a, b in DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True):
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
