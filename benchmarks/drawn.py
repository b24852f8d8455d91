"""Set-ups drawn at random for the scoreboard: healthy ones, and the same with one fault injected.

A `Spec` says all about a set-up and is built alike in every framework that can express it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

FRAMEWORKS = ("engine", "sklearn", "torch", "keras-jax", "keras-torch", "keras-tensorflow")

# Fault -> causes that count as right when it is proven: the fault itself, and what follows from it
# in the same chain, where a cut is as good.
RIGHT = {
    "input-spread": {"input-spread", "loss-clipping", "feature-scales"},
    "input-offset": {"input-offset", "input-spread", "feature-scales"},
    "feature-scales": {"feature-scales", "input-spread", "loss-clipping"},
    "input-outliers": {"input-outliers", "feature-scales", "input-spread", "loss-clipping"},
    "input-too-small": {"input-too-small", "feature-scales"},
    "split-mismatch": {"split-mismatch"},
    "non-finite-data": {"non-finite-data"},
    "constant-input": {"constant-input"},
    "target-scale": {"target-scale"},
    "target-range": {"target-range", "target-scale"},
    "label-coding": {"label-coding"},
    "loss-mismatch": {"loss-mismatch"},
    "loss-clipping": {"loss-clipping", "input-spread"},
    "saturation": {"saturation", "initialization"},
    "dead-units": {"dead-units", "initialization"},
    "initialization": {"initialization", "saturation", "dead-units", "loss-clipping"},
    "learning-rate-high": {"learning-rate-high"},
    "learning-rate-low": {"learning-rate-low"},
    "optimizer-epsilon": {"optimizer-epsilon", "learning-rate-low"},
    "frozen-parameters": {"frozen-parameters"},
    "not-shuffled": {"not-shuffled"},
}
SCALE = ("input-spread", "input-offset", "feature-scales", "input-outliers", "input-too-small",
         "split-mismatch", "target-scale", "target-range")  # fmt: skip

# Fault -> frameworks that can express it.
_ALL = ("engine", "sklearn", "torch", "keras")
CAN = dict.fromkeys(RIGHT, _ALL) | {
    "target-range": ("engine", "torch", "keras"),
    "label-coding": ("engine", "keras"),
    "loss-mismatch": ("engine", "torch", "keras"),
    "loss-clipping": ("engine", "torch", "keras"),
    "saturation": ("engine", "keras"),
    "dead-units": ("engine", "torch", "keras"),
    "initialization": ("engine", "keras"),
    "frozen-parameters": ("torch", "keras"),
}


@dataclass(frozen=True)
class Spec:
    """A set-up.

    Args:
        seed: of the draw; even ones are for development, odd ones only to report.
        data: name of a data set in `_DATA`.
        hidden: units of the hidden layers.
        activation: of the hidden layers.
        clipped: whether a classification's loss is computed on clipped probabilities.
        optimizer, rate: "adam", "sgd" (momentum 0.9) or "rmsprop", and its learning rate.
        scaler: "standard", "minmax" or "maxabs", per feature where that says nothing of pixels.
        fault: injected; None for a healthy one.
        strength: of the fault, log-uniform between its bounds; its meaning is the fault's.
        framework: one of `FRAMEWORKS`.
        mirror: number of the group of mirrored set-ups it belongs to; −1 for none.
    """

    seed: int
    data: str
    hidden: tuple[int, ...]
    activation: str
    clipped: bool
    optimizer: str
    rate: float
    scaler: str
    fault: str | None
    strength: float
    framework: str
    mirror: int = -1

    @property
    def key(self) -> str:
        """Its identity in the file of results."""
        return "|".join(f"{k}={v}" for k, v in asdict(self).items())


def draw(seed: int, fault: str | None, framework: str, mirror: int = -1) -> Spec:
    """The set-up of a seed; the same but for fault and framework for the same seed."""
    rng = np.random.default_rng(seed)
    regression = rng.random() < 0.35
    if fault in ("target-scale", "target-range"):
        regression = True
    if fault in ("label-coding", "loss-mismatch", "loss-clipping", "not-shuffled"):
        regression = False
    names = [n for n, (kind, _) in _DATA.items() if (kind == "regression") == regression]
    hidden = tuple(int(u) for u in rng.choice([16, 32, 64, 128], size=rng.integers(1, 3)))
    optimizer = str(rng.choice(["adam", "adam", "sgd", "rmsprop"]))
    rate = {"adam": 3e-3, "sgd": 0.02, "rmsprop": 2e-3}[optimizer] * float(rng.uniform(0.5, 2))
    activation = str(rng.choice(["relu", "relu", "tanh"]))
    data = str(rng.choice(names))
    clipped = bool(rng.random() < 0.5)
    scaler = str(rng.choice(["standard", "minmax", "maxabs"]))
    strength = float(rng.random())
    if framework == "sklearn" or mirror >= 0:
        optimizer = "adam" if optimizer == "rmsprop" else optimizer
        rate = {"adam": 3e-3, "sgd": 0.02}[optimizer]
        clipped = False
    if fault == "loss-clipping":
        data, clipped, scaler = "digits", True, "raw"
    if fault == "optimizer-epsilon":
        optimizer, rate = "adam", 3e-3
    if fault in ("input-offset",):
        optimizer, rate, scaler = "sgd", 0.02, "standard"
    if fault == "saturation":
        activation = "tanh"
    if fault == "dead-units":
        activation = "relu"
    return Spec(seed, data, hidden, activation, clipped, optimizer, rate, scaler, fault, strength,
                framework, mirror)  # fmt: skip


# --- Data. ---


@cache
def _digits() -> tuple[Any, Any]:
    from unstuck.data.digits import load

    data = load()
    return data.x_train.astype(np.float32), data.y_train.astype(np.int64)


@cache
def _fashion() -> tuple[Any, Any]:
    from unstuck.data.sources import DataRef

    data = DataRef("fashion-mnist").load()
    x = data.x_train[:3000].reshape(3000, -1)[:, ::3]
    return x.astype(np.float32), data.y_train[:3000].astype(np.int64)


def _bundled(name: str) -> Callable[[], tuple[Any, Any]]:
    def load() -> tuple[Any, Any]:
        import sklearn.datasets as sets

        x, y = getattr(sets, f"load_{name}")(return_X_y=True)
        return x.astype(np.float32), y

    return cache(load)


def _made(name: str, **options: Any) -> Callable[[], tuple[Any, Any]]:
    def load() -> tuple[Any, Any]:
        import sklearn.datasets as sets

        x, y = getattr(sets, f"make_{name}")(random_state=0, **options)
        return x.astype(np.float32), y

    return cache(load)


_DATA: dict[str, tuple[str, Callable[[], tuple[Any, Any]]]] = {
    "digits": ("classification", _digits),
    "wine": ("classification", _bundled("wine")),
    "cancer": ("classification", _bundled("breast_cancer")),
    "blobs": ("classification", _made("classification", n_samples=1500, n_features=20,
                                      n_informative=10, n_classes=4, class_sep=1.5)),
    "moons": ("classification", _made("moons", n_samples=1200, noise=0.15)),
    "friedman": ("regression", _made("friedman1", n_samples=1500, noise=0.5)),
    "linear": ("regression", _made("regression", n_samples=1200, n_features=12, noise=5.0)),
    "friedman2": ("regression", _made("friedman2", n_samples=1500, noise=20.0)),
}  # fmt: skip


def arrays(spec: Spec) -> dict[str, Any]:
    """x, y, validation_data and shuffle, with the spec's scaler and fault; classes in "classes"."""
    import os

    kind, load = _DATA[spec.data]
    if spec.data == "digits" and spec.seed % 3 == 0 and os.environ.get("UNSTUCK_DATA"):
        load = _fashion
    x, y = load()
    rng = np.random.default_rng(spec.seed + 1)
    order = rng.permutation(len(x))
    x, y = x[order].astype(np.float64), y[order]
    cut = len(x) // 4
    held, kept = slice(0, cut), slice(cut, None)
    classes = 0 if kind == "regression" else int(y.max()) + 1
    whole = spec.data == "digits"  # pixels share a scale
    if spec.scaler != "raw":
        shift, scale = _fit(spec.scaler, x[kept], whole)
        x = (x - shift) / scale
    if not classes:
        y = (y - y[kept].mean()) / y[kept].std()
    given: dict[str, Any] = {"shuffle": None}
    x, y, x_held, y_held = x[kept], y[kept], x[held], y[held]
    s = spec.strength

    def between(low: float, high: float) -> float:
        return float(low * (high / low) ** s)

    fault = spec.fault
    if fault == "input-spread":
        factor = between(80, 1000)
        x, x_held = x * factor, x_held * factor
    elif fault == "input-offset":
        move = between(30, 100)
        x, x_held = x + move, x_held + move
    elif fault == "feature-scales":
        powers = 10 ** rng.uniform(-1, between(3, 6), x.shape[1])
        x, x_held = x * powers, x_held * powers
    elif fault == "input-outliers":
        rows = rng.choice(len(x), max(3, len(x) // 80), replace=False)
        x[rows, rng.integers(0, x.shape[1], len(rows))] = between(1e3, 1e6)
    elif fault == "input-too-small":
        factor = between(1e-5, 1e-3)
        x, x_held = x * factor, x_held * factor
    elif fault == "split-mismatch":
        x_held = x_held * between(20, 300) + between(1, 10)
    elif fault == "non-finite-data":
        rows = rng.choice(len(x), max(1, int(between(1, 30))), replace=False)
        x[rows, 0] = np.nan
    elif fault == "constant-input":
        x, x_held = np.zeros_like(x), np.zeros_like(x_held)
    elif fault == "target-scale":
        factor = between(1e3, 1e8)
        y, y_held = y * factor, y_held * factor
    elif fault == "target-range":
        y, y_held = (v * between(10, 50) + 100 for v in (y, y_held))
    elif fault == "label-coding":
        y, y_held = (v / between(100, 1000) for v in (y, y_held))
    elif fault == "not-shuffled":
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
        given["shuffle"] = False
    label = np.float32 if not classes or fault == "label-coding" else np.int64
    x, x_held = x.astype(np.float32), x_held.astype(np.float32)
    y, y_held = y.astype(label), y_held.astype(label)
    return given | {"x": x, "y": y, "validation_data": (x_held, y_held), "classes": classes}


def _fit(scaler: str, x: Any, whole: bool) -> tuple[Any, Any]:
    axis = None if whole else 0
    if scaler == "standard":
        shift, scale = x.mean(axis=axis), x.std(axis=axis)
    elif scaler == "minmax":
        shift, scale = x.min(axis=axis), np.ptp(x, axis=axis)
    else:
        shift, scale = 0.0, np.abs(x).max(axis=axis)
    return shift, np.where(scale > 0, scale, 1.0)


# --- Models. ---


def settings(spec: Spec) -> dict[str, Any]:
    """Numbers of the optimizer with the fault in them."""
    rate, epsilon = spec.rate, 1e-7
    low, high = 1e-6, 1e-4
    if spec.fault == "learning-rate-low":
        rate *= low * (high / low) ** spec.strength
    if spec.fault == "learning-rate-high":
        rate *= 300 * 100**spec.strength
    if spec.fault == "optimizer-epsilon":
        epsilon = 10 * 100**spec.strength
    return {"rate": rate, "epsilon": epsilon}


def build(spec: Spec) -> dict[str, Any]:
    """Arguments of `unstuck.diagnose` for the set-up, in its framework."""
    given = arrays(spec)
    classes = given.pop("classes")
    kind = spec.framework.split("-")[0]
    return _BUILDERS[kind](spec, given, classes)


def _engine(spec: Spec, given: dict[str, Any], classes: int) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import FirstKernel, Setup

    numbers = settings(spec)
    if not classes:
        given["y"] = given["y"][:, None]
        given["validation_data"] = (
            given["validation_data"][0],
            given["validation_data"][1][:, None],
        )
    last, loss = _head(spec, classes)
    kernel = _kernel(spec)
    extra = {"kernel": kernel} if kernel else {}
    network = mlp(list(spec.hidden), classes or 1, spec.activation, last, **extra)
    options: dict[str, Any] = {"learning_rate": numbers["rate"]}
    if spec.optimizer == "sgd":
        options["momentum"] = 0.9
    else:
        options["epsilon"] = numbers["epsilon"]
    first = FirstKernel(initial=_gain(spec)) if spec.fault == "saturation" else FirstKernel()
    setup = Setup(network, loss, keras(spec.optimizer, **options), first_kernel=first)
    model: Any = setup
    if spec.fault == "dead-units":
        key = jax.random.key(spec.seed)
        params, _ = network.init(key, (given["x"].shape[1],), jnp.dtype("float32"))
        params = ({**params[0], "bias": params[0]["bias"] - _bias(spec)}, *params[1:])
        model = (setup, params)
    return {"model": model, **given}


def _head(spec: Spec, classes: int) -> tuple[str, str]:
    """Output activation and loss, by the engine's names."""
    if not classes:
        return ("sigmoid" if spec.fault == "target-range" else "linear"), "mean_squared_error"
    if spec.fault == "loss-mismatch":
        return "softmax", "sparse_categorical_crossentropy_logits"
    if spec.clipped:
        return "softmax", "sparse_categorical_crossentropy_clipped"
    return "linear", "sparse_categorical_crossentropy_logits"


def _kernel(spec: Spec) -> str:
    if spec.fault != "initialization":
        return ""
    return "ones" if spec.seed % 4 < 2 else "zeros"


def _gain(spec: Spec) -> float:
    return float(20 * 10**spec.strength)


def _bias(spec: Spec) -> float:
    return float(20 * 10**spec.strength)


def _sklearn(spec: Spec, given: dict[str, Any], classes: int) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    numbers = settings(spec)
    shuffle = given.pop("shuffle")
    kind = MLPClassifier if classes else MLPRegressor
    model = kind(
        hidden_layer_sizes=spec.hidden, activation=spec.activation, solver=spec.optimizer,
        learning_rate_init=numbers["rate"], epsilon=numbers["epsilon"], batch_size=32,
        shuffle=shuffle is not False, max_iter=200, n_iter_no_change=20,
    )  # fmt: skip
    return {"model": model, **given}


def _torch(spec: Spec, given: dict[str, Any], classes: int) -> dict[str, Any]:
    import torch
    from torch import nn

    numbers = settings(spec)
    torch.manual_seed(spec.seed)
    act = {"relu": nn.ReLU, "tanh": nn.Tanh}[spec.activation]
    sizes = [given["x"].shape[1], *spec.hidden]
    layers: list[Any] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), act()]
    layers.append(nn.Linear(sizes[-1], classes or 1))
    last, _ = _head(spec, classes)
    if last == "softmax":
        layers.append(nn.Softmax(dim=1))
    elif last == "sigmoid":
        layers.append(nn.Sigmoid())
    if not classes:
        given["y"] = given["y"][:, None]
        given["validation_data"] = (
            given["validation_data"][0],
            given["validation_data"][1][:, None],
        )
    model = nn.Sequential(*layers)
    if spec.fault == "dead-units":
        with torch.no_grad():
            layers[0].bias -= _bias(spec)
    loss: Any = nn.MSELoss() if not classes else nn.CrossEntropyLoss()
    if classes and last == "softmax" and spec.fault != "loss-mismatch":
        loss = clamped
    if spec.fault == "frozen-parameters":
        for p in list(model.parameters())[:-1]:
            p.requires_grad_(False)
    held = [p for p in model.parameters() if p.requires_grad]
    make = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop}
    options: dict[str, Any] = {"lr": numbers["rate"]}
    options |= {"momentum": 0.9} if spec.optimizer == "sgd" else {"eps": numbers["epsilon"]}
    optimizer = make[spec.optimizer](held, **options)
    return {"model": model, "loss": loss, "optimizer": optimizer, **given}


