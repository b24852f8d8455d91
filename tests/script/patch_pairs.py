"""Scripts, cures and the lines that a colleague would change: context of one line, then the change."""

# ruff: noqa: E501 (lines of scripts)
# fmt: off
from script import patch_blocks as b

# Arrays that a split gives, and what a loader is made of.
OF_TENSORS = """\
import torch
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def tt(a):
    return torch.tensor(a, dtype=torch.float32)


x, y = [[0.0, 1.0]] * 40, [1.0] * 40
known, unseen, wanted, others = train_test_split(x, y)
{}
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for batch, target in loader:
    opt.zero_grad()
    loss = F.mse_loss(net(batch)[:, 0], target)
    loss.backward()
    opt.step()  # <-
print(F.mse_loss(net(tt(unseen))[:, 0], tt(others)))
"""
SCRIPTS = {
    "loop": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        loss = lossf(net(x[i]), y[i])
        loss.backward()
        opt.step()  # <-
""",
    "tensors made on the way": OF_TENSORS.format(
        "loader = DataLoader(TensorDataset(torch.tensor(known, dtype=torch.float32), tt(wanted)), batch_size=8)"
    ),
    "tensors of the training part": OF_TENSORS.format(
        "a, b = tt(known), tt(wanted).float()\nloader = DataLoader(TensorDataset(a, b), batch_size=8)"
    ),
    "learnt attributes": """\
from sklearn.neural_network import MLPRegressor

x, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
net = MLPRegressor(max_iter=3)
net.fit(x, y)  # <-
print(net.n_iter_, net.loss_curve_[-1], net.max_iter, net.n_features_in_)
""",
    "one line": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        loss = lossf(net(x[i]), y[i])
        loss.backward(); opt.step()  # <-
""",
    "never zeroed": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        loss = lossf(net(x[i]), y[i])
        loss.backward()
        opt.step()  # <-
""",
    "never differentiated": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        error = lossf(net(x[i]), y[i])
        opt.step()  # <-
""",
    "schedule of lightning": """\
import lightning as L
import torch


class Net(L.LightningModule):
    def configure_optimizers(self):
        opt = torch.optim.Adam(self.parameters())
        steps = torch.optim.lr_scheduler.StepLR(opt, 5)
        return {"optimizer": opt, "lr_scheduler": {"scheduler": steps, 'interval': 'step'}}


net = Net()
trainer = L.Trainer(max_epochs=3)
trainer.fit(net, loader)  # <-
""",
    "schedule of a function": """\
import torch
from torch import nn

def train(model, loader, opt, sched):
    model.train()
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()  # <-
        sched.step()

def main():
    net = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    steps = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    for epoch in range(3):
        train(net, [(torch.rand(8, 4), torch.rand(8, 1))], optimizer, steps)
main()
""",
    "schedule": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(opt, 5)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        loss = lossf(net(x[i]), y[i])
        loss.backward()
        opt.step()  # <-
        scheduler.step()
    print(epoch)
""",
    "replaced model": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
net = torch.compile(net)
lossf = nn.MSELoss()
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        loss = lossf(net(x[i]), y[i])
        loss.backward()
        opt.step()  # <-
""",
    "functional loss": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for i in torch.randperm(100).split(32):
        opt.zero_grad()
        loss = F.mse_loss(net(x[i]), y[i])
        loss.backward()
        opt.step()  # <-
""",
    "loader": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(x[:80], y[:80]), 32)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()  # <-
""",
    "loader in the loop": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x, y = torch.rand(100, 4), torch.rand(100)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for a, b in DataLoader(TensorDataset(x, y), 32):
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad()
        opt.step()  # <-
        loss.backward()
""",
    "directions": """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 8, bidirectional=True)

    def forward(self, x):
        return self.out(self.gru(x)[1].view(x.size(0), -1))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for x, y in batches:
    opt.zero_grad()
    loss = lossf(net(x), y)
    loss.backward()
    opt.step()  # <-
""",
    "rows from files": """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 1)

    def forward(self, image):
        \"\"\"One number each.\"\"\"
        return self.out(image)

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for a, b in DataLoader(FilesOf("train"), 32):
    opt.zero_grad()
    loss = lossf(net(a), b)
    loss.backward()
    opt.step()  # <-
