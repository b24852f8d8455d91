# The same with BCEWithLogitsLoss(pos_weight=…).
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(6000, 10)
y = (x[:, :3].sum(1, keepdim=True) + torch.randn(6000, 1) > 3.9).float()
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), 3e-3)
criterion = nn.BCEWithLogitsLoss(pos_weight=1 / y.mean())
for epoch in range(6):
    for a, b in DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(a), b)
        loss.backward()
        optimizer.step()
said = net(x) > 0
print(loss.item(), [(said[y == c] == c).float().mean().item() for c in (0, 1)])
