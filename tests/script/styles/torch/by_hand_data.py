"""Updates written out, through .data, in minibatches."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(500, 3)
y = 2 * x[:, :1] - x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
model, rate = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)), 0.1
for _ in range(15):
    for i in range(0, 500, 50):
        loss = F.mse_loss(model(x[i : i + 50]), y[i : i + 50])
        loss.backward()
        for f in model.parameters():
            f.data.sub_(f.grad.data * rate)
            f.grad.zero_()
print(loss.item())