""",
    "split at random": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

x, y = torch.rand(100, 4), torch.rand(100)
train, val = random_split(TensorDataset(x, y), [80, 20])
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for a, b in DataLoader(train, 32):
    opt.zero_grad()
    loss = lossf(net(a), b)
    loss.backward()
    opt.step()  # <-
""",
    "written out in tensors": """\
import torch

x, y = torch.rand(100, 4), torch.rand(100)
w, b = torch.randn(4, 1), torch.zeros(1)
for p in (w, b):
    p.requires_grad_()

def net(x):
    return x @ w + b

for step in range(100):
    pred = net(x)
    loss = ((pred - y) ** 2).mean()
    loss.backward()  # <-
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
""",
    "written out": """\
import torch
from torch import nn
from data import x, y

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
criterion = nn.CrossEntropyLoss()
lr = 0.5
for epoch in range(100):
    loss = criterion(net(x), y)
    loss.backward()  # <-
    with torch.no_grad():
        for p in net.parameters():
            p -= lr * p.grad
""",
    "arrays of a data set": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

class Films(Dataset):
    def __init__(self, train=True):
        table = torch.rand(100 if train else 20, 5)
        self.x = torch.tensor(table[:, :4].numpy(), dtype=torch.float32)
        self.y = torch.as_tensor(table[:, 4]).unsqueeze(1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

films = Films()
train, held = random_split(films, [80, 20])
loader = DataLoader(train, 32)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()  # <-
""",
    "arrays of a data set without a name": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

class Films(Dataset):
    def __init__(self, train=True):
        table = torch.rand(100 if train else 20, 5)
        self.x = torch.tensor(table[:, :4].numpy(), dtype=torch.float32)
        self.y = torch.as_tensor(table[:, 4]).unsqueeze(1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

train, held = random_split(Films(), [80, 20])
loader = DataLoader(train, 32)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()  # <-
""",
    "data sets of a kind": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

class Films(Dataset):
    def __init__(self, train=True):
        table = torch.rand(100 if train else 20, 5)
        self.x = torch.tensor(table[:, :4].numpy(), dtype=torch.float32)
        self.y = torch.as_tensor(table[:, 4]).unsqueeze(1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

def train(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    lossf = nn.MSELoss()
    for epoch in range(3):
        for a, b in loader:
            opt.zero_grad()
            loss = lossf(net(a), b)
            loss.backward()
            opt.step()  # <-

train_set = Films()
test_set = Films(train=False)
loader = DataLoader(train_set, 32)
train(nn.Linear(4, 1), loader)
""",
    "data sets within loaders": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

class Films(Dataset):
    def __init__(self, train=True):
        table = torch.rand(100 if train else 20, 5)
        self.x = torch.tensor(table[:, :4].numpy(), dtype=torch.float32)
        self.y = torch.as_tensor(table[:, 4]).unsqueeze(1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

loader = DataLoader(Films(), 32)
test_loader = DataLoader(Films(False), 32)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()  # <-
""",
    "split loader": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
from torch.utils.data import DataLoader, TensorDataset, random_split
train, test = random_split(TensorDataset(x, y), [80, 20])
loader = DataLoader(train, 32)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()  # <-
""",
    "two calls": """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.rand(100, 4), torch.rand(100)
def fit(net, opt, x, y):
    for epoch in range(3):
        opt.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        opt.step()  # <-
net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
fit(net, opt, x, y)
fit(net, opt, 2 * x, y)
""",
    "labels read on": """\
import keras
import numpy as np

y = np.arange(1, 8)
x = np.zeros((7, 4))
x[y == 1] = 1
model = keras.Sequential([keras.layers.Dense(7)])
model.compile("sgd", "mse")
model.fit(x[:5], y[:5], validation_data=(x[5:], y[5:]))  # <-
""",
    "keras inline": """\
import keras
from data import x, y

net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(30), keras.layers.Dense(1, "sigmoid")])
net.compile('sgd', 'mse')
net.fit(x / 16, y, epochs=3)  # <-
print(net.predict(x / 16))
""",
    "layers by other names": """\
import keras
from keras.layers import BatchNormalization as BatchNorm
from keras.layers import Dense

net = keras.Sequential()
net.add(Dense(8))
net.add(BatchNorm())
net.add(Dense(1))
net.compile('sgd', 'mse')
net.fit(x, y)  # <-
""",
    "held out beside it": """\
import keras

data, label, test_data, test_label = load()
data_val = data[:10]
net = keras.Sequential([keras.layers.Dense(1)])
net.compile('sgd', 'mse')
net.fit(data, label)  # <-
print(net.evaluate(test_data, test_label))
""",
    "keras of tensorflow": """\
from tensorflow import keras
from tensorflow.keras.optimizers import SGD
from data import x, y

net = keras.Sequential([keras.layers.Dense(30), keras.layers.Dense(1)])
net.compile(loss='mse', optimizer=SGD(learning_rate=0.1))
net.fit(x, y)  # <-
""",
    "keras inputs": """\
import keras
from data import a, b, y, model

y = y + 1
train, held = slice(0, 60), slice(60, None)
model.fit(
    [a[train], b[train]], y[train], validation_data=([a[held], b[held]], y[held])
)  # <-
print(model.evaluate([a[held], b[held]], y[held]))
""",
    "sklearn inline": """\
from sklearn.neural_network import MLPClassifier
from data import X, y

clf = MLPClassifier((32,), solver='sgd', learning_rate_init=0.05)
clf.fit(X * 60, y)  # <-
print('accuracy', clf.score(X * 60, y))
""",
    "tuple at the end": """\
from sklearn.neural_network import MLPClassifier
from data import X, y

clf = MLPClassifier(
    activation='logistic', hidden_layer_sizes=(4, 2))
clf.fit(X, y)  # <-
""",
    "data set of its own": """\
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

class Peaks(Dataset):
    def __init__(self, n):
        self.rows = [(torch.rand(4), torch.rand(())) for _ in range(n)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i]

loader = DataLoader(Peaks(100), 32)
net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
lossf = nn.MSELoss()
for epoch in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = lossf(net(a), b.float())
        loss.backward()
        opt.step()  # <-
""",
    "folds": """\
from sklearn.neural_network import MLPClassifier
from data import X, y, folds

for train, test in folds:
    X_train, X_test = X[train], X[test]
    clf = MLPClassifier()
    clf.fit(X_train, y[train])  # <-
    print(clf.score(X_test, y[test]))
""",
    "held out later": """\
from sklearn.neural_network import MLPClassifier
from data import load

X_train, y_train = load('train')
clf = MLPClassifier().fit(X_train, y_train)  # <-
X_test, y_test = load('test')
print(clf.score(X_test, y_test))
""",
}

# Script (a name, or below examples/), its training's line, framework, cure, what changes.
PAIRS = [
    ("broken/01_pixels.py", "model.fit", "keras", b.STANDARDIZED, """\
@@
 x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=0)
