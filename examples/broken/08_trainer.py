"""Handwritten digits between -1 and 1: PyTorch, with a class that trains."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 16)
        self.second = nn.Linear(16, 4)
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        return self.head(torch.relu(self.second(torch.relu(self.first(x)))))


class Trainer:
    def __init__(self, model, lr=0.005):
        self.model = model
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
