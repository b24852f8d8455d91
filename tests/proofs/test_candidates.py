"""What stands in the twin: the differences between a set-up and one that works."""

from dataclasses import replace

import numpy as np
import pytest

from unstuck.changes.data import Data
from unstuck.changes.epsilon import EPSILON
from unstuck.changes.optimizer import ADAM
from unstuck.proofs.candidates import Facts, mismatched, suspected, twin
from unstuck.records.report import Suspect
from unstuck.records.training import Sighting
from unstuck.setups.subject import About, LossView, UpdateRule


def _facts(rule: UpdateRule | None = None) -> Facts:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 3)), rng.normal(size=(400, 1))
    about = About("torch", "torch", LossView("MSELoss", "values", "values"), "linear", rule, 32)
    return Facts(about, Data((x,), y, (x,), y), 1, 2, ("relu",), False, 16)


@pytest.mark.parametrize("pointed", [(), ("target-scale",)])
def test_too_few_steps_are_a_suspect_as_others_are(pointed) -> None:
    known = [Suspect(name, "", "", 1, (), (), "") for name in pointed]
    made = suspected(known, [Sighting("training-short", (), "")], _facts())
    assert [s.name for s in made] == [*pointed, "training-short"]
    assert not made[-1].sighted  # whatever slows a training down leaves it too short


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (UpdateRule("adam", 1e-3, epsilon=1e-8), set()),
        (UpdateRule("adam", 1e-3, epsilon=1e-4), set()),
        (UpdateRule("adam", 1e-3), set()),
        (UpdateRule("adam", 1e-3, epsilon=20.0), {EPSILON}),
        (UpdateRule("adam", 1.0, epsilon=20.0), {ADAM}),
        (UpdateRule("rmsprop", 1e-3, epsilon=20.0), {ADAM}),
    ],
)
def test_the_twin_has_a_usual_optimizer(rule: UpdateRule, wanted: set[object]) -> None:
    assert set(twin(_facts(rule))) & {EPSILON, ADAM} == wanted


@pytest.mark.parametrize(
    ("axes", "of_output", "wanted"),
    [
        (1, 2, True),
        (2, 1, True),
        (2, 2, False),
        (1, 1, False),
        (1, None, False),  # the loss, or what is behind the network, sees to the shapes
        (2, None, False),
    ],
)
def test_shapes_are_mended_where_they_differ(
    axes: int, of_output: int | None, wanted: bool
) -> None:
    known = _facts()
    y = known.data.y.reshape((-1,) + (1,) * (axes - 1))
    data = Data(known.data.x, y, known.data.x, y)
    assert mismatched(replace(known, data=data, output_ndim=of_output)) == wanted
