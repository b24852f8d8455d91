import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from skorch import NeuralNetClassifier

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = X.astype(np.float32)
y = y.astype(np.int64)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)


class WineModule(nn.Module):
    def __init__(self, num_units=20, nonlin=nn.ReLU()):
        super().__init__()
        self.dense0 = nn.Linear(13, num_units)
        self.nonlin = nonlin
        self.dense1 = nn.Linear(num_units, 10)
        self.output = nn.Linear(10, 3)

    def forward(self, X, **kwargs):
        X = self.nonlin(self.dense0(X))
        X = self.nonlin(self.dense1(X))
        return self.output(X)


# default criterion of skorch
net = NeuralNetClassifier(WineModule, max_epochs=60, lr=0.01, batch_size=16, verbose=0)
net.fit(X_train, y_train)
print("accuracy", net.score(X_test, y_test))
