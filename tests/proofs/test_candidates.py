"""What stands in the twin: the differences between a set-up and one that works."""

import numpy as np
import pytest

from unstuck.changes.data import Data
from unstuck.changes.epsilon import EPSILON
from unstuck.changes.optimizer import ADAM
from unstuck.proofs.candidates import Facts, twin
from unstuck.setups.subject import About, LossView, UpdateRule


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
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 3)), rng.normal(size=(400, 1))
    about = About("torch", "torch", LossView("MSELoss", "values", "values"), "linear", rule, 32)
    facts = Facts(about, Data((x,), y, (x,), y), 1, 2, ("relu",), False, 16)
    assert set(twin(facts)) & {EPSILON, ADAM} == wanted
