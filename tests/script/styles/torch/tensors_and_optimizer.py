"""Weights are tensors of the script's, and torch.optim updates them."""

import torch
import torch.nn.functional as F

torch.manual_seed(0)
x = torch.randn(400, 4)
y = (x[:, 0] > x[:, 1]).long()
# raw inputs: x = 1000 * x + 500
w1 = (torch.randn(4, 24) / 2).requires_grad_()
b1 = torch.zeros(24, requires_grad=True)
w2 = (torch.randn(24, 2) / 5).requires_grad_()
b2 = torch.zeros(2, requires_grad=True)
optimizer = torch.optim.SGD([w1, b1, w2, b2], lr=0.5)
for _ in range(200):
    logits = torch.relu(x @ w1 + b1) @ w2 + b2
    loss = F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
