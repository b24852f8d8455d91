"""Proofs on the causes' own examples and special set-ups: proven only what is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

import unstuck
from unstuck.causes import load
from unstuck.causes.examples import classifier, digits, regression, standardized
from unstuck.errors import UsageError
from unstuck.records.verdict import State
from wall_clock import SECOND_TRY

pytestmark = SECOND_TRY
# Examples of causes that bite on these data; the others' examples (one NaN row in a network that
# forgives nothing is among the former, sorted digits among the latter) are told below.
BITES = (
    "label-coding", "feature-scales", "input-offset", "input-spread", "input-too-small",
    "target-scale", "initialization", "dead-units", "learning-rate-high", "optimizer-epsilon",
    "learning-rate-low", "non-finite-data",
)  # fmt: skip
FORGIVEN = ("loss-mismatch", "not-shuffled", "split-mismatch", "saturation", "input-outliers")


def proof(example, budget=25.0):
    return unstuck.diagnose(example.model, **example.arguments).prove(budget, also=False)


@pytest.mark.parametrize("name", BITES)
def test_a_cause_that_bites_is_proven_and_fixed(name: str) -> None:
    made = proof(load(name).shows())
    assert name in [s.name for s in made.proven], str(made)
    assert made.state in (State.STUCK, State.DIVERGED)
    assert made.trusted
    (found,) = (s for s in made.proven if s.name == name)
    assert found.trial.n >= 5
    assert found.trial.low > 0
    fix = made.fix()
    assert fix.verified, str(fix)
    assert fix.before.n >= 5


@pytest.mark.parametrize("name", FORGIVEN)
def test_a_suspect_that_training_forgives_is_not_proven(name: str) -> None:
    """They are in the examples for what they look like; digits are learnt all the same."""
    made = proof(load(name).shows())
    assert made.proven == ()
    assert made.outcome == "nothing wrong"


@pytest.mark.parametrize("name", ["input-spread", "learning-rate-high", "saturation"])
def test_a_healthy_look_alike_has_nothing_wrong(name: str) -> None:
    made = proof(load(name).look_alike())
    assert made.outcome == "nothing wrong"
    assert made.report.state == "learning"
    with pytest.raises(UsageError, match="nothing to fix"):
        made.fix()


def test_both_cuts_of_one_chain_are_proven() -> None:
    made = proof(load("input-spread").shows())
    assert {s.name for s in made.proven} == {"input-spread", "loss-clipping"}
    spread = next(s for s in made.proven if s.name == "input-spread")
    frozen = next(k for k in spread.trial.chain if k.probe == "frozen_examples")
    assert frozen.value > 0.2 > 0.01 > frozen.cut


def test_noise_is_nothing_to_learn() -> None:
    y = np.random.default_rng(0).permutation(digits()[1])
    made = unstuck.diagnose(MLPClassifier((32,)), standardized(), y).prove(15)
    assert made.state is State.NOTHING
    assert made.proven == ()
    assert "nothing to learn here" in str(made)


def test_targets_that_span_1e8_are_told_in_their_units() -> None:
    x, y = regression()
    network = MLPRegressor(hidden_layer_sizes=(32,))
    made = unstuck.diagnose(network, x, 1e8 * y[:, 0]).prove(15, also=False)
    assert [s.name for s in made.proven] == ["target-scale"]
    assert made.metric == "rmse"
    assert made.trivial == pytest.approx(1e8 * y.std(), rel=0.1)
    fix = made.fix()
    namespace = {"model": network, "x": x, "y": 1e8 * y[:, 0]}
    exec(fix.code, namespace)
    fitted = namespace["model"].fit(x, namespace["y"])
    assert fitted.score(x, 1e8 * y[:, 0]) > 0.8


def test_features_on_scales_1_to_1e9() -> None:
    x, y = regression()
    wide = x * 10.0 ** np.linspace(0, 9, x.shape[1])
    made = unstuck.diagnose(MLPRegressor(hidden_layer_sizes=(32,)), wide, y[:, 0]).prove(
        15, also=False
    )
    assert "feature-scales" in [s.name for s in made.proven]
    assert made.fix().verified


def test_the_record_is_the_diagnosis_with_effects_filled_in() -> None:
    example = classifier("rate", optimizer=load("learning-rate-low").shows().model.optimizer)
    report = unstuck.diagnose(example.model, **example.arguments)
    made = report.prove(20)
    before, after = report.to_json(), made.to_json()
    json.dumps(after, allow_nan=False)
    assert set(before) <= set(after)
    assert before["causes"][0]["effect"] is None
    (cause,) = after["causes"]
    assert cause["status"] == "proven"
    assert cause["n"] >= 5
    assert cause["low"] <= cause["effect"] <= cause["high"]
    assert cause["metric"] == "accuracy"
    assert after["state"] == "stuck"
    assert after["seconds"]["proof"] <= 1.1 * 20
    assert made._repr_html_().startswith("<pre")


def test_a_budget_is_kept_and_what_it_left_open_is_said() -> None:
    """Far too little time: nothing is proven, and no more is used than was given plus a tenth,
    beyond what one program takes to compile."""
    made = proof(load("input-spread").shows(), budget=2.0)
    assert made.seconds < 1.1 * 2 + 3
    assert made.outcome != "nothing wrong"
    if not made.proven:
        assert made.more > 0


def test_an_optimizer_that_hides_a_cause_is_told() -> None:
    """Adam learns raw pixels, if less well; SGD does not."""
    x, y = digits()
    made = unstuck.diagnose(MLPClassifier((32,)), x, y).prove(40)
    (found,) = (i for i in made.interactions if "SGD" in i.context)
    assert found.cause == "input-spread"
    assert found.low > 0.5
    assert found.there > found.here
    assert "with SGD" in str(made)
    assert made.to_json()["interactions"][0]["n"] == found.n
    assert {t.n for t in made.alternatives} <= {5}
    assert not {t.change for t in made.alternatives} & {s.trial.change for s in made.proven}


def test_what_cannot_be_proven_is_said() -> None:
    report = unstuck.diagnose(classifier("").model, standardized(), digits()[1])
    with pytest.raises(UsageError, match="budget"):
        report.prove(-1)
    elsewhere = replace(report, again=None)
    with pytest.raises(UsageError, match="no model and data"):
        elsewhere.prove()


def test_nothing_of_the_users_is_touched() -> None:
    import pickle

    model = MLPClassifier((8,), random_state=0, learning_rate_init=1e-7)
    x, y = standardized().copy(), digits()[1].copy()
    before = pickle.dumps(model), np.random.get_state()[1].copy()
    made = unstuck.diagnose(model, x, y).prove(10)
    made.fix()
    assert pickle.dumps(model) == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    np.testing.assert_array_equal(x, standardized())
