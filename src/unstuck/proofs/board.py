"""The board: every score of a proof, what follows from them, and how long a trial is."""

from dataclasses import dataclass, field

import numpy as np

from unstuck.changes.change import Combination, Part, in_order
from unstuck.proofs.asks import Ask, Asking, Problem, Score

SCREEN, CONFIRM = 1_000, 2_000  # first seeds of the two stages of a proof: never shared
LEARNS, CRAWLS = 0.8, 0.5  # shares of the best skill: see `records.states.State`
MARGIN = 0.2  # of the shortfall, which a change must make up to count
LEAST = 0.025  # of the best skill, likewise: two points of accuracy, below which few would act
ERRORS = 1.5  # times the error that a repair leaves: what leaves that much is improvable
RESTORES = 0.9  # of the twin's gain, which a repair must have
ANYWHERE = 0.1  # skill above which something was learnt
TRIALS = 80  # of screening, that a budget should hold
WORTH = 1.5  # times as many steps, below which longer trials are not worth being made anew
SEEDS, PLENTY = 5, 150  # seeds of the best, where the budget holds so many trials
KEPT = 22  # trials' worth of steps that screening leaves for confirming
CONFIRMING = 18  # trials that confirm a repair: five pairs, five of a placebo, what comes before


@dataclass(eq=False)
class Board:
    """Scores by combination and steps, then by seed.

    Args:
        problem: what is to be decided.
        left: steps that the budget still holds.
        steps: of a trial.
        measure: that decides.
        impossible: combinations that cannot be tried.
        rejected: what was taken for a repair, and fresh seeds did not bear out.
        seeds: on which screening sees what is taken for a repair; more once luck has misled it.
    """

    problem: Problem
    left: int = 0
    steps: int = 0
    measure: str = ""
    scores: dict[tuple[Combination, int], dict[int, Score]] = field(default_factory=dict)
    impossible: set[Combination] = field(default_factory=set)
    rejected: set[Combination] = field(default_factory=set)
    seeds: int = 2

    def __post_init__(self) -> None:
        self.left = self.problem.left
        fixed = self.problem.fixed  # a trial as long as that costs no more than twice the least
        self.steps = max(1, self.left // TRIALS - fixed, fixed)
        if self.steps * WORTH > self.problem.steps:
            self.steps = self.problem.steps if self.holds(KEPT) else self.steps
        self.steps = min(self.steps, self.problem.steps)
        self.measure = self.problem.measures[0]

    def ask(self, *wanted: tuple[Combination, int]) -> Asking[list[Score | None]]:
        """Scores of (combination, seed) at the board's steps; those that are known are not asked
        for again."""
        asks = [Ask(in_order(c), seed, self.steps) for c, seed in wanted]
        new = [
            a for a in dict.fromkeys(asks) if self._known(a) is None and self.possible(a.changes)
        ]
        if new:
            answer = yield tuple(new)
            self.left = answer.left
            for a, score in zip(new, answer.scores, strict=True):
                if score is not None:
                    self.scores.setdefault((a.changes, a.steps), {})[a.seed] = score
        return [self._known(a) for a in asks]

    def new(self, *wanted: tuple[Combination, int]) -> int:
        """How many of these were not made yet at the board's steps."""
        return sum(self._known(Ask(in_order(c), seed, self.steps)) is None for c, seed in wanted)

    def _known(self, ask: Ask) -> Score | None:
        return self.scores.get((ask.changes, ask.steps), {}).get(ask.seed)

    def possible(self, changes: Combination) -> bool:
        """Whether it can be tried."""
        changes = in_order(changes)
        if changes in self.impossible or not self.problem.possible(changes):
            self.impossible.add(changes)
            return False
        return True

    def holds(self, trials: float) -> bool:
        """Whether so many more trials fit into what is left."""
        return self.left >= trials * (self.steps + self.problem.fixed)

    def of(self, changes: Combination, confirmed: bool = False) -> list[Score]:
        """The scores of a combination at the board's steps."""
        found = self.scores.get((in_order(changes), self.steps), {})
        return [s for seed, s in sorted(found.items()) if not confirmed or seed >= CONFIRM]

    def skill(self, changes: Combination) -> float:
        """Its mean; −∞ where there is none."""
        return self.skill_at(changes, self.steps)

    def skill_at(self, changes: Combination, steps: int) -> float:
        """The mean in trials of so many steps; −∞ where there is none. What works on some seeds
        alone is worth less than what works on all."""
        scores = self.scores.get((in_order(changes), steps), {}).values()
        skills = [s.skills.get(self.measure, 0.0) for s in scores]
        return float(np.mean(skills)) if skills else -np.inf

    def fit(self, changes: Combination) -> float:
        """The median skill on training examples; −∞ where there is none."""
        fits = [s.fits[self.measure] for s in self.of(changes) if self.measure in s.fits]
        return float(np.median(fits)) if fits else -np.inf

    @property
    def tried(self) -> list[Combination]:
        """Every combination that has a score at the board's steps, in the order of trying."""
        return [c for (c, steps), scores in self.scores.items() if steps == self.steps and scores]

    @property
    def base(self) -> float:
        """The skill of the set-up as it is."""
        return self.skill(())

    @property
    def comparable(self) -> list[Combination]:
        """What was tried in as many steps as the set-up has; with more only where nothing in as
        many comes anywhere: that it learns more when trained longer is true of any set-up."""
        equal = [c for c in self.tried if all(x.part is not Part.STEPS for x in c)]
        known = self.problem.reference.get(self.measure, 0.0)
        enough = min(ANYWHERE, LEARNS * known) if known > self.noise else ANYWHERE
        works = max((self.skill(c) for c in equal), default=0.0) >= max(self.noise, enough)
        return equal if works else self.tried

    @property
    def best(self) -> Combination:
        """The combination with the highest skill; a tie goes to the smaller."""
        some = [c for c in self.comparable if c not in self.rejected]
        return max(some, key=lambda c: (round(self.skill(c), 3), -len(c)), default=())

    @property
    def reach(self) -> float:
        """The best skill that was seen."""
        return max((self.skill(c) for c in self.comparable), default=0.0)

    @property
    def noise(self) -> float:
        """Skill that luck alone may give."""
        return self.problem.noise.get(self.measure, 0.0)

    @property
    def floor(self) -> float:
        """From where a gain is counted: the skill of the set-up as it is, or that of the best
        constant answer, which any repair must beat."""
        return max(self.base, 0.0)

    @property
    def margin(self) -> float:
        """The gain in skill that counts."""
        return max(MARGIN * (self.reach - self.floor), LEAST * self.reach)

    def choose_measure(self) -> None:
        """The first measure in which anything that was tried, or a reference, beats luck."""
        for name in self.problem.measures:
            seen = [s.skills.get(name, -1.0) for by in self.scores.values() for s in by.values()]
            seen.append(self.problem.reference.get(name, -1.0))
            if max(seen) > self.problem.noise.get(name, 0.0):
                self.measure = name
                return

    def counts(self, skill: float, certain: bool = False) -> bool:
        """Whether a skill is worth having beside that of the set-up as it is: it makes up the
        margin where the set-up does not learn what it could, or leaves that much less error.

        Args:
            certain: whether what it cures was seen: luck need not be told apart from a fault.
        """
        base, reach = self.floor, self.reach
        if skill - base < max(LEAST * reach, 0.0 if certain else self.noise / 2, 1e-9):
            return False
        if base < LEARNS * reach:
            return skill - base >= self.margin
        return 1 - base >= ERRORS * (1 - skill)

    def restores(self, skill: float, share: float = RESTORES) -> bool:
        """Whether a skill has this share of the best one's gain over the set-up as it is, or over
        knowing nothing where that is more."""
        base, reach = self.floor, self.reach
        return self.counts(skill) and skill >= base + share * (reach - base)

    def order(self) -> list[Combination]:
        """What was tried beside the set-up as it is and was not rejected, the best first."""
        some = [c for c in self.tried if c and c not in self.rejected]
        return sorted(some, key=lambda c: -self.skill(c))
