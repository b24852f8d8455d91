# A small GAN on a ring: two optimizers in turn; neither loss says whether it learns.
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
g_opt = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.5, 0.9))
d_opt = torch.optim.Adam(D.parameters(), 1e-3, betas=(0.5, 0.9))
bce = nn.BCEWithLogitsLoss()
for step in range(600):
    angle = 6.283 * torch.rand(64)
    real = torch.stack([angle.cos(), angle.sin()], 1)
    fake = G(torch.randn(64, 4))
    d_opt.zero_grad()
    d_loss = bce(D(real), torch.ones(64, 1)) + bce(D(fake.detach()), torch.zeros(64, 1))
    d_loss.backward()
    d_opt.step()
    g_opt.zero_grad()
    g_loss = bce(D(fake), torch.ones(64, 1))
    g_loss.backward()
    g_opt.step()
print(d_loss.item(), g_loss.item(), fake.norm(dim=1).mean().item())
