"""Trains copies of scikit-learn's networks, by their own `fit`.

Limits: whole epochs, at least one; scikit-learn's own stopping rules hold within them.
"""

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from unstuck.changes.data import Data
from unstuck.frameworks.sklearn.perceptron import Perceptron
from unstuck.setups.settings import Settings
from unstuck.setups.trainer import Run

_REFUSED = {
    "logits": "scikit-learn computes its loss from logits as it is",
    "output": "scikit-learn chooses the output activation itself",
    "initial": "scikit-learn draws kernels by its own rule",
    "normalize": "scikit-learn has no normalization layer",
    "clip": "scikit-learn does not clip gradients",
    "unfreeze": "everything is trained as it is",
}


class MlpTrainer:
    """See `Trainer`."""

    def __init__(self, subject: Perceptron) -> None:
        self._subject = subject
        self.notes: tuple[str, ...] = ()

    def refuses(self, settings: Settings) -> str:
        """See `Trainer`."""
        changed = settings.changed()
        for name, why in _REFUSED.items():
            if name in changed:
                return why
        rule = self._subject.about.rule
        if rule is None and changed & {"rate", "epsilon"}:
            return "lbfgs chooses the size of its steps itself"
        if "epsilon" in changed and rule is not None and rule.name == "sgd":
            return "SGD has no ε"
        if settings.activation == "leaky_relu":
            return "scikit-learn has no leaky ReLU"
        return ""

    def train(
        self, data: Data, settings: Settings, seed: int, steps: int, seconds: float = float("inf")
    ) -> Run:
        """See `Trainer`; the time limit is not looked at."""
        start = time.perf_counter()
        network = changed(self._subject.estimator, settings)
        size = min(self._subject.about.batch_size, len(data.y))
        epochs = max(1, round(steps * size / len(data.y)))
        # One stream draws weights and orders: a placebo has other weights as well.
        state = (seed + 1_000_003 * settings.stream) % 2**31
        network.set_params(random_state=state, max_iter=min(epochs, network.max_iter))
        (x,), (held,) = data.x, data.x_held
        y = data.y.ravel() if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
        outputs = self._subject.weights[-1][1].size
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                network.fit(x, y)
                output = _output(network, held, outputs)
            loss = float(network.loss_)
        except ValueError:  # inputs or weights that are not finite
            output, loss = np.full((len(held), outputs), np.nan), float("nan")
        taken = getattr(network, "n_iter_", 1) * -(-len(y) // size)
        return Run(output, loss, taken, time.perf_counter() - start, network, {})


def changed(estimator: Any, settings: Settings) -> Any:
    """An unfitted copy of a network with these settings."""
    network = clone(estimator)
    network.set_params(warm_start=False)
    if settings.optimizer is not None:
        rate = {"adam": 1e-3, "sgd": 1e-2}[settings.optimizer]
        network.set_params(solver=settings.optimizer, learning_rate_init=rate)
    if settings.activation is not None:
        network.set_params(activation=settings.activation)
    if settings.epsilon is not None:
        network.set_params(epsilon=settings.epsilon)
    if settings.shuffle is not None:
        network.set_params(shuffle=settings.shuffle)
    if settings.rate != 1.0:
        network.set_params(learning_rate_init=network.learning_rate_init * settings.rate)
    return network


def _output(network: Any, x: NDArray[Any], outputs: int) -> NDArray[np.float64]:
    if not hasattr(network, "predict_proba"):
        return np.asarray(network.predict(x), np.float64).reshape(len(x), outputs)
    shares = network.predict_proba(x)
    if outputs == 1:
        return np.asarray(shares[:, -1:], np.float64)
    if shares.shape[1] == outputs:
        return np.asarray(shares, np.float64)
    full = np.zeros((len(x), outputs))  # a class that the training part has not
    full[:, np.asarray(network.classes_, int)] = shares
    return full
