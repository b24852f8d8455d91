"""The loss of a training as it goes, and what it says: a state, with its numbers.

Values are gathered into at most 256 bins of equal width, so that a day of steps costs no more
memory than a minute. "At the end" is the last tenth of the bins.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from unstuck.records.quantity import quantity
from unstuck.records.training import Point, Witness

BINS = 256
HEAD = 64  # losses that are kept one by one
POINTS = 256  # of a witness
NO_BETTER = 0.95  # of the loss of knowing nothing: what lies above has learnt nothing
WELL = 0.5  # of that loss: what lies below has half the skill there is
FALLS = 0.95  # of the loss half-way: what lies below is still on its way
BEYOND = 1e3  # times the loss of knowing nothing, or the first one: nobody comes back from there
MOVED = 0.99  # of the loss before training, where the former is not known


@dataclass(eq=False)
class Watch:
    """Losses of one training.

    Args:
        start: the loss before the first step; None if not known.
        nothing: the loss of an answer that knows nothing (ln K for K classes, the targets'
            variance for squared error); None if not known.
        notice: called as soon as the training diverges, and where it is stuck or dying after
            `enough` losses, twice as many, and so on.
        least: losses before it is called stuck, slow or dying.
        void: why its losses do not say whether it learns, and nobody can; "" if they do.
        wrong: why they do not, though trials can; "" if they do.
        head: the first losses, one by one, which a trial with the same start must give again.
    """

    start: float | None = None
    nothing: float | None = None
    notice: Callable[["Watch"], None] | None = None
    enough: int = 8
    least: int = 2
    count: int = 0
    bins: list[float] = field(default_factory=list)
    broken: int = 0  # the first value that is not finite, from 1
    void: str = ""
    wrong: str = ""
    head: list[float] = field(default_factory=list)
    _width: int = 1
    _sum: float = 0.0
    _in_sum: int = 0

    def loss(self, value: float) -> None:
        """Takes the next loss: an epoch's or a step's mean."""
        value = float(value)
        self.count += 1
        if not math.isfinite(value):
            if not self.broken:
                self.broken = self.count
                self._notices()
            return
        if len(self.head) < HEAD and not self.broken:
            self.head.append(value)
        self._sum += value
        self._in_sum += 1
        if self._in_sum == self._width:
            self.bins.append(self._sum / self._width)
            self._sum, self._in_sum = 0.0, 0
            if len(self.bins) == BINS:
                pairs = zip(self.bins[::2], self.bins[1::2], strict=True)
                self.bins = [(a + b) / 2 for a, b in pairs]
                self._width *= 2
        power = self.count & (self.count - 1) == 0
        if power and self.count >= self.enough and self.state in ("stuck", "dying"):
            self._notices()

    def _notices(self) -> None:
        if self.notice is not None:
            self.notice(self)

    @property
    def first(self) -> float | None:
        """The loss before training, or the first one seen."""
        return self.start if self.start is not None else next(iter(self.bins), None)

    @property
    def last(self) -> float | None:
        """At the end."""
        some = self.bins[-max(1, len(self.bins) // 10) :]
        return sum(some) / len(some) if some else None

    @property
    def state(self) -> str:
        """What the losses say; "unknown" where they say nothing.

        "diverged": one was not finite, or at the end it is more than a thousand times what it was,
        above or below 0.
        "stuck": at the end it is no better than that of an answer that knows nothing (above 95 % of
        its loss; where that is not known, above 99 % of the loss before). "slow": the same, but it
        fell by 5 % in the second half, or by 5 % in all and by 1 % in the second half. "dying": the
        same, after it was better by a tenth. "learning": none of these. "unknown": fewer than two
        losses, or fewer than `least` where it is not learning.
        """
        if self.void:
            return "unknown"
        if self.broken or self.is_blown_up:
            return "diverged"
        last, first = self.last, self.first
        if self.wrong or self.count < 2 or last is None or first is None:
            return "unknown"
        bound = self._bound(first)
        if last < bound:
            return "learning"
        if self.count < self.least:
            return "unknown"
        if min(self.bins) < bound - 0.1 * abs(bound):
            return "dying"
        half = self.bins[(len(self.bins) - 1) // 2]
        falls = _below(last, FALLS, half) or (
            _below(last, FALLS, first) and _below(last, MOVED, half)
        )
        return "slow" if falls else "stuck"

    @property
    def is_blown_up(self) -> bool:
        """Whether it ends where no training comes back from."""
        size = max(abs(self.first or 0), abs(self.nothing or 0))
        high = self.last is not None and 0 < BEYOND * size < self.last
        return high or self.is_bottomless

    @property
    def is_bottomless(self) -> bool:
        """Whether it falls below all bounds: no loss that is worth anything does."""
        size = max(abs(self.first or 0), abs(self.nothing or 0), 1.0)
        return self.last is not None and self.last < -BEYOND * size

    def _bound(self, first: float) -> float:
        if self.nothing is not None:
            return NO_BETTER * self.nothing
        return first - (1 - MOVED) * abs(first)

    def __str__(self) -> str:
        """The state with its numbers, as half a sentence."""
        if self.void:
            return f"unknown: {self.void}"
        if self.broken:
            return f"diverged: loss {self.broken} of {self.count} is not finite"
        if self.wrong:
            return f"unknown: {self.wrong}"
        if self.last is None or self.first is None:
            return "unknown: no loss was seen"
        told = f"{self.state}: loss {quantity(self.first)} → {quantity(self.last)}"
        if self.state == "dying":
            told += f", after {quantity(min(self.bins))}"
        if self.nothing is not None:
            told += f"; knowing nothing: {quantity(self.nothing)}"
        return told

    @property
    def is_well_below(self) -> bool:
        """Whether at the end it has half the skill there is, against knowing nothing: more than
        any set-up that is called stuck (see `State`)."""
        known = self.nothing is not None and self.last is not None and not self.broken
        return known and not self.void and self.last <= WELL * self.nothing  # type: ignore[operator]

    def witness(self, unit: str, steps: int = 0) -> Witness:
        """The losses as a record.

        Args:
            unit: "step" or "epoch".
            steps: of the optimizer; 0 if not known.
        """
        nan = math.nan
        return Witness(
            unit,
            self.count,
            tuple(self._points()),
            self.broken,
            steps,
            nan if self.start is None else self.start,
            nan if self.nothing is None else self.nothing,
            self.void,
        )

    def _points(self) -> Iterator[Point]:
        """The first losses one by one, then means since the point before."""
        yield from enumerate(self.head, 1)
        together = 1 + max(0, len(self.bins) - 1) // (POINTS - HEAD)
        known, done = sum(self.head), len(self.head)
        total = seen = 0.0
        for i, value in enumerate(self.bins, 1):
            total += value * self._width
            seen = i * self._width
            if seen > done and (i % together == 0 or i == len(self.bins)):
                yield int(seen), (total - known) / (seen - done)
                known, done = total, int(seen)

    def to_json(self) -> dict[str, float | int | str | None]:
        """State and numbers."""
        return {
            "state": self.state,
            "count": self.count,
            "first": self.first,
            "best": min(self.bins, default=None),
            "last": self.last,
            "knowing_nothing": self.nothing,
        }


def _below(value: float, share: float, of: float) -> bool:
    """Whether a value lies below a share of another, which may be negative."""
    return value < of - (1 - share) * abs(of)
