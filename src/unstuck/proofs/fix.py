"""A fix: what was proven to make a set-up learn, made permanent and seen to work."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from unstuck.changes.change import AS_IT_IS, Combination, changed, merged, said
from unstuck.changes.data import Data
from unstuck.cures.built import Built
from unstuck.cures.lines import lines, with_numpy
from unstuck.errors import UnstuckError, UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.judging.statistics import Effect, Interval, summarize
from unstuck.proofs.bench import Bench, Score
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.prove import LEARNS, PAIRS
from unstuck.records.report import finite
from unstuck.records.verdict import Verdict
from unstuck.setups.split import split
from unstuck.setups.subject import Given
from unstuck.setups.untouched import untouched

if TYPE_CHECKING:
    from unstuck.proofs.proof import Proof
    from unstuck.setups.subject import Subject

FIRST = 9_000  # seed: these are never used in choosing
LEAST = 6  # pairs, which give a median an interval of 95 %


@dataclass(frozen=True, eq=False)
class Fix:
    """A cure, and what it was seen to do on seeds never used in choosing it.

    Args:
        causes: that it takes away.
        change: in words.
        why: in two sentences.
        code: a short snippet that runs as printed where your own `model`, `x` and `y` (and, for
            torch, `loss` and `optimizer`) exist.
        model: a new object with the cure in it, ready to train; yours is untouched.
        before, after: median of the held-out metric over seeds with its 95 % interval.
        effect: mean gain with its 95 % interval.
        metric: "accuracy", or "rmse" in the targets' own units.
        verified: whether the gain counts, by the test that proves causes, in at least five fresh
            pairs: where one pair goes the other way, more are tried.
        arguments: what goes with the model where it does not hold it: loss, optimizer.
    """

    causes: tuple[str, ...]
    change: str
    why: str
    code: str
    model: Any
    before: Interval
    after: Interval
    effect: Effect | None
    metric: str
    verified: bool
    arguments: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `diff` is for scripts."""

        def told(i: Interval) -> dict[str, Any]:
            numbers = finite({"value": i.median, "low": i.low, "high": i.high})
            return {"n": i.n, "metric": self.metric, **numbers}

        return {
            "causes": list(self.causes),
            "code": self.code,
            "diff": None,
            "why": self.why,
            "before": told(self.before),
            "after": told(self.after),
            "verified": self.verified,
        }

    def __str__(self) -> str:
        from unstuck.report.proof import fix_text

        return fix_text(self)

    def __rich__(self) -> Any:
        from unstuck.report.proof import fix_renderable

        return fix_renderable(self)


def fix(proof: "Proof", budget: float | None = None) -> Fix:
    """The smallest proven change that restores learning, built and verified.

    Args:
        budget: seconds for verification; None for as many as it takes. Fewer than five pairs do
            not verify.

    Raises:
        UsageError: nothing is proven.
    """
    found, subject = proof.findings, proof.subject
    if found is None or subject is None or not proof.proven:
        raise UsageError(f"there is nothing to fix: {proof.outcome}", "a proof with a proven cause")
    proven = {s.name for s in proof.proven}
    choices = [h for h in found.tested if set(h.causes) & proven and h.verdict is Verdict.PROVEN]
    enough = [h for h in choices if h.skill >= LEARNS * found.reach] or choices
    chosen = min(enough, key=lambda h: (len(h.change), -round(h.skill, 2)))
    with untouched():
        made = built(subject, found.bench.data, chosen.change)
        return _verified(proof, subject, chosen, made, budget)


def built(subject: "Subject", data: Data, change: Combination) -> Built:
    """The change as an object and as code of the subject's framework."""
    framework = subject.about.framework
    if framework in ("keras", "torch", "sklearn"):
        made: Built = import_module(f"unstuck.frameworks.{framework}.cure").built(subject, change)
        return made
    recipe = subject.recipe  # type: ignore[attr-defined]
    settings = merged(change)
    model, arguments = recipe.told(settings, recipe.params(settings, 0))
    model = model[0] if framework == "engine" and recipe.given is None else model
    code = with_numpy(lines(change)) + [f"# {i.says}" for i in change if i.data is None]
    return Built(model, "\n".join(code) + "\n", arguments, changed(data, change))


def _verified(
    proof: "Proof", subject: "Subject", chosen: Hypothesis, made: Built, budget: float | None
) -> Fix:
    """Trains the set-up as it is and the cure itself, side by side, on fresh seeds."""
    found = proof.findings
    assert found is not None
    bench, ends = found.bench, time.perf_counter() + (budget or float("inf"))
    bench.ends = ends
    test = Hypothesis(chosen.causes, chosen.change, found.margin)
    cured = _trial(bench, made, chosen.change)
    for seed in range(FIRST, FIRST + PAIRS):
        if len(test.pairs) >= LEAST and test.verdict is not Verdict.INCONCLUSIVE:
            break
        if time.perf_counter() + 2 * bench.seconds > ends:
            break
        base, arm = bench.score((), seed), cured(seed)
        if base is not None:
            test.add(base, arm)
    yardstick = bench.yardstick

    def interval(scores: list[Score]) -> Interval:
        values = [yardstick.trivial if np.isnan(s.value) else s.value for s in scores]
        return summarize(values or [float("nan")])

    why = " ".join(s.mechanism for s in proof.proven if s.name in chosen.causes)
    return Fix(
        chosen.causes,
        said(chosen.change),
        why,
        made.code,
        made.model,
        interval([b for b, _ in test.pairs]),
        interval([a for _, a in test.pairs]),
        test.effect(yardstick),
        yardstick.metric,
        test.verdict is Verdict.PROVEN,
        made.arguments,
    )


def _trial(bench: Bench, made: Built, change: Combination) -> Callable[[int], Score]:
    """Trials of the cure itself, recognized and trained as any set-up of its framework is.

    Returns:
        seed ↦ score.
    """
    data = made.data or bench.data
    x = data.x if len(data.x) > 1 else data.x[0]
    held = data.x_held if len(data.x_held) > 1 else data.x_held[0]
    arguments = {k: v for k, v in made.arguments.items() if k in _GIVEN}
    given = Given(x, data.y, (held, data.y_held), examples=len(data.y), **arguments)

    def as_proven(seed: int) -> Score:
        score = bench.score(change, seed)
        return score or Score(float("nan"), 0.0, False)

    try:
        subject = recognize(made.model, given)
        trainer = subject.trainer()
    except UnstuckError:  # what cannot be recognized is tried as the proof tried it
        return as_proven
    if subject.about.framework == "sklearn":  # what its pipeline makes of the data
        data = replace(split(subject.sample), targets=bench.data_of(change).targets)

    def score(seed: int) -> Score:
        try:
            return bench.judged(trainer.train(data, AS_IT_IS, seed, bench.steps), data)
        except UnstuckError:
            return as_proven(seed)

    return score


_GIVEN = ("loss", "optimizer", "batch_size", "shuffle", "step")
