"""Losses that a script hands over: watched under `unstuck run`, and nothing without it."""

import json

import numpy as np
import pytest
import torch

import unstuck
from script.running import python, unstuck_run
from unstuck.errors import UsageError

LOOP = """\
import unstuck

w = 5.0
for step in range(200):
    loss = unstuck.noted((w - 1) * (w - 1))
    w -= RATE * 2 * (w - 1)
print(w)
"""


def test_a_loop_that_nothing_sees(tmp_path):
    for rate, state, status in ((0.05, "learning", 0), (15, "diverged", 10)):
        (tmp_path / "s.py").write_text(LOOP.replace("RATE", str(rate)))
        plain = python(tmp_path, "s.py")
        seen = unstuck_run(tmp_path, "--json", "o.json", "s.py")
        assert (seen.status, seen.out) == (status, plain.out)
        (subject,) = json.loads((tmp_path / "o.json").read_text())["subjects"]
        assert subject["state"] == state
        assert subject["where"]["line"] == 5


@pytest.mark.parametrize("loss", ["x", None, [0.5], np.zeros(3), torch.zeros(2), {}, len], ids=str)
def test_what_is_no_loss_is_refused(loss):
    with pytest.raises(UsageError, match="the loss that is handed over is"):
        unstuck.noted(loss)


@pytest.mark.parametrize(
    "loss", [1, 0.5, np.float32(1), np.ones((1, 1)), torch.tensor(2.0)], ids=str
)
def test_what_is_one_is_given_back(loss):
    assert unstuck.noted(loss) is loss