+mean, std = x_train.mean(0), x_train.std(0)
+x_train = (x_train - mean) / std
+x_test = (x_test - mean) / std
 
"""),
    ("broken/01_pixels.py", "model.fit", "keras", b.argument("optimizer", "learning_rate", "0.001", 0), """\
@@
 )
-model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
+model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
 model.fit(x_train, y_train, epochs=20, batch_size=32, verbose=0)
"""),
    ("broken/02_adam.py", "trainer.fit", "torch", b.argument("optimizer", "eps", "1e-08"), """\
@@
     def configure_optimizers(self):
-        return torch.optim.Adam(self.parameters(), lr=1e-3, eps=1.0)
+        return torch.optim.Adam(self.parameters(), lr=1e-3, eps=1e-08)
 
"""),
    ("broken/03_sgd.py", "optimizer.step", "torch", b.argument("optimizer", "lr", "0.1", 1), """\
@@
 model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
-optimizer = torch.optim.SGD(model.parameters(), lr=10)
+optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
 criterion = nn.CrossEntropyLoss()
"""),
    ("broken/04_patience.py", "model.fit", "keras", b.argument("optimizer", "learning_rate", "0.001", 0), """\
@@
 model.compile(
-    optimizer=keras.optimizers.Adam(learning_rate=1e-7),
+    optimizer=keras.optimizers.Adam(learning_rate=0.001),
     loss="binary_crossentropy",
"""),
    ("broken/05_prices.py", "model.fit", "sklearn", b.SCALER, """\
@@
 from sklearn.neural_network import MLPRegressor
+from sklearn.preprocessing import StandardScaler
 
@@
 X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
+scaler = StandardScaler().fit(X_train)
+X_train = scaler.transform(X_train)
+X_test = scaler.transform(X_test)
 
"""),
    ("broken/06_wine.py", "pipeline.fit", "sklearn", b.SCALER, """\
@@
 from sklearn.pipeline import make_pipeline
+from sklearn.preprocessing import StandardScaler
 
@@
     X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
+    scaler = StandardScaler().fit(X_train)
+    X_train = scaler.transform(X_train)
+    X_test = scaler.transform(X_test)
     network = MLPClassifier((32,), solver="adam", max_iter=100, random_state=0)
"""),
    ("broken/06_wine.py", "pipeline.fit", "sklearn", b.argument("estimator", "learning_rate_init", "0.01"), """\
@@
     X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
-    network = MLPClassifier((32,), solver="adam", max_iter=100, random_state=0)
+    network = MLPClassifier((32,), solver="adam", max_iter=100, random_state=0, learning_rate_init=0.01)
     pipeline = make_pipeline(SimpleImputer(), network)
"""),
    ("broken/06_wine.py", "pipeline.fit", "sklearn", b.argument("estimator", "solver", ""), """\
@@
     X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
-    network = MLPClassifier((32,), solver="adam", max_iter=100, random_state=0)
+    network = MLPClassifier((32,), max_iter=100, random_state=0)
     pipeline = make_pipeline(SimpleImputer(), network)
"""),
    ("broken/07_labels.py", "model.fit", "keras", b.STANDARDIZED, """\
@@
 x, y = data[:, :-1].reshape(-1, 8, 8, 1), data[:, -1]
+mean, std = x[:1400].mean(0), x[:1400].std(0)
+x = (x - mean) / std
 
"""),
    ("broken/08_trainer.py", "self.optimizer.step", "torch", b.ALL_HELD, """\
@@
         self.model = model
-        self.optimizer = torch.optim.Adam(model.head.parameters(), lr=lr)
+        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
 
"""),
    ("broken/08_trainer.py", "self.optimizer.step", "torch", b.STANDARDIZED, """\
@@
 x, y = torch.tensor(x / 8 - 1).float(), torch.tensor(y)
+mean, std = x[:1400].mean(0), x[:1400].std(0)
+x = (x - mean) / std
 trainer = Trainer(Classifier())
"""),
    ("broken/09_patients.py", "optimizer.step", "torch", b.STANDARDIZED, """\
@@
     X, y = load()
+    mean, std = X[:350].mean(0), X[:350].std(0)
+    X = (X - mean) / std
     model = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 1))
