"""A set-up in bare NumPy behind the public protocols: one hidden layer, trained in milliseconds."""

import time
from dataclasses import dataclass, replace

import numpy as np

from unstuck.changes.change import Part, value
from unstuck.records.report import Report
from unstuck.setups.order import batches
from unstuck.setups.subject import About, Layer, LossView, Observation, Sample, UpdateRule
from unstuck.setups.trainer import Run, curve, fitted_rows

UNITS = 16


def forward(weights, x):
    w, b, v, c = weights
    before = x @ w + b
    return before, np.tanh(before) @ v + c


@dataclass(frozen=True, eq=False)
class NumpySetup:
    """Squared error, full precision, SGD; see `unstuck.setups.subject.Subject`."""

    about: About
    sample: Sample

    def observe(self, x, y):
        before, output = forward(drawn(x[0].shape[1], 0), x[0])
        layers = (Layer("hidden", "Dense", "tanh", before), Layer("out", "Dense", "linear", output))
        loss = float(np.mean((output - y.reshape(output.shape)) ** 2))
        return Observation(layers, (), output, output, None, loss, None, output_shape=(1,))

    def trainer(self):
        return NumpyTrainer(self)

    def with_routine(self, routine):
        return replace(self, about=replace(self.about, routine=routine))


def drawn(features, seed):
    draw = np.random.default_rng(seed)
    return [
        draw.normal(size=(features, UNITS)) / features**0.5,
        np.zeros(UNITS),
        draw.normal(size=(UNITS, 1)) / UNITS**0.5,
        np.zeros(1),
    ]


@dataclass
class StepClock:
    """A clock that a step moves by a millisecond: nothing depends on how busy the machine is."""

    steps: int = 0

    def __call__(self) -> float:
        return self.steps / 1000


CLOCK = StepClock()


@dataclass
class NumpyTrainer:
    """See `unstuck.setups.trainer.Trainer`."""

    setup: NumpySetup
    notes: tuple[str, ...] = ()

    def refuses(self, changes):
        left = [c for c in changes if c.part not in (Part.RATE, Part.OPTIMIZER, Part.ORDER)]
        return f"{left[0].says} is nothing NumPy knows" if left else ""

    def foresee(self, steps):
        pass

    def train(self, data, changes, seed, steps, seconds=float("inf")):
        began = time.perf_counter()
        about = self.setup.about
        rate = about.rule.learning_rate * value(changes, Part.RATE, 1.0)
        adam = value(changes, Part.OPTIMIZER) == "adam"
        rate = 1e-2 * value(changes, Part.RATE, 1.0) if adam else rate
        x, y = data.x[0].astype(float), data.y.reshape(-1, 1).astype(float)
        weights = drawn(x.shape[1], seed)
        moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
        rows = batches(len(y), about.batch_size, steps, True, seed, value(changes, Part.ORDER, 0))
        losses = []
        with np.errstate(all="ignore"):
            for t, chosen in enumerate(rows, 1):
                a, b = x[chosen], y[chosen]
                _, output = forward(weights, a)
                hidden = np.tanh(a @ weights[0] + weights[1])
                error = 2 * (output - b) / len(b)
                back = (error @ weights[2].T) * (1 - hidden**2)
                gradients = [a.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
                losses.append(float(np.mean((output - b) ** 2)))
                if not np.isfinite(losses[-1]):
                    break
                for i, g in enumerate(gradients):
                    if adam:
                        m, v = moments[i]
                        m[:], v[:] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                        g = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
                    weights[i] = weights[i] - rate * g
            output = forward(weights, data.x_held[0].astype(float))[1]
            fitted = forward(weights, x[fitted_rows(len(y))])[1]
        CLOCK.steps += len(losses)
        seconds = time.perf_counter() - began
        each = seconds / max(1, len(losses))
        return Run(output, fitted, losses[-1], curve(losses), len(losses), seconds, each, weights)

    def loss(self, output, y):
        with np.errstate(all="ignore"):
            return float(np.mean((output - y.reshape(output.shape)) ** 2))


def setup(x, y, rate=0.05, batch=32, **about):
    """A set-up; see `NumpySetup`."""
    rule = UpdateRule("sgd", rate)
    view = LossView("mean_squared_error", "values", "values")
    made = About("toy", "numpy", view, "linear", rule, batch, True, **about)
    return NumpySetup(made, Sample((x,), y))


def report():
    """A diagnosis that suspects nothing."""
    return Report("toy", "numpy", {}, (), {}, {}, (), {})
