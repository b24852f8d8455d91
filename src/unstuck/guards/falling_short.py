"""On how many seeds a set-up falls short: what each guard asks of a seed, and the test of that."""

from collections.abc import Callable
from dataclasses import dataclass, field

from unstuck.changes.change import Combination, in_words
from unstuck.errors import UsageError
from unstuck.guards.trials import Trials
from unstuck.judging.probability_ratio import Decision, ProbabilityRatio
from unstuck.proofs.asks import Score
from unstuck.proofs.board import LEARNS, LEAST
from unstuck.records.guarded import Guarded

SEEDS = 24  # after which a test that is still open is left so: it falls short on some seeds only
FITS = 0.9  # skill on a batch, from which on it is fitted
CLEARLY = 2.0  # times what luck alone may give, which is two standard errors
GOOD = 0.5  # skill from which on a twin works, so that no other change is tried
RARELY = ProbabilityRatio(sound=0.1, faulty=0.96)
EVENLY = ProbabilityRatio(sound=0.5, faulty=0.96)  # equals fall short of each other half the time


@dataclass(eq=False)
class _Count:
    """What was seen so far, seed by seed."""

    test: ProbabilityRatio
    values: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    wrong: int = 0
    right: int = 0

    @property
    def decision(self) -> Decision:
        return self.test.decision(self.wrong, self.right)

    @property
    def is_open(self) -> bool:
        return self.decision is Decision.OPEN and self.wrong + self.right < SEEDS

    def record(
        self, guard: str, trials: Trials, measure: str, against: str, learnable: bool = True
    ) -> Guarded:
        kind = trials.bench.folds.kind
        return Guarded(
            guard,
            trials.steps,
            kind,
            trials.name_of(measure),
            trials.trivial(measure),
            tuple(self.values),
            against,
            tuple(self.others),
            self.wrong,
            self.decision is not Decision.OPEN,
            self.decision is Decision.FAULTY,
            self.test.sound,
            self.test.alpha,
            self.test.beta,
            learnable,
        )


def learning(trials: Trials) -> Guarded:
    """Whether it learns: clearly more than knowing nothing, and no less than a change of it would.

    A first seed says what to hold it against: the change that does far better, if one does. On
    seeds of their own it falls short where luck alone could have given its skill, or where it has
    less than 80 % of the skill that the change has. Where nothing does better on the first seed,
    that seed says that it is sound.
    """
    first = trials.score((), 0)
    assert first is not None
    change, other = _better(trials, first)
    measure = _measure(trials, first, other)
    noise = CLEARLY * trials.noise(measure)
    against, learnable = in_words(change) if change else "", True
    if not change and first.skills[measure] <= noise:
        skill = trials.reference().get(measure, -1.0)
        learnable = skill > noise
        if learnable:
            against = "a forest of trees, or a linear model"

    def short(mine: Score, theirs: Score | None) -> bool:
        a, b = mine.skills.get(measure, -1.0), None
        if theirs is not None:
            b = theirs.skills.get(measure, -1.0)
        return a <= noise or (b is not None and _far_below(a, b, noise))

    count = _counted(trials, change, measure, RARELY, short, first if not against else None)
    return count.record("learns", trials, measure, against, learnable)


def fitting(trials: Trials) -> Guarded:
    """Whether it fits the examples that it is trained on: it falls short on a seed where its skill
    on them is below 0.9."""
    first = trials.score((), 0)
    assert first is not None
    measure = trials.measures[0]
    change: Combination = ()
    if first.skills[measure] < FITS:
        change, _ = _better(trials, first)

    def short(mine: Score, theirs: Score | None) -> bool:
        return mine.skills.get(measure, -1.0) < FITS

    count = _counted(trials, change, measure, RARELY, short, None if change else first)
    return count.record("fits", trials, measure, in_words(change) if change else "")


def comparison(trials: Trials, reference: Trials, margin: float) -> Guarded:
    """Whether it learns no less than a reference, by more than a margin in skill.

    Equal seeds are paired. Two set-ups that are alike fall short of each other on half of the
    seeds at most, however much luck there is, and that is what the test allows.
    """
    measure = next((m for m in trials.measures if m in reference.measures), "")
    names = [t.name_of(measure or t.measures[0]) for t in (trials, reference)]
    if not measure or len(set(names)) > 1:
        raise UsageError(
            f"the set-up is judged by {names[0]}, the reference by {names[1]}",
            "one measure for both",
            "give both the same loss",
        )
    count = _Count(EVENLY)
    for i in range(SEEDS):
        mine, theirs = trials.score((), i), reference.score((), i)
        assert mine is not None
        assert theirs is not None
        _add(count, measure, mine, theirs, theirs.skills[measure] - mine.skills[measure] > margin)
        if not count.is_open:
            break
    return count.record("no_worse_than", trials, measure, "the reference")


def _counted(
    trials: Trials,
    change: Combination,
    measure: str,
    test: ProbabilityRatio,
    short: Callable[[Score, Score | None], bool],
    first: Score | None,
) -> _Count:
    """The seeds until the test decides. The first one chose what to hold it against, and counts
    only where nothing was chosen."""
    count = _Count(test)
    if first is not None:
        _add(count, measure, first, None, short(first, None))
    i = 0
    while count.is_open:
        i += 1
        mine = trials.score((), i)
        theirs = trials.score(change, i) if change else None
        assert mine is not None
        _add(count, measure, mine, theirs, short(mine, theirs))
    return count


def _add(count: _Count, measure: str, mine: Score, theirs: Score | None, wrong: bool) -> None:
    count.values.append(mine.values.get(measure, float("nan")))
    if theirs is not None:
        count.others.append(theirs.values.get(measure, float("nan")))
    count.wrong += wrong
    count.right += not wrong


def _better(trials: Trials, first: Score) -> tuple[Combination, Score | None]:
    """The first change that does far better on the first seed; () for none."""
    for change in trials.changes():
        found = trials.score(change, 0)
        if found is None:
            continue
        for measure in trials.measures:
            noise = CLEARLY * trials.noise(measure)
            a, b = first.skills.get(measure, -1.0), found.skills.get(measure, -1.0)
            if _far_below(a, b, noise):
                return change, found
            if max(a, b) > max(noise, GOOD):
                return (), found  # one of them works, and the other does as well
    return (), None


def _far_below(a: float, b: float, noise: float) -> bool:
    """Whether a skill is far below another, beyond what luck gives."""
    return b > noise and a < LEARNS * b and b - a > max(LEAST * b, noise / 2)


def _measure(trials: Trials, first: Score, other: Score | None) -> str:
    """The first measure in which anything beats luck."""
    scores = [first] if other is None else [first, other]
    for name in trials.measures:
        if max(s.skills.get(name, -1.0) for s in scores) > CLEARLY * trials.noise(name):
            return name
    return trials.measures[0]
