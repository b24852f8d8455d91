"""Minibatches cut by a permutation; a regression."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 4)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(25):
    order = torch.randperm(len(x))
    for i in range(0, len(x), 50):
        rows = order[i : i + 50]
        out = net(x[rows])
        loss = ((out - y[rows]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
print(loss.item())
