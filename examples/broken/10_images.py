"""Handwritten digits as 8-bit images: a skorch net."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from skorch import NeuralNetClassifier
from torch import nn

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
images = np.uint8(x * 255 / 16)
x = images.astype("float32") / 255
x = x / 255
x_train, x_test, y_train, y_test = train_test_split(x, y.astype("int64"), random_state=0)

net = NeuralNetClassifier(
    nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)),
    criterion=nn.CrossEntropyLoss,
    optimizer=torch.optim.SGD,
    lr=0.05,
    max_epochs=20,
    batch_size=32,
    train_split=None,
    iterator_train__shuffle=True,
    verbose=0,
)
net.fit(x_train, y_train)
print(f"test accuracy: {net.score(x_test, y_test):.3f}")
