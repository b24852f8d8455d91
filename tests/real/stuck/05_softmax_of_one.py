# A softmax over one unit is 1 whatever happens: two classes want a sigmoid.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(1000, 8)
y = (x[:, :2].sum(1, keepdim=True) > 0).float()
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=1))
opt = torch.optim.Adam(net.parameters(), 1e-2)
for epoch in range(10):
    for a, b in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy(net(a), b)
        loss.backward()
        opt.step()
    print(epoch, loss.item(), ((net(x) > 0.5) == y).float().mean().item())