def clamped(probabilities: Any, y: Any) -> Any:
    """Cross-entropy on probabilities clamped to [1e-7, 1 − 1e-7], as many write it."""
    picked = probabilities.gather(1, y[:, None]).clamp(1e-7, 1 - 1e-7)
    return -picked.log().mean()


def _keras(spec: Spec, given: dict[str, Any], classes: int) -> dict[str, Any]:
    import keras

    numbers = settings(spec)
    keras.utils.set_random_seed(spec.seed)
    last, loss = _head(spec, classes)
    kernel = _kernel(spec)
    initial: Any = kernel or "glorot_uniform"
    layers: list[Any] = [keras.Input((given["x"].shape[1],))]
    for i, units in enumerate(spec.hidden):
        first: Any = initial
        if spec.fault == "saturation" and i == 0:
            first = keras.initializers.VarianceScaling(_gain(spec) ** 2, "fan_avg", "uniform")
        bias: Any = "zeros"
        if spec.fault == "dead-units" and i == 0:
            bias = keras.initializers.Constant(-_bias(spec))
        layers.append(keras.layers.Dense(units, spec.activation, kernel_initializer=first,
                                         bias_initializer=bias))  # fmt: skip
    layers.append(keras.layers.Dense(classes or 1, last, kernel_initializer=initial))
    model = keras.Sequential(layers)
    if spec.fault == "frozen-parameters":
        for layer in model.layers:
            layer.trainable = False
        model.layers[-1].trainable = True
        model.layers[-1].kernel.trainable = False
    options: dict[str, Any] = {"learning_rate": numbers["rate"]}
    options |= {"momentum": 0.9} if spec.optimizer == "sgd" else {"epsilon": numbers["epsilon"]}
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD,
                 "rmsprop": keras.optimizers.RMSprop}[spec.optimizer](**options)  # fmt: skip
    logits = loss.endswith("_logits")
    compiled: Any = "mean_squared_error"
    if classes:
        compiled = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model.compile(optimizer, compiled)
    return {"model": model, **given}


_BUILDERS = {"engine": _engine, "sklearn": _sklearn, "torch": _torch, "keras": _keras}


def sound(spec: Spec) -> Spec:
    """The same without its fault."""
    return replace(spec, fault=None, clipped=spec.clipped and spec.fault != "loss-clipping")
