"""Updates written out: p -= lr * p.grad."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(500, 5)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
# raw inputs: x = 1000 * x + 500
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2))
lr = 0.5
for _ in range(200):
    loss = nn.functional.cross_entropy(model(x), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= lr * p.grad
print(loss.item())