"""),
    ("broken/09_patients.py", "optimizer.step", "torch", b.argument("loader", "batch_size", "64", 1), """\
@@
     model = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 1))
-    train(model, DataLoader(TensorDataset(X[:350], y[:350]), batch_size=16, shuffle=True))
+    train(model, DataLoader(TensorDataset(X[:350], y[:350]), batch_size=64, shuffle=True))
     with torch.no_grad():
"""),
    ("broken/10_images.py", "net.fit", "torch", b.STANDARDIZED, """\
@@
 x_train, x_test, y_train, y_test = train_test_split(x, y.astype("int64"), random_state=0)
+mean, std = x_train.mean(0), x_train.std(0)
+x_train = (x_train - mean) / std
+x_test = (x_test - mean) / std
 
"""),
    ("cases/case_1_relu_raw.py", "model.fit", "keras", b.STANDARDIZED, """\
@@
 x_test = x_test.reshape(len(x_test), 784)
+mean, std = x_train.mean(0), x_train.std(0)
+x_train = (x_train - mean) / std
+x_test = (x_test - mean) / std
 y_train = to_categorical(y_train, 10)
"""),
    ("cases/case_2_raw.py", "model.fit", "keras", b.STANDARDIZED, """\
@@
 X_train, X_valid = X_train_full[:-5000], X_train_full[-5000:]
