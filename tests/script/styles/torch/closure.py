"""LBFGS with a closure."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(300, 4)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2]
model, lr = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)), 0.1
# rate x 1000: lr = 100
optimizer = torch.optim.LBFGS(model.parameters(), lr=lr)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


for _ in range(20):
    loss = optimizer.step(closure)
print(loss.item())
