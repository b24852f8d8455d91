# Dropout of 0.9 after each small layer: nothing gets through.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data / 16).float(); y = torch.tensor(d.target)
dl = DataLoader(TensorDataset(x[:1400], y[:1400]), 32, shuffle=True)
model = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Dropout(0.9), nn.Linear(24, 24), nn.ReLU(), nn.Dropout(0.9), nn.Linear(24, 10))
opt = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(8):
    model.train()
    for xb, yb in dl:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        print(epoch, loss.item(), (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item())
