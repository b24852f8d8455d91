# The loss is wrapped in a new Variable: backward() reaches nothing and the weights never move.
import torch
import torch.nn as nn
from torch.autograd import Variable
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(100):
    optimizer.zero_grad()
    out = net(X)
    loss = criterion(out, y)
    loss = Variable(loss.data, requires_grad=True)
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0: print(epoch, loss.item())
