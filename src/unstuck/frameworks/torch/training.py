"""Trains copies of a torch set-up by its own loss and optimizer.

Limits: what a user's loop does around the step (schedules, clipping, callbacks) is not done.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.torch.changes import Changed, change
from unstuck.frameworks.torch.logits import Refused, ended
from unstuck.frameworks.torch.redrawn import kept, redraw, seed_torch
from unstuck.frameworks.torch.setup import Setup, copied, first_line, seeded
from unstuck.frameworks.torch.subject import MODEL, TorchSubject, _explained, _rows
from unstuck.frameworks.torch.survey import Survey
from unstuck.setups.order import batches
from unstuck.setups.settings import Settings
from unstuck.setups.subject import Floats, Inputs
from unstuck.setups.trainer import Run

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
        self._refused: dict[Settings, str] = {}
        self.notes = self.keep.notes

    def refuses(self, settings: Settings) -> str:
        """See `Trainer`; found by making the changes and trying them on a few examples."""
        key = replace(settings, stream=0, shuffle=None)
        if key not in self._refused:
            self._refused[key] = self._tried(key)
        return self._refused[key]

    def train(
        self, data: Data, settings: Settings, seed: int, steps: int, seconds: float = float("inf")
    ) -> Run:
        """See `Trainer`; clock and loss are looked at every step."""
        began = time.perf_counter()
        subject, about = self.subject, self.subject.about
        with seeded(subject.device), _explained(MODEL, data.x, data.y):
            tensors = self.tensors(data.x, data.y)
            try:
                done = self.ready(settings, seed, tensors)
            except Refused as reason:
                raise UsageError(f"{settings} cannot be tried: {reason}") from None
            shuffled = about.shuffled is not False if settings.shuffle is None else settings.shuffle
            order = batches(
                len(data.y), about.batch_size, max(1, steps), shuffled, seed, settings.stream
            )[:steps]
            _seed(seed, settings.stream, subject.device)
            rows = torch.from_numpy(order).to(subject.device)
            losses = _steps(
                done.setup, self._loss(done), tensors, rows, settings.clip, began + seconds
            )
            output = self._output(done, data.x_held, data.y_held)
        last = losses[-LAST:]
        diverged = not last or not np.isfinite(last[-1])
        return Run(
            output,
            last[-1] if last and diverged else float(np.mean(last)) if last else float("nan"),
            len(losses),
            time.perf_counter() - began,
            done.setup.model,
            self.arguments(done),
        )

    def ready(
        self, settings: Settings, seed: int, tensors: list[Any], fresh: bool = True
    ) -> Changed:
        """A copy with a fresh optimizer and the changes made; to be called within `seeded`.

        Args:
            fresh: whether weights are drawn anew.

        Raises:
            Refused: one of the changes cannot be made.
        """
        setup = copied(self.subject.setup)
        seed_torch(seed, self.subject.device)
        if fresh:
            redraw(setup.model, self.keep)
        _cleared(setup.optimizer)
        few = [t[:ROWS] for t in tensors]

        def run(setup: Setup, step: Any) -> None:
            replace(self.subject, setup=setup, step=step)._loss(setup, few)

        done = change(self.subject, self.survey, setup, settings, seed, run)
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
            "batch_size": about.batch_size,
            "shuffle": about.shuffled,
        }
        if step is None:
            return {"loss": setup.loss, **rest}
        loss = setup.loss
        return {"step": lambda model, batch: step(model, loss, batch), **rest}

    def _tried(self, settings: Settings) -> str:
        subject = self.subject
        x, y = subject.first(ROWS)
        assert y is not None
        try:
            with seeded(subject.device):
                tensors = self.tensors(x, y)
                done = self.ready(settings, 0, tensors)
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
        done.setup.model.eval()
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
        done.setup.model.train()
        return _rows(np.concatenate(parts), self._axis)


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


def _called(subject: TorchSubject, model: Any, tensors: list[Any]) -> Any:
    """The first output of the model that holds floats."""
    seen: list[Any] = []

    def loss(output: Any, target: Any) -> Any:
        leaves = torch.utils._pytree.tree_leaves(output)
        seen.extend(t for t in leaves if isinstance(t, torch.Tensor) and t.is_floating_point())

    subject._loss(Setup(model, None, loss), tensors)
    return seen[0]


def _steps(
    setup: Setup,
    loss: Callable[[list[Any]], Any],
    tensors: list[Any],
    rows: Any,
    clip: float | None,
    until: float,
) -> list[float]:
    """Trains in place; the loss of each step, of which only the last may not be finite."""
    parameters = list(setup.model.parameters())
    optimizer = setup.optimizer
    held = [p for group in optimizer.param_groups for p in group["params"]]
    step = type(optimizer).step
    several = isinstance(optimizer, torch.optim.LBFGS)
    losses: list[float] = []
    for chosen in rows:
        batch = [t.index_select(0, chosen) for t in tensors]

        def closure(batch: list[Any] = batch) -> Any:
            for p in parameters:
                p.grad = None
            value = loss(batch)
            if value.requires_grad:
                value.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(held, clip)
            return value

        value = step(optimizer, closure) if several else closure()
        losses.append(float(value.detach()))
        if not np.isfinite(losses[-1]):
            break
        if not several:
            step(optimizer)
        if time.perf_counter() > until:
            break
    return losses


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
