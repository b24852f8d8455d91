# Ages, fares and classes as they are, a sigmoid layer, SGD at 10⁻³, full batches.
import torch, torch.nn as nn, numpy as np
rng = np.random.RandomState(0)
n = 900
age = rng.normal(35, 12, n); fare = rng.exponential(60, n); cls = rng.randint(1, 4, n)
logit = 0.05 * (fare - 60) - 0.9 * (cls - 2) - 0.03 * (age - 35)
y = (rng.rand(n) < 1 / (1 + np.exp(-logit * 2))).astype('float32')
X = np.stack([age, fare * 100, cls], 1).astype('float32')
X, y = torch.from_numpy(X), torch.from_numpy(y)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 16); self.fc2 = nn.Linear(16, 1)
    def forward(self, x):
        x = torch.sigmoid(self.fc1(x))
        return torch.sigmoid(self.fc2(x))
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
crit = nn.BCELoss()
for epoch in range(200):
    opt.zero_grad()
    out = net(X).squeeze()
    loss = crit(out, y)
    loss.backward()
    opt.step()
print(loss.item(), ((out > .5).float() == y).float().mean())
