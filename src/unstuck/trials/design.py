"""What a study runs: arms × seeds give trials, trials are identified by their content.

Trials that differ in numbers alone are stacked in packs, each trained as one program.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from unstuck.errors import UsageError

if TYPE_CHECKING:
    from unstuck.engine.setup import Setup

ENGINE_VERSION = 1  # raise it when the engine's numbers change: older trials are run anew

BLOCK = 4096  # trials that are sorted into packs at a time: what a study of any size holds

INPUTS = 784  # features that a cost assumes: only the ratio of costs matters


@dataclass(frozen=True)
class Trial:
    """One run: a set-up, a seed (0 … 2³²−1), and the fingerprint of the data set it sees."""

    setup: "Setup"
    seed: int
    data: str

    @cached_property
    def key(self) -> str:
        """SHA-256, in hex, of all that decides the result: the trial's identity in a store."""
        content = {
            "engine": ENGINE_VERSION,
            "setup": specification(self.setup),
            "seed": self.seed,
            "data": self.data,
        }
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Arm:
    """A set-up under the name that a report calls it by."""

    name: str
    setup: "Setup"


@dataclass(frozen=True)
class Pack:
    """Trials of one structure on one data set: trained side by side by one program."""

    trials: tuple[Trial, ...]

    @property
    def cost(self) -> float:
        """Work in it, in the unit of `cost`."""
        return sum(cost(trial.setup) for trial in self.trials)


@lru_cache(maxsize=256)  # asked for with each seed
def specification(setup: "Setup") -> object:
    """The set-up as plain JSON values. Equal set-ups give equal values: 1 and 1.0 are one."""
    from unstuck.engine.setup import canonical

    return json.loads(json.dumps(canonical(setup)), parse_int=float)


def summary(setup: "Setup") -> str:
    """The set-up in a few words, for a message: units, scaler, loss, optimizer, epochs."""
    units = "-".join(str(n) for n in _units(setup))
    optimizer = f"{setup.optimizer.name}({setup.optimizer.learning_rate:g})"
    return f"{units} on {setup.scaler.label}, {setup.loss}, {optimizer}, {setup.epochs} epochs"


def cost(setup: "Setup") -> float:
    """Estimate of a run's work: epochs × connections, the first layer's from 784 inputs.

    Good for an order and for the time left, not for seconds: examples are alike for all trials
    of a study, and what an optimizer or an activation adds is small beside the products.
    """
    return float(setup.epochs * sum(a * b for a, b in pairwise((INPUTS, *_units(setup)))))


def _units(setup: "Setup") -> list[int]:
    """Units of the layers that have them."""
    return [units for layer in setup.network.layers if (units := getattr(layer, "units", 0))]


@dataclass(frozen=True)
class Study(Collection[Trial]):
    """Every arm with every seed, each trial once: arms that share a set-up share its trials.

    Trials are made as they are asked for, the costliest first, and not held.

    Args:
        arms: the arms.
        seeds: ascending; the same for every arm, so that runs are paired by seed.
        fingerprint: `Dataset.fingerprint` of the data set they run on.

    Raises:
        UsageError: a seed is not one that the engine can be given.
    """

    arms: tuple[Arm, ...]
    seeds: Sequence[int]
    fingerprint: str

    def __post_init__(self) -> None:
        for seed in (*self.seeds[:1], *self.seeds[-1:]):
            if not 0 <= seed < 2**32:
                raise UsageError(f"seed {seed}", "0 to 4294967295")

    @cached_property
    def setups(self) -> list["Setup"]:
        """What is trained, each once."""
        return sorted(dict.fromkeys(arm.setup for arm in self.arms), key=cost, reverse=True)

    def __len__(self) -> int:
        return len(self.setups) * len(self.seeds)

    def __iter__(self) -> Iterator[Trial]:
        for setup in self.setups:
            for seed in self.seeds:
                yield Trial(setup, seed, self.fingerprint)

    def __contains__(self, trial: object) -> bool:
        return (
            isinstance(trial, Trial)
            and trial.data == self.fingerprint
            and trial.seed in self.seeds
            and trial.setup in self.setups
        )


def packs(trials: Iterable[Trial], width: "Callable[[Setup], int] | int") -> Iterator[Pack]:
    """The trials in packs of one structure and at most `width` trials, the costliest first.

    The order is Graham's longest-processing-time rule (1969): workers that take the next pack
    when they are free end within 4/3 of the shortest possible time. It holds within blocks of
    4,096 trials, of which one is held at a time.

    Args:
        trials: what is to be run.
        width: trials a pack, at least 1; or a function of the structure: tiny networks gain
            from wide packs, networks that fill the cache do not.

    Raises:
        UsageError: a width below 1.
    """
    trials = iter(trials)
    while block := list(islice(trials, BLOCK)):
        groups: defaultdict[object, list[Trial]] = defaultdict(list)
        for trial in block:
            groups[trial.setup.structure(), trial.data].append(trial)
        made = []
        for alike in groups.values():
            size = width(alike[0].setup) if callable(width) else width
            if size < 1:
                raise UsageError(f"packs of {size} trials", "at least 1")
            made += [Pack(chunk) for chunk in _even(alike, size)]
        yield from sorted(made, key=lambda pack: pack.cost, reverse=True)


def _even(items: Sequence[Trial], size: int) -> list[tuple[Trial, ...]]:
    """As few chunks as `size` allows, as even as can be: each length is one compilation."""
    count = -(-len(items) // size)
    cuts = [i * len(items) // count for i in range(count + 1)]
    return [tuple(items[a:b]) for a, b in pairwise(cuts)]
