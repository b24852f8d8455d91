"""A framework is a folder and a line: `toy` is looked at, proven, cured and held to the table."""

from pathlib import Path

import numpy as np
import pytest

from frameworks import toy
from frameworks.table import CHANGES, Case, check
from frameworks.toy.line import Line
from unstuck.changes.change import Part
from unstuck.diagnosis import diagnosed
from unstuck.errors import UsageError
from unstuck.frameworks.known import FRAMEWORKS
from unstuck.proofs.fix import fix
from unstuck.proofs.prove import prove
from unstuck.records.states import State, Status

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(400, 3))
Y = X @ [[1.0], [-2.0], [0.5]] + 0.3 + 0.1 * DRAW.normal(size=(400, 1))


@pytest.fixture(autouse=True)
def known():
    """The line."""
    FRAMEWORKS.append(toy.TOY)
    yield
    FRAMEWORKS.remove(toy.TOY)


class Ticks:
    """A clock of its own: nothing depends on how busy the machine is."""

    now = 0.0

    def __call__(self):
        self.now += 0.001
        return self.now


def test_it_is_unknown_without_the_line():
    FRAMEWORKS.remove(toy.TOY)
    with pytest.raises(UsageError, match=r"toy\.line\.Line"):
        diagnosed(Line(), X, Y)
    FRAMEWORKS.append(toy.TOY)


def test_a_sound_one_is_not_suspected():
    assert diagnosed(Line(0.1), X, Y).report.suspects == ()


def test_it_is_looked_at_proven_and_cured():
    found = diagnosed(Line(0.1), X * 100, Y)
    assert found.report.framework == "toy"
    assert found.report.suspects
    proven = prove(found, 30.0, epochs=20, clock=Ticks())
    assert proven.record.state in (State.STUCK, State.DIVERGED)
    assert proven.record.repair.effect.status is Status.PROVEN
    fixed = fix(proven)
    assert fixed.record.verified
    names = {"model": Line(0.1), "x": X * 100, "y": Y}
    exec(fixed.record.code, names)
    line = names["model"]
    line.weights = [np.zeros((3, 1)), np.zeros(1)]
    for _ in range(2_000):
        loss = line.step(names["x"], names["y"])
    assert loss < 0.02  # the noise has variance 0.01


CASE = Case(
    lambda: {"model": Line(0.1), "x": X, "y": Y},
    lambda model, arguments: {"rate": model.rate},
    frozenset(Part) - {Part.RATE, Part.ORDER, Part.STEPS, Part.ROWS, Part.SPLITS}
    - {Part.INPUTS, Part.OUTLIERS, Part.TARGETS, Part.LABELS, Part.TARGET_SHAPE}
    - {Part.PADDING, Part.IDS},
    frozenset({Part.STEPS}),
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n in CHANGES if n != "labels-recoded"])
def test_it_is_held_to_the_table(name):
    check(CASE, CHANGES[name])


def test_its_size():
    lines = sum(len(p.read_text().splitlines()) for p in Path(toy.__file__).parent.glob("*.py"))
    assert lines < 200
