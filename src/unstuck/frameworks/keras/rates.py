"""What a script's `fit` does around its steps: learning rates that callbacks set, weights of
classes and examples, how many steps."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from unstuck.frameworks.keras.optimizer import inner
from unstuck.setups import warm_up
from unstuck.setups.routine import Routine
from unstuck.watching.sweeps import is_sweep

UNSEEN = "examples have weights of their own, which trials do not give them"


class Around:
    """What is seen around the steps of one call of `fit`.

    Args:
        model: that trains.
        given: arguments of `fit`, by name.
    """

    def __init__(self, model: Any, given: Mapping[str, Any]) -> None:
        self._model = model
        self._rates: list[tuple[int, float]] = []
        self._epochs = self._begin = self._steps = 0
        self._first = rate_now(model)
        self._stepwise = any(map(_acts_on_batches, keras.tree.flatten(given["callbacks"] or [])))
        self.weights, self._unseen = weights_of(given)

    def epoch_begins(self) -> None:
        """Callbacks have set what they set."""
        self._begin = self._steps
        self._epochs += 1
        self._look()

    def step_begins(self, batch: int) -> None:
        """The same, before a batch of the epoch."""
        self._steps = self._begin + batch + 1
        if self._stepwise:
            self._look()

    def _look(self) -> None:
        rate = rate_now(self._model)
        at = max(self._steps - 1, self._begin)
        if rate is not None and (not self._rates or self._rates[-1][1] != rate):
            if self._rates and self._rates[-1][0] == at:
                self._rates.pop()
            self._rates.append((at, rate))

    @property
    def is_sweep(self) -> bool:
        """Whether the rate rose at every step, as in a range test."""
        return len(self._rates) >= self._steps and is_sweep([rate for _, rate in self._rates])

    @property
    def routine(self) -> Routine:
        """As far as it was seen."""
        steps = self._steps + max(0, getattr(self._model, "steps_per_execution", 1) - 1)
        seen = self._rates
        rates: tuple[tuple[int, float], ...] = ()
        if not seen or not seen[0][1] or (len(seen) == 1 and seen[0][1] == self._first):
            reference = 0.0
        else:
            first, peak = seen[0][1], max(rate for _, rate in seen)
            reference = peak if warm_up.warms_up(first, peak) else first
            rates = tuple((step, rate / reference) for step, rate in seen)
        return Routine(
            rates=rates,
            reference=reference,
            steps=steps,
            epochs=self._epochs,
            weights=self.weights,
            unseen=self._unseen,
        )


def rate_now(model: Any) -> float | None:
    """The optimizer's rate; None where a schedule gives it, or it cannot be read now."""
    rate = getattr(inner(model.optimizer), "_learning_rate", None)
    if not isinstance(rate, keras.Variable) or rate._value is None:  # within an epoch on JAX
        return None
    return float(keras.ops.convert_to_numpy(rate.value))


def _acts_on_batches(callback: Any) -> bool:
    """Whether it might set a rate between the batches of an epoch."""
    base = keras.callbacks.Callback
    names = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    return any(getattr(type(callback), n, None) is not getattr(base, n) for n in names)


def weights_of(given: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Weights by class id, and what of weights cannot be replayed."""
    by_class, each = given["class_weight"], given["sample_weight"]
    spec = getattr(given["x"], "element_spec", None)  # of a tf.data.Dataset
    if each is None:
        if isinstance(spec, tuple) and len(spec) == 3:
            return (), (UNSEEN,)
        if not by_class:
            return (), ()
        top = max(int(k) for k in by_class)
        return tuple(float(by_class.get(k, 1.0)) for k in range(top + 1)), ()
    of = _of_classes(given["y"], each)
    if not of or by_class:
        return (), (UNSEEN,)
    return of, ()


def _of_classes(y: Any, weights: Any) -> tuple[float, ...]:
    """Weights by class id, where all examples of a class have the same; else ()."""
    try:
        y, weights = np.asarray(y), np.asarray(weights, np.float64).reshape(-1)
        if y.ndim == 2 and y.shape[1] > 1:
            y = y.argmax(axis=1)
        y = y.reshape(-1)
        ids = np.rint(y).astype(np.int64)
        if len(ids) != len(weights) or (ids != y).any() or ids.min() < 0 or ids.max() > 4096:
            return ()
    except (TypeError, ValueError):
        return ()
    found = []
    for k in range(ids.max() + 1):
        own = weights[ids == k]
        if len(own) and np.ptp(own) > 1e-6 * abs(own[0]):
            return ()
        found.append(float(own[0]) if len(own) else 1.0)
    return tuple(found)
