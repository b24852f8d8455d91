# The same by value, in a function that the loop calls.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(2000, 20)
y = x[:, -3:].sum(1, keepdim=True) * 30
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)


def update(loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_value_(net.parameters(), 0.1)
    optimizer.step()


for epoch in range(8):
    for i in torch.randperm(2000).split(40):
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        update(loss)
    print(epoch, loss.item())
