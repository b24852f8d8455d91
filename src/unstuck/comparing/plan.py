"""Which runs are asked for, and what they say: the reduction of proofs, between two scripts."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from unstuck.comparing.bench import Chosen, Outcome, Request
from unstuck.judging.statistics import mean_effect
from unstuck.records.comparison import Role
from unstuck.records.effect import Effect
from unstuck.records.states import Status

SEEDS = 5  # of every claim, as in proofs
FRESH = range(SEEDS, 2 * SEEDS)  # seeds that nothing was chosen by
MARGIN = 0.05  # of skill that counts
SAME = 2 * MARGIN  # skill within which an interval lies where two scripts do the same
SHARE = 0.75  # of the gain that a smaller set keeps
IDLE = 0.25  # of the gain, which a part that does something has alone or takes away

Run = Callable[[Sequence[Request], str], list[Outcome | None]]


class Failed(Exception):
    """One of the two scripts does not run; which, and why."""


@dataclass
class Found:
    """What came out.

    Args:
        swapped: whether the first script is the better one.
        total: the better against the worse.
        kept: the parts that make it; None where no difference was seen.
        confirmed: whether the kept parts were seen to make it, on all seeds.
        together: of the kept parts.
        alone, without: by part.
    """

    swapped: bool
    total: Effect
    kept: tuple[int, ...] | None = None
    confirmed: bool = False
    together: Effect | None = None
    alone: dict[int, Effect] = field(default_factory=dict)
    without: dict[int, Effect] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether the scripts do the same, but for what does not count."""
        low, high = self.total.low, self.total.high
        return self.total.effect == 0 == low - high or (low > -SAME and high < SAME)

    def role(self, part: int) -> Role:
        """What is known of a part."""
        if self.kept is None:
            return Role.NO_MATTER if self.same else Role.UNDECIDED
        if not self.confirmed:
            return Role.UNDECIDED
        return Role.MADE_IT if part in self.kept else Role.NO_MATTER


def compared(parts: int, run: Run) -> Found:
    """Runs both, and finds the smallest set of parts that makes the difference.

    Raises:
        Failed: one of the scripts as they are does not run.
    """
    return _Comparing(parts, run).found()


class _Comparing:
    def __init__(self, parts: int, run: Run) -> None:
        self._all, self._run, self._swapped = frozenset(range(parts)), run, False
        self._skills: dict[Chosen, dict[int, float]] = defaultdict(dict)  # by seed

    def found(self) -> Found:
        ends = frozenset[int](), self._all
        for seeds in (range(1), range(1, SEEDS)):
            both = [(c, s) for s in seeds for c in ends]
            outcomes = self._ask(both, "both as they are")
            for (chosen, _), outcome in zip(both, outcomes, strict=True):
                if outcome is not None and outcome.failed:
                    raise Failed(f"the {'second' if chosen else 'first'} script: {outcome.failed}")
        total = self._effect(*ends)
        if total is None:
            raise Failed("there was no time to run both scripts once")
        if total.effect < 0:
            self._swapped = True
            self._skills = defaultdict(dict, {self._all - c: v for c, v in self._skills.items()})
            total = self._effect(*ends)
            assert total is not None
        found = Found(self._swapped, total)
        if _separate(total):
            found.kept = kept = self._reduced()
            self._confirm(found, kept)
        return found

    def _reduced(self) -> tuple[int, ...]:
        """The smallest set, by runs on one seed, and another where parts are taken away."""
        ordered = sorted(self._all)
        wanted = [frozenset({p}) for p in ordered] + [self._all - {p} for p in ordered]
        self._ask([(c, 0) for c in wanted], "each difference alone, and left out")
        kept = self._all
        idle = {
            p
            for p in ordered
            if not self._gain(frozenset({p})) >= IDLE and self._gain(self._all - {p}) >= SHARE
        }
        if 1 < len(idle) < len(kept):
            kept = self._smaller(kept, kept - idle)
        for part in sorted(kept, key=lambda p: self._gain(frozenset({p}), -1.0)):
            if len(kept) > 1 and part in kept:
                kept = self._smaller(kept, kept - {part})
        return tuple(sorted(kept))

    def _smaller(self, kept: Chosen, fewer: Chosen) -> Chosen:
        for seed in (0, 1):
            self._ask([(fewer, seed)], f"{len(fewer)} of {len(self._all)} differences")
            if not self._gain(fewer, seed=seed) >= SHARE:
                return kept
        return fewer

    def _confirm(self, found: Found, kept: tuple[int, ...]) -> None:
        chosen, nothing = frozenset(kept), frozenset[int]()
        sets = [nothing, chosen]
        self._ask([(c, s) for s in FRESH for c in sets], "what made it, on other seeds")
        if len(kept) > 1:
            sets = [c for p in kept for c in (chosen - {p}, frozenset({p}))]
            self._ask([(c, s) for s in FRESH for c in sets], "its parts, on other seeds")
        found.together = self._effect(nothing, chosen, FRESH)
        found.confirmed = (
            found.together is not None
            and found.together.n >= SEEDS
            and _separate(found.together)
            and found.together.effect >= SHARE * found.total.effect
        )
        for part in self._all:
            alone = self._effect(nothing, frozenset({part}), FRESH if part in kept else None)
            if alone is not None:
                found.alone[part] = alone
            if part in chosen and len(kept) > 1:
                without = self._effect(chosen, chosen - {part}, FRESH)
                if without is not None:
                    found.without[part] = without

    def _ask(self, wanted: Sequence[Request], says: str) -> list[Outcome | None]:
        """Runs that were not made yet; parts lead from the worse to the better script."""
        new = [(c, s) for c, s in dict.fromkeys(wanted) if s not in self._skills[c]]
        swapped = [(self._all - c if self._swapped else c, s) for c, s in new]
        outcomes = self._run(swapped, says) if new else []
        for (chosen, seed), outcome in zip(new, outcomes, strict=True):
            if outcome is not None and not outcome.failed:
                self._skills[chosen][seed] = outcome.skill
        return outcomes

    def _gain(self, chosen: Chosen, otherwise: float = float("nan"), seed: int = 0) -> float:
        base, top, own = (self._skills[c].get(seed) for c in (frozenset(), self._all, chosen))
        if base is None or top is None or own is None or top == base:
            return otherwise
        return (own - base) / (top - base)

    def _effect(
        self, before: Chosen, after: Chosen, among: Sequence[int] | None = None
    ) -> Effect | None:
        """What another choice of parts does, on all seeds that both were run on, or these."""
        a, b = self._skills[before], self._skills[after]
        seeds = [s for s in sorted(a.keys() & b.keys()) if among is None or s in among]
        if not seeds:
            return None
        x, y = [a[s] for s in seeds], [b[s] for s in seeds]
        made = mean_effect(x, y, 0.95)
        low, high = made.low, made.high
        if x == y:  # equal in every pair, which no interval says better
            low = high = 0.0
        if len(seeds) == 1:
            low = high = float("nan")
        median = float(np.median(y)), float(np.median(x))
        return Effect(made.difference, low, high, len(seeds), *median, Status.INCONCLUSIVE)


def _separate(effect: Effect) -> bool:
    return effect.low > 0 and effect.effect >= MARGIN
