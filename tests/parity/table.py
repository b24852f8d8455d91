"""What is compared: the rows of the parity table, in their words and in ours. NumPy only.

No number is a default where a default exists: one that is ignored, or used in the wrong place,
shows. ε is as large as 1e-2 for the same reason: at 1e-7 the frameworks' different forms of it
would agree to nine digits on this data and the table could not tell them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

STEPS, BATCH = 60, 16
FEATURES, HIDDEN, OUTPUTS = 12, 8, 5
SHAPES = ((FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, OUTPUTS), (OUTPUTS,))
PARAMETERS = sum(int(np.prod(shape)) for shape in SHAPES)

ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "gelu", "linear")


@dataclass(frozen=True)
class Optimizer:
    """One optimizer: name and settings here, class and arguments there."""

    ours: tuple[str, Mapping[str, Any]]
    theirs: tuple[str, Mapping[str, Any]]


def _row(ours: str, settings: Mapping[str, Any], theirs: str, **names: str) -> Optimizer:
    """A row whose arguments are the settings, but for those that `names` renames."""
    return Optimizer((ours, settings), (theirs, {names.get(k, k): v for k, v in settings.items()}))


# Few powers of two each: Keras's TensorFlow backend rounds these numbers to float32.
_ADAM = {"learning_rate": 2.0**-6, "beta_1": 13 / 16, "beta_2": 15 / 16, "epsilon": 2.0**-7}

KERAS_OPTIMIZERS: Mapping[str, Optimizer] = {
    "sgd": _row("sgd", {"learning_rate": 5e-3}, "SGD"),
    "sgd+momentum": _row("sgd", {"learning_rate": 3e-3, "momentum": 0.8}, "SGD"),
    "nesterov": _row("sgd", {"learning_rate": 3e-3, "momentum": 0.8, "nesterov": True}, "SGD"),
    "sgd+decay": _row("sgd", {"learning_rate": 3e-3, "momentum": 0.8, "weight_decay": 0.3}, "SGD"),
    "rmsprop": _row("rmsprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-2}, "RMSprop"),
    "rmsprop+momentum": _row(
        "rmsprop", {"learning_rate": 3e-3, "rho": 0.8, "epsilon": 1e-2, "momentum": 0.7}, "RMSprop"
    ),
    "adagrad": _row(
        "adagrad",
        {"learning_rate": 0.1, "initial_accumulator": 0.02, "epsilon": 1e-2},
        "Adagrad",
        initial_accumulator="initial_accumulator_value",
    ),
    "adam": _row("adam", _ADAM, "Adam"),
    "adamw": _row("adamw", {**_ADAM, "weight_decay": 0.3}, "AdamW"),
}

_TORCH = {"learning_rate": "lr", "epsilon": "eps", "rho": "alpha", "l2": "weight_decay"}

TORCH_OPTIMIZERS: Mapping[str, Optimizer] = {
    "sgd": _row("sgd", {"learning_rate": 5e-3}, "SGD", **_TORCH),
    "sgd+momentum": _row("sgd", {"learning_rate": 3e-3, "momentum": 0.8}, "SGD", **_TORCH),
    "nesterov": _row(
        "sgd", {"learning_rate": 3e-3, "momentum": 0.8, "nesterov": True}, "SGD", **_TORCH
    ),
    "sgd+l2": _row("sgd", {"learning_rate": 3e-3, "momentum": 0.8, "l2": 0.1}, "SGD", **_TORCH),
    "rmsprop": _row(
        "rmsprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-2}, "RMSprop", **_TORCH
    ),
    "rmsprop+momentum": _row(
        "rmsprop",
        {"learning_rate": 3e-3, "rho": 0.8, "epsilon": 1e-2, "momentum": 0.7},
        "RMSprop",
        **_TORCH,
    ),
    "adagrad": _row(
        "adagrad",
        {"learning_rate": 0.1, "initial_accumulator": 0.02, "epsilon": 1e-2},
        "Adagrad",
        initial_accumulator="initial_accumulator_value",
        **_TORCH,
    ),
    # PyTorch's Adams take both betas as one argument; torch_reference joins them.
    "adam": _row("adam", _ADAM, "Adam", **_TORCH),
    "adam+l2": _row("adam", {**_ADAM, "l2": 0.1}, "Adam", **_TORCH),
    "adamw": _row("adamw", {**_ADAM, "weight_decay": 0.3}, "AdamW", **_TORCH),
}

# With nothing said, as people use them; in float32, on the first loss and two activations.
DEFAULT_ACTIVATIONS = ("relu", "tanh")
KERAS_DEFAULTS: Mapping[str, Optimizer] = {
    name: _row(name, {}, theirs)
    for name, theirs in (
        ("sgd", "SGD"),
        ("rmsprop", "RMSprop"),
        ("adagrad", "Adagrad"),
        ("adam", "Adam"),
        ("adamw", "AdamW"),
    )
}
TORCH_DEFAULTS = KERAS_DEFAULTS


@dataclass(frozen=True)
class Loss:
    """One loss: ours with the output activation it wants, theirs with its arguments.

    `target` is "ids" (n,), "shares" (n, k) that sum to 1, "flags" (n, k) of 0 and 1, or
    "values" (n, k).
    """

    ours: str
    output: str
    target: str
    theirs: str
    arguments: Mapping[str, Any]


def _keras(ours: str, output: str, target: str, theirs: str, **arguments: Any) -> Loss:
    return Loss(ours, output, target, theirs, arguments)


KERAS_LOSSES: Mapping[str, Loss] = {
    loss.ours: loss
    for loss in (
        _keras(
            "sparse_categorical_crossentropy_clipped",
            "softmax",
            "ids",
            "SparseCategoricalCrossentropy",
        ),
        _keras(
            "sparse_categorical_crossentropy_logits",
            "linear",
            "ids",
            "SparseCategoricalCrossentropy",
            from_logits=True,
        ),
        _keras("categorical_crossentropy_clipped", "softmax", "shares", "CategoricalCrossentropy"),
        _keras(
            "categorical_crossentropy_logits",
            "linear",
            "shares",
            "CategoricalCrossentropy",
            from_logits=True,
        ),
        _keras("binary_crossentropy_clipped", "sigmoid", "flags", "BinaryCrossentropy"),
        _keras(
            "binary_crossentropy_logits",
            "linear",
            "flags",
            "BinaryCrossentropy",
            from_logits=True,
        ),
        _keras("mean_squared_error", "linear", "values", "MeanSquaredError"),
        _keras("mean_absolute_error", "linear", "values", "MeanAbsoluteError"),
        _keras("huber", "linear", "values", "Huber"),
    )
}

# What Keras's TensorFlow backend computes from probabilities whose logits it can find.
RECOVERED: Mapping[str, str] = {
    "sparse_categorical_crossentropy_clipped": "sparse_categorical_crossentropy_logits",
    "categorical_crossentropy_clipped": "categorical_crossentropy_logits",
    "binary_crossentropy_clipped": "binary_crossentropy_logits",
}

# PyTorch's BCELoss on probabilities has no row: it bounds the logarithm at −100, not the
# probability at ε, and no variant of ours claims to be that.
TORCH_LOSSES: Mapping[str, Loss] = {
    "CrossEntropyLoss": Loss(
        "sparse_categorical_crossentropy_logits", "linear", "ids", "CrossEntropyLoss", {}
    ),
    "CrossEntropyLoss of shares": Loss(
        "categorical_crossentropy_logits", "linear", "shares", "CrossEntropyLoss", {}
    ),
    "NLLLoss of log(clamp(softmax))": Loss(
        "sparse_categorical_crossentropy_clipped", "softmax", "ids", "NLLLoss", {}
    ),
    "BCEWithLogitsLoss": Loss(
        "binary_crossentropy_logits", "linear", "flags", "BCEWithLogitsLoss", {}
    ),
    "MSELoss": Loss("mean_squared_error", "linear", "values", "MSELoss", {}),
    "L1Loss": Loss("mean_absolute_error", "linear", "values", "L1Loss", {}),
    "HuberLoss": Loss("huber", "linear", "values", "HuberLoss", {}),
}


Rows = tuple[tuple[str, str], ...]


def rows(losses: Mapping[str, Loss], whole: bool) -> Rows:
    """Loss × activation: the whole cross, or each loss and each activation at least once.

    A loss is handed outputs and knows no activations; every fourth is run with two.
    """
    names, first = list(losses), ACTIVATIONS[0]
    few = {(name, first) for name in names} | {(names[0], a) for a in ACTIVATIONS}
    few |= {(name, "tanh") for name in names[::4]}
    cross = [(name, a) for name in names for a in ACTIVATIONS]
    return tuple(row for row in cross if whole or row in few)


def default_rows(losses: Mapping[str, Loss]) -> Rows:
    """What optimizers as they come are run on."""
    return tuple((next(iter(losses)), a) for a in DEFAULT_ACTIVATIONS)


def small(name: str) -> list[str]:
    """The losses that an optimizer is run with on Keras's other backends: all with SGD alone."""
    return list(KERAS_LOSSES)[:: 1 if name == "sgd" else 4]


