"""What a trained model is asked about, outside of its training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
MOST = 512  # examples of one pass that are looked at
LAGS = 0.01  # share of the values that a moving average began with, above which it may still show


@dataclass(frozen=True, eq=False)
class Question:
    """One call of a trained model.

    Args:
        rows: examples that it was asked about.
        x: gives their inputs, (rows, ...), as they reach the network.
        answers: gives those that the script got, (rows, ...).
        targets: finds arrays with a row for each input, the likeliest targets first.
        answer: (m, ...) inputs ↦ (m, ...) answers of the same model in evaluation mode.
        steps: that training had taken by then, or epochs.
        trains: whether layers that behave differently in training did so.
        renewed: (m, ...) examples and (k, ...) inputs ↦ answers to both of the same model whose
            moving statistics are those of the examples; None where they hold no more than `LAGS`
            of what they began with.
    """

    rows: int
    x: Callable[[], Array]
    answers: Callable[[], Array]
    targets: Callable[[], list[Array]]
    answer: Callable[[Array], Array]
    steps: int
    trains: bool = False
    renewed: Callable[[Array, Array], tuple[Array, Array]] | None = None
