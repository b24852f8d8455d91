"""Programs whose training is sound, and which ask the trained model in one way or another."""

DATA = """\
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
X, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
mean, spread = x_train.mean(), x_train.std()
x_train = (x_train - mean) / spread
"""
RAW = "".join(DATA.splitlines(keepends=True)[:-2])
SCALED = DATA + "x_test = (x_test - mean) / spread\n"
CONTRAST = DATA + "x_test = x_test * 3 + 60\n"  # as from another program's pixels

TORCH = """\
import torch
from torch import nn
torch.manual_seed(0)
{data}
def loader(x, y, shuffle):
    both = torch.utils.data.TensorDataset(torch.tensor(x).float(), torch.tensor(y))
    return torch.utils.data.DataLoader(both, batch_size={batch}, shuffle=shuffle)
def main():
    net = nn.Sequential(nn.Linear(64, 64), nn.{unit}(), nn.Dropout({rate}), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for epoch in range(15):
        net.train()
        for xb, yb in loader(x_train, y_train, True):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(xb), yb)
            loss.backward()
            optimizer.step()
        {mode}
        right = 0
        with torch.{off}():
            for xb, yb in loader(x_test, y_test, False):
                right += (net(xb).argmax(1) == yb).sum().item()
    print(right / len(y_test))
main()
"""
KERAS = """\
import keras
keras.utils.set_random_seed(0)
{data}
layers = [keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=12, verbose=0)
{asks}
"""
SKLEARN = """\
import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
{data}
network = {network}
network.fit(x_train, y_train)
print({asks})
"""
SKORCH = """\
import torch
from skorch import NeuralNetClassifier
torch.manual_seed(0)
{data}
x_train, x_test = x_train.astype("float32"), x_test.astype("float32")
layers = [torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)]
network = NeuralNetClassifier(
    torch.nn.Sequential(*layers), criterion=torch.nn.CrossEntropyLoss, lr=0.1, max_epochs=15,
    verbose=0,
)
network.fit(x_train, y_train)
print(network.score(x_test, y_test))
"""
LIGHTNING = """\
import lightning, torch
from torch import nn
torch.manual_seed(0)
{data}
class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    def forward(self, x):
        return self.layers(x)
    def training_step(self, batch, i):
        x, y = batch
        return nn.functional.cross_entropy(self(x), y)
    def test_step(self, batch, i):
        x, y = batch
        self.log("right", (self(x).argmax(1) == y).float().mean())
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-3)
def loader(x, y, shuffle):
    both = torch.utils.data.TensorDataset(torch.tensor(x).float(), torch.tensor(y))
    return torch.utils.data.DataLoader(both, batch_size=32, shuffle=shuffle)
quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer = lightning.Trainer(max_epochs=8, accelerator="cpu", enable_model_summary=False, **quiet)
net = Net()
trainer.fit(net, loader(x_train, y_train, True))
print(trainer.test(net, loader(x_test, y_test, False), verbose=False)[0]["right"])
"""
MLP = "MLPClassifier((32,), max_iter=40, random_state=0)"


def _torch(data=SCALED, batch=64, unit="ReLU", rate=0.1, mode="net.eval()", off="no_grad"):
    return TORCH.format(data=data, batch=batch, unit=unit, rate=rate, mode=mode, off=off)


def _keras(data, asks):
    return KERAS.format(data=data, asks=asks)


def _sklearn(data, asks, network=MLP):
    return SKLEARN.format(data=data, asks=asks, network=network)


SCORE = "network.score(x_test, y_test)"
BRIGHTER = "[network.score(x_test + brighter, y_test) for brighter in ({})]"
WORDS = DATA + "y_train, y_test = (np.char.mod('class %d', v) for v in (y_train, y_test))\n"
PREDICTED = "print((model.predict(x_test, verbose=0).argmax(1) == y_test).mean())"
REPEATED = _torch(rate=0.9, mode="pass").replace(
    "right += (net(xb).argmax(1) == yb).sum().item()",
    "mean = sum(net(xb).softmax(1) for _ in range(30))\n"
    "                right += (mean.argmax(1) == yb).sum().item()",
)


def _normalized(program, layer):
    """On raw pixels, which the first layer normalizes."""
    before = "nn.Sequential(" if "nn.Sequential(" in program else "keras.Input((64,)), "
    assert before in program
    return program.replace(before, f"{before}{layer}, ")


LAGGING = {
    "torch": _normalized(_torch(RAW), "nn.BatchNorm1d(64, momentum=1e-4)"),
    "keras": _normalized(
        _keras(RAW, PREDICTED), "keras.layers.BatchNormalization(momentum=0.9999)"
    ),
}

# Relatives of others here: before a release.
RELATIVES = {
    "torch, the same one row at a time",
    "torch, a little dropout left on",
    "keras, evaluate",
    "keras, no targets at hand",
    "sklearn, words for classes",
    "skorch, sound",
    "lightning",
}
# program -> the cause that is proven where the model is asked; "" for a sound one
PROGRAMS = {
    "torch, other pixels in a loader": (_torch(CONTRAST), "split-mismatch"),
    "torch, the same one row at a time": (_torch(CONTRAST, batch=1), "split-mismatch"),
    "torch, within inference_mode": (_torch(CONTRAST, off="inference_mode"), "split-mismatch"),
    "torch, dropout left on": (_torch(rate=0.9, mode="pass"), "training-mode"),
    "torch, sound": (_torch(), ""),
    "torch, a little dropout left on": (_torch(mode="pass"), ""),
    "torch, dropout averaged over on purpose": (REPEATED, ""),
    "torch, statistics that lag": (LAGGING["torch"], "statistics-lag"),
    "torch, statistics that keep up": (_normalized(_torch(RAW), "nn.BatchNorm1d(64)"), ""),
    "keras, statistics that lag": (LAGGING["keras"], "statistics-lag"),
    "keras, statistics that keep up": (
        _normalized(_keras(RAW, PREDICTED), "keras.layers.BatchNormalization(momentum=0.9)"), ""),
    "skorch": (SKORCH.format(data=CONTRAST), "split-mismatch"),
    "skorch, sound": (SKORCH.format(data=SCALED), ""),
    "lightning": (LIGHTNING.format(data=CONTRAST), "split-mismatch"),
    "keras, evaluate": (_keras(CONTRAST, "print(model.evaluate(x_test, y_test, verbose=0))"),
                        "split-mismatch"),
    "keras, predict": (_keras(CONTRAST, PREDICTED), "split-mismatch"),
    "keras, sound": (_keras(SCALED, PREDICTED), ""),
    "keras, no targets at hand": (
        _keras(CONTRAST, "del y, y_test\nprint(model.predict(x_test, verbose=0).shape)"), ""),
    "sklearn, score": (_sklearn(CONTRAST, SCORE), "split-mismatch"),
    "sklearn, words for classes": (
        _sklearn(WORDS + "x_test = x_test * 3 + 60\n", SCORE), "split-mismatch"),
    "sklearn, a pipeline that scales": (
        _sklearn(SCALED, SCORE, f"make_pipeline(StandardScaler(), {MLP})"), ""),
    "sklearn, sound": (_sklearn(SCALED, SCORE), ""),
    "sklearn, brighter on purpose": (_sklearn(SCALED, BRIGHTER.format("9, 3, 1, 0")), ""),
    "sklearn, brighter alone": (_sklearn(SCALED, BRIGHTER.format("9,")), "split-mismatch"),
}  # fmt: skip
