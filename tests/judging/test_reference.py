"""What others make of the data: a forest, a linear model, counts."""

import numpy as np
import pytest

from unstuck.changes.data import Data
from unstuck.judging.reference import reference
from unstuck.judging.yardstick import yardsticks
from unstuck.setups.subject import About, LossView

IDS = LossView("cross-entropy", "logits", "ids")
ABOUT = About("engine", "jax", IDS, "linear", None, 32)


def crossentropy(output, y):
    highest = output.max(axis=1, keepdims=True)
    log_sum = highest[:, 0] + np.log(np.exp(output - highest).sum(axis=1))
    return float(np.mean(log_sum - output[np.arange(len(y)), y]))


def known(x: np.ndarray, y: np.ndarray) -> float:
    """Skill by accuracy; a quarter of the rows are held out."""
    cut = len(x) * 3 // 4
    data = Data((x[:cut],), y[:cut], (x[cut:],), y[cut:])
    held, _ = yardsticks(ABOUT, data, 4, crossentropy)
    return reference(data, held, "linear")["accuracy"]


@pytest.mark.parametrize("number", [1.0, 1.001], ids=["whole", "no whole numbers"])
def test_which_words_occur_is_told_by_counts(number) -> None:
    """Of 200 words each belongs to one of four topics; ten are drawn, most of them of one."""
    random = np.random.default_rng(0)
    topics = random.integers(0, 4, 200)
    y = random.integers(0, 4, 800)
    of_topic = [np.flatnonzero(topics == t) for t in range(4)]
    own = random.random((800, 10)) < 0.7
    words = random.integers(0, 200, (800, 10))
    x = np.where(own, [random.choice(of_topic[t], 10) for t in y], words)
    skill = known(x * number, y)
    assert skill > 0.9 if number == 1 else skill < 0.6


def test_numbers_that_are_quantities_are_told_by_a_forest() -> None:
    x = np.random.default_rng(0).integers(0, 200, (800, 10)).astype(float)
    assert known(x, (x[:, 0] // 50).astype(int)) > 0.9


def test_noise_is_told_by_none() -> None:
    random = np.random.default_rng(0)
    assert known(random.integers(0, 50, (800, 8)), random.integers(0, 4, 800)) < 0.1
