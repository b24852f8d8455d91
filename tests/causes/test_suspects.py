"""What is accounted for by an earlier cause is no second suspect; healthy ones have none."""

from dataclasses import replace

import numpy as np
import pytest

from unstuck.causes.examples import (
    CLIPPED,
    LOGITS,
    classifier,
    digits,
    regression,
    regressor,
    standardized,
)
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras, torch
from unstuck.sessions import diagnose


def names(example, **changed) -> list[str]:
    report = diagnose(example.model, **{**example.arguments, **changed})
    return [suspect.name for suspect in report.suspects]


DRAW = np.random.default_rng(0)
X, Y = regression()
COUNTS = DRAW.poisson(0.05, size=(1437, 200)) * DRAW.integers(1, 6, size=(1437, 200))
ONE_HOT = np.eye(16, dtype=np.float32)[DRAW.integers(0, 16, size=1437)]
BINARY = (DRAW.random(size=(1437, 30)) < DRAW.uniform(0.01, 0.9, size=30)).astype(np.float32)

HEALTHY = {
    "standardized": classifier("standardized"),
    "standardized, clipped loss": classifier("", loss=CLIPPED),
    "images 0 to 1": classifier("", digits()[0] / 255),
    "images 0 to 1, clipped loss, SGD": classifier(
        "", digits()[0] / 255, loss=CLIPPED, optimizer=keras("sgd", learning_rate=0.1)
    ),
    "images -1 to 1": classifier("", digits()[0] / 127.5 - 1),
    "images / 1000": classifier("", digits()[0] / 1000),
    "one-hot inputs": classifier("", ONE_HOT),
    "binary features": classifier("", BINARY),
    "sparse counts": classifier("", COUNTS.astype(np.float32)),
    "integer inputs of a few levels": classifier("", DRAW.integers(0, 4, size=(1437, 20))),
    "log-scaled targets": regressor("", y=(12 + Y)),
    "targets of spread 0.1": regressor("", y=Y / 10),
    "heavy-tailed inputs": regressor("", np.sign(X) * np.exp(np.abs(X)).astype(np.float32) / 4),
    "tanh": classifier("", network=mlp([64, 64], 10, "tanh", "linear")),
    "sigmoid": classifier("", network=mlp([64], 10, "sigmoid", "linear")),
    "deep, He": classifier("", network=mlp([64] * 6, 10, output="linear", kernel="he_normal")),
    "PyTorch's initialisation and Adam": classifier(
        "",
        network=mlp([64], 10, output="linear", kernel="torch_linear", bias="torch_linear"),
        optimizer=torch("adam"),
    ),
    "wide": classifier("", network=mlp([512], 10, output="linear")),
    "narrow": classifier("", network=mlp([8], 10, output="linear")),
    "linear model": classifier("", network=mlp([], 10, output="linear")),
    "RMSprop": classifier("", optimizer=keras("rmsprop")),
    "Adagrad": classifier("", optimizer=keras("adagrad", learning_rate=0.05)),
    "momentum": classifier("", optimizer=keras("sgd", momentum=0.9)),
    "unbalanced classes": classifier(
        "",
        standardized()[(digits()[1] == 3) | (np.arange(1437) % 9 == 0)],
        digits()[1][(digits()[1] == 3) | (np.arange(1437) % 9 == 0)],
    ),
    "validation alike": classifier("", validation_data=(standardized()[:300], digits()[1][:300])),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_set_up_has_no_suspects(kind: str) -> None:
    assert names(HEALTHY[kind]) == []


def test_clipping_and_inputs_are_two_cuts_of_one_chain() -> None:
    raw = digits()[0]
    assert names(classifier("", raw, loss=CLIPPED)) == ["input-spread", "loss-clipping"]
    assert names(classifier("", raw, loss=LOGITS)) == ["input-spread"]


def test_one_class_teaches_nothing() -> None:
    assert names(classifier("", y=np.full(1437, 3, np.int32))) == ["label-coding"]


def test_a_rate_too_high_only_for_these_inputs_is_no_suspect() -> None:
    """Raw pixels make every usual rate too high; on standardized ones 30 is too high by itself."""
    fast = keras("sgd", learning_rate=0.1)
    assert names(classifier("", digits()[0], optimizer=fast)) == ["input-spread"]
    assert names(classifier("", optimizer=keras("sgd", learning_rate=30.0))) == [
        "learning-rate-high"
    ]


def test_saturation_that_the_inputs_cause_is_theirs() -> None:
    tanh = mlp([64], 10, "tanh", "linear")
    assert names(classifier("", digits()[0], network=tanh))[0] == "input-spread"
    assert "saturation" not in names(classifier("", digits()[0], network=tanh))


def test_the_scaled_network_looked_at_through_its_own_scaler_is_healthy() -> None:
    """What reaches the network counts: raw data and a scaler in the set-up."""
    from unstuck.scalers import scaler

    example = classifier("", digits()[0])
    scaled = replace(example, model=replace(example.model, scaler=scaler("standard")))
    assert names(scaled) == []


def test_permuting_features_and_classes_changes_no_suspect() -> None:
    """The network is dense and its draw has no order; raw pixels stay raw pixels."""
    order = np.random.default_rng(1).permutation(64)
    example = classifier("", digits()[0], loss=CLIPPED)
    expected = names(example)
    assert names(example, x=digits()[0][:, order]) == expected
    assert names(example, y=(digits()[1] + 3) % 10) == expected


def test_the_chain_tells_each_link_as_it_is_and_cut() -> None:
    example = classifier("", digits()[0], loss=CLIPPED)
    first = diagnose(example.model, **example.arguments).suspects[0]
    chain = {link.probe: link for link in first.chain}
    for probe in ("input_size", "pre_activation_spread", "logit_spread"):
        # Dividing by the standard deviation divides what comes before any bias by just that.
        ratio = chain[probe].value / chain[probe].cut
        assert ratio == pytest.approx(digits()[0].std(), rel=1e-3)
    assert chain["frozen_examples"].value > 0.5
    assert chain["frozen_examples"].cut == 0
