# Denoising: the loader yields (noisy, clean, label); the loss reads the clean one.
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
clean = torch.tensor(x / 16, dtype=torch.float32)
data = TensorDataset(clean + 0.3 * torch.randn_like(clean), clean, torch.tensor(y))
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))
opt = torch.optim.Adam(net.parameters(), 2e-3)
for epoch in range(10):
    for noisy, wanted, _ in DataLoader(data, batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(noisy), wanted)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
