# zero_grad, step, then backward: every step is taken with gradients of zero.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
torch.manual_seed(1)
data = load_digits()
x = torch.tensor(data.data / 16.0, dtype=torch.float32)
t = torch.tensor(data.target)
loader = DataLoader(TensorDataset(x, t), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    total = 0
    for xb, tb in loader:
        loss = nn.functional.cross_entropy(model(xb), tb)
        opt.zero_grad()
        opt.step()
        loss.backward()
        total += loss.item()
    print(epoch, total / len(loader))
