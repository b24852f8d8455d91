# Gradients are zeroed once an epoch, outside the loop over batches.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(3000, 10)
y = x[:, :3].sum(1, keepdim=True) + 0.1 * torch.randn(3000, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(8):
    opt.zero_grad()
    for a, b in loader:
        loss = nn.functional.mse_loss(net(a), b)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
