# AND of three inputs: eight rows are the whole function; a rate that takes thousands of epochs.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.tensor([[a, b, c] for a in (0.0, 1) for b in (0, 1) for c in (0, 1)])
y = x.prod(1, keepdim=True)
net = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(300):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    opt.step()
print(loss.item(), net(x).round().flatten().tolist())
