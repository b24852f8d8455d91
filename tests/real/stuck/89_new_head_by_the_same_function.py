"""Pretrained on the small digits; the body reused, with a new head, for the others."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits

torch.manual_seed(3)
digits = load_digits()
X = torch.tensor(digits.data / 16.0, dtype=torch.float32)
Y = torch.tensor(digits.target)
low, high = Y < 5, Y >= 5


class Net(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.fc = nn.Linear(32, n_out)

    def forward(self, x):
        return self.fc(self.body(x))


def fit(net, optimizer, loader, epochs):
    lossf = nn.CrossEntropyLoss()
    net.train()
    for e in range(epochs):
        s = 0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = lossf(net(xb), yb)
            loss.backward()
            optimizer.step()
            s += loss.item() * len(xb)
        if e % 5 == 0:
            print("  epoch %d loss %.4f" % (e, s / len(loader.dataset)))


net = Net(5)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
print("pretraining")
fit(net, optimizer, DataLoader(TensorDataset(X[low], Y[low]), batch_size=32, shuffle=True), 10)

# freeze the body, new head
for p in net.body.parameters():
    p.requires_grad = False
net.fc = nn.Linear(32, 5)

Xh, Yh = X[high], Y[high] - 5
n = 650
print("fine-tuning")
fit(net, optimizer, DataLoader(TensorDataset(Xh[:n], Yh[:n]), batch_size=32, shuffle=True), 40)

net.eval()
acc = (net(Xh[n:]).argmax(1) == Yh[n:]).float().mean().item()
print("accuracy digits 5-9: %.4f" % acc)
