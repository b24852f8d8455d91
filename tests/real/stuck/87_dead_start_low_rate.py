import torch
from sklearn.datasets import load_wine
from torch import nn

torch.manual_seed(0)
data = load_wine()
x = torch.tensor(data.data, dtype=torch.float32)
x = (x - x.min(0).values) / (x.max(0).values - x.min(0).values)
y = torch.tensor(data.target)
order = torch.randperm(len(x))
x, y = x[order], y[order]

model = nn.Sequential(
    nn.Linear(13, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 3)
)
for layer in (model[0], model[2]):
    nn.init.uniform_(layer.weight, -0.5, -0.1)
    nn.init.constant_(layer.bias, -0.2)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-5)
criterion = nn.CrossEntropyLoss()
for epoch in range(60):
    for i in range(0, 140, 14):
        optimizer.zero_grad()
        loss = criterion(model(x[i : i + 14]), y[i : i + 14])
        loss.backward()
        optimizer.step()
accuracy = (model(x[140:]).argmax(1) == y[140:]).float().mean()
print("loss", loss.item(), "accuracy", accuracy.item())
