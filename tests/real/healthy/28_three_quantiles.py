import torch
from torch import nn

torch.manual_seed(12)
n = 1500
x = torch.rand(n, 1) * 10
y = 3 * torch.sin(x) + x + (0.3 + 0.2 * x) * torch.randn(n, 1)
quantiles = torch.tensor([0.1, 0.5, 0.9])
xs = (x - 5) / 2.9
x_train, y_train, x_test, y_test = xs[:1200], y[:1200], xs[1200:], y[1200:]

model = nn.Sequential(nn.Linear(1, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 3))

def pinball(pred, target):
    err = target - pred
    return torch.maximum(quantiles * err, (quantiles - 1) * err).mean()

optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=8)

for epoch in range(80):
    perm = torch.randperm(1200)
    for chunk in perm.split(100):
        optimizer.zero_grad()
        loss = pinball(model(x_train[chunk]), y_train[chunk])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = pinball(model(x_test), y_test)
    plateau.step(val)
    if epoch % 10 == 0:
        print(f"{epoch:3d} train {loss.item():.4f} val {val.item():.4f} lr {optimizer.param_groups[0]['lr']:.4f}")

with torch.no_grad():
    q = model(x_test)
cover = (y_test <= q).float().mean(0)
print("coverage of 10/50/90% quantiles:", [round(c, 3) for c in cover.tolist()])
print("pinball loss:", val.item(), " mae of median:", (q[:, 1:2] - y_test).abs().mean().item())