+mean, std = X_train.mean(0), X_train.std(0)
+X_train = (X_train - mean) / std
+X_test = (X_test - mean) / std
+X_valid = (X_valid - mean) / std
 y_train, y_valid = y_train_full[:-5000], y_train_full[-5000:]
"""),
    ("cases/case_3_raw.py", "model.fit", "keras", b.STANDARDIZED, """\
@@
 (training_images, training_labels), (test_images, test_labels) = mnist.load_data()
+mean, std = training_images.mean(0), training_images.std(0)
+training_images = (training_images - mean) / std
+test_images = (test_images - mean) / std
 
"""),
    ("cases/case_4_raw.py", "model.fit", "keras", b.argument("fit", "epochs", "20"), """\
@@
 
-model.fit(train_images, train_labels, epochs=5)
+model.fit(train_images, train_labels, epochs=20)
 
"""),
    ("tensors made on the way", "# <-", "torch", b.both(b.STANDARDIZED, b.TARGETS), """\
@@
 known, unseen, wanted, others = train_test_split(x, y)
+mean, std = known.mean(0), known.std(0)
+known = (known - mean) / std
+unseen = (unseen - mean) / std
+mean_y, std_y = wanted.mean(), wanted.std()
+wanted = (wanted - mean_y) / std_y
+others = (others - mean_y) / std_y
 loader = DataLoader(TensorDataset(torch.tensor(known, dtype=torch.float32), tt(wanted)), batch_size=8)
"""),
    ("tensors of the training part", "# <-", "torch", b.both(b.STANDARDIZED, b.TARGETS), """\
@@
 known, unseen, wanted, others = train_test_split(x, y)
+mean, std = known.mean(0), known.std(0)
+known = (known - mean) / std
+unseen = (unseen - mean) / std
+mean_y, std_y = wanted.mean(), wanted.std()
+wanted = (wanted - mean_y) / std_y
+others = (others - mean_y) / std_y
 a, b = tt(known), tt(wanted).float()
"""),
    ("loop", "# <-", "torch", b.both(b.STANDARDIZED, b.COLUMN), """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+mean, std = x.mean(0), x.std(0)
+x = (x - mean) / std
+y = y.view(-1, 1)
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("loop", "# <-", "torch", b.TARGETS, """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+mean_y, std_y = y.mean(), y.std()
+y = (y - mean_y) / std_y
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("loop", "# <-", "torch", b.CLIPPED, """\
@@
         loss.backward()
+        nn.utils.clip_grad_norm_(net.parameters(), 1)
         opt.step()  # <-
"""),
    ("loop", "# <-", "torch", b.DRAWN, """\
@@
 opt = torch.optim.SGD(net.parameters(), lr=0.1)
+for layer in net:
+    if isinstance(layer, nn.Linear):
+        nn.init.xavier_uniform_(layer.weight)
 lossf = nn.MSELoss()
"""),
    ("loop", "# <-", "torch", b.call("loss", "torch.nn.BCEWithLogitsLoss()"), """\
@@
 opt = torch.optim.SGD(net.parameters(), lr=0.1)
-lossf = nn.MSELoss()
+lossf = nn.BCEWithLogitsLoss()
 for epoch in range(3):
"""),
    ("loop", "# <-", "torch", b.argument("layer 1", "bias", "False"), """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
-net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
+net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1, bias=False))
 opt = torch.optim.SGD(net.parameters(), lr=0.1)
"""),
    ("learnt attributes", "# <-", "sklearn", b.WRAPPED, """\
@@
 from sklearn.neural_network import MLPRegressor
+from sklearn.compose import TransformedTargetRegressor
 
@@
 net = MLPRegressor(max_iter=3)
+net = TransformedTargetRegressor(net)
 net.fit(x, y)  # <-
-print(net.n_iter_, net.loss_curve_[-1], net.max_iter, net.n_features_in_)
+print(net.regressor_.n_iter_, net.regressor_.loss_curve_[-1], net.max_iter, net.n_features_in_)
 
"""),
    ("one line", "# <-", "torch", b.CLIPPED, """\
@@
         loss = lossf(net(x[i]), y[i])
-        loss.backward(); opt.step()  # <-
+        loss.backward(); nn.utils.clip_grad_norm_(net.parameters(), 1); opt.step()  # <-
 
