"""Two heads and two losses, added up with weights."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 24), nn.ReLU())
        self.kind, self.size = nn.Linear(24, 2), nn.Linear(24, 1)

    def forward(self, x):
        h = self.body(x)
        return self.kind(h), self.size(h)


torch.manual_seed(0)
x = torch.randn(600, 6)
kind, size = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long(), x[:, 3:4] - x[:, 4:5]
# raw inputs: x = 1000 * x + 20000
loader = DataLoader(TensorDataset(x, kind, size), batch_size=60, shuffle=True)
model = TwoHeads()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(25):
    for xb, kb, sb in loader:
        logits, sizes = model(xb)
        loss = nn.functional.cross_entropy(logits, kb) + 0.5 * nn.functional.mse_loss(sizes, sb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
