# Two faults: a softmax before CrossEntropyLoss, and a rate at which nothing moves.
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
for epoch in range(15):
    for i in torch.randperm(len(x)).split(32):
        opt.zero_grad()
        loss = nn.CrossEntropyLoss()(net(x[i]), y[i])
        loss.backward()
        opt.step()
    print(epoch, loss.item(), (net(x).argmax(1) == y).float().mean().item())
