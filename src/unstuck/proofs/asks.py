"""What a plan asks for and is told: trials and their scores, with a clock in steps.

A plan is a generator: it yields the trials it wants, is sent their scores, and returns what it
found. It knows nothing of seconds, processes, frameworks or stores, so that it can be tested
against tables of scores.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from unstuck.changes.change import Combination
from unstuck.records.states import State

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """One trial that is wanted.

    Args:
        changes: in the order in which programs do things; () for the set-up as it is.
        seed: draws weights and order.
        steps: of the set-up as it is; `Part.STEPS` multiplies them.
    """

    changes: Combination
    seed: int
    steps: int


@dataclass(frozen=True)
class Score:
    """One trial, judged.

    Args:
        values: by measure, on the examples that decide.
        skills: the same as skill: 0 the best constant answer, 1 perfect; at least −1.
        fits: skill on the training examples, by measure.
        finite: whether loss and outputs stayed finite.
        beside: other measures in the users' units.
        held: skill on held-out examples alone, by measure.
    """

    values: Mapping[str, float]
    skills: Mapping[str, float]
    fits: Mapping[str, float] = field(default_factory=dict)
    finite: bool = True
    beside: Mapping[str, float] = field(default_factory=dict)
    held: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Scores in the order of what was asked, None where a trial cannot be made or there was no
    time; and the steps that the budget still holds."""

    scores: tuple[Score | None, ...]
    left: int


Asking = Generator[tuple[Ask, ...], Answer, T]


@dataclass(frozen=True)
class Suspected:
    """A cause to be tried.

    Args:
        name: of the cause.
        changes: any of them takes it away; the best of several stands for it.
        sighted: whether it is a fault of the loop or of the wiring that was seen for certain: it
            is cured first, and nothing is proven around it.
    """

    name: str
    changes: tuple[Combination, ...]
    sighted: bool = False


@dataclass(frozen=True)
class Problem:
    """All that a plan knows of a set-up.

    Args:
        suspects: causes that something points to, the likeliest first.
        others: causes that may be there though nothing points to them, the least change first.
        twin: the differences between the set-up and one that works: usual data, loss, start,
            optimizer, loop.
        plain: what more can be exchanged where the twin does not work: the network itself.
        possible: whether a combination can be tried.
        steps: of the script's own training; where that is not known, as many as people take.
        left: steps that the budget holds.
        fixed: what a trial costs beside its steps, in steps.
        measures: by name, the one that decides first.
        noise: skill that luck alone may give, by measure.
        reference: skill of a forest or a linear model, by measure.
        seen: what the script was seen to do: `LEARNING`, `DIVERGED`, `STUCK` or `UNKNOWN`.
        small: whether so few examples are there that fit counts as much as held-out skill.
        crossed: skill of a forest or a linear model on held-out examples, where few examples are
            cross-validated and `reference` is empty; by measure.
        ceiling: skill that the set-up as it is cannot exceed, however long it trains; by measure,
            where there is such a bound.
        ended: skill, by its own loss, that the script's training was seen to end with; NaN if not
            known.
        beside: what may gain beside a repair alone, each by itself.
    """

    suspects: tuple[Suspected, ...]
    others: tuple[Suspected, ...]
    twin: Combination
    plain: Combination
    possible: Callable[[Combination], bool]
    steps: int
    left: int
    fixed: int = 0
    measures: tuple[str, ...] = ("accuracy", "loss")
    noise: Mapping[str, float] = field(default_factory=dict)
    reference: Mapping[str, float] = field(default_factory=dict)
    seen: State = State.UNKNOWN
    small: bool = False
    ended: float = float("nan")
    crossed: Mapping[str, float] = field(default_factory=dict)
    ceiling: Mapping[str, float] = field(default_factory=dict)
    beside: Combination = ()
