"""The plan of a comparison against tables of what scripts do, in milliseconds."""

import numpy as np
import pytest

from unstuck.comparing.bench import Outcome
from unstuck.comparing.plan import SEEDS, Failed, compared
from unstuck.records.comparison import Role


class World:
    """What scripts with some parts do.

    Args:
        skill: (parts) ↦ skill; None where such a script does not run.
        noise: standard deviation over seeds.
        runs: that there is time for.
    """

    def __init__(self, skill, noise=0.02, runs=10**6):
        self.skill, self.noise, self.runs, self.made = skill, noise, runs, []

    def run(self, wanted, says):
        return [self.one(*request) for request in wanted]

    def one(self, chosen, seed):
        if self.runs <= len(self.made):
            return None
        self.made.append((chosen, seed))
        skill = self.skill(chosen)
        if skill is None:
            return Outcome(float("nan"), "NameError: x")
        draw = np.random.default_rng([seed, *sorted(chosen)])
        return Outcome(float(np.clip(skill + self.noise * draw.standard_normal(), -1, 1)))


def needs(*parts, learnt=0.9, nothing=0.0):
    return lambda chosen: learnt if set(parts) <= set(chosen) else nothing


@pytest.mark.parametrize(
    ("skill", "parts", "kept"),
    [
        (needs(1), 4, (1,)),
        (needs(0, 3), 4, (0, 3)),
        (needs(0, 1, 2), 3, (0, 1, 2)),
        (lambda c: 0.9 if 2 in c or {0, 1} <= set(c) else 0.0, 3, (2,)),
        (lambda c: 0.3 * len(set(c) & {0, 1, 2}), 4, (0, 1, 2)),
        (lambda c: (0.9 if 1 in c else -1.0) if c else 0.0, 2, (1,)),
    ],
    ids=["one", "two together", "all", "two ways", "each a share", "one that breaks alone"],
)
@pytest.mark.parametrize("swapped", [False, True], ids=["", "the first is better"])
def test_the_smallest_set_is_found_and_seen_on_all_seeds(skill, parts, kept, swapped):
    every = frozenset(range(parts))
    world = World((lambda c: skill(every - c)) if swapped else skill)
    found = compared(parts, world.run)
    assert (found.kept, found.confirmed, found.swapped) == (kept, True, swapped)
    assert found.together.n == SEEDS
    assert found.together.low > 0
    assert {p: found.role(p) for p in range(parts)} == {
        p: Role.MADE_IT if p in kept else Role.NO_MATTER for p in range(parts)
    }
    if len(kept) > 1:
        assert all(found.without[p].effect < -0.2 for p in kept)
    assert len(set(world.made)) == len(world.made)  # nothing is run twice


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_scripts_that_do_the_same(noise):
    found = compared(3, World(lambda chosen: 0.8, noise).run)
    assert found.kept is None
    assert [found.role(p) for p in range(3)] == [Role.NO_MATTER] * 3


def test_chance_is_no_difference():
    """One in twenty by the first interval, of which one in forty is borne out by fresh seeds."""
    wrong = 0
    for trial in range(400):
        world = World(lambda chosen: 0.5, 0.3)
        world.one = lambda c, s, w=world, t=trial: World.one(w, frozenset({*c, 100 + t}), s)
        wrong += compared(2, world.run).confirmed
    assert wrong <= 4  # expected: half of one


def test_what_does_not_run_is_never_left_in_place():
    found = compared(3, World(lambda c: None if set(c) == {0} else needs(0, 1)(c)).run)
    assert found.kept == (0, 1)
    assert 0 not in found.alone


@pytest.mark.parametrize(("which", "says"), [(frozenset(), "first"), (frozenset({0}), "second")])
def test_a_script_that_fails_is_named(which, says):
    with pytest.raises(Failed, match=f"the {says} script: NameError"):
        compared(1, World(lambda c: None if c == which else 0.5).run)


def test_too_little_time_decides_nothing():
    found = compared(4, World(needs(1), runs=2 * SEEDS + 9).run)
    assert not found.confirmed
    assert found.role(1) is Role.UNDECIDED
    with pytest.raises(Failed, match="no time"):
        compared(4, World(needs(1), runs=1).run)
