import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)
rng = np.random.RandomState(0)

def two_spirals(n):
    theta = np.sqrt(rng.rand(n)) * 2.5 * np.pi
    a = np.c_[np.cos(theta) * theta, np.sin(theta) * theta] + rng.randn(n, 2) * 0.15
    b = np.c_[-np.cos(theta) * theta, -np.sin(theta) * theta] + rng.randn(n, 2) * 0.15
    X = np.r_[a, b] / 3
    y = np.r_[np.zeros(n), np.ones(n)]
    p = rng.permutation(2 * n)
    return X[p].astype('float32'), y[p].astype('float32')

X, y = two_spirals(400)
X = torch.from_numpy(X)
y = torch.from_numpy(y).unsqueeze(1)

class SpiralNet(nn.Module):
    def __init__(self, hidden=64):
        super(SpiralNet, self).__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.fc1(x)
        x = self.fc2(x)
        x = self.fc3(x)
        return self.sigmoid(x)

net = SpiralNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(net.parameters(), lr=0.01)

for epoch in range(500):
    optimizer.zero_grad()
    output = net(X[:600])
    loss = criterion(output, y[:600])
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 100 == 0:
        acc = ((output > 0.5).float() == y[:600]).float().mean()
        print('Epoch [{}/500], Loss: {:.4f}, Acc: {:.4f}'.format(epoch + 1, loss.item(), acc.item()))

with torch.no_grad():
    test_acc = ((net(X[600:]) > 0.5).float() == y[600:]).float().mean().item()
print('test accuracy', test_acc)
