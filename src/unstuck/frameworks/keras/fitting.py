"""Orders of examples, the callback that watches `fit`, and outputs."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from unstuck.setups.subject import Floats, Inputs

CHUNK = 64 << 20  # bytes of examples handed to one call of `fit`
LAST = 20  # steps whose mean loss is a run's loss
HELD = 1024  # held-out examples predicted at a time, at most


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
    """Counts steps, stops where the loss is not finite or time is up, and keeps the last loss.

    Args:
        steps: wanted.
        end: by `time.perf_counter`.
    """

    def __init__(self, steps: int, end: float) -> None:
        super().__init__()
        self.steps, self.end = steps, end
        self.taken, self.loss, self.ended = 0, math.nan, False
        self._mark = -1

    def stretch(self, last: bool) -> None:
        """A call of `fit` follows; in the last one the mean starts anew before the last steps."""
        self._mark = self.steps - LAST if last else -1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """See Keras; the loss in `logs` is the mean since the metrics were reset."""
        self.taken += 1
        logs = logs or {}
        loss = logs.get("loss")
        if loss is not None:
            self.loss = float(loss)
        diverged = loss is not None and not math.isfinite(self.loss)
        if diverged or time.perf_counter() > self.end:
            self.ended = self.model.stop_training = True
        elif self.taken == self._mark:
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            self.model.reset_metrics()


def predicted(model: Any, pack: Callable[[Any], Any], x: Inputs, elements: int) -> Floats:
    """(n, k) outputs in evaluation mode, a part of the examples at a time.

    Args:
        elements: activations of one example.
    """
    n = len(x[0])
    size = sum(a.nbytes for a in x) / max(n, 1) + 4 * elements
    rows = int(min(HELD, max(1, CHUNK / size)))
    parts = [
        np.asarray(model.predict_on_batch(pack(tuple(a[i : i + rows] for a in x))))
        for i in range(0, n, rows)
    ]
    output = np.concatenate([part.astype(np.float32) for part in parts])
    return output.reshape(-1, output.shape[-1] if output.ndim > 1 else 1)
