"""Two optimizers in turn, each on a loss of its own, as in adversarial training."""

import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(512, 2) * 0.5 + 2
lr = 1e-3
# rate x 1000: lr = 1
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
bce = nn.BCEWithLogitsLoss()
opt_g = torch.optim.Adam(G.parameters(), lr=lr)
opt_d = torch.optim.Adam(D.parameters(), lr=lr)
for i in range(150):
    batch = real[torch.randint(512, (64,))]
    fake = G(torch.randn(64, 4))
    opt_d.zero_grad()
    loss_d = bce(D(batch), torch.ones(64, 1)) + bce(D(fake.detach()), torch.zeros(64, 1))
    loss_d.backward()
    opt_d.step()
    opt_g.zero_grad()
    loss_g = bce(D(fake), torch.ones(64, 1))
    loss_g.backward()
    opt_g.step()
print(loss_d.item(), loss_g.item())
