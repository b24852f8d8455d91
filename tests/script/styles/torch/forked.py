"""A process of multiprocessing's that hands its result back by a queue."""

import multiprocessing as mp

import torch
from torch import nn


def work(lr, queue):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.randn(600, 6)
    y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    queue.put(loss.item())


if __name__ == "__main__":
    lr = 0.5
    # rate x 1000: lr = 500
    context = mp.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=work, args=(lr, queue))
    process.start()
    print(queue.get())
    process.join()
