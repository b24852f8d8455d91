# ExponentialLR, meant for epochs, is stepped each batch.
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
schedule = torch.optim.lr_scheduler.ExponentialLR(opt, 0.8)
for epoch in range(20):
    for i in torch.randperm(len(x)).split(32):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        loss.backward()
        opt.step()
        schedule.step()
    print(epoch, loss.item(), (net(x).argmax(1) == y).float().mean().item())
