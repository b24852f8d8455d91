"""Decides what really keeps a set-up from learning, by paired trials within a budget.

1. Calibrate: how long a step takes; all trials get the same number of steps.
2. Screen: the set-up as it is, every suspect's change, and a few changes for reference, on seeds
   that are not used again. If nothing tried learns much more, only suspects are tested; if no
   suspect's change restores learning, every other single change is screened, then pairs.
3. Confirm on fresh paired seeds, a placebo among the arms, with the sequential test of
   `studies.sequential`, until all is decided or the budget is spent.
4. Aside: interactions and other changes that may help, see `proofs.aside`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from unstuck.causes import load
from unstuck.changes.change import AS_IT_IS, Combination
from unstuck.changes.input_scaling import PER_FEATURE
from unstuck.changes.learning_rate import HIGHER, LOWER
from unstuck.changes.optimizer import ADAM
from unstuck.changes.placebo import PLACEBO
from unstuck.changes.target_scaling import TARGETS
from unstuck.errors import UsageError
from unstuck.judging import sequential
from unstuck.judging.reference import learnable
from unstuck.judging.yardstick import yardstick
from unstuck.proofs.aside import Interaction, aside
from unstuck.proofs.bench import CONFIRM, SCREEN, Bench
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.length import SHARE, calibrate
from unstuck.records.verdict import State, Verdict
from unstuck.setups.split import split
from unstuck.setups.subject import Subject

LEARNS, CRAWLS = 0.8, 0.5  # shares of the best skill: see `State`
MARGIN = 0.2  # of the shortfall, which a change must make up to count
LEAST = 0.025  # of the best skill, likewise: two points of accuracy, below which few would act
NOTHING = 0.1  # skill below which nothing was learnt
# Causes that may be there though their symptoms stay below the thresholds, the change that changes
# least first. All others are seen for certain, or are not there.
UNSUSPECTED = (
    "input-spread",
    "input-too-small",
    "input-offset",
    "target-scale",
    "input-outliers",
    "loss-clipping",
    "optimizer-epsilon",
    "feature-scales",
    "initialization",
    "learning-rate-high",
    "learning-rate-low",
)
CATCH_UP = 4  # times the steps of a trial
PAIRS = 14  # at most: two losses among them still decide
KEPT, CHAIN = 0.97, 3  # share of the budget less so many trials, which the chain may take


@dataclass(eq=False)
class Findings:
    """What the trials showed; `proof` makes a record of it."""

    bench: Bench
    state: State = State.UNKNOWN
    best: Combination = ()
    reach: float = 0.0
    margin: float = 0.0
    tested: list[Hypothesis] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)  # causes there was no time for
    partly: list[str] = field(default_factory=list)  # causes with changes there was no time for
    placebo: Hypothesis | None = None
    interactions: list[Interaction] = field(default_factory=list)
    alternatives: list[Hypothesis] = field(default_factory=list)
    arms: dict[Combination, int] = field(default_factory=dict)  # trials of each, to decide
    notes: list[str] = field(default_factory=list)

    def skills(self, combination: Combination) -> list[float]:
        """Of all trials of it."""
        return [s.skill for (c, _), s in self.bench.scores.items() if c == combination]


def prove(
    subject: Subject,
    suspected: Iterable[str],
    budget: float,
    *,
    epochs: int | None = None,
    also: bool = True,
    told: Callable[[str], None] = lambda says: None,
) -> Findings:
    """Puts the suspects to the trial; see above.

    Args:
        suspected: names of causes, most suspected first.
        budget: seconds.
        epochs: of a trial; None: see `proofs.length`.
        also: whether to go on with interactions and other changes.
        told: called before each trial with what is tried.

    Raises:
        UsageError: nothing can be trained or judged.
    """
    began = time.perf_counter()
    if subject.sample.y is None:
        raise UsageError("the targets cannot be told from the inputs", "pairs (x, y)")
    data = split(subject.sample)
    seen = subject.observe(tuple(a[:2] for a in data.x), data.y[:2])
    measure = yardstick(subject.about, data, seen.output.shape[1])
    if measure is None:
        raise UsageError(
            "there is nothing to judge the trials by",
            "one label or target an example, and finite targets",
        )
    trainer = subject.trainer()
    why = trainer.refuses(AS_IT_IS)
    if why:
        raise UsageError(f"nothing can be trained: {why}", "an optimizer")
    bench = Bench(trainer, data, measure, began + SHARE * budget, told=told)
    found = Findings(bench, notes=list(trainer.notes))
    suspects = list(suspected)
    calibrate(bench, subject, budget, epochs, bool(suspects))
    arms = _screen(found, suspects)
    bench.ends = began + max(SHARE * budget, KEPT * budget - CHAIN * bench.seconds)
    _confirm(found, arms)
    _conclude(found)
    for change, _ in bench.scores:
        found.arms[change] = found.arms.get(change, 0) + 1
    if also and trusted(found):
        aside(found, subject, seen, began)
    return found


def _screen(found: Findings, suspects: list[str]) -> dict[str, Combination]:
    """One trial an arm; the change that tests each cause worth testing."""
    bench = found.bench
    if not bench.has_time(2):
        found.untried = list(suspects)
        return {}
    bench.told("as it is")
    for seed in (SCREEN, SCREEN + 1):
        bench.score((), seed)
    best_of: dict[str, Combination] = {}
    for name in suspects:
        _try_cause(found, name, best_of)
    references: list[Combination] = [(PER_FEATURE,)]
    if bench.yardstick.targets is not None:
        references += [(TARGETS,), (PER_FEATURE, TARGETS)]
    references += [(HIGHER[1],), (LOWER[1],)]
    _try_all(found, references)
    base = float(np.median(found.skills(())))
    _rank(found)
    restored = _some_restore(found, best_of)
    stuck = base < LEARNS * max(found.reach, NOTHING)
    if stuck and not best_of and found.reach >= NOTHING and _catches_up(found):
        return {}
    if stuck and not restored:
        for name in (n for n in _others(bench) if n not in best_of):
            _try_cause(found, name, best_of)
        _try_all(found, [(ADAM,)])
        _rank(found)
        restored = _some_restore(found, best_of)
    together: dict[str, Combination] = {}
    if stuck and (not restored or found.reach < LEARNS):
        together = _pairs(found, best_of, suspects)
        _rank(found)
    if base >= LEARNS * found.reach:
        return {n: c for n, c in best_of.items() if n in suspects}
    chosen = {n: c for n, c in best_of.items() if n in suspects or _restores(found, c)}
    # A change that restores learning without its cause being suspected is another place to cut
    # the chain, not another cause: none of them counts where a suspect does, else the first.
    named = [n for n, c in chosen.items() if n in suspects and _restores(found, c)]
    first = [n for n in UNSUSPECTED if n in chosen and n not in suspects][: 0 if named else 1]
    chosen = {n: c for n, c in chosen.items() if n in suspects or n in first}
    if not any(_restores(found, c) for c in chosen.values()):
        # A pair of suspects; one with what nothing points to only where no suspect's change alone
        # comes at least halfway.
        both = {n: c for n, c in together.items() if set(n.split("+")) <= set(suspects)}
        halfway = any(
            _skill(found, c) >= CRAWLS * found.reach for n, c in chosen.items() if n in suspects
        )
        chosen |= both if both or halfway else together
    return chosen


def _catches_up(found: Findings) -> bool:
    """Whether, with nothing suspected, it learns in four times as many steps: slow, not stuck."""
    bench = found.bench
    if bench.left < 8 * bench.seconds:
        return False
    bench.told(f"as it is, {CATCH_UP} times as long")
    score = bench.judged(bench.run((), SCREEN, CATCH_UP * bench.steps), bench.data)
    if score.skill < LEARNS * found.reach:
        return False
    found.state = State.SLOW
    found.notes.append(
        f"as it is it learns in {CATCH_UP} times as many steps as a trial has: slow, not stuck"
    )
    return True


def _others(bench: Bench) -> list[str]:
    """Causes to try though nothing points to them."""
    values = [a for a, kind in zip(bench.data.x, bench.data.kinds, strict=True) if kind == "values"]
    large = any(np.nanmean(np.square(a, dtype=np.float64)) > 1 for a in values)
    unlikely = "input-too-small" if large else "input-spread"
    return [name for name in UNSUSPECTED if name != unlikely]


def _try_cause(found: Findings, name: str, best_of: dict[str, Combination]) -> None:
    """Screens the changes that take a cause away; the best of them stands for it."""
    scores: dict[Combination, float] = {}
    for intervention in load(name).interventions:
        change = (intervention,)
        if not found.bench.has_time(2 * sequential.AT_LEAST):
            (found.partly if scores else found.untried).append(name)
            found.notes += [f"no time for all changes against {name}"] if scores else []
            break
        found.bench.told(intervention.says)
        score = found.bench.score(change, SCREEN)
        if score is not None:
            scores[change] = score.skill
    if scores:
        best_of[name] = max(scores, key=lambda c: scores[c])


def _try_all(found: Findings, changes: Iterable[Combination]) -> None:
    for change in changes:
        if found.bench.has_time(2 * sequential.AT_LEAST):
            found.bench.told(" and ".join(i.says for i in change))
            found.bench.score(change, SCREEN)


def _pairs(
    found: Findings, best_of: dict[str, Combination], suspects: list[str]
) -> dict[str, Combination]:
    """The pair of changes of different kind that restores learning, by the names of its causes:
    suspects' first, then the most promising."""
    singles = sorted(
        best_of.items(), key=lambda item: (item[0] not in suspects, -_skill(found, item[1]))
    )
    results: dict[str, Combination] = {}
    if found.skills((PER_FEATURE, TARGETS)):  # a reference that names its causes
        results["feature-scales+target-scale"] = (PER_FEATURE, TARGETS)
    for (a, first), (b, second) in combinations(singles, 2):
        if len(results) >= 10 or not found.bench.has_time(3 * sequential.AT_LEAST):
            break
        if _kinds(first) & _kinds(second):
            continue
        found.bench.told(f"{first[0].says} and {second[0].says}")
        if found.bench.score(first + second, SCREEN) is not None:
            results[f"{a}+{b}"] = first + second
    _rank(found)
    good = [name for name, c in results.items() if _restores(found, c)]
    # Those of suspects alone, or with one; a pair that nothing points to only where it is all.
    good.sort(key=lambda name: -sum(cause in suspects for cause in name.split("+")))
    return {name: results[name] for name in good[:1]}


