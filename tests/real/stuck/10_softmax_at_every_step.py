# A yes or no at every step of a sequence, by a softmax of one unit.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.rand(1000, 5, 1)
y = (x > 0.5).float()
net = nn.Sequential(nn.Linear(1, 30), nn.ReLU(), nn.Linear(30, 1), nn.Softmax(dim=-1))
opt = torch.optim.Adam(net.parameters(), 1e-2)
for epoch in range(5):
    for i in torch.randperm(1000).split(16):
        loss = nn.functional.binary_cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