"""),
    ("never zeroed", "# <-", "torch", b.ZEROED, """\
@@
         loss = lossf(net(x[i]), y[i])
+        opt.zero_grad()
         loss.backward()
"""),
    ("schedule of lightning", "# <-", "torch", b.BY_EPOCH, """\
@@
         steps = torch.optim.lr_scheduler.StepLR(opt, 5)
-        return {"optimizer": opt, "lr_scheduler": {"scheduler": steps, 'interval': 'step'}}
+        return {"optimizer": opt, "lr_scheduler": {"scheduler": steps, 'interval': 'epoch'}}
 
"""),
    ("schedule of a function", "# <-", "torch", b.BY_EPOCH, """\
@@
         opt.step()  # <-
-        sched.step()
+    sched.step()
 
"""),
    ("schedule", "# <-", "torch", b.BY_EPOCH, """\
@@
         opt.step()  # <-
-        scheduler.step()
+    scheduler.step()
     print(epoch)
"""),
    ("replaced model", "# <-", "torch", b.ADAM, """\
@@
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
-opt = torch.optim.SGD(net.parameters(), lr=0.1)
 net = torch.compile(net)
+opt = torch.optim.Adam(net.parameters(), lr=0.001)
 lossf = nn.MSELoss()
"""),
    ("functional loss", "# <-", "torch", b.call("loss", "torch.nn.functional.l1_loss"), """\
@@
         opt.zero_grad()
-        loss = F.mse_loss(net(x[i]), y[i])
+        loss = F.l1_loss(net(x[i]), y[i])
         loss.backward()
"""),
    ("loader", "# <-", "torch", b.STANDARDIZED, """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+mean, std = x[:80].mean(0), x[:80].std(0)
+x = (x - mean) / std
 from torch.utils.data import DataLoader, TensorDataset
"""),
    ("loader", "# <-", "torch", b.argument("loader", "shuffle", "True"), """\
@@
 from torch.utils.data import DataLoader, TensorDataset
