"""Tried aside, once the suspects are decided: their changes in other company, and other changes.

Nothing of this proves or refutes a cause. An interaction says where a cause bites: "Adam hides it,
SGD does not". An alternative says what else would help, so that people see more than one way.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from unstuck.changes.activation import LEAKY, RELU, TANH
from unstuck.changes.change import Intervention
from unstuck.changes.gradient_clipping import CLIPPED
from unstuck.changes.input_scaling import LOG, ROBUST
from unstuck.changes.normalization import NORMALIZED
from unstuck.changes.optimizer import ADAM, SGD
from unstuck.judging.sequential import AT_LEAST
from unstuck.judging.statistics import mean_effect
from unstuck.proofs.bench import CONFIRM
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.records.verdict import State, Verdict

if TYPE_CHECKING:
    from unstuck.proofs.prove import Findings
    from unstuck.setups.subject import Observation, Subject

ALTERNATIVES = (NORMALIZED, ROBUST, LOG, LEAKY, CLIPPED, ADAM)
SHARE = 1.0  # of the time that deciding took
ADAPTIVE = ("adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad")


@dataclass(frozen=True)
class Interaction:
    """What taking a cause away gains as the set-up is, and with one more thing changed.

    Args:
        cause: name.
        context: what more is changed, in words.
        here, there: mean gain in the metric's units, without and with it; above 0 is better.
        difference, low, high: there less here, on equal seeds, with its 95 % interval (Student's).
        n: seeds.
        metric: "accuracy" or "rmse".
    """

    cause: str
    context: str
    here: float
    there: float
    difference: float
    low: float
    high: float
    n: int
    metric: str

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def aside(found: "Findings", subject: "Subject", seen: "Observation", began: float) -> None:
    """Adds to the findings, on the seeds that decided, for as long as deciding took at most.

    Args:
        seen: the set-up as it is, for its hidden activations.
        began: clock reading (seconds) at the start of the proof.
    """
    bench = found.bench
    own_end, refused = bench.ends, dict(bench.refused)
    bench.ends = min(own_end, time.perf_counter() + SHARE * (time.perf_counter() - began))
    for hypothesis, context in product(_subject(found), _contexts(subject, seen)):
        change = hypothesis.change
        if any(set(i.settings.changed()) & context.settings.changed() for i in change):
            continue
        there = Hypothesis(hypothesis.causes, change, found.margin)
        for seed in range(CONFIRM, CONFIRM + AT_LEAST):
            if not bench.has_time(2):
                break
            bench.told(f"{change[0].says}, with {context.says}")
            base, arm = bench.score((context,), seed), bench.score((*change, context), seed)
            if base is None or arm is None:
                break
            there.add(base, arm)
        if len(there.pairs) == AT_LEAST:
            found.interactions.append(_interaction(found, hypothesis, there, context))
    if found.state in (State.STUCK, State.SLOW, State.DIVERGED):
        tested = {h.change for h in found.tested}
        for other in ALTERNATIVES:
            if (other,) in tested or not bench.has_time(AT_LEAST):
                continue
            alternative = Hypothesis((), (other,), found.margin)
            for seed in range(CONFIRM, CONFIRM + AT_LEAST):
                bench.told(other.says)
                base, arm = bench.score((), seed), bench.score((other,), seed)
                if base is None or arm is None:
                    break
                alternative.add(base, arm)
            if len(alternative.pairs) == AT_LEAST:
                found.alternatives.append(alternative)
    bench.ends, bench.refused = own_end, refused


def _subject(found: "Findings") -> list[Hypothesis]:
    """The best that is proven alone; of a set-up that learns, the best of what was suspected."""
    wanted = Verdict.REFUTED if found.state is State.LEARNING else Verdict.PROVEN
    alone = [h for h in found.tested if len(h.change) == 1 and h.verdict is wanted]
    return sorted(alone, key=lambda h: -h.skill)[:1]


def _contexts(subject: "Subject", seen: "Observation") -> Iterator[Intervention]:
    """Another kind of optimizer, another kind of activation."""
    rule = subject.about.rule
    yield SGD if rule is not None and rule.name in ADAPTIVE else ADAM
    hidden = {layer.activation for layer in seen.layers[:-1]}
    if hidden & {"sigmoid", "tanh"}:
        yield RELU
    elif hidden & {"relu", "leaky_relu", "elu", "gelu", "silu"}:
        yield TANH


def _interaction(
    found: "Findings", here: Hypothesis, there: Hypothesis, context: Intervention
) -> Interaction:
    yardstick = found.bench.yardstick
    first, second = here.gains(yardstick)[:AT_LEAST], there.gains(yardstick)[:AT_LEAST]
    effect = mean_effect(first, second, 0.95, worst=0.0)
    return Interaction(
        here.causes[0],
        context.says,
        float(np.mean(first)),
        float(np.mean(second)),
        effect.difference,
        effect.low,
        effect.high,
        effect.n,
        yardstick.metric,
    )
