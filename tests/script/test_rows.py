"""Which of a script's arrays a batch was taken from."""

from threading import Thread
from typing import Any

import numpy as np
import pytest

from unstuck.watching import rows

X = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ({"x": X, "x_train": X[:80], "x_test": X[80:]}, "x_train"),
        ({"x_train": X[:80], "x_try": X[:20]}, "x_train"),
        ({"x": X}, "x"),
        ({"x_test": X[50:]}, None),
    ],
    ids=["split off", "a first try", "alone", "none"],
)
def test_the_training_part(held: dict[str, np.ndarray], wanted: str | None) -> None:
    """With the arrays as variables of the frame that asks, in a thread, whose stack ends there."""
    code = (
        "from unstuck.watching import rows\n"
        f"def training(told, batch, {', '.join(held)}):\n"
        "    told.append(rows.found([batch], rows.numbers))\n"
    )
    scope: dict[str, Any] = {}
    exec(compile(code, "train.py", "exec"), scope)
    told: list[rows.Whole | None] = []
    thread = Thread(target=scope["training"], args=(told, X[3:19]), kwargs=held)
    thread.start()
    thread.join()
    assert [None if whole is None else whole.names[0] for whole in told] == [wanted]
