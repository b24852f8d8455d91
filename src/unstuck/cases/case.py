"""What a published question is made of: arms to train, figures to meet, claims to test, answers.

A claim is an explanation somebody offered, turned into one or more predictions about trials.
Each prediction compares two quantities that were measured on the same seeds; the arms differ in
just the one thing the claim is about, and the prediction names a margin in advance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from unstuck.cases.measured import ACCURACY_MARGIN as ACCURACY_MARGIN
from unstuck.cases.measured import SAME_ACCURACY as SAME_ACCURACY
from unstuck.cases.measured import Quantity as Quantity
from unstuck.cases.measured import Results
from unstuck.cases.measured import is_share as is_share

if TYPE_CHECKING:
    from unstuck.engine.setup import Setup


@dataclass(frozen=True)
class Prediction:
    """The claim predicts a − b > margin, or |a − b| < margin where `relation` is "same".

    `b` may be a constant. The effect is the median of the paired differences (`mean` for
    quantities that are 0 or 1, whose median says nothing).
    """

    says: str
    a: Quantity
    b: Quantity | float
    margin: float
    relation: Literal["more", "same"] = "more"
    statistic: Literal["median", "mean"] = "median"


def better(says: str, a: str, b: str, epoch: int | None = None) -> Prediction:
    """Arm a is better than arm b in held-out accuracy, by what counts."""
    of_a, of_b = (Quantity(arm, "val_accuracy", epoch) for arm in (a, b))
    return Prediction(says, of_a, of_b, ACCURACY_MARGIN)


def as_good(says: str, a: str, b: str) -> Prediction:
    """Arms a and b are about as good in held-out accuracy."""
    return Prediction(says, Quantity(a), Quantity(b), SAME_ACCURACY, relation="same")


@dataclass(frozen=True)
class Claim:
    """An explanation offered by somebody, and what it predicts. `id` is stable."""

    id: str
    question: str
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class Figure:
    """A published figure.

    `value` is as printed, `low` and `high` bound what its wording allows: half a unit of the last
    digit. A "plateau" figure belongs to a staircase and is compared step by step with the seeds.
    """

    of: Quantity
    value: float
    low: float
    high: float
    kind: Literal["smooth", "plateau"] = "smooth"
    wording: str = ""
    if_outside: Callable[["Results"], str] | None = None  # what the trials say of the difference


def exactly(of: Quantity, value: float, decimals: int = 4) -> Figure:
    """A figure printed to so many decimals."""
    half = 0.5 * 10.0**-decimals
    return Figure(of, value, value - half, value + half, wording=f"{value:.{decimals}f}")


@dataclass(frozen=True)
class Question:
    """Something the asker wanted to know, answered from the measured numbers."""

    asked: str
    answer: Callable[["Results"], str]


@dataclass(frozen=True)
class Case:
    """A published question. `arms` makes the set-ups for data of so many classes."""

    name: str
    title: str
    source: str
    story: str
    arms: Callable[[int], Mapping[str, "Setup"]]
    figures: tuple[Figure, ...]
    claims: tuple[Claim, ...]
    questions: tuple[Question, ...]
    staircase: tuple[str, ...] = ()  # arms whose plateaus are counted
    chart: tuple[str, ...] = ()  # arms whose curves are drawn
