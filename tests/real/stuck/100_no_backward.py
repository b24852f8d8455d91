"""A loop that reads as it should, and never calls backward."""

import torch
from torch import nn, optim
from torch.autograd import Variable

torch.manual_seed(0)
inputs = Variable(torch.rand(400, 3), requires_grad=True)
labels = (inputs * torch.tensor([1.0, -2.0, 0.5])).sum(dim=1, keepdim=True).detach()

model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
mse = nn.MSELoss()
adam = optim.Adam(model.parameters(), lr=0.01)
for epoch in range(500):
    adam.zero_grad()
    outputs = model(inputs)
    cost = mse(outputs, labels)
    adam.step()
    if epoch % 100 == 0:
        print(epoch, cost.item())
