"""Parts for the causes' examples: the bundled digits and small networks of the engine."""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unstuck.causes.cause import Example
from unstuck.data.digits import load

if TYPE_CHECKING:
    from unstuck.engine.network import Network
    from unstuck.engine.optimizers import Optimizer

CLIPPED = "sparse_categorical_crossentropy_clipped"
LOGITS = "sparse_categorical_crossentropy_logits"


@cache
def digits() -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Inputs (1437, 64) 0..255 and class ids (1437,) of the bundled digits."""
    data = load()
    return data.x_train.astype(np.float32), data.y_train


@cache
def standardized() -> NDArray[np.float32]:
    """The digits' inputs with mean 0 and standard deviation 1 over all pixels."""
    x, _ = digits()
    return np.asarray((x - x.mean()) / x.std(), np.float32)


@cache
def regression(noise: float = 0.1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(1000, 8) standard normal inputs and (1000, 1) targets of spread about 1."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1000, 8))
    y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + noise * draw.normal(size=(1000, 1))
    return x.astype(np.float32), y.astype(np.float32)


def classifier(
    says: str,
    x: NDArray[Any] | None = None,
    y: NDArray[Any] | None = None,
    *,
    network: "Network | None" = None,
    loss: str = LOGITS,
    optimizer: "Optimizer | None" = None,
    **arguments: Any,
) -> Example:
    """A dense network 64-64-10 on the digits; sound unless something is said otherwise:
    standardized inputs, ReLU, Glorot, cross-entropy from logits, Adam 10⁻³."""
    last = "softmax" if loss.endswith("_clipped") else "linear"
    setup = _setup(network, [64], 10, last, loss, optimizer)
    inputs = standardized() if x is None else x
    return Example(says, setup, {"x": inputs, "y": digits()[1] if y is None else y, **arguments})


def regressor(
    says: str,
    x: NDArray[Any] | None = None,
    y: NDArray[Any] | None = None,
    *,
    network: "Network | None" = None,
    optimizer: "Optimizer | None" = None,
    **arguments: Any,
) -> Example:
    """A dense network 8-64-1 with squared error on a smooth function of standard normal inputs."""
    setup = _setup(network, [64], 1, "linear", "mean_squared_error", optimizer)
    sound_x, sound_y = regression()
    return Example(
        says,
        setup,
        {"x": sound_x if x is None else x, "y": sound_y if y is None else y, **arguments},
    )


def _setup(
    network: "Network | None",
    hidden: list[int],
    outputs: int,
    last: str,
    loss: str,
    optimizer: "Optimizer | None",
) -> Any:
    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import Setup

    return Setup(network or mlp(hidden, outputs, output=last), loss, optimizer or keras("adam"))
