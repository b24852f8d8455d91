# Sigmoid in forward and BCEWithLogitsLoss: loss sticks near 0.6.
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import make_moons
torch.manual_seed(0)
X, y = make_moons(400, noise=0.1, random_state=0)
X = torch.FloatTensor(X)
y = torch.FloatTensor(y).unsqueeze(1)
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(2, 20)
        self.l2 = nn.Linear(20, 1)
        self.act = nn.Sigmoid()
    def forward(self, x):
        x = torch.relu(self.l1(x))
        return self.act(self.l2(x))
model = Classifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(300):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    if epoch % 50 == 0:
        print(epoch, loss.item())
