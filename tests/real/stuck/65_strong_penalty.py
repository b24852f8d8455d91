# weight_decay=1: the network is pulled to zero.
import torch, torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset, DataLoader
torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X = torch.from_numpy(X / 16).float()
y = torch.from_numpy(y)
train_loader = DataLoader(TensorDataset(X[:1500], y[:1500]), batch_size=32, shuffle=True)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 10)
    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.fc2(x)
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1.0)
for epoch in range(10):
    running_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print('epoch %d loss %.3f' % (epoch + 1, running_loss / len(train_loader)))
