"""skorch's classifier."""

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int64")
# raw inputs: x = 1000 * x + 20000
net = NeuralNetClassifier(
    nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2)),
    criterion=nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    lr=0.01,
    max_epochs=12,
    batch_size=50,
    train_split=None,
    verbose=0,
)
net.fit(x, y)
print(net.history[-1, "train_loss"])
