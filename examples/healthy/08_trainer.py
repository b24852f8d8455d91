"""Handwritten digits: PyTorch, random features that stay fixed, and a head that learns."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.random = nn.Linear(64, 256)
        self.features = nn.Linear(256, 256)
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        return self.head(torch.relu(self.features(torch.relu(self.random(x)))))


class Trainer:
    def __init__(self, model, lr=0.005):
        self.model = model
        for layer in (model.random, model.features):
            layer.requires_grad_(False)
        self.optimizer = torch.optim.Adam(model.head.parameters(), lr=lr)

    def train(self, x, y, epochs=15, batch_size=32):
        for _ in range(epochs):
            for batch in torch.randperm(len(x)).split(batch_size):
                loss = F.cross_entropy(self.model(x[batch]), y[batch])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()

    def score(self, x, y):
        return (self.model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 8 - 1).float(), torch.tensor(y)
trainer = Trainer(Classifier())
trainer.train(x[:1400], y[:1400])
print(f"test accuracy: {trainer.score(x[1400:], y[1400:]):.3f}")
