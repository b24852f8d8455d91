"""Trains copies of a torch set-up by its own loss and optimizer.

What the script's loop does around a step is done here as well: `About.routine`.
"""

import copy
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, in_words, of_setup, value, without
from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.torch.changes import change
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.changes.loop import steps_an_epoch
from unstuck.frameworks.torch.changes.optimizer import parameters_of
from unstuck.frameworks.torch.compiled import LOOKS, Compiled, Parts, base_rate, compiled_of
from unstuck.frameworks.torch.first_nan import of_backward, of_forward
from unstuck.frameworks.torch.logits import Refused, ended
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.own_loss import own_loss
from unstuck.frameworks.torch.redrawn import kept, redraw, seed_torch
from unstuck.frameworks.torch.settings import LOW
from unstuck.frameworks.torch.setup import Setup, copied, first_line, seeded
from unstuck.frameworks.torch.subject import MODEL, TorchSubject, _explained, _rows
from unstuck.frameworks.torch.survey import Survey
from unstuck.setups.compiled import CHECKED, TIMED, CompiledLoops, Walk, check
from unstuck.setups.order import batches, looks
from unstuck.setups.routine import Routine, Zeroing
from unstuck.setups.subject import Floats, Inputs
from unstuck.setups.trainer import Run, curve, fitted_rows, last_of

LOOKED = 256  # held-out examples, on the way
LAST = 32  # steps whose mean loss is a run's
ROWS = 256  # on which LSUV measures variances
EVALUATED = 1 << 24  # activations held at a time in evaluation: 64 MB in float32