def _kinds(change: Combination) -> set[str]:
    """What a combination changes, so that two changes of one thing are not put together."""
    kinds: set[str] = set()
    for i in change:
        kinds |= set(i.settings.changed())
        if i.data is not None:
            kinds.add(i.name.split("-")[0].rstrip("s"))
    return kinds


def _skill(found: Findings, change: Combination) -> float:
    skills = found.skills(change)
    return float(np.median(skills)) if skills else 0.0


def _some_restore(found: Findings, best_of: dict[str, Combination]) -> bool:
    return any(_skill(found, c) >= LEARNS * found.reach for c in best_of.values())


def _restores(found: Findings, change: Combination) -> bool:
    return found.reach >= NOTHING and _skill(found, change) >= LEARNS * found.reach


def _rank(found: Findings) -> None:
    """The best change and its skill, seen on a second seed so that luck counts less."""
    changes = {c for c, _ in found.bench.scores}
    order = sorted(changes, key=lambda c: -_skill(found, c))
    for change in order[:2]:
        if found.bench.has_time(2 * sequential.AT_LEAST):
            found.bench.score(change, SCREEN + 1)
    found.best = max(changes, key=lambda c: _skill(found, c))
    found.reach = _skill(found, found.best)


def _confirm(found: Findings, arms: dict[str, Combination]) -> None:
    """Fresh paired seeds until all is decided, the most promising first."""
    bench = found.bench
    if found.reach < NOTHING:
        return
    short = max(0.0, found.reach - float(np.median(found.skills(()))))
    margin = found.margin = max(MARGIN * short, LEAST * found.reach)
    distinct: dict[Combination, list[str]] = {}
    for name, change in arms.items():
        distinct.setdefault(change, []).extend(name.split("+"))
    order = sorted(distinct, key=lambda c: -_skill(found, c))
    found.tested = [Hypothesis(tuple(distinct[c]), c, margin, max(1, len(order))) for c in order]
    found.placebo = Hypothesis((), (PLACEBO,), margin)
    for i in range(PAIRS):
        seed = CONFIRM + i
        open_ones = [h for h in found.tested if h.verdict is Verdict.INCONCLUSIVE]
        if i >= sequential.AT_LEAST and not open_ones:
            break
        if not bench.has_time(2):
            break
        bench.told(f"seed {i + 1}: as it is")
        base = bench.score((), seed)
        if base is None:
            break
        if found.best and i < sequential.AT_LEAST and found.best not in distinct:
            bench.score(found.best, seed)
        for hypothesis in (found.placebo, *open_ones):
            if hypothesis is found.placebo and i >= sequential.AT_LEAST:
                continue
            if not bench.has_time():
                break
            bench.told(f"seed {i + 1}: {' and '.join(x.says for x in hypothesis.change)}")
            arm = bench.score(hypothesis.change, seed)
            if arm is not None:
                hypothesis.add(base, arm)


