"""Advice on rare classes is given where answers miss them, and nowhere else."""

import numpy as np
import pytest

from unstuck.proofs.rare import advice

RARE, EQUAL = np.repeat([0, 1], [97, 3]), np.repeat([0, 1], [50, 50])


@pytest.mark.parametrize("framework", ["keras", "torch", "sklearn", "jax", "engine"])
def test_how_to_weight_them_is_said_in_the_words_of_the_framework(framework) -> None:
    (note,) = advice(RARE, 0.986, 0.804, framework)
    assert "3.0 % of the examples: accuracy is 98.6 %, balanced accuracy 80.4 %" in note
    assert ("class_weight={0: 1, 1: 32} in fit()" in note) == (framework == "keras")


@pytest.mark.parametrize(
    ("labels", "accuracy", "balanced"),
    [(RARE, 0.99, 0.95), (EQUAL, 0.9, 0.5), (RARE[:97], 1.0, 0.5), (RARE, 0.9, float("nan"))],
)
def test_nothing_is_said_of_others(labels, accuracy, balanced) -> None:
    assert advice(labels, accuracy, balanced, "torch") == ()
