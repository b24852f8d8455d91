"""Looks at a line, and trains copies of it."""

import copy
import time
from dataclasses import dataclass, replace

import numpy as np

from unstuck.changes.change import Part, of_setup, value
from unstuck.errors import UsageError
from unstuck.setups.arrays import sample_of
from unstuck.setups.order import batches
from unstuck.setups.subject import About, Layer, LossView, Observation, Parameter, UpdateRule
from unstuck.setups.trainer import Run, curve, fitted_rows


def subject(model, given):
    about = About(
        "toy", "numpy", LossView("squared", "values", "values"), "linear",
        UpdateRule("sgd", model.rate), given.batch_size or 32, True,
    )  # fmt: skip
    return LineSubject(about, sample_of(given), model)


@dataclass(frozen=True, eq=False)
class LineSubject:
    about: object
    sample: object
    model: object

    def observe(self, x, y):
        line, (x,) = drawn(self.model, x[0].shape[1], 0), x
        y = y.reshape(len(y), -1)
        output, gradients = line.predict(x), line.gradients(x, y)
        losses = np.mean((output - y) ** 2, axis=1)
        updates = [-line.rate * g for g in gradients]
        parameters = tuple(
            Parameter(name, "line", w, g, u, True, True, fan_in, 1 if fan_in else None)
            for name, w, g, u, fan_in in zip(
                ("w", "b"), line.weights, gradients, updates, (x.shape[1], None), strict=True
            )
        )
        slopes, before = 2 * (output - y) / y.shape[1], float(losses.mean())
        line.step(x, y)
        after = line.predict(x)
        return Observation(
            (Layer("line", "Line", "linear", output),), parameters, output, output, slopes, before,
            losses, after, float(np.mean((after - y) ** 2)), output.shape[1:],
        )  # fmt: skip

    def gradient(self, x, y):
        line = drawn(self.model, x[0].shape[1], 0)
        return np.concatenate([g.ravel() for g in line.gradients(x[0], y.reshape(len(y), -1))])

    def hessian_product(self, x, y):
        return None

    def trainer(self):
        return LineTrainer(self)

    def with_routine(self, routine):
        return replace(self, about=replace(self.about, routine=routine))


def drawn(model, features, seed):
    line = copy.copy(model)
    line.weights = [np.random.default_rng(seed).normal(size=(features, 1)), np.zeros(1)]
    return line


HOW = {Part.RATE: lambda line, factor: replace(line, rate=line.rate * factor)}


def refusal(changes):
    unknown = [c for c in of_setup(changes) if c.part not in {*HOW, Part.ORDER, Part.STEPS}]
    return f"a line has no {unknown[0].part.value}" if unknown else ""


def changed(model, changes):
    if why := refusal(changes):
        raise UsageError(why)
    for part, how in HOW.items():
        if any(c.part is part for c in changes):
            model = how(model, value(changes, part))
    return model


@dataclass
class LineTrainer:
    subject: LineSubject
    notes: tuple = ()

    def refuses(self, changes):
        return refusal(changes)

    def foresee(self, steps):
        pass

    def train(self, data, changes, seed, steps, seconds=float("inf")):
        began = time.perf_counter()
        x, y = data.x[0], data.y.reshape(len(data.y), -1)
        line = drawn(changed(self.subject.model, changes), x.shape[1], seed)
        stream = value(changes, Part.ORDER, 0)
        order = batches(len(y), self.subject.about.batch_size, steps, True, seed, stream)
        with np.errstate(all="ignore"):
            losses = [line.step(x[rows], y[rows]) for rows in order]
            output, fitted = line.predict(data.x_held[0]), line.predict(x[fitted_rows(len(y))])
        spent = time.perf_counter() - began
        each = spent / steps
        return Run(output, fitted, losses[-1], curve(losses), steps, spent, each, line)

    def loss(self, output, y):
        with np.errstate(all="ignore"):
            return float(np.mean((output - y.reshape(output.shape)) ** 2))
