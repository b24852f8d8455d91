"""torch.compile around the model."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(600, 6)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
# raw inputs: x = 1000 * x + 500
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
fast = torch.compile(model, backend="aot_eager")
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(150):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(fast(x), y)
    loss.backward()
    optimizer.step()
print(loss.item())
