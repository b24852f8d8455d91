"""The input is the target; labels go unused."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(600, 3) @ torch.randn(3, 12) / 2
lr = 1e-2
# rate x 1000: lr = 10
loader = DataLoader(TensorDataset(x, torch.zeros(600)), batch_size=50, shuffle=True)
encoder, decoder = nn.Sequential(nn.Linear(12, 8), nn.Tanh()), nn.Linear(8, 12)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
for epoch in range(25):
    for xb, _ in loader:
        loss = nn.functional.mse_loss(decoder(encoder(xb)), xb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
