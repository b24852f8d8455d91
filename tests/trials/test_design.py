"""Trials are identified by their content; packs hold one structure."""

import pickle
from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.digits_study import TINY
from unstuck.data import Outliers
from unstuck.engine.network import Dense, mlp
from unstuck.engine.optimizers import keras
from unstuck.errors import UsageError
from unstuck.scalers import scaler
from unstuck.trials import design
from unstuck.trials.design import Arm, Study, Trial, cost, packs, summary

TRIAL = Trial(replace(TINY, outliers=Outliers()), 3, "f" * 64)
OTHER_WORD = {"none": "divide", "divide": "spread", "all": "feature"}  # where words are checked


def neighbours(value):
    """Records that differ from `value` in one leaf, with the path to that leaf."""
    if is_dataclass(value):
        for field in fields(value):
            for path, other in neighbours(getattr(value, field.name)):
                yield f".{field.name}{path}", replace(value, **{field.name: other})
    elif isinstance(value, tuple):
        yield "[+1]", (*value, Dense(1))
        for i, item in enumerate(value):
            for path, other in neighbours(item):
                yield f"[{i}]{path}", (*value[:i], other, *value[i + 1 :])
    elif isinstance(value, bool):
        yield "", not value
    elif isinstance(value, int):
        yield "", value + 1
    elif isinstance(value, float):
        yield "", value / 2 if value else -0.5
    elif isinstance(value, str):
        yield "", OTHER_WORD.get(value, value + "x")
    elif value is None:
        yield "", 1


def study(arms, seeds):
    return Study(tuple(arms), seeds, "f")


NEIGHBOURS = dict(neighbours(TRIAL))


def test_neighbours_reach_every_part():
    for part in (".seed", ".data", ".setup.first_kernel.epsilon", ".setup.outliers.seed"):
        assert part in NEIGHBOURS
    assert ".setup.network.layers[1].units" in NEIGHBOURS
    assert len(NEIGHBOURS) > 40


def test_every_field_is_in_the_key():
    keys = {path: other.key for path, other in NEIGHBOURS.items()}
    assert len({TRIAL.key, *keys.values()}) == len(keys) + 1


@given(
    units=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    rate=st.floats(1e-6, 10.0) | st.integers(1, 10),
    seed=st.integers(0, 2**32 - 1),
)
def test_equal_trials_have_equal_keys(units, rate, seed):
    def made():
        setup = replace(TINY, network=mlp(units, 10), optimizer=keras("adam", learning_rate=rate))
        return Trial(setup, seed, "f")

    as_float = replace(made().setup, optimizer=keras("adam", learning_rate=float(rate)))
    same = [made(), pickle.loads(pickle.dumps(made())), Trial(as_float, seed, "f")]
    assert len(set(same)) == len({trial.key for trial in same}) == 1


def test_a_new_engine_makes_new_keys(monkeypatch):
    old = replace(TRIAL).key
    monkeypatch.setattr(design, "ENGINE_VERSION", design.ENGINE_VERSION + 1)
    assert replace(TRIAL).key != old


def test_large_seeds_stay_apart():
    assert Trial(TINY, 2**32 - 1, "f").key != Trial(TINY, 2**32 - 2, "f").key


def test_arms_that_share_a_setup_share_trials():
    other = replace(TINY, epochs=3)
    made = study([Arm("a", TINY), Arm("b", other), Arm("placebo", TINY)], range(2))
    assert list(made) == [Trial(s, seed, "f") for s in (other, TINY) for seed in (0, 1)]
    assert len(made) == 4
    assert Trial(TINY, 1, "f") in made
    assert Trial(TINY, 2, "f") not in made


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_the_engine_cannot_take(seed):
    with pytest.raises(UsageError, match=str(seed)):
        study([Arm("a", TINY)], [seed])


def test_packs_hold_one_structure_and_every_trial_once():
    arms = [
        Arm("raw", replace(TINY, scaler=scaler("none"))),
        Arm("/255", TINY),
        Arm("wide", replace(TINY, network=mlp([64, 64], 10))),
        Arm("long", replace(TINY, epochs=50)),
    ]
    all_trials = [*study(arms, range(5)), *Study(tuple(arms), range(3), "other data")]
    made = list(packs(all_trials, 4))
    assert sorted(t.key for p in made for t in p.trials) == sorted(t.key for t in all_trials)
    for pack in made:
        assert 1 <= len(pack.trials) <= 4
        assert len({(t.setup.structure(), t.data) for t in pack.trials}) == 1
    costs = [pack.cost for pack in made]
    assert costs == sorted(costs, reverse=True)


@given(st.integers(1, 40), st.integers(1, 9))
def test_packs_are_as_few_and_even_as_can_be(count, width):
    sizes = [len(p.trials) for p in packs(study([Arm("a", TINY)], range(count)), width)]
    assert len(sizes) == -(-count // width)
    assert max(sizes) <= width
    assert max(sizes) - min(sizes) <= 1


def test_width_may_depend_on_the_setup():
    arms = [Arm("tiny", TINY), Arm("wide", replace(TINY, network=mlp([512], 10)))]
    made = packs(study(arms, range(8)), lambda s: 8 if cost(s) < 20_000 else 2)
    assert [len(p.trials) for p in made] == [2, 2, 2, 2, 8]
    with pytest.raises(UsageError, match="0 trials"):
        list(packs(study(arms, range(8)), 0))


def test_of_a_study_of_any_size_one_block_is_held():
    """A billion trials: they are made as they are asked for."""
    made = packs(study([Arm("a", TINY), Arm("b", replace(TINY, epochs=3))], range(2**29)), 4)
    assert [len(pack.trials) for _, pack in zip(range(3000), made, strict=False)] == [4] * 3000


def test_cost_counts_connections_and_epochs():
    assert cost(replace(TINY, network=mlp([128], 10), epochs=5)) == 5 * (784 * 128 + 128 * 10)


def test_a_setup_in_short():
    assert summary(TINY).startswith("8-10 on / 255")