@dataclass(frozen=True)
class Data:
    """Batches as they are stored, the affine map that scales them, and targets of each kind."""

    raw: NDArray[np.uint8]  # (STEPS, BATCH, FEATURES)
    shift: Floats  # (FEATURES,)
    scale: Floats  # (FEATURES,)
    targets: Mapping[str, NDArray[Any]]  # (STEPS, BATCH) or (STEPS, BATCH, OUTPUTS)

    @property
    def scaled(self) -> Floats:
        """What the networks of the frameworks are fed; the engine scales for itself."""
        return (self.raw - self.shift) / self.scale


@cache
def data() -> Data:
    """The batches of the table: bytes, scaled feature by feature and left off-centre."""
    rng = np.random.default_rng(20)
    ids = rng.integers(0, OUTPUTS, (STEPS, BATCH))
    return Data(
        raw=rng.integers(0, 256, (STEPS, BATCH, FEATURES), dtype=np.uint8),
        shift=rng.uniform(20.0, 120.0, FEATURES),
        scale=rng.uniform(60.0, 180.0, FEATURES),
        targets={
            "ids": ids.astype(np.int32),
            "shares": rng.dirichlet(np.full(OUTPUTS, 0.3), (STEPS, BATCH)),
            "flags": (rng.uniform(size=(STEPS, BATCH, OUTPUTS)) < 0.4).astype(np.float64),
            "values": rng.normal(0.0, 3.0, (STEPS, BATCH, OUTPUTS)),
        },
    )


