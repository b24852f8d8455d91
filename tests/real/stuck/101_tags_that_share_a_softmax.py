"""Several tags may be right at once, and a softmax lets one win."""

import torch
import torch.nn.functional as F
from sklearn.datasets import make_multilabel_classification
from torch import nn

torch.manual_seed(0)
x, y = make_multilabel_classification(900, 20, n_classes=6, n_labels=3, random_state=4)
x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(20, 64)
        self.out = nn.Linear(64, 6)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        return F.softmax(self.out(x), dim=1)


model = Tagger()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(40):
    for batch in torch.randperm(700).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
with torch.no_grad():
    right = ((model(x[700:]) > 0.5).float() == y[700:]).float().mean()
print("tags right:", right.item())
