"""Trials of a Keras set-up: copies of the model, trained by `fit`; see `KerasTrainer`."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, in_words, of_setup, value, without
from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.keras.architecture import Refusal
from unstuck.frameworks.keras.changes import Plan, class_ids, planned
from unstuck.frameworks.keras.compiled import Loop, compiled_of
from unstuck.frameworks.keras.copies import Copy
from unstuck.frameworks.keras.fitting import CHUNK, LAST, LOOKED, LOOKS, Watch, order, predicted
from unstuck.frameworks.keras.network import explained
from unstuck.frameworks.keras.seeds import traceless
from unstuck.frameworks.keras.starts import values_of
from unstuck.frameworks.keras.subject import KerasSubject, target
from unstuck.setups.compiled import CHECKED, TIMED, CompiledLoops, Walk, check
from unstuck.setups.order import looks
from unstuck.setups.subject import Floats, Inputs
from unstuck.setups.trainer import Run, curve, fitted_rows, last_of

COPIES = 32  # compiled ones that are kept at a time, at most
NUMBERS = 1 << 26  # weights of all copies that are kept, about
OUTSIDE = (Part.ORDER, Part.STEPS, Part.SHUFFLING, Part.BATCH, Part.CLASS_WEIGHTS)


class KerasTrainer:
    """Trains copies of a subject's model with `fit`, compiled with a fresh optimizer.

    One compiled copy is kept for each structure, what the changes make of it beside rate, order
    and seed. A run's model is that copy: the next call of `train` may train it again.
    Batches are always full: the last of an epoch is filled up from the next epoch.

    Args:
        subject: its model, optimizer and data are only read.
    """

    def __init__(self, subject: KerasSubject) -> None:
        self._subject = subject
        self.copies = subject.copies
        self._compiled: OrderedDict[Any, Copy] = OrderedDict()
        self._loops: CompiledLoops[Loop] = CompiledLoops()
        self._reasons: dict[Combination, str] = {}
        self.notes = (*self.copies.notes, *subject.about.routine.unseen)

    def refuses(self, changes: Combination) -> str:
        """See the protocol."""
        key = without(of_setup(changes), Part.ORDER, Part.STEPS, Part.SHUFFLING)
        if key not in self._reasons:
            try:
                self.copies.check(planned(self._subject, key))
                self._reasons[key] = ""
            except Refusal as refusal:
                self._reasons[key] = str(refusal)
        return self._reasons[key]

    def planned(self, changes: Combination) -> Plan:
        """The set-up with the changes made.

        Raises:
            UsageError: they cannot be made.
        """
        refusal = self.refuses(changes)
        if refusal:
            raise UsageError(f"{in_words(changes)} cannot be tried: {refusal}")
        return planned(self._subject, changes)

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
        """See the protocol."""
        plan = self.planned(changes)
        start = time.perf_counter()
        stream = value(changes, Part.ORDER, 0)
        assert isinstance(stream, int)
        with traceless(), explained(data.x, data.y):
            copy = self._copy(plan, changes)
            self.copies.begin(copy, plan, data, seed)
            path: list[tuple[int, Floats]] = []
            few = tuple(a[:LOOKED] for a in data.x_held)

            def look(step: int) -> None:
                path.append((step, self._output(copy, plan, few)))

            losses, step_seconds, how = self._steps(
                copy, plan, changes, data, seed, stream, steps, start + seconds, look
            )
            output = self._output(copy, plan, data.x_held)
            chosen = fitted_rows(len(data.y))
            fitted = self._output(copy, plan, tuple(a[chosen] for a in data.x))
        return Run(
            output,
            fitted,
            last_of(losses, LAST),
            curve(losses),
            len(losses),
            time.perf_counter() - start,
            step_seconds,
            copy.model,
            {"batch_size": plan.batch_size, "shuffle": plan.shuffled},
            tuple(path),
            f"in line, {how}",
        )

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See the protocol."""
        subject, network = self._subject, self._subject._network
        if network.loss is None or network.computes_loss:
            return math.nan
        weights = subject.about.routine.weights
        try:
            z = np.asarray(output, np.float32).reshape(len(y), *network.output_trail)
            if subject.about.loss.pairs and y.size == z.size:
                y = y.reshape(z.shape)
            each = None
            if weights:  # classes that are not mentioned count once
                ids = class_ids(y)
                of = np.ones(max(len(weights), ids.max() + 1), np.float32)
                of[: len(weights)] = weights
                each = of[ids]
            with traceless():
                found = network.loss(target(y), z, each)
            return float(np.asarray(found))
        except Exception:  # whatever a user's loss makes of such outputs
            return math.nan

    def _output(self, copy: Copy, plan: Plan, x: Inputs) -> Floats:
        subject = self._subject
        found = predicted(copy.model, subject._pack, subject._cast(x), subject.about.elements)
        return plan.restored(found)

    def _key(self, plan: Plan, changes: Combination) -> Hashable:
        """What copies of one structure share."""
        left_out = OUTSIDE if plan.scheduled else (*OUTSIDE, Part.RATE)
        return frozenset(without(of_setup(changes), *left_out))

    def _copy(self, plan: Plan, changes: Combination) -> Copy:
        """The compiled copy of a structure."""
        key = self._key(plan, changes)
        if key not in self._compiled:
            self._compiled[key] = made = self.copies.made(plan)
            size = sum(math.prod(v.shape) for v in made.variables)
            while len(self._compiled) > max(3, min(COPIES, NUMBERS // max(size, 1))):
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]

    def _steps(
        self,
        copy: Copy,
        plan: Plan,
        changes: Combination,
        data: Data,
        seed: int,
        stream: int,
        steps: int,
        until: float,
        look: Callable[[int], None],
    ) -> tuple[list[float], float, str]:
        """Trains the copy, which is at its start: losses, seconds of a step, and how."""
        subject, n = self._subject, len(data.y)
        batch = min(plan.batch_size, n)
        y = target(data.y)
        assert y is not None
        arrays = [*subject._cast(data.x), y]
        kind = self._key(plan, changes), batch, tuple((a.shape[1:], a.dtype) for a in arrays)

        def walked(steps: int) -> NDArray[np.int64]:
            rows = order(n, seed, stream, plan.shuffled)
            return np.fromiter(rows, np.int64, steps * batch).reshape(steps, batch)

        def make() -> Loop:
            loop = compiled_of(copy, plan, subject._pack, [a[walked(1)[0]] for a in arrays])
            before = values_of(loop.trained)
            try:
                first = Watch(CHECKED, float("inf"), plan)
                for _ in self._fit(copy, plan, data, seed, stream, first):
                    pass
                native = Walk(first.losses, values_of(loop.trained), first.step_seconds)
                self.copies.begin(copy, plan, data, seed)
                done = loop.train(plan, arrays, walked(CHECKED), seed)
                after = values_of(loop.trained)
                timed = (loop.train(plan, arrays, walked(CHECKED), seed) for _ in range(TIMED))
                own = Walk(done.losses, after, min(again.step_seconds for again in timed))
            finally:
                self.copies.begin(copy, plan, data, seed)
            check(before, native, own, loop.random)
            return loop

        compiled = self._loops.of(kind, steps, make, until - time.perf_counter())
        if compiled is not None:
            seen = looks(steps, LOOKS)
            done = compiled.train(plan, arrays, walked(steps), seed, until, seen, look)
            return done.losses, done.step_seconds, self._loops.how(kind)
        watch = Watch(steps, until, plan)
        for _ in self._fit(copy, plan, data, seed, stream, watch):
            if watch.taken < steps and not watch.ended:
                look(watch.taken)
        self._loops.native(kind, watch.taken, watch.step_seconds)
        return watch.losses, watch.step_seconds, self._loops.how(kind)

    def _fit(self, copy: Copy, plan: Plan, data: Data, seed: int, stream: int, watch: Watch) -> Any:
        """Calls `fit` for a stretch after the other, and yields after each."""
        subject = self._subject
        n = len(data.y)
        batch = min(plan.batch_size, n)
        x, y = subject._cast(data.x), target(data.y)
        assert y is not None
        size = sum(a.nbytes for a in (*x, y)) / n * batch
        at_once = max(1, int(CHUNK / size))
        indices = order(n, seed, stream, plan.shuffled)
        weights = dict(enumerate(plan.routine.weights)) or None
        while watch.taken < watch.steps and not watch.ended:
            look = watch.next_look
            now = min(at_once, look - watch.taken)
            rows = np.fromiter(indices, np.int64, now * batch)
            watch.stretch()
            copy.model.fit(
                subject._pack(tuple(a[rows] for a in x)),
                y[rows],
                batch_size=batch,
                epochs=1,
                shuffle=False,
                verbose=0,
                callbacks=[watch],
                class_weight=weights,
            )
            if watch.taken >= look:
                yield
