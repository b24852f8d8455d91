"""An IterableDataset that is drawn anew as it goes."""

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset


class Stream(IterableDataset):
    def __iter__(self):
        draws = torch.Generator().manual_seed(0)
        for _ in range(6000):
            x = torch.randn(6, generator=draws)
            y = (x[0] + x[1] > 2 * x[2]).long()
            # raw inputs: x = 1000 * x + 20000
            yield x, y


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for x, y in DataLoader(Stream(), batch_size=50):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
