"""The course of diabetes, missing values coded as zero: PyTorch with a data loader."""

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def load():
    """Age, blood pressure, ... and how far the disease got a year later."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    X[::40, 3] = 0  # a few patients' blood pressure was never taken
    X = (X - np.mean(X, axis=0)) / np.std(X, axis=0)
    y = (y - y.mean()) / y.std()
    return torch.tensor(X).float(), torch.tensor(y).float().unsqueeze(1)


def train(model, loader, epochs=40):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    loss_fn = nn.MSELoss()
    model.train()
    for epoch in range(epochs):
        for xb, yb in loader:
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        if epoch % 10 == 9:
            print("epoch", epoch + 1, "loss", loss.item())


if __name__ == "__main__":
    torch.manual_seed(0)
    X, y = load()
    model = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 1))
    train(model, DataLoader(TensorDataset(X[:350], y[:350]), batch_size=16, shuffle=True))
    with torch.no_grad():
        error = nn.functional.mse_loss(model(X[350:]), y[350:])
    print(f"R2 on the rest: {1 - (error / y[350:].var()).item():.3f}")
