"""No module at all: weights are tensors, updates are written out."""

import torch

torch.manual_seed(0)
x = torch.randn(400, 4)
y = torch.sin(x[:, :1]) + x[:, 1:2]
lr = 0.1
# rate x 1000: lr = 100
w1 = (torch.randn(4, 24) / 2).requires_grad_()
b1 = torch.zeros(24, requires_grad=True)
w2 = (torch.randn(24, 1) / 5).requires_grad_()
b2 = torch.zeros(1, requires_grad=True)
for _ in range(300):
    loss = ((torch.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (w1, b1, w2, b2):
            p -= lr * p.grad
            p.grad = None
print(loss.item())
