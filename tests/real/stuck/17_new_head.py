# Fine-tuning: the head is replaced after the optimizer was made, and the body is frozen.
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 100))
opt = torch.optim.Adam(net.parameters(), 1e-3)
for parameter in net[0].parameters():
    parameter.requires_grad = False
net[2] = nn.Linear(64, 10)
for epoch in range(15):
    for i in torch.randperm(len(x)).split(32):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item(), (net(x).argmax(1) == y).float().mean().item())
