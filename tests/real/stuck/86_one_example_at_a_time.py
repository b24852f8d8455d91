import torch
import torch.nn as nn
torch.manual_seed(0)
X = torch.rand(400, 3) * 100
Y = (X.sum(1, keepdim=True) - 150) * 10
net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.001)
for epoch in range(5):
    tot = 0
    for i in range(len(X)):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(X[i]), Y[i])
        loss.backward(); opt.step(); tot += loss.item()
    print(epoch, tot / len(X))