@cache
def weights() -> tuple[Floats, ...]:
    """Kernel, bias, kernel, bias to start from.

    The last bias is wide: at the start some probabilities lie beyond the clip at 1e-7 and others
    do not, whatever the activation, or the two variants of cross-entropy would be one.
    """
    rng = np.random.default_rng(7)
    kernel, bias, last = (
        rng.normal(0.0, sd, shape) for sd, shape in zip((0.5, 0.3, 3.0), SHAPES, strict=False)
    )
    return kernel, bias, last, np.linspace(-14.0, 14.0, OUTPUTS)


def flat(parameters: Any) -> Floats:
    """Kernel, bias, kernel, bias as one vector (PARAMETERS,)."""
    return np.concatenate([np.asarray(p).ravel() for p in parameters])


# --- The frozen plateau: bytes of real digits, fed as they are. ---

PLATEAU_SHAPES = ((64, 16), (16,), (16, 10), (10,))
PLATEAU_BATCH = 32
PLATEAU_SEEN = 512  # examples looked at one by one after the last step


@dataclass(frozen=True)
class Plateau:
    """What is trained on the raw digits, from clipped probabilities or from logits."""

    optimizer: Optimizer
    from_logits: bool = False

    @property
    def loss(self) -> str:
        variant = "logits" if self.from_logits else "clipped"
        return f"sparse_categorical_crossentropy_{variant}"