def _conclude(found: Findings) -> None:
    """The set-up's state, from all its trials."""
    bench = found.bench
    confirmed = [s for (c, seed), s in bench.scores.items() if not c and seed >= CONFIRM] or [
        s for (c, _), s in bench.scores.items() if not c
    ]
    if not confirmed:
        return
    base = float(np.median([s.skill for s in confirmed]))
    best = max(found.reach, base)
    if found.state is State.SLOW:
        return
    if best < NOTHING:
        found.state = State.NOTHING
        if learnable(bench.data, bench.yardstick):
            short = bench.steps < bench.wanted // 2
            found.state = State.UNKNOWN if short else State.STUCK
            if short:
                found.notes.append(
                    f"nothing tried learns in {bench.steps:,} steps: too few to tell"
                )
    elif np.mean([s.finite for s in confirmed]) < 0.5:
        found.state = State.DIVERGED
    elif base >= LEARNS * best:
        better = any(h.verdict is Verdict.PROVEN for h in found.tested)
        found.state = State.SLOW if better and trusted(found) else State.LEARNING
    elif base >= CRAWLS * best:
        found.state = State.SLOW
    else:
        found.state = State.STUCK


def trusted(found: Findings) -> bool:
    """Whether the placebo came out null."""
    placebo = found.placebo
    return placebo is None or placebo.verdict not in (Verdict.PROVEN, Verdict.HARMFUL)
