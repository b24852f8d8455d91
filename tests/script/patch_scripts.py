"""Scripts as people write them; the line with `# <-` is where training starts."""

KERAS_HEAD = '''"""Digits."""
from __future__ import annotations

import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits

# ünïcode stays as it is
x, y = load_digits(return_X_y=True)
x = (x * 255 / 16).astype("uint8")
x_train, y_train, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]
keras.utils.set_random_seed(0)


def build():
    model = keras.Sequential([
        keras.Input((64,)), layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax", name="out"),
    ])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


'''

# Name -> script after the head; the model that was trained ends up in `done`.
KERAS = {
    "plain": """
model = build()
# train it
model.fit(x_train, y_train, epochs=3, verbose=0)  # <-
done = model
""",
    "another name": """
net = build()
shift = 3
history = net.fit(  # <-
    x_train,
    y_train,
    epochs=3,
    verbose=0,
)
done = net
assert shift == 3
""",
    "keywords": """
net = build()
h = net.fit(y=y_train, x=x_train, epochs=3, verbose=0)  # <-
done = net
""",
    "function": """
def main():
    model = build()
    model.fit(x_train, y_train, epochs=3, verbose=0)  # <-
    return model


if __name__ == "__main__":
    done = main()
""",
    "global model": """
model = build()


def main():
    '''Trains.'''
    model.fit(x_train, y_train, epochs=3, verbose=0)  # <-


main()
done = model
""",
    "given model": """
def train(net, x, y):
    net.fit(x, y, epochs=3, verbose=0)  # <-


model = build()
train(model, x_train, y_train)
done = model
""",
    "method": """
class Experiment:
    def __init__(self):
        self.model = build()

    def run(self):
        self.history = self.model.fit(x_train, y_train, epochs=3, verbose=0)  # <-


e = Experiment()
e.run()
done = e.model
""",
    "loop over seeds": """
for seed in range(2):
    model = build()
    if True:
        model.fit(x_train, y_train, epochs=3, verbose=0)  # <-
done = model
""",
    "loop over epochs": """
model = build()
for epoch in range(3):
    model.fit(x_train, y_train, epochs=1, verbose=0)  # <-
done = model
""",
    "one line": """
model = build(); model.fit(x_train, y_train, epochs=3, verbose=0); done = model  # <-
""",
    "suite": """
model = build()
if True: model.fit(x_train, y_train, epochs=3, verbose=0)  # <-
done = model
""",
    "with": """
import contextlib
model = build()
with contextlib.suppress(KeyError):
\tmodel.fit(x_train, y_train, epochs=3, verbose=0)  # <-
done = model
""",
    "expression": """
history = build().fit(x_train, y_train, epochs=3, verbose=0)  # <-
done = history.model
""",
    "cast": """
model = build()
model.fit(x_train.astype("float32"), np.asarray(y_train), epochs=3, verbose=0)  # <-
done = model
""",
    "batches": """
model = build()
for epoch in range(3):
    for i in range(0, len(x_train), 32):
        model.train_on_batch(x_train[i:i + 32], y_train[i:i + 32])  # <-
done = model
""",
    "no newline": """
model = done = build()
model.fit(x_train, y_train, epochs=3, verbose=0); done = model  # <-""",
}

TORCH_HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from sklearn.datasets import load_digits

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X * 1000, dtype=torch.float32)
y = torch.tensor(y)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), 32, shuffle=True)


def build():
    return nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))

"""

TORCH = {
    "loader": """
net = build()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01)
for epoch in range(3):
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()  # <-
done = net
""",
    "whole batch": """
model = build()
opt = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    loss = F.cross_entropy(model(X), y)
    opt.zero_grad(); loss.backward(); opt.step()  # <-
done = model
""",
    "slices": """
model = build()
opt = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(3):
    order = torch.randperm(len(X))
    for i in range(0, len(X), 32):
        xb, yb = X[order[i:i + 32]], y[order[i:i + 32]]
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()  # <-
done = model
""",
    "functions with globals": """
model = build()
optimizer = optim.SGD(model.parameters(), lr=0.01)


def train(epoch):
    model.train()
    for i, (data, target) in enumerate(loader):
        data, target = data.to("cpu"), target.to("cpu")
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()  # <-


for epoch in range(3):
    train(epoch)
done = model
""",
    "the MNIST example": """
def train(args, model, device, train_loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = model(data)
        loss = F.cross_entropy(output, target)
        loss.backward()
        optimizer.step()  # <-


def main():
    device = torch.device("cpu")
    net = build().to(device)
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.9)
    for epoch in range(1, 4):
        train(None, net, device, loader, optimizer, epoch)
        scheduler.step()
    return net


if __name__ == "__main__":
    done = main()
""",
    "class": """
class Trainer:
    def __init__(self):
        self.net = build()
        self.opt = optim.SGD(self.net.parameters(), lr=0.01)

    def epoch(self):
        for batch in loader:
            self.step(batch)

    def step(self, batch):
        xb, yb = batch
        loss = F.cross_entropy(self.net(xb), yb)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()  # <-

    def fit(self):
        for _ in range(3):
            self.epoch()


t = Trainer()
t.fit()
done = t.net
""",
}

SKLEARN_HEAD = """from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
X, y = load_digits(return_X_y=True)
X = X * 1000
"""
_MLP = "MLPClassifier((32,), solver='sgd', max_iter=30, random_state=0)"

SKLEARN = {
    "network": f"""
clf = {_MLP}
clf.fit(X, y)  # <-
done = clf
""",
    "expression": f"""
done = {_MLP}.fit(X, y)  # <-
""",
    "pipeline": f"""
pipe = make_pipeline(FunctionTransformer(), {_MLP})
pipe.fit(X, y)  # <-
done = pipe
assert done[-1].loss_curve_
""",
    "named pipeline in a function": f"""
def main():
    mlp = {_MLP}
    pipe = Pipeline([("same", FunctionTransformer()), ("mlp", mlp)])
    for _ in range(2):
        pipe.fit(X, y)  # <-
    return pipe
done = main()
assert done.named_steps["mlp"].loss_curve_
""",
    "search": f"""
pipe = make_pipeline({_MLP})
search = GridSearchCV(pipe, {{"mlpclassifier__alpha": [0.0001]}}, cv=2)
search.fit(X, y)  # <-
done = search
""",
    "cross-validation": f"""
clf = {_MLP}
scores = cross_val_score(clf, X, y, cv=2)  # <-
done = clf.fit(X, y)
""",
}
