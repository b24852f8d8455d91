"""What is to be beaten: random search over the changes that a proof may try, and good defaults in
place of everything."""

from typing import Any

import numpy as np

from board.judge import steps
from board.spec import Spec

PARTS = 5  # changed at once by random search, at most


def found_at_random(spec: Spec, proven: Any, seconds: float) -> tuple[Any, int]:
    """The best combination that random search sees in so many seconds, by its own held-out
    examples, and how many it tried."""
    from unstuck.changes.change import fits_together, in_order
    from unstuck.proofs.asks import Ask
    from unstuck.proofs.bench import Bench

    bench = proven.bench
    own = Bench(bench.trainer, bench.folds, bench.clock() + seconds, bench.clock)
    own.step_seconds, own.fixed_seconds = bench.step_seconds, bench.fixed_seconds
    pool: dict[Any, list[Any]] = {}
    for change in _changes():
        if own.possible((change,)):
            pool.setdefault(change.part, []).append(change)
    rng = np.random.default_rng(spec.seed + 4)
    measure = bench.folds.first.held.measures[0].name
    best: tuple[float, Any] = (-np.inf, ())
    tried = 0
    parts = list(pool)
    while parts and own.seconds_left > 0:
        count = int(rng.integers(1, min(PARTS, len(parts)) + 1))
        chosen = [parts[i] for i in rng.choice(len(parts), count, replace=False)]
        changes = in_order(pool[p][rng.integers(len(pool[p]))] for p in chosen)
        if not fits_together(changes) or not own.possible(changes):
            continue
        score = own.score(Ask(changes, int(rng.integers(50_000, 60_000)), steps(spec)))
        if score is None:
            break
        tried += 1
        skill = score.skills[measure]
        if np.isfinite(skill) and skill > best[0]:
            best = (skill, changes)
    return best[1], tried


def _changes() -> list[Any]:
    """Every change that any proof may try."""
    from unstuck.causes import NAMES, load
    from unstuck.changes import (
        activation,
        batch,
        capacity,
        initialization,
        input_scaling,
        learning_rate,
        loss,
        optimizer,
        restraint,
        steps,
        target_scaling,
    )
    from unstuck.changes.change import Change

    found = [c for name in NAMES for c in load(name).changes]
    for module in (activation, batch, capacity, initialization, input_scaling, learning_rate, loss,
                   optimizer, restraint, steps, target_scaling):  # fmt: skip
        for member in vars(module).values():
            members = member if isinstance(member, tuple) else (member,)
            found += [m for m in members if isinstance(m, Change)]
    return list(dict.fromkeys(found))


def defaults(spec: Spec, proven: Any) -> Any:
    """Standardized inputs and targets, the task's own loss, Adam 10⁻³, a usual start."""
    from unstuck.changes.change import fits_together
    from unstuck.changes.initialization import GLOROT
    from unstuck.changes.input_scaling import PER_FEATURE, STANDARD
    from unstuck.changes.loss import CROSSENTROPY, LOGITS, SQUARED
    from unstuck.changes.optimizer import ADAM
    from unstuck.changes.output_activation import LINEAR
    from unstuck.changes.target_scaling import TARGETS

    numbers = spec.sound.loss == "squared"
    wanted = [STANDARD if spec.subject in ("images", "sequences") else PER_FEATURE]
    wanted += [TARGETS, LINEAR, SQUARED] if numbers else [LOGITS, CROSSENTROPY]
    made: tuple[Any, ...] = ()
    for change in (*wanted, GLOROT, ADAM):
        if fits_together((*made, change)) and proven.bench.possible((*made, change)):
            made = (*made, change)
    return made
