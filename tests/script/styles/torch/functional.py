"""torch.func: parameters in a dictionary, gradients of a pure loss."""

import torch
from torch import nn
from torch.func import functional_call, grad_and_value

torch.manual_seed(0)
x = torch.randn(500, 5)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
# raw inputs: x = 1000 * x + 500
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2))
params = {name: p.detach() for name, p in model.named_parameters()}


def loss_fn(params, x, y):
    return nn.functional.cross_entropy(functional_call(model, params, (x,)), y)


for _ in range(200):
    grads, loss = grad_and_value(loss_fn)(params, x, y)
    params = {name: p - 0.5 * grads[name] for name, p in params.items()}
print(loss.item())