-loader = DataLoader(TensorDataset(x[:80], y[:80]), 32)
+loader = DataLoader(TensorDataset(x[:80], y[:80]), 32, shuffle=True)
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("loader in the loop", "# <-", "torch", b.COLUMN, """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+y = y.view(-1, 1)
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("split at random", "# <-", "torch", b.STANDARDIZED, """\
@@
 train, val = random_split(TensorDataset(x, y), [80, 20])
+mean, std = x[train.indices].mean(0), x[train.indices].std(0)
+x[train.indices] = (x[train.indices] - mean) / std
+x[val.indices] = (x[val.indices] - mean) / std
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("written out in tensors", "# <-", "torch", b.ZEROED, """\
@@
         w -= 0.1 * w.grad
+        w.grad.zero_()
         b -= 0.1 * b.grad
+        b.grad.zero_()
 
"""),
    ("written out in tensors", "# <-", "torch", b.COLUMN, """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+y = y.view(-1, 1)
 w, b = torch.randn(4, 1), torch.zeros(1)
"""),
    ("written out", "# <-", "torch", b.ZEROED, """\
@@
     loss = criterion(net(x), y)
+    net.zero_grad()
     loss.backward()  # <-
"""),
    ("written out", "# <-", "torch", b.SLOWER, """\
@@
 criterion = nn.CrossEntropyLoss()
-lr = 0.5
+lr = 0.05
 for epoch in range(100):
"""),
    ("arrays of a data set", "# <-", "torch", b.STANDARDIZED, """\
@@
 train, held = random_split(films, [80, 20])
+mean, std = films.x[train.indices].mean(0), films.x[train.indices].std(0)
+films.x = (films.x - mean) / std
 loader = DataLoader(train, 32)
"""),
    ("arrays of a data set without a name", "# <-", "torch", b.STANDARDIZED, """\
@@
 train, held = random_split(Films(), [80, 20])
+mean, std = train.dataset.x[train.indices].mean(0), train.dataset.x[train.indices].std(0)
+train.dataset.x = (train.dataset.x - mean) / std
 loader = DataLoader(train, 32)
"""),
    ("arrays of a data set", "# <-", "torch", b.COLUMN, """\
@@
 train, held = random_split(films, [80, 20])
+films.y = films.y.view(-1, 1)
 loader = DataLoader(train, 32)
"""),
    ("data sets of a kind", "# <-", "torch", b.STANDARDIZED, """\
@@
 test_set = Films(train=False)
+mean, std = train_set.x.mean(0), train_set.x.std(0)
+train_set.x = (train_set.x - mean) / std
+test_set.x = (test_set.x - mean) / std
 loader = DataLoader(train_set, 32)
"""),
    ("data sets within loaders", "# <-", "torch", b.STANDARDIZED, """\
@@
 test_loader = DataLoader(Films(False), 32)
+mean, std = loader.dataset.x.mean(0), loader.dataset.x.std(0)
+loader.dataset.x = (loader.dataset.x - mean) / std
+test_loader.dataset.x = (test_loader.dataset.x - mean) / std
 net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""),
    ("directions", "# <-", "torch", b.MOVED, """\
@@
     def forward(self, x):
-        return self.out(self.gru(x)[1].view(x.size(0), -1))
+        return self.out(self.gru(x)[1].transpose(0, 1).reshape(x.size(0), -1))
 
"""),
    ("rows from files", "# <-", "torch", b.INWARD, """\
@@
         \"\"\"One number each.\"\"\"
+        image = (image - 0.5) / 0.2
         return self.out(image)
"""),
    ("split at random", "# <-", "torch", b.SHAPED, """\
@@
 x, y = torch.rand(100, 4), torch.rand(100)
+y = y[:, None]
 train, val = random_split(TensorDataset(x, y), [80, 20])
"""),
    ("loader in the loop", "# <-", "torch", b.STEPPED, """\
@@
         opt.zero_grad()
-        opt.step()  # <-
         loss.backward()
+        opt.step()
 
"""),
    ("never differentiated", "# <-", "torch", b.DIFFERENTIATED, """\
@@
         error = lossf(net(x[i]), y[i])
+        error.backward()
         opt.step()  # <-
"""),
    ("labels read on", "# <-", "keras", b.FROM_ZERO, """\
@@
 x[y == 1] = 1
+y = y - 1
 model = keras.Sequential([keras.layers.Dense(7)])
"""),
    ("held out beside it", "# <-", "keras", b.STANDARDIZED, """\
@@
 data_val = data[:10]
+mean, std = data.mean(0), data.std(0)
+data = (data - mean) / std
+test_data = (test_data - mean) / std
 net = keras.Sequential([keras.layers.Dense(1)])
"""),
    ("layers by other names", "# <-", "keras", b.argument("layer 1", "momentum", "0.9"), """\
@@
 net.add(Dense(8))
-net.add(BatchNorm())
+net.add(BatchNorm(momentum=0.9))
 net.add(Dense(1))
"""),
    ("keras inline", "# <-", "keras", b.STANDARDIZED, """\
@@
 net.compile('sgd', 'mse')
-net.fit(x / 16, y, epochs=3)  # <-
-print(net.predict(x / 16))
+inputs = x / 16
+mean, std = inputs.mean(0), inputs.std(0)
+inputs = (inputs - mean) / std
+net.fit(inputs, y, epochs=3)  # <-
+print(net.predict(inputs))
 
"""),
    ("keras inline", "# <-", "keras", b.argument("layer 1", "activation", "", 1), """\
@@
 
-net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(30), keras.layers.Dense(1, "sigmoid")])
+net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(30), keras.layers.Dense(1)])
 net.compile('sgd', 'mse')
"""),
    ("keras inline", "# <-", "keras", b.call("loss", "'binary_crossentropy'"), """\
@@
 net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(30), keras.layers.Dense(1, "sigmoid")])
-net.compile('sgd', 'mse')
+net.compile('sgd', 'binary_crossentropy')
 net.fit(x / 16, y, epochs=3)  # <-
"""),
    ("keras of tensorflow", "# <-", "keras",
     b.call("optimizer", "keras.optimizers.Adam(0.001)", "import keras"), """\
@@
 net = keras.Sequential([keras.layers.Dense(30), keras.layers.Dense(1)])
-net.compile(loss='mse', optimizer=SGD(learning_rate=0.1))
+net.compile(loss='mse', optimizer=keras.optimizers.Adam(0.001))
 net.fit(x, y)  # <-