_PLATEAU_ADAM = _row("adam", {"learning_rate": 2.0**-10}, "Adam")
PLATEAUS: Mapping[str, Plateau] = {
    "sgd": Plateau(_row("sgd", {"learning_rate": 2.0**-6}, "SGD")),
    "adam": Plateau(_PLATEAU_ADAM),
    "adam from logits": Plateau(_PLATEAU_ADAM, from_logits=True),
}


@cache
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Scikit-learn's 8×8 digits brought to 8 bits: (1797, 64) and (1797,)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.round(bunch.data * 255 / 16).astype(np.uint8), bunch.target.astype(np.int32)


def plateau_weights() -> tuple[Floats, ...]:
    """Glorot-uniform kernels and zero biases, drawn by NumPy."""
    rng = np.random.default_rng(0)
    return tuple(
        rng.uniform(-1, 1, s) * np.sqrt(6 / sum(s)) if len(s) == 2 else np.zeros(s)
        for s in PLATEAU_SHAPES
    )


def plateau_batches() -> NDArray[np.int64]:
    """Which digits each step is fed (STEPS, PLATEAU_BATCH): one after the other, then anew."""
    return np.arange(STEPS * PLATEAU_BATCH).reshape(STEPS, PLATEAU_BATCH) % len(digits()[0])


# --- `fit`: epochs whose batches do not divide the examples. ---


@dataclass(frozen=True)
class Fit:
    """One way to cut a training set into batches and to hold examples out."""

    examples: int
    batch_size: int
    drop_remainder: bool = False
    validation_split: float = 0.0


FITS: Mapping[str, Fit] = {
    "whole batches": Fit(64, 16),
    "remainder kept": Fit(70, 16),
    "remainder dropped": Fit(70, 16, drop_remainder=True),
    "one batch, not full": Fit(10, 16),
    "held out": Fit(70, 16, validation_split=0.2),
}
FIT_EPOCHS = 3
FIT_OPTIMIZER = KERAS_OPTIMIZERS["adam"]


def fit_order(examples: int, epoch: int) -> NDArray[np.int64]:
    """In which order an epoch takes the examples."""
    return np.random.default_rng((3, epoch)).permutation(examples)


# --- Early stopping: what a validation loss may do. ---

NAN, INF = float("nan"), float("inf")
VALIDATION_LOSSES: Mapping[str, tuple[float, ...]] = {
    "falls": (5.0, 4.0, 3.0, 2.0, 1.0, 0.5),
    "rises": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
    "flat": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "recovers": (3.0, 4.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    "recovers late": (3.0, 4.0, 5.0, 6.0, 2.9, 3.0, 3.0, 3.0, 3.0),
    "turns NaN": (3.0, 2.0, NAN, NAN, NAN, NAN),
    "NaN between": (3.0, NAN, 2.0, NAN, NAN, 1.0, 2.0, 2.0),
    "NaN first": (NAN, 3.0, 2.0, 1.0, 0.5),
    "overflows first": (INF, INF, 3.0, 4.0, 2.0, 3.0),
}
PATIENCES = (0, 1, 2, 3)

# --- Draws. ---

# Wide rather than square, so that fan_in, fan_out and their mean are told apart.
DRAWN = (500, 2000)
KERAS_INITIALIZERS = (
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "random_uniform",
    "random_normal",
    "zeros",
    "ones",
)


# --- Where Keras's TensorFlow backend finds the logits behind probabilities. ---


def recovery_kernel() -> Floats:
    """A single layer's kernel with logits so wide that most examples are clipped."""
    return np.random.default_rng(11).normal(0.0, 12.0, (FEATURES, OUTPUTS))
