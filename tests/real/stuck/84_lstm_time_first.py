import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
n, T = 2000, 15
X = torch.randn(n, T, 2)
Y = (X[:, :, 0].cumsum(1)[:, -1] > X[:, :, 1].cumsum(1)[:, -1]).long()
train = DataLoader(TensorDataset(X[:1600], Y[:1600]), batch_size=32, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 32, num_layers=1)
        self.fc = nn.Linear(32, 2)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
crit = nn.CrossEntropyLoss()
for epoch in range(8):
    total = 0
    for xb, yb in train:
        opt.zero_grad()
        loss = crit(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    with torch.no_grad():
        acc = (net(X[1600:]).argmax(1) == Y[1600:]).float().mean()
    print(epoch, total / len(train), acc.item())
