"""Trains copies of scikit-learn's networks, by their own `fit`.

Limits: whole epochs, at least one; scikit-learn's own stopping rules hold within them. Rates and
clipping of a routine are not replayed: no script can do that around `fit`.
"""

import inspect
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from unstuck.changes.change import Combination, Part, in_words, value
from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.sklearn.changes import Changed, changed
from unstuck.frameworks.sklearn.compiled import EpochLoop, batch_size, epoch_loop, kind_of
from unstuck.frameworks.sklearn.perceptron import Perceptron
from unstuck.setups.compiled import CHECKED, TIMED, CompiledLoops, Untested, Walk, check
from unstuck.setups.subject import Floats
from unstuck.setups.trainer import Refused, Run, curve, fitted_rows

LOOKED, LOOKS = 256, 8  # held-out examples, and at most how many times, on the way


class MlpTrainer:
    """See `Trainer`."""

    def __init__(self, subject: Perceptron) -> None:
        self._subject = subject
        self._loops: CompiledLoops[EpochLoop] = CompiledLoops()
        self.notes: tuple[str, ...] = ()

    def refuses(self, changes: Combination) -> str:
        """See `Trainer`."""
        try:
            done = self._changed(changes)
        except Refused as reason:
            return str(reason)
        weighted = done.balanced or done.routine.weights
        if weighted and "sample_weight" not in inspect.signature(done.network.fit).parameters:
            return "this scikit-learn's networks take no weights of examples"
        return ""

    def foresee(self, steps: int) -> None:
        """See the protocol; many steps are worth a compiled loop."""
        self._loops.foreseen = steps

    def train(
        self,
        data: Data,
        changes: Combination,
        seed: int,
        steps: int,
        seconds: float = float("inf"),
    ) -> Run:
        """See `Trainer`; the clock is looked at after each epoch."""
        start = time.perf_counter()
        try:
            done = self._changed(changes)
        except Refused as reason:
            raise UsageError(f"{in_words(changes)} cannot be tried: {reason}") from None
        network, n = done.network, len(data.y)
        each = -(-n // batch_size(network, n))  # steps an epoch
        stream = value(changes, Part.ORDER, 0)
        assert isinstance(stream, int)
        network.set_params(random_state=seed, max_iter=max(1, round(steps / each)))
        (x,), (held,) = data.x, data.x_held
        y = data.y.ravel() if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
        if stream and network.shuffle:  # the same weights, other orders
            order = np.random.default_rng([seed, stream]).permutation(n)
            x, y = x[order], y[order]
        outputs = self._subject.weights[-1][1].size
        given = {} if (weights := _weights(done, y)) is None else {"sample_weight": weights}
        kind = kind_of(network, x, y, bool(given))
        loop = self._loops.of(kind, steps, lambda: accepted(network, x, y, given), seconds)
        path: list[tuple[int, Floats]] = []
        every = -(-network.max_iter // LOOKS)

        def look(epoch: int) -> None:
            if epoch % every == 0 and epoch < network.max_iter:
                path.append((epoch * each, _output(network, held[:LOOKED], outputs)))

        ticks: list[float] = []
        try:
            with warnings.catch_warnings(record=True) as told, np.errstate(all="ignore"):
                warnings.simplefilter("always")
                with (
                    _followed(network, start + seconds, look, ticks) as stopped,
                    nullcontext() if loop is None else loop.installed(network),
                ):
                    network.fit(x, y, **given)
                _heed(told, stopped)
                output = _output(network, held, outputs)
                fitted = _output(network, data.x[0][fitted_rows(n)], outputs)
            mean = float(network.loss_)
        except ValueError:  # inputs or weights that are not finite
            output = np.full((len(held), outputs), np.nan)
            fitted, mean = np.full((len(fitted_rows(n)), outputs), np.nan), float("nan")
        losses = getattr(network, "loss_curve_", None) or [mean]
        taken = len(losses) * each
        points = tuple((epoch * each, value) for epoch, value in curve(losses))
        spent = time.perf_counter() - start
        step = (ticks[-1] - ticks[0]) / (len(ticks) - 1) / each if len(ticks) > 1 else spent / taken
        if loop is None:
            self._loops.native(kind, taken, step)
        return Run(
            output,
            fitted,
            mean,
            points,
            taken,
            spent,
            step,
            network,
            path=tuple(path),
            executor=f"in line, {self._loops.how(kind)}",
        )

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        weights = np.asarray(self._subject.about.routine.weights, np.float64)
        try:
            each = weights[y.reshape(len(y))] if len(weights) and y.dtype.kind in "iu" else None
            return self._subject.loss(output, y, each)
        except (ValueError, IndexError, ZeroDivisionError):
            return float("nan")

    def _changed(self, changes: Combination) -> Changed:
        return changed(self._subject.estimator, changes, self._subject.about.routine)


def accepted(network: Any, x: NDArray[Any], y: NDArray[Any], given: dict[str, Any]) -> EpochLoop:
    """The compiled loop for networks like this one, tested on two more.

    Args:
        given: weights of examples, where there are any.

    Raises:
        Untranslatable: it has none.
        Untested: the network's own steps diverge.
    """
    loop = epoch_loop(network)
    each = -(-len(x) // batch_size(network, len(x)))
    epochs = max(1 + TIMED, -(-CHECKED // each))
    native = _walk(network, epochs, x, y, given, nullcontext)
    own = _walk(network, epochs, x, y, given, loop.installed)
    check(loop.start, native, own, random=False)
    return loop


def _walk(
    network: Any, epochs: int, x: Any, y: Any, given: dict[str, Any], within: Callable[[Any], Any]
) -> Walk:
    """Some epochs of a copy."""
    copy = clone(network).set_params(max_iter=epochs)
    ticks: list[float] = []
    with warnings.catch_warnings(record=True) as told, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        with _followed(copy, float("inf"), lambda epoch: None, ticks) as stopped, within(copy):
            try:
                copy.fit(x, y, **given)
            except ValueError:  # weights that are not finite
                raise Untested from None
        _heed(told, stopped)
    best = min(b - a for a, b in pairwise(ticks)) if len(ticks) > 1 else float("inf")
    return Walk(copy.loss_curve_, [*copy.coefs_, *copy.intercepts_], best)


def _weights(done: Changed, y: NDArray[Any]) -> Floats | None:
    """(n,) of examples; None for equal ones."""
    if y.ndim != 1 or y.dtype.kind not in "iu" or not len(y):
        return None
    if done.balanced:
        _, ids, counts = np.unique(y, return_inverse=True, return_counts=True)
        return np.asarray(len(y) / (len(counts) * counts)[ids])
    of = np.asarray(done.routine.weights, np.float64)
    return of[np.clip(y, 0, len(of) - 1)] if len(of) else None


def _heed(told: Sequence[warnings.WarningMessage], stopped: Sequence[str]) -> None:
    """Raises a user's interruption, which `fit` keeps to itself.

    Args:
        told: warnings of a `fit`.
        stopped: see `_followed`.
    """
    if not stopped and any("interrupted by user" in str(w.message) for w in told):
        raise KeyboardInterrupt


@contextmanager
def _followed(network: Any, ends: float, look: Any, ticks: list[float]) -> Iterator[list[str]]:
    """Looks on after each epoch; ends `fit` as Ctrl-C does, which it knows how to take.

    Yields:
        why it was ended; empty if it was not.
    """
    stopped: list[str] = []
    name = "_update_no_improvement_count"
    own = getattr(network, name, None)
    if own is None:  # another scikit-learn: it trains all its epochs
        yield stopped
        return

    def epoch(*args: Any, **kwargs: Any) -> None:
        own(*args, **kwargs)
        ticks.append(time.perf_counter())
        look(len(ticks))
        if ticks[-1] > ends or not np.isfinite(network.loss_):
            stopped.append("out of time" if np.isfinite(network.loss_) else "diverged")
            raise KeyboardInterrupt

    setattr(network, name, epoch)
    try:
        yield stopped
    finally:
        delattr(network, name)


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
