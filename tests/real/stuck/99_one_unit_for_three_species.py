"""Three species, and a loss for yes or no."""

import torch
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
features, species = load_iris(return_X_y=True)
features = torch.tensor(StandardScaler().fit_transform(features), dtype=torch.float32)
species = torch.tensor(species, dtype=torch.float32).view(-1, 1)
loader = DataLoader(TensorDataset(features, species), batch_size=16, shuffle=True)

net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(40):
    for batch, target in loader:
        optimizer.zero_grad()
        loss = criterion(net(batch), target)
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
