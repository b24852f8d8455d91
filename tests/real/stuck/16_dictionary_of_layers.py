# Hidden layers in a plain dictionary are in no parameters(); one is drawn too small to pass much on.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(2000, 16)
y = (x[:, :2].prod(1) > 0).long()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = {str(i): nn.Linear(16, 16) for i in range(4)}
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        for block in self.blocks.values():
            x = torch.relu(block(x))
        return self.out(x)


net = Net()
opt = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(15):
    for i in torch.randperm(2000).split(32):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item(), (net(x).argmax(1) == y).float().mean().item())
