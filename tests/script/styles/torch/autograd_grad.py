"""torch.autograd.grad, and a step by hand."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(500, 5)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).float()
lr = 0.5
# rate x 1000: lr = 500
model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
params = list(model.parameters())
for _ in range(300):
    loss = nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y)
    grads = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            p.sub_(lr * g)
print(loss.item())