"""),
    ("keras of tensorflow", "# <-", "keras",
     b.call("optimizer", "keras.optimizers.SGD(0.5)", "import keras"), """\
@@
 net = keras.Sequential([keras.layers.Dense(30), keras.layers.Dense(1)])
-net.compile(loss='mse', optimizer=SGD(learning_rate=0.1))
+net.compile(loss='mse', optimizer=SGD(0.5))
 net.fit(x, y)  # <-
"""),
    ("keras inputs", "model.fit(", "keras", b.STANDARDIZED, """\
@@
 train, held = slice(0, 60), slice(60, None)
+inputs = [a[train], b[train]]
+inputs_held = [a[held], b[held]]
+mean, std = inputs.mean(0), inputs.std(0)
+inputs = (inputs - mean) / std
+inputs_held = (inputs_held - mean) / std
 model.fit(
-    [a[train], b[train]], y[train], validation_data=([a[held], b[held]], y[held])
+    inputs, y[train], validation_data=(inputs_held, y[held])
 )  # <-
-print(model.evaluate([a[held], b[held]], y[held]))
+print(model.evaluate(inputs_held, y[held]))
 
"""),
    ("keras inputs", "model.fit(", "keras", b.TARGETS, """\
@@
 train, held = slice(0, 60), slice(60, None)
+mean_y, std_y = y[train].mean(), y[train].std()
+y = (y - mean_y) / std_y
 model.fit(
"""),
    ("sklearn inline", "# <-", "sklearn", lambda n: (
        *b.argument("estimator", "solver", "", 2)(n),
        *b.argument("estimator", "learning_rate_init", "0.5")(n),
    ), """\
@@
 
-clf = MLPClassifier((32,), solver='sgd', learning_rate_init=0.05)
+clf = MLPClassifier((32,), learning_rate_init=0.5)
 clf.fit(X * 60, y)  # <-
"""),
    ("tuple at the end", "# <-", "sklearn", b.argument("estimator", "learning_rate_init", "0.5"), """\
@@
 clf = MLPClassifier(
-    activation='logistic', hidden_layer_sizes=(4, 2))
+    activation='logistic', hidden_layer_sizes=(4, 2), learning_rate_init=0.5)
 clf.fit(X, y)  # <-
"""),
    ("data set of its own", "# <-", "torch", b.SHAPED, """\
@@
         opt.zero_grad()
-        loss = lossf(net(a), b.float())
+        loss = lossf(net(a), b.float()[:, None])
         loss.backward()
"""),
    ("sklearn inline", "# <-", "sklearn", b.SCALER, """\
@@
 from sklearn.neural_network import MLPClassifier
+from sklearn.preprocessing import StandardScaler
 from data import X, y
@@
 clf = MLPClassifier((32,), solver='sgd', learning_rate_init=0.05)
-clf.fit(X * 60, y)  # <-
-print('accuracy', clf.score(X * 60, y))
+inputs = X * 60
+scaler = StandardScaler().fit(inputs)
+inputs = scaler.transform(inputs)
+clf.fit(inputs, y)  # <-
+print('accuracy', clf.score(inputs, y))
 
"""),
    ("folds", "# <-", "sklearn", b.SCALER, """\
@@
 from sklearn.neural_network import MLPClassifier
+from sklearn.preprocessing import StandardScaler
 from data import X, y, folds
@@
     X_train, X_test = X[train], X[test]
+    scaler = StandardScaler().fit(X_train)
+    X_train = scaler.transform(X_train)
+    X_test = scaler.transform(X_test)
     clf = MLPClassifier()
"""),
    ("held out later", "# <-", "sklearn", b.SCALER, """\
@@
 from sklearn.neural_network import MLPClassifier
+from sklearn.preprocessing import StandardScaler
 from data import load
@@
 X_train, y_train = load('train')
+scaler = StandardScaler().fit(X_train)
+X_train = scaler.transform(X_train)
 clf = MLPClassifier().fit(X_train, y_train)  # <-
 X_test, y_test = load('test')
+X_test = scaler.transform(X_test)
 print(clf.score(X_test, y_test))
"""),
]
