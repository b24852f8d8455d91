# A softmax in forward() and CrossEntropyLoss, which applies one itself.
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset, DataLoader
d = load_digits()
ds = TensorDataset(torch.tensor(d.data, dtype=torch.float32), torch.tensor(d.target))
loader = DataLoader(ds, batch_size=64, shuffle=True)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64, 32); self.l2 = nn.Linear(32, 32); self.l3 = nn.Linear(32, 10)
    def forward(self, x):
        x = F.relu(self.l1(x)); x = F.relu(self.l2(x))
        return F.softmax(self.l3(x), dim=1)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(5):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
