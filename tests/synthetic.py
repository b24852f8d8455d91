"""Trials that nobody trained: records as the engine leaves them, with an outcome of one's choice.

A world is a function (set-up, seed) -> record. Through `report` it runs a case as `run_cases`
does, in milliseconds: what is reported of it must follow from the world alone.
"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from unstuck import cases
from unstuck.cases.results import PLATEAU
from unstuck.cases.run import run_cases
from unstuck.data.dataset import Dataset
from unstuck.trials.pack_training import Finished
from unstuck.trials.store import Store

CASES = {name: cases.load(name) for name in cases.NAMES}


def record(setup, accuracy=0.9, loss=0.3, epochs=None, start=None, end=None):
    """A run that was the same in every epoch; `start` and `end` replace single probes."""
    layers, epochs = len(setup.network.layers), epochs or setup.epochs
    probes = {
        "loss": loss,
        "accuracy": accuracy,
        "input_mean": 0.25,
        "input_sd": 0.5,
        "pre_activation_sd": [0.5] * layers,
        "saturated_units": [0.0] * (layers - 1),
        "missing_hyperplanes": [0.0] * (layers - 1),
        "dead_units": [0.0] * (layers - 1),
        "saturated_softmax": 0.1,
        "zero_gradient_wrong": 0.1,
        "gradient_norms": [0.01] * layers,
    }
    return {
        **{curve: [loss] * epochs for curve in ("loss", "val_loss")},
        **{curve: [accuracy] * epochs for curve in ("accuracy", "val_accuracy")},
        "start": probes | (start or {}),
        "end": probes | (end or {}),
    }


def freezes(setup):
    """Whether theory has this set-up freeze: raw pixels, ReLU, clipped probabilities."""
    return (
        setup.scaler.kind == "none"
        and setup.loss.endswith("_clipped")
        and setup.network.layers[0].activation == "relu"
        and setup.first_kernel.learning_rate == 1
    )


def as_published(setup, seed):
    """Raw and clipped: on a step of the staircase. All else learns, a little apart by seed."""
    if not freezes(setup):
        return record(setup, 0.88 + 0.0001 * (seed % 7), 0.33 + 0.001 * (seed % 5))
    layers, right = len(setup.network.layers), 0.1 * (1 + seed % 2)
    frozen = {"zero_gradient_wrong": 1 - right, "pre_activation_sd": [129.0] * layers}
    return record(setup, right, PLATEAU * (1 - right), start=frozen, end=frozen)


def the_other_way(setup, seed):
    """What theory has freeze learns best, and what it has learn does not."""
    if freezes(setup):
        return record(setup, 0.95 + 0.0001 * (seed % 7), 0.12)
    return record(setup, 0.3 + 0.0001 * (seed % 7), 1.9)


def diverged(setup, seed):
    """What theory has freeze ends in NaN instead, and so does every third run of the rest."""
    if seed % 3 and not freezes(setup):
        return as_published(setup, seed)
    nan, layers = float("nan"), len(setup.network.layers)
    norms = {"gradient_norms": [nan] * layers, "pre_activation_sd": [nan] * layers}
    # NaN outputs make argmax say class 0.
    return record(setup, 0.1, nan, epochs=1, end=norms)


WORLDS = (as_published, the_other_way, diverged)


class Memory:
    """A source of data that nobody looks at, under any name."""

    def __init__(self, name="fashion-mnist", classes=10):
        labels = np.arange(4, dtype=np.int32) if classes else np.zeros((4, 1), np.float32)
        pixels = np.zeros((4, 2), np.uint8)
        self.data = Dataset(name, pixels, labels, pixels, labels, (2,), classes)

    def load(self):
        return self.data


class Executor:
    """Leaves the records of a world; `ran` are the trials it was given."""

    def __init__(self, world):
        self.world, self.ran = world, []

    def run(self, packs):
        for pack in packs:
            self.ran += pack.trials
            yield Finished(pack, [self.world(t.setup, t.seed) for t in pack.trials], 1.0)

    def stop(self):
        pass


class Unkept(Store):
    """A store that goes with the process, and never waits for a disk."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        super().__init__(Path(self._folder.name) / "trials.sqlite")
        self._connection.execute("PRAGMA synchronous = OFF")


class Refusing:
    """Fails when it is given anything to run."""

    def run(self, packs):
        again = sum(len(p.trials) for p in packs)
        assert not again, f"{again} trials would be run again"
        return iter(())

    def stop(self):
        pass


def reports(chosen, world, seeds=8, data="fashion-mnist", classes=10, epochs=None):
    """Reports of these cases in a world. Eight seeds are the fewest that decide at 99 %."""
    source = Memory(data, classes)
    return run_cases(chosen, source, seeds, Unkept(), Executor(world), epochs, progress=False)


@cache
def told(world, seeds=8, data="fashion-mnist"):
    """Reports of every case in a world, by name; made once."""
    return {r.case.name: r for r in reports(list(CASES.values()), world, seeds, data)}
