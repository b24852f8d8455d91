"""Made-up set-ups: tables of skills instead of trainings, to test plans in milliseconds."""

from dataclasses import dataclass, field, replace

import numpy as np

from unstuck.changes.activation import RELU
from unstuck.changes.change import Change, Part, fits_together, in_order, value
from unstuck.changes.initialization import GLOROT
from unstuck.changes.input_scaling import PER_FEATURE, SPREAD
from unstuck.changes.learning_rate import HIGHER
from unstuck.changes.loss import LOGITS
from unstuck.changes.optimizer import ADAM
from unstuck.changes.target_scaling import TARGETS
from unstuck.proofs.asks import Answer, Ask, Problem, Score, Suspected
from unstuck.proofs.plan import Findings, plan

TWIN = in_order((PER_FEATURE, TARGETS, RELU, GLOROT, LOGITS, ADAM))
SUSPECTS = (
    Suspected("input-spread", ((SPREAD,),)),
    Suspected("learning-rate-low", tuple((c,) for c in HIGHER)),
)


@dataclass
class World:
    """What each combination of changes reaches.

    Args:
        cures: every group must be hit for the set-up to learn; any change of a group does.
        ceiling: skill of a set-up that learns; failed: of one that does not.
        noise: standard deviation over seeds.
        harmful: changes after which nothing is learnt.
        gains: what single changes add on top of a set-up that learns.
        needed: steps it takes to learn.
        refused, diverging: changes that cannot be tried, or end in NaN.
        partial: what each group that is cured adds while not all are.
    """

    cures: tuple[frozenset[Change], ...] = ()
    ceiling: float = 0.9
    failed: float = 0.0
    noise: float = 0.0
    harmful: frozenset[Change] = frozenset()
    gains: dict[Change, float] = field(default_factory=dict)
    needed: int = 0
    refused: frozenset[Change] = frozenset()
    diverging: frozenset[Change] = frozenset()
    partial: float = 0.0
    asked: list[Ask] = field(default_factory=list)

    def score(self, ask: Ask) -> Score | None:
        changes = set(ask.changes)
        self.asked.append(ask)
        draw = np.random.default_rng([ask.seed, *map(ord, "".join(c.name for c in ask.changes))])
        if changes & self.diverging:
            return Score({"accuracy": -1.0}, {"accuracy": -1.0}, {"accuracy": -1.0}, False)
        steps = ask.steps * float(value(ask.changes, Part.STEPS, 1))
        hit = [bool(changes & group) for group in self.cures]
        skill = self.failed + self.partial * sum(hit)
        if all(hit) and steps >= self.needed and not changes & self.harmful:
            skill = self.ceiling + sum(self.gains.get(c, 0.0) for c in changes)
        skill += self.noise * draw.normal()
        return Score({"accuracy": skill}, {"accuracy": skill}, {"accuracy": skill})

    def problem(self, **changed) -> Problem:
        made = Problem(
            SUSPECTS,
            (),
            TWIN,
            (),
            lambda c: fits_together(c) and not set(c) & self.refused,
            steps=100,
            left=100 * 400,
            measures=("accuracy",),
            noise={"accuracy": 0.05},
        )
        return replace(made, **changed)


def solved(world: World, **changed) -> Findings:
    """Runs a plan against a world to its end."""
    problem = world.problem(**changed)
    asking, left = plan(problem), problem.left
    try:
        asks = next(asking)
        while True:
            scores = tuple(world.score(a) for a in asks)
            left -= sum(int(a.steps * float(value(a.changes, Part.STEPS, 1))) for a in asks)
            asks = asking.send(Answer(scores, left))
    except StopIteration as end:
        return end.value
