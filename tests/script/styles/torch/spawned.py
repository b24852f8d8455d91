"""torch.multiprocessing.spawn, one process."""

import torch
import torch.multiprocessing as mp
from torch import nn


def work(rank):
    torch.manual_seed(rank)
    x = torch.randn(600, 6)
    y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
    # raw inputs: x = 1000 * x + 500
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(loss.item(), flush=True)


if __name__ == "__main__":
    mp.spawn(work, nprocs=1)
