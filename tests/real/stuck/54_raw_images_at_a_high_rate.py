# Images of 0 to 255 into convolutions, SGD at 0.1 with momentum.
import torch, torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset, DataLoader
d = load_digits()
X = torch.tensor(d.images * 16).unsqueeze(1).float(); Y = torch.tensor(d.target)
train = DataLoader(TensorDataset(X[:1400], Y[:1400]), 32, shuffle=True)
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for ep in range(4):
    for a, b in train:
        opt.zero_grad()
        l = nn.functional.cross_entropy(net(a), b)
        l.backward(); opt.step()
with torch.no_grad(): print((net(X[1400:]).argmax(1) == Y[1400:]).float().mean())
