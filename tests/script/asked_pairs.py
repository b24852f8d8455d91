"""Scripts that ask a trained model about inputs scaled otherwise, or in training mode, and the
lines that a colleague would change."""

# ruff: noqa: E501 (lines of scripts)

HEAD = """\
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
x_train, x_test, y_train, y_test = train_test_split(x, y)
"""
TAIL = """\
net.fit(x_train, y_train)  # <-
print(net.score(x_test, y_test))  # asked
"""
LOOP = """\
net = nn.Linear(4, 2)
data = TensorDataset(torch.tensor(x_train).float(), torch.tensor(y_train))
held = TensorDataset(torch.tensor(x_test).float(), torch.tensor(y_test))
train_loader = DataLoader(data, batch_size=8, shuffle=True)
test_loader = DataLoader(held, batch_size=8)
for epoch in range(9):
    for xb, yb in train_loader:
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()  # <-
    with torch.no_grad():
        for xb, yb in test_loader:
            right += (net(xb).argmax(1) == yb).sum()  # asked
"""
FITTED = """\
scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)
"""

# what: (script, framework, its lines in the patched one instead); a reason where none can be
SCALED = {
    "a scaler that has a name": (
        HEAD + "scaler = StandardScaler()\nx_train = scaler.fit_transform(x_train)\n" + TAIL,
        "sklearn",
        HEAD + FITTED + TAIL,
    ),
    "a scaler without a name": (
        HEAD + "x_train = StandardScaler().fit_transform(x_train)\n" + TAIL,
        "keras",
        HEAD + FITTED + TAIL,
    ),
    "a scaler fitted and then asked": (
        HEAD
        + "scaler = StandardScaler().fit(x_train)\nx_train = scaler.transform(x_train)\n"
        + TAIL,
        "sklearn",
        HEAD
        + "scaler = StandardScaler().fit(x_train)\nx_test = scaler.transform(x_test)\n"
        + "x_train = scaler.transform(x_train)\n"
        + TAIL,
    ),
    "a constant": (
        HEAD + "x_train = x_train.astype('float32') / 255\n" + TAIL,
        "keras",
        HEAD
        + "x_test = x_test.astype('float32') / 255\nx_train = x_train.astype('float32') / 255\n"
        + TAIL,
    ),
    "in place": (
        HEAD + "x_train /= 255\n" + TAIL,
        "keras",
        HEAD + "x_test /= 255\nx_train /= 255\n" + TAIL,
    ),
    "the training's own mean and spread": (
        HEAD + "x_train = (x_train - x_train.mean(0)) / np.std(x_train, axis=0)\n" + TAIL,
        "sklearn",
        HEAD
        + "x_test = (x_test - x_train.mean(0)) / np.std(x_train, axis=0)\n"
        + "x_train = (x_train - x_train.mean(0)) / np.std(x_train, axis=0)\n"
        + TAIL,
    ),
    "in two steps": (
        HEAD + "x_train = x_train - mean\nx_train = x_train / sd\n" + TAIL,
        "sklearn",
        HEAD
        + "x_test = x_test - mean\nx_train = x_train - mean\n"
        + "x_test = x_test / sd\nx_train = x_train / sd\n"
        + TAIL,
    ),
    "tensors of two arrays at once": (
        HEAD
        + "x_train = x_train / 16\n"
        + "x_train, y_train = torch.tensor(x_train).float(), torch.tensor(y_train)\n"
        + "x_test, y_test = torch.tensor(x_test).float(), torch.tensor(y_test)\n"
        + TAIL,
        "keras",
        HEAD
        + "x_test = x_test / 16\nx_train = x_train / 16\n"
        + "x_train, y_train = torch.tensor(x_train).float(), torch.tensor(y_train)\n"
        + "x_test, y_test = torch.tensor(x_test).float(), torch.tensor(y_test)\n"
        + TAIL,
    ),
    "loaders whose batches share their names": (
        HEAD + "x_train = x_train / 16\n" + LOOP,
        "torch",
        HEAD + "x_test = x_test / 16\nx_train = x_train / 16\n" + LOOP,
    ),
    "both are scaled already": (
        HEAD + "x_train = x_train / 16\nx_test = x_test / 16\n" + TAIL,
        "keras",
        "how the script scales its training inputs is not to be seen",
    ),
    "by a function of the script's own": (
        HEAD + "x_train = prepared(x_train)\n" + TAIL,
        "keras",
        "how x_train is scaled is not to be read",
    ),
    "held out only afterwards": (
        "x_train = x_train / x_train.max()\nx_test = np.load('x.npy')\n" + TAIL,
        "keras",
        "x_test is made after x_train is scaled",
    ),
}

FIT = "net = built()\nnet.fit(x, y)  # <-\n"
EVALUATING = {
    "in a block": (
        FIT + "with torch.no_grad():\n    print(F.mse_loss(net(x), y))  # asked\n",
        FIT
        + "net.eval()\nwith torch.no_grad():\n    print(F.mse_loss(net(x), y))  # asked\nnet.train()\n",
    ),
    "within a loop over epochs": (
        LOOP,
        LOOP.replace("    with torch", "    net.eval()\n    with torch") + "    net.train()\n",
    ),
    "in a function that is handed the model": (
        FIT
        + "def accuracy(model):\n    with torch.inference_mode():\n"
        + "        right = model(x).argmax(1) == y  # asked\n    return right.mean()\n",
        FIT
        + "def accuracy(model):\n    model.eval()\n    with torch.inference_mode():\n"
        + "        right = model(x).argmax(1) == y  # asked\n    model.train()\n"
        + "    return right.mean()\n",
    ),
    "returned from within": (
        FIT + "def accuracy(model):\n    with torch.no_grad():\n        return model(x)  # asked\n",
        "the script returns from where the model is asked",
    ),
    "returned from within, and trained in its own mode": (
        "def train(net):\n    net.train()\n    net.fit(x, y)  # <-\n"
        "def accuracy(model):\n    with torch.no_grad():\n        return model(x)  # asked\n",
        "def train(net):\n    net.train()\n    net.fit(x, y)  # <-\n"
        "def accuracy(model):\n    model.eval()\n    with torch.no_grad():\n"
        "        return model(x)  # asked\n",
    ),
    "by a decorator": (
        FIT + "@torch.no_grad()\ndef accuracy(model):\n    return model(x)  # asked\n",
        "no `with torch.no_grad():` stands around where the model is asked",
    ),
    "two models": (
        FIT + "a, b = one, two\nwith torch.no_grad():\n    print(a(x) + b(x))  # asked\n",
        "which model is asked in line 5 is not to be seen",
    ),
}

# Framework, what a layer is made by, and what it is made by then; why not, where it is not.
FASTER = [
    (
        "keras",
        "layers.BatchNormalization(momentum=p['m'])",
        "layers.BatchNormalization(momentum=0.9)",
    ),
    ("keras", "layers.BatchNormalization()", "layers.BatchNormalization(momentum=0.9)"),
    ("keras", "BatchNormalization(name='b')", "BatchNormalization(name='b', momentum=0.9)"),
    ("torch", "nn.BatchNorm1d(8, momentum=0.001)", "nn.BatchNorm1d(8, momentum=0.1)"),
    ("torch", "nn.BatchNorm2d(8, 1e-5, 0.001)", "nn.BatchNorm2d(8, 1e-5, 0.1)"),
    (
        "torch",
        "nn.BatchNorm1d(8)",
        "where the script makes its batch normalization is not to be seen",
    ),
]
