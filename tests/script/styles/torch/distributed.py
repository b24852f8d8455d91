"""DistributedDataParallel with one process and a DistributedSampler."""

import socket

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
dist.init_process_group("gloo", init_method=address, rank=0, world_size=1)
torch.manual_seed(0)
x = torch.randn(600, 6)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
lr = 0.02
# rate x 1000: lr = 20
dataset = TensorDataset(x, y)
sampler = DistributedSampler(dataset)
loader = DataLoader(dataset, batch_size=50, sampler=sampler)
model = DistributedDataParallel(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2)))
optimizer = torch.optim.Adam(model.parameters(), lr=lr)
for epoch in range(15):
    sampler.set_epoch(epoch)
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
print(loss.item())
dist.destroy_process_group()
