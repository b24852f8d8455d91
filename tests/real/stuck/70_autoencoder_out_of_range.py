# Standardized inputs, sigmoid output: the reconstruction cannot be negative.
import torch
from torch import nn
from sklearn.datasets import load_wine
torch.manual_seed(0)
X = load_wine().data
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(13, 8), nn.ReLU(), nn.Linear(8, 6))
        self.dec = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 13), nn.Sigmoid())
    def forward(self, x):
        return self.dec(self.enc(x))
ae = AE()
opt = torch.optim.Adam(ae.parameters(), lr=0.005)
for epoch in range(400):
    opt.zero_grad()
    loss = ((ae(X) - X) ** 2).mean()
    loss.backward()
    opt.step()
    if epoch % 100 == 0: print(epoch, loss.item())
