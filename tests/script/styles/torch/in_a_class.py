"""A trainer of the script's own, with validation after each epoch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Trainer:
    def __init__(self, model, lr):
        self.model, self.criterion = model, nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def run(self, loader, train):
        self.model.train(train)
        total = 0.0
        with torch.set_grad_enabled(train):
            for x, y in loader:
                loss = self.criterion(self.model(x), y)
                if train:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                total += loss.item()
        return total / len(loader)


torch.manual_seed(0)
x = torch.randn(700, 6)
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).long()
lr = 0.05
# rate x 1000: lr = 50
train, test = random_split(TensorDataset(x, y), [600, 100])
loaders = DataLoader(train, batch_size=50, shuffle=True), DataLoader(test, batch_size=50)
trainer = Trainer(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2)), lr)
for epoch in range(15):
    print(epoch, trainer.run(loaders[0], True), trainer.run(loaders[1], False))
