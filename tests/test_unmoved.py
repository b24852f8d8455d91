"""What importing and rendering move in a process is put back."""

import random
import subprocess
import sys
import textwrap
import warnings

import pytest

from unstuck.cures.lines import word
from unstuck.setups.unmoved import unmoved


def test_random_state_and_warning_filters_are_put_back() -> None:
    state, filters = random.getstate(), list(warnings.filters)
    with unmoved():
        random.random()
        warnings.simplefilter("ignore")
    assert random.getstate() == state
    assert list(warnings.filters) == filters


def test_a_diagnosis_and_how_it_is_shown_move_nothing() -> None:
    script = """
        import random, warnings
        import numpy as np
        import torch
        import unstuck
        x = np.random.default_rng(0).normal(size=(200, 4)).astype("f4")
        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        state, filters = random.getstate(), list(warnings.filters)
        report = unstuck.diagnose(net, x, x[:, :1], loss=torch.nn.MSELoss(), optimizer=optimizer)
        str(report), report._repr_html_(), report.to_json()
        str(report.prove(budget=2))
        assert random.getstate() == state, "random"
        assert list(warnings.filters) == filters, "filters"
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("expression", "name"),
    [("x", "x"), ("self.x", "x"), ("X[:1400]", "X"), ("a['b'][2:]", "b"), ("a.b[c.indices]", "b")],
)
def test_the_last_name_of_an_expression(expression: str, name: str) -> None:
    assert word(expression) == name


MOVES = """
import numpy as np
import unstuck
np.random.seed(0)
np.seterr(all="raise")
state, told = np.random.get_state(), np.geterr()
unstuck.equivalence("adam", 255)  # imports JAX, which draws
assert np.array_equal(np.random.get_state()[1], state[1])
assert np.random.get_state()[2:] == state[2:]
from sklearn.neural_network import MLPRegressor
x = np.random.default_rng(0).normal(size=(40, 3))
net = MLPRegressor(hidden_layer_sizes=(4,), activation="logistic")
report = unstuck.diagnose(net, 1e4 * x, x[:, 0])
assert report.suspects
assert np.array_equal(np.random.get_state()[1], state[1])
assert np.geterr() == told
"""


def test_numpys_generator_is_not_moved_and_what_it_raises_is_not_ours() -> None:
    done = subprocess.run([sys.executable, "-c", MOVES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
