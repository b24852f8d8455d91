"""Two optimizers share one model's parameters out among them."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(600, 6)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
# raw inputs: x = 1000 * x + 20000
loader = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True)
body, head = nn.Sequential(nn.Linear(6, 24), nn.ReLU()), nn.Linear(24, 2)
optimizers = [
    torch.optim.SGD(body.parameters(), lr=0.1, momentum=0.9),
    torch.optim.Adam(head.parameters(), lr=1e-2),
]
for epoch in range(20):
    for xb, yb in loader:
        loss = nn.functional.cross_entropy(head(body(xb)), yb)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
print(loss.item())
