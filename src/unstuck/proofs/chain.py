"""Which links of the chain a change moves, measured on copies trained with and without it."""

from typing import TYPE_CHECKING

import numpy as np

from unstuck.changes.change import Combination
from unstuck.diagnosis import CHAIN, chain_values
from unstuck.errors import UnstuckError
from unstuck.frameworks.recognize import recognize
from unstuck.probes.look import Curvature, Look
from unstuck.records.report import Link
from unstuck.setups.subject import Given

if TYPE_CHECKING:
    from unstuck.proofs.bench import Bench

SEED = 5_000  # of the two copies
ROWS = 1_024
# What describes where a network stands; the others describe a next step.
PROBES = (
    "input_size",
    "pre_activation_spread",
    "saturated_units",
    "dead_units",
    "logit_spread",
    "saturated_softmax",
    "output_excess",
    "frozen_examples",
)


def trained(
    bench: "Bench", change: Combination, base: dict[str, float], steps: int
) -> tuple[Link, ...]:
    """The links as they end with the change, beside those without it.

    Args:
        base: as `measured` gives them for the set-up as it is.
    """
    cut = measured(bench, change, steps)
    return tuple(
        Link(f"{says}, trained", probe, base[probe], cut[probe])
        for says, probe, _ in CHAIN
        if probe in base and probe in cut
    )


def measured(bench: "Bench", change: Combination, steps: int) -> dict[str, float]:
    """The links of one copy after training, by probe; none where it cannot be looked at."""
    try:
        data = bench.folds.changed(change)[0]
        run = bench.run(data, change, SEED, steps)
        x = tuple(a[:ROWS] for a in data.x)
        given = Given(x if len(x) > 1 else x[0], data.y[:ROWS], **run.arguments)
        subject = recognize(run.model, given)
        sample = subject.sample
        with np.errstate(all="ignore"):
            seen = Look(subject.about, sample, subject.observe(sample.x, sample.y), Curvature(None))
            return chain_values(seen, frozenset(PROBES))
    except UnstuckError:
        return {}