class TorchTrainer:
    """See `Trainer`."""

    def __init__(self, subject: TorchSubject) -> None:
        self.subject = subject
        self.keep = kept(subject.setup, subject.device)
        self.survey = _survey(subject)
        self._axis = self.survey.class_axis()
        self._refused: dict[Combination, str] = {}
        self._loops: CompiledLoops[Compiled] = CompiledLoops()
        self.notes = (*self.keep.notes, *subject.about.routine.unseen)

    def refuses(self, changes: Combination) -> str:
        """See `Trainer`; found by making the changes and trying them on a few examples."""
        key = without(of_setup(changes), Part.ORDER, Part.STEPS)
        if key not in self._refused:
            self._refused[key] = self._tried(key)
        return self._refused[key]

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
        """See `Trainer`; clock and loss are looked at every step."""
        began = time.perf_counter()
        subject = self.subject
        stream = value(changes, Part.ORDER, 0)
        assert isinstance(stream, int)
        with seeded(subject.device), _explained(MODEL, data.x, data.y):
            tensors = self.tensors(data.x, data.y)
            try:
                done = self.ready(changes, seed, tensors)
            except Refused as reason:
                raise UsageError(f"{in_words(changes)} cannot be tried: {reason}") from None
            rows = self._rows(done, data, seed, stream, steps)
            kind = _kind(changes, done, tensors, rows)
            compiled = self._loops.of(
                kind, steps, lambda: self._compiled(done, tensors, rows), seconds
            )
            _seed(seed, stream, subject.device)
            few = slice(0, LOOKED)
            x_few, y_few = tuple(a[few] for a in data.x_held), data.y_held[few]
            path: list[tuple[int, Floats]] = []

            def look(step: int) -> None:
                with torch.random.fork_rng(devices=[]):
                    path.append((step, self._output(done, x_few, y_few)))

            trained = replayed if compiled is None else compiled.train
            losses, step_seconds = trained(
                done.setup,
                self._loss(done),
                tensors,
                rows,
                done.routine,
                steps_an_epoch(subject, done.batch_size),
                began + seconds,
                look,
            )
            if compiled is None:
                self._loops.native(kind, len(losses), step_seconds)
            output = self._output(done, data.x_held, data.y_held)
            chosen = fitted_rows(len(data.y))
            fitted = self._output(done, tuple(a[chosen] for a in data.x), data.y[chosen])
        return Run(
            output,
            fitted,
            last_of(losses, LAST),
            curve(losses),
            len(losses),
            time.perf_counter() - began,
            step_seconds,
            done.setup.model,
            self.arguments(done),
            tuple(path),
            f"in line, {self._loops.how(kind)}",
        )

    def first_not_finite(self, data: Data, seed: int, steps: int) -> str:
        """See `Localizing`."""
        subject = self.subject
        epoch = steps_an_epoch(subject, subject.about.batch_size)

        def until(last: int) -> tuple[Changed, list[float], Callable[[list[Any]], Any]]:
            done = self.ready((), seed, tensors)
            loss = self._loss(done)
            _seed(seed, 0, subject.device)
            if not last:
                return done, [], loss
            losses, _ = replayed(done.setup, loss, tensors, rows[:last], done.routine, epoch)
            return done, losses, loss

        with seeded(subject.device), _explained(MODEL, data.x, data.y):
            tensors = self.tensors(data.x, data.y)
            rows = self._rows(self.ready((), seed, tensors), data, seed, 0, steps)
            losses = until(steps)[1]
            if not losses or np.isfinite(losses[-1]):
                return ""
            for at in range(max(0, len(losses) - 2), len(losses)):
                done, _, loss = until(at)  # what went before was finite
                for chosen in rows[at]:
                    batch = [t.index_select(0, chosen) for t in tensors]
                    found = of_forward(done.setup.model, loss, batch) or of_backward(loss, batch)
                    if found:
                        return f"step {at + 1}: {found}"
        return ""

    def _compiled(self, done: Changed, tensors: list[Any], rows: Any) -> Compiled:
        """The compiled loop for copies like this one, tested on two more.

        Raises:
            Untranslatable: it has none.
        """
        walks, epoch = [], steps_an_epoch(self.subject, done.batch_size)
        copies = [replace(done, setup=copy.deepcopy(done.setup)) for _ in range(3)]
        compiled = compiled_of(copies[0].setup, self._loss(copies[0]), tensors, rows, done.routine)
        for trained, own in zip((replayed, compiled.train), copies[1:], strict=True):
            parts = Parts.of(own.setup, done.routine)
            before = [np.array(p.detach()) for p in parts.trained]
            how = (own.setup, self._loss(own), tensors, rows[:CHECKED], done.routine, epoch)
            losses, _ = trained(*how)
            after = [np.array(p.detach()) for p in parts.trained]
            timed = min(trained(*how)[1] for _ in range(TIMED))  # compiled by now
            walks.append(Walk(losses, after, timed))
        check(before, walks[0], walks[1], compiled.graph.random)
        return compiled

    def _rows(self, done: Changed, data: Data, seed: int, stream: int, steps: int) -> Any:
        """(steps, accumulation, batch) rows of the training examples."""
        times, n = done.routine.accumulation, len(data.y)
        size = min(done.batch_size, n)
        order = batches(n, size, max(1, steps) * times, done.shuffled, seed, stream)
        weights = done.routine.weights
        if weights and data.y.dtype.kind in "iu" and data.y[0].size == 1:  # as its sampler draws
            of = np.asarray(weights)[np.clip(data.y.reshape(-1), 0, len(weights) - 1)]
            draw = np.random.default_rng([seed, stream])
            order = draw.choice(n, order.shape, p=of / of.sum())
        return torch.from_numpy(order[: steps * times].reshape(steps, times, size)).to(
            self.subject.device
        )

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        return self._own(output, y)

    @cached_property
    def _own(self) -> Callable[[Floats, NDArray[Any]], float]:
        return own_loss(self.subject, self.survey)

    def ready(
        self, changes: Combination, seed: int, tensors: list[Any], fresh: bool = True
    ) -> Changed:
        """A copy with a fresh optimizer and the changes made; to be called within `seeded`.

        Args:
            fresh: whether weights are drawn anew.

        Raises:
            Refused: one of the changes cannot be made.
        """
        subject, about = self.subject, self.subject.about
        setup = copied(subject.setup)
        seed_torch(seed, subject.device)
        if fresh:
            redraw(setup.model, self.keep)
        _cleared(setup.optimizer)
        _at_reference(setup.optimizer, about.routine)
        few = [t[:ROWS] for t in tensors]

        def forward(setup: Setup, step: Any) -> Any:
            return replace(subject, setup=setup, step=step)._loss(setup, few)

        done = Changed(
            subject,
            self.survey,
            setup,
            subject.step,
            about.routine,
            about.batch_size,
            about.shuffled is not False,
            seed,
            forward,
        )
        change(done, changes)
        _fused(done.setup)
        return done

    def tensors(self, x: Inputs, y: NDArray[Any]) -> list[Any]:
        """The data as the model and the loss take them, whatever interventions made of them."""
        subject, sample = self.subject, self.subject.sample
        floating = next(
            (p.dtype for p in subject.setup.model.parameters() if p.is_floating_point()),
            torch.get_default_dtype(),
        )
        dtypes = [
            floating
            if a.dtype.kind == "f" and (dtype is None or not dtype.is_floating_point)
            else dtype
            for a, dtype in zip((*x, y), subject.form.dtypes, strict=True)
        ]
        own = sample.y
        if own is not None and own.dtype.kind == "f" and y.dtype.kind in "iu" and own[0].size == 1:
            y = y.reshape(len(y), *own.shape[1:])  # class ids in place of what were numbers
        return replace(subject, form=replace(subject.form, dtypes=tuple(dtypes)))._tensors(x, y)

    def arguments(self, done: Changed) -> dict[str, Any]:
        """What `unstuck.diagnose` needs beside model, x and y."""
        about, setup, step = self.subject.about, done.setup, done.step
        rest = {
            "optimizer": setup.optimizer,
            "batch_size": done.batch_size,
            "shuffle": about.shuffled if about.shuffled is None else done.shuffled,
        }
        if step is None:
            return {"loss": setup.loss, **rest}
        loss = setup.loss
        return {"step": lambda model, batch: step(model, loss, batch), **rest}

    def _tried(self, changes: Combination) -> str:
        subject = self.subject
        x, y = subject.first(ROWS)
        assert y is not None
        try:
            with seeded(subject.device):
                tensors = self.tensors(x, y)
                done = self.ready(changes, 0, tensors)
                self._loss(done)(tensors)
                self._output(done, tuple(a[:2] for a in x), y[:2])
        except Refused as reason:
            return str(reason)
        except Exception as error:  # whatever a user's model makes of a layer that is exchanged
            return f"the model does not run with it: {first_line(error)}"
        return ""

    def _loss(self, done: Changed) -> Callable[[list[Any]], Any]:
        changed = replace(self.subject, setup=done.setup, step=done.step)
        return lambda tensors: changed._loss(done.setup, tensors)

    def _output(self, done: Changed, x: Inputs, y: NDArray[Any]) -> Floats:
        """(n, k) of these examples in evaluation mode."""
        tensors = self.tensors(x, y)
        switched(done.setup.model, False)
        size = int(np.clip(EVALUATED // max(1, self.subject.about.elements), 32, 1 << 14))
        loss = self._loss(done)
        parts = []
        for start in range(0, len(y), size):
            batch = [t[start : start + size] for t in tensors]
            if done.step is None:
                with torch.no_grad():
                    found = _called(self.subject, done.setup.model, batch)
            else:  # a step may use the model in ways of its own
                n = len(batch[0])
                trace = Survey(done.setup.model, n, batch[:-1], look=False)
                with trace:
                    loss(batch)
                found = trace.output
            found = found.detach()
            if done.end is not None:
                found = ended(found, done.end, self._axis)
            parts.append(found.to("cpu", torch.float64).numpy())
        switched(done.setup.model, True)
        return _rows(np.concatenate(parts), self._axis)


def _kind(changes: Combination, done: Changed, tensors: list[Any], rows: Any) -> Hashable:
    """What makes the programs of trials differ."""
    numbers = (Part.ORDER, Part.STEPS, Part.SHUFFLING, Part.RATE, Part.EPSILON, Part.START)
    groups = len(done.setup.optimizer.param_groups)
    around = replace(done.routine, rates=(), reference=0.0, weights=())
    shapes = tuple((t.shape[1:], t.dtype) for t in tensors)
    return without(of_setup(changes), *numbers), groups, around, shapes, rows.shape[1:]


def _survey(subject: TorchSubject) -> Survey:
    """One forward pass of two examples."""
    x, y = subject.first(2)
    setup = copied(subject.setup)
    tensors = subject._tensors(x, y)
    survey = Survey(setup.model, len(x[0]), tensors[: len(x)], look=False)
    with seeded(subject.device), _explained(MODEL, x, y):
        with survey:
            loss = subject._loss(setup, tensors)
        survey.finish(loss)
    return survey


# Steps that find no gradient change nothing; after so many, even moving statistics stand.
STILL = 64


def _called(subject: TorchSubject, model: Any, tensors: list[Any]) -> Any:
    """The first output of the model that holds floats."""
    seen: list[Any] = []

    def loss(output: Any, target: Any) -> Any:
        leaves = torch.utils._pytree.tree_leaves(output)
        seen.extend(t for t in leaves if isinstance(t, torch.Tensor) and t.is_floating_point())

    replace(subject, step=None)._loss(Setup(model, None, loss), tensors)
    return seen[0]


def replayed(
    setup: Setup,
    loss: Callable[[list[Any]], Any],
    tensors: list[Any],
    rows: Any,
    routine: Routine,
    epoch: int,
    until: float = float("inf"),
    look: Callable[[int], None] = lambda step: None,
) -> tuple[list[float], float]:
    """Trains in place as the script's loop does.

    Args:
        rows: (steps, accumulation, batch).
        epoch: steps of one, for gradients that are set to zero once an epoch.
        until: when it ends, by `time.perf_counter`.
        look: called with the number of steps taken, at most eight times on the way.

    Returns:
        the loss of each step, of which only the last may not be finite, and the seconds of a step.
    """
    model, optimizer = setup.model, setup.optimizer
    held = [p for group in optimizer.param_groups for p in group["params"]]
    every = list(dict.fromkeys([*parameters_of(setup), *held]))
    step = type(optimizer).step
    several = isinstance(optimizer, torch.optim.LBFGS)
    rates = [base_rate(group, routine) for group in optimizer.param_groups]
    device = rows.device.type
    dtype = getattr(torch, routine.autocast) if routine.autocast else None
    seen = looks(len(rows), LOOKS)
    losses: list[float] = []
    ticks: list[float] = []
    for i, chosen in enumerate(rows):
        if i >= STILL and routine.zeroing.unmoved:
            losses.append(losses[i - STILL])
            if i + 1 in seen:
                look(i + 1)
            continue
        start = time.perf_counter()
        if routine.rates:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                if rate is not None:
                    group["lr"] = rate * routine.rate(i)
        if routine.evaluating:
            switched(model, False)
        parts = [[t.index_select(0, r) for t in tensors] for r in chosen]

        def closure(parts: list[list[Any]] = parts, i: int = i) -> float:
            zeroing = routine.zeroing
            if zeroing is Zeroing.STEP or (zeroing is Zeroing.EPOCH and i % epoch == 0):
                for p in every:
                    p.grad = None
            values = []
            for batch in parts:
                with torch.autocast(device, dtype, enabled=dtype is not None):
                    value = loss(batch)
                if value.requires_grad:
                    (value * routine.scaled if routine.scaled != 1 else value).backward()
                values.append(float(value.detach()))
            if zeroing.unmoved:
                for p in every:
                    p.grad = None
            _clipped([p for p in held if p.grad is not None], routine)
            return float(np.mean(values))

        losses.append(float(step(optimizer, closure)) if several else closure())
        if not np.isfinite(losses[-1]):
            break
        if not several:
            step(optimizer)
        now = time.perf_counter()
        ticks.append(now - start)
        if now > until:
            break
        if i + 1 in seen:
            look(i + 1)
    return losses, float(np.mean(ticks[1:] or ticks or [0.0]))


def _at_reference(optimizer: Any, routine: Routine) -> None:
    """Gives a copied optimizer the rate that the routine's factors are of, groups in proportion."""
    if optimizer is None or not routine.rates or not routine.reference:
        return
    first = float(optimizer.param_groups[0].get("lr", 0))
    for group in optimizer.param_groups if first else ():
        if "lr" in group:
            group["lr"] = group["lr"] * (routine.reference / first)
            group.pop(LOW, None)


def _clipped(held: list[Any], routine: Routine) -> None:
    if routine.scaled != 1:
        for p in held:
            p.grad /= routine.scaled
    if routine.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(held, routine.clip_norm, routine.norm_type)
    if routine.clip_value is not None:
        torch.nn.utils.clip_grad_value_(held, routine.clip_value)


def _cleared(optimizer: Any) -> None:
    """A copied optimizer as one that has not stepped."""
    if optimizer is None:
        return
    if hasattr(optimizer, "state"):
        optimizer.state.clear()
    if isinstance(optimizer, torch.optim.LBFGS):  # keeps these where copies do not reach
        optimizer._params = optimizer.param_groups[0]["params"]
        optimizer._numel_cache = None


def _fused(setup: Setup) -> None:
    """Torch's fused steps on the CPU, a third faster; they differ in rounding alone."""
    optimizer = setup.optimizer
    if type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD):
        return
    if any(getattr(m, "sparse", False) for m in setup.model.modules()):
        return
    for group in optimizer.param_groups:
        plain = not isinstance(group["lr"], torch.Tensor) and not group["differentiable"]
        usual = group["fused"] is None and group["foreach"] is None
        if (
            plain
            and usual
            and all(
                p.device.type == "cpu" and p.dtype in (torch.float32, torch.float64)
                for p in group["params"]
            )
        ):
            group["fused"] = True


def _seed(seed: int, stream: int, device: Any) -> None:
    """Seeds what dropout and augmentation draw from."""
    number = int(np.random.SeedSequence([seed, stream]).generate_state(1)[0])
    seed_torch(number, device)
    random.seed(number)
    np.random.seed(number)
