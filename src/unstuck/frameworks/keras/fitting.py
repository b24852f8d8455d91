"""Orders of examples, the callback that watches `fit`, and outputs."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from unstuck.frameworks.keras.changes import Plan
from unstuck.setups.subject import Floats, Inputs
from unstuck.setups.trainer import POINTS

CHUNK = 64 << 20  # bytes of examples handed to one call of `fit`
LAST = 20  # steps whose mean loss is a run's loss
LOOKED, LOOKS = 256, 4  # examples predicted at a time, and how many times less one on the way


def order(n: int, seed: int, stream: int, shuffle: bool) -> Iterator[int]:
    """Endless row numbers, epoch after epoch; the same for a seed and stream on every backend.

    Unshuffled ones are in the order of the data, and another stream starts elsewhere.
    """
    rng = np.random.default_rng([seed % 2**32, stream])
    first = 0 if stream == 0 else int(rng.integers(n))
    while True:
        epoch = rng.permutation(n) if shuffle else (np.arange(n) + first) % n
        yield from epoch.tolist()


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts steps, sets rates, keeps losses, stops where these are not finite or time is up.

    Args:
        steps: wanted.
        end: by `time.perf_counter`.
        plan: whose learning rates are replayed.

    Attributes:
        losses: one a step; means over short stretches, since Keras's own are means.
    """

    def __init__(self, steps: int, end: float, plan: Plan) -> None:
        super().__init__()
        self.steps, self.end = steps, end
        self.taken, self.ended = 0, False
        self.losses: list[float] = []
        parts = np.linspace(0, steps, min(steps, POINTS) + 1).astype(int)
        self._marks = {*parts.tolist(), steps - LAST}
        self._looks = [*(steps * i // LOOKS for i in range(1, LOOKS)), steps]
        self._rates = {}
        if not plan.scheduled:
            self._rates = {step: plan.rate * factor for step, factor in plan.routine.rates}
        self._ticks: list[float] = []
        self._last = 0.0

    @property
    def next_look(self) -> int:
        """The number of steps after which outputs are looked at."""
        return next((look for look in self._looks if look > self.taken), self.steps)

    @property
    def step_seconds(self) -> float:
        """Of one step: the median, which tracing and compiling do not move."""
        return float(np.median(self._ticks)) if self._ticks else 0.0

    def stretch(self) -> None:
        """A call of `fit` follows."""
        self._last = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """See Keras."""
        if self.taken in self._rates:
            self._synced()
            self.model.optimizer.learning_rate = self._rates[self.taken]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """See Keras; the loss in `logs` is the mean since the metrics were reset."""
        self.taken += 1
        loss = float((logs or {}).get("loss", math.nan))
        now = time.perf_counter()
        if self._last:
            self._ticks.append(now - self._last)
        diverged = not math.isfinite(loss)
        self.ended = diverged or now > self.end
        if self.ended:
            self.model.stop_training = True
        if self.ended or self.taken in self._marks or self.taken == self.params["steps"]:
            self.losses += [loss] * (self.taken - len(self.losses))
            self._synced()
            self.model.reset_metrics()
        self._last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """See Keras; a stretch ends, and the next one's mean begins anew."""
        missing = self.taken - len(self.losses)
        if missing:
            self.losses += [float((logs or {}).get("loss", math.nan))] * missing

    def _synced(self) -> None:
        """On JAX, where `fit` holds the state of all variables."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()


def predicted(model: Any, pack: Callable[[Any], Any], x: Inputs, elements: int) -> Floats:
    """(n, k) outputs in evaluation mode, a part of the examples at a time.

    Parts are of one size, filled up with examples, so that one program is compiled.

    Args:
        elements: activations of one example.
    """
    n = len(x[0])
    size = sum(a.nbytes for a in x) / max(n, 1) + 4 * elements
    rows = int(min(LOOKED, max(1, CHUNK / size)))
    parts = []
    for start in range(0, n, rows):
        chosen = np.arange(start, start + rows) % n
        part = np.asarray(model.predict_on_batch(pack(tuple(a[chosen] for a in x))))
        parts.append(part[: n - start].astype(np.float32))
    output = np.concatenate(parts)
    return output.reshape(-1, output.shape[-1] if output.ndim > 1 else 1)
