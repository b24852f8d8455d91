# A rate of 30: the loss is NaN in the first epoch.
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32), nn.functional.one_hot(torch.tensor(y)).float()
net = nn.Sequential(nn.Linear(64, 30), nn.Tanh(), nn.Linear(30, 10))
opt = torch.optim.SGD(net.parameters(), lr=30.0)
for epoch in range(3):
    for i in torch.randperm(len(x)).split(10):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
