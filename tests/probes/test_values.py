"""Every probe against an answer worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from probes.looks import VALUES, look, parameter
from unstuck.probes import measure, probes
from unstuck.probes.look import Curvature
from unstuck.setups.routine import Routine
from unstuck.setups.subject import LossView, Moving, UpdateRule

DRAW = np.random.default_rng(0)
TALL = DRAW.normal(size=(400, 3))
WILD = TALL.copy()
WILD[7, 1] = 1_000.0
BULK = np.percentile(np.abs(WILD[:, 1] - np.median(WILD[:, 1])), 99)

CASES = {
    "input_mean": (look([[1, 3], [5, 7]]), 4.0),
    "input_spread": (look([[1, 3], [5, 7]]), 5**0.5),
    "input_size": (look([[3, 4], [3, 4]]), 12.5**0.5),
    "input_range": (look([[-1, 3], [5, 7]]), {"min": -1.0, "max": 7.0}),
    "input_offset": (look([[9, 0], [11, 2]]), (10 / 1 + 1 / 1) / 2),
    "feature_scale_ratio": (look([[-1, -1e3, -1e6], [1, 1e3, 1e6]]), 10 ** (6 * 0.9)),
    "outlier_ratio": (look(WILD, np.zeros(400, int)), (1000 - np.median(WILD[:, 1])) / BULK),
    "constant_features": (look([[1, 5], [2, 5]]), 0.5),
    "distinct_examples": (look([[1, 5], [1, 5], [2, 5]], [0, 0, 1]), 2),
    "non_finite": (
        look([[np.nan, np.inf], [0.0, 1.0]], [1.0, np.nan], wants=VALUES),
        {
            "inputs": 2,
            "targets": 1,
            "validation": 0,
            "parameters": 0,
            "statistics": 0,
            "output": 0,
            "gradients": 0,
        },
    ),
    "input_dtype": (look(np.zeros((2, 2), np.uint8)), {"x": "uint8"}),
    "target_dtype": (look(y=np.array([0, 1], np.int16)), "int16"),
    "second_moment": (
        # Rows (±1 + 3, ±2): variance 1 and 4, mean (3, 0); uncentred second moment diag(10, 4).
        look([[4, 2], [2, -2], [4, -2], [2, 2]], [0, 0, 1, 1]),
        {
            "largest": 10.0,
            "largest_centred": 4.0,
            "condition": 2.5,
            "condition_centred": 4.0,
            "mean_share": 9 / 14,
        },
    ),
    "validation_spread_ratio": (look([[0.0], [2.0]], validation=[[-3.0], [5.0]]), 4.0),
    "unseen_classes": (look(np.zeros((4, 1)), [0, 0, 1, 1], asked=[0, 1, 2, 2]), 0.5),
    "validation_shift": (look([[0.0], [2.0]], validation=[[4.0], [4.0]]), 3.0),
    # Batches of two from two classes of half: 1.5 different classes expected.
    "class_mixing": (look(order=[0, 0, 0, 0, 1, 1, 1, 1]), 1 / 1.5),
    # Three and none of four positions behind the ends.
    "padding_behind": (look([[5, 0, 0, 0], [1, 0, 2, 3]], kind="ids"), 3 / 8),
    "answer_variation": (look(logits=[[3.0, 1.0], [1.0, 3.0]]), (1 / 5) ** 0.5),
    "id_fractions": (look([[0.5, 1.0], [2.0, 0.25]], kind="ids"), 0.5),
    "classes": (look(y=[0, 7]), 2),
    "largest_class": (look(np.zeros((4, 1)), [0, 1, 1, 1]), 0.75),
    "label_coding": (look(y=[3, 9]), "ids 3 to 9"),
    "target_shape": (look(y=[[0.5], [1.5]], wants=VALUES), {"target": "(1,)", "output": "(2,)"}),
    "target_mean": (look(y=[1.0, 3.0], wants=VALUES), 2.0),
    "target_spread": (look(y=[1.0, 3.0], wants=VALUES), 1.0),
    "target_range": (look(y=[1.0, 3.0], wants=VALUES), {"min": 1.0, "max": 3.0}),
    "target_distance": (look(y=[3.0, 4.0], output=[[0.0], [0.0]], wants=VALUES), 12.5**0.5),
    "output_excess": (look(y=[1.0, 3.0], output=[[0.0], [8.0]], wants=VALUES), 4.0),
    "unreachable_targets": (look(y=[0.5, 1.5], wants=VALUES, activation="sigmoid"), 0.5),
    "pre_activation_mean": (look(layers=(("a", "relu", [[1, 3], [5, 7]]),)), {"a": 4.0}),
    "pre_activation_spread": (look(layers=(("a", "relu", [[1, 3], [5, 7]]),)), {"a": 5**0.5}),
    # sigmoid(±5) is within 1 % of an asymptote, sigmoid(±4) is not.
    "saturated_units": (look(layers=(("a", "sigmoid", [[5, -5], [4, 0]]),)), {"a": 0.5}),
    "saturated_softmax": (look(logits=[[40.0, 0.0], [1.0, 0.0]]), 0.5),
    "dead_units": (look(layers=(("a", "relu", [[-1, 2], [-3, -2]]),)), {"a": 0.5}),
    "missing_hyperplanes": (
        look(layers=(("a", "relu", [[-1, 2, 1], [-3, 1, -1]]), ("b", "linear", [[1.0], [2.0]]))),
        {"a": 2 / 3},
    ),
    "kernel_gain": (look(parameters=(parameter("a.w", [[3.0], [4.0]]),)), {"a": 5.0}),
    "units_alike": (
        look(parameters=(parameter("a.w", [[1.0, 1, 2], [3, 3, 3]]),)),
        {"a": 0.5},
    ),
    "logit_spread": (look(logits=[[1.0, 3.0], [5.0, 7.0]]), 5**0.5),
    "output_entropy": (look(logits=[[0.0, 0.0], [100.0, 0.0]]), 0.5),
    "output_kind": (look(output=[[0.3, 0.7], [1.0, 0.0]]), "probabilities"),
    "loss_at_start": (look(losses=np.array([np.log(4.0), np.log(16.0)])), 3.0),
    "loss_of_nothing": (look(losses=np.array([np.log(4.0), np.log(16.0)])), np.log(2.0)),
    "frozen_examples": (
        look(
            np.zeros((4, 1)),
            [0, 0, 1, 1],  # the output says 0: the last two are wrong
            logit_gradients=np.array([[0.0, 0], [1, 1], [0, 0], [1, 1]]),
        ),
        0.25,
    ),
    "batch_dependence": (look(dependence=0.25), 0.25),
    "error_alignment": (
        # Output 0 for targets 1 and −1: errors −1 and 1; one gradient along, one half as steep.
        look(
            y=[1.0, -1.0],
            output=[[0.0], [0.0]],
            wants=VALUES,
            logit_gradients=np.array([[-2.0], [0.5]]),
        ),
        1.0,
    ),
    "wrong_examples": (look(np.zeros((4, 1)), [0, 1, 1, 1]), 0.75),
    "gradient_norm": (
        look(parameters=(parameter("a.w", np.ones((2, 1)), [[3.0], [4.0]]),)),
        {"a": 5.0},
    ),
    "gradient_ratio": (
        look(
            parameters=(
                parameter("a.w", np.ones((2, 1)), [[1.0], [1.0]]),
                parameter("b.w", np.ones((2, 1)), [[4.0], [4.0]]),
            )
        ),
        0.25,
    ),
    "silent_parameters": (
        look(
            parameters=(
                parameter("a.w", np.ones((3, 1)), np.zeros((3, 1))),
                parameter("b.w", np.ones((1, 1)), [[1.0]]),
                parameter("c.w", np.ones((9, 1)), trainable=False),
            )
        ),
        0.75,
    ),
    "frozen_parameters": (
        look(
            parameters=(
                parameter("a.w", np.ones((3, 1)), trainable=False),
                parameter("b.w", np.ones((1, 1))),
            )
        ),
        0.75,
    ),
    "forgotten_parameters": (
        look(
            parameters=(
                parameter("a.w", np.ones((3, 1)), held=False),
                parameter("b.w", np.ones((1, 1))),
            )
        ),
        0.75,
    ),
    "update_ratio": (
        look(parameters=(parameter("a.w", [[3.0], [4.0]], [[1.0], [1.0]], [[0.0], [0.5]]),)),
        {"a": 0.1},
    ),
    "function_change": (
        look(output=[[1.0, 3.0], [5.0, 7.0]], output_after=np.array([[2.0, 4.0], [6.0, 8.0]])),
        1 / 5**0.5,
    ),
    "step_loss_ratio": (look(loss=2.0, loss_after=3.0), 1.5),
    "step_decrease": (
        look(
            parameters=(parameter("a.w", [[1.0], [1.0]], [[2.0], [1.0]], [[-0.1], [-0.2]]),),
            loss=4.0,
            rule=UpdateRule("sgd", 0.1, momentum=0.5),
        ),
        (0.2 + 0.2) / 4.0 * 2,
    ),
    "below_epsilon": (
        look(
            parameters=(parameter("a.w", np.ones((4, 1)), [[0.0], [1e-9], [1e-3], [1e-9]]),),
            rule=UpdateRule("adam", 1e-3, epsilon=1e-7),
        ),
        2 / 3,
    ),
    "epsilon": (look(rule=UpdateRule("adam", 1e-3, epsilon=1e-7)), 1e-7),
    "sharpness": (look(curvature=Curvature(4.0, 9.0)), 4.0),
    "preconditioned_sharpness": (look(curvature=Curvature(4.0, 9.0)), 9.0),
    "critical_learning_rate": (look(curvature=Curvature(4.0)), 0.5),
    "learning_rate": (look(), 0.1),
    "learning_rate_excess": (look(curvature=Curvature(4.0)), 0.2),
}


@pytest.mark.parametrize(("moving", "unsound"), [
    (((0.0, 3.0), (1.0, 0.0), 0.1), 0),
    (((0.0, 3.0), (1.0, 0.0), None), 0),
    (((np.nan, 3.0), (np.inf, -1.0), 0.1), 3),
    (((0.0, 3.0), (1.0, 1.0), np.nan), 4),
])  # fmt: skip
def test_moving_statistics_that_make_an_output_nan_are_counted(moving, unsound) -> None:
    mean, variance, momentum = moving
    seen = look(moving=(Moving("norm", np.array(mean), np.array(variance), momentum),))
    assert measure(seen)["non_finite"]["statistics"] == unsound


@pytest.mark.parametrize(("settings", "says"), [
    ({"learning_rate": np.nan}, "a learning rate of NaN"),
    ({"learning_rate": np.inf}, "a learning rate of inf"),
    ({"momentum": 1.0}, "a momentum of 1"),
    ({"momentum": -2.0}, "a momentum of -2"),
    ({"beta_1": 2.0}, "β₁ = 2"),
    ({"beta_2": -0.5}, "β₂ = -0.5"),
    ({"beta_2": np.nan}, "β₂ = NaN"),
    ({"rho": 1.5}, "ρ = 1.5"),
    ({"epsilon": -1e-8}, "ε = -1e-08"),
    ({"weight_decay": -0.1}, "a weight decay of -0.1"),
    ({"beta_1": 0.0, "beta_2": 0.0, "rho": 0.0, "epsilon": 0.0, "momentum": -0.5}, ""),
    ({"learning_rate": -1.0}, ""),  # may be meant to maximize
    ({"learning_rate": None}, ""),
])  # fmt: skip
def test_settings_with_which_no_optimizer_can_learn(settings, says) -> None:
    assert UpdateRule("rmsprop", **{"learning_rate": 0.1} | settings).impossible == says


def test_every_probe_is_in_the_table() -> None:
    assert set(CASES) == {probe.name for probe in probes()}


@pytest.mark.parametrize("name", CASES)
def test_value(name: str) -> None:
    seen, expected = CASES[name]
    value = measure(seen)[name]
    # Arrays are float32 where a framework would hand them over.
    words = isinstance(expected, str) or name in ("input_dtype", "target_shape")
    assert value == (expected if words else pytest.approx(expected, rel=1e-5))


@pytest.mark.parametrize("probe", probes(), ids=lambda p: p.name)
def test_says_what_it_measures(probe) -> None:
    assert probe.formula.endswith((".", ":")), probe.formula
    assert probe.unit


def test_nothing_to_measure_is_none_and_never_an_error() -> None:
    """Targets that cannot be told, integer ids alone, a model with no layers to see."""
    seen = look(np.zeros((2, 3), int), None, kind="ids", rule=None)
    values = measure(seen)
    for name in ("input_size", "second_moment", "loss_at_start", "frozen_examples", "classes"):
        assert values[name] is None


@pytest.mark.parametrize("coded", [
    ([0, 1, 2, 1], "ids 0 to 2"),
    ([[1, 0], [0, 1], [0, 1], [0, 1]], "one-hot"),
    ([0.0, 1.0, 0.0, 1.0], "0 or 1"),
    ([-1, 1, 1, -1], "-1 or 1"),
    (np.array([0, 1, 2, 9]) / 255, "fractions"),
    ([0.123, 0.7, 0.31, 0.9], "values"),
    ([12.5, 3.25, 1.125, 0.1], "values"),
])  # fmt: skip
def test_label_coding(coded) -> None:
    y, expected = coded
    assert measure(look(np.zeros((4, 1)), y))["label_coding"] == expected


def test_class_ids_behind_a_softmax_are_not_out_of_its_reach() -> None:
    """As where a loss that is written by hand makes them one-hot itself."""
    (unreachable,) = (p for p in probes() if p.name == "unreachable_targets")
    wants = LossView("loss", "unknown", "unknown")
    seen = look(y=[0, 2], output=np.eye(3)[[0, 1]], wants=wants, activation="softmax")
    assert unreachable.measure(seen) is None


@pytest.mark.parametrize(("weights", "expected"), [((), 0.562335), ((2.0, 0.67), np.log(2.0))])
def test_knowing_nothing_is_knowing_how_frequent_classes_are(weights, expected) -> None:
    seen = look(np.zeros((4, 1)), [0, 1, 1, 1])
    about = replace(seen.about, routine=Routine(weights=weights))
    assert measure(replace(seen, about=about))["loss_of_nothing"] == pytest.approx(expected)


def test_expected_loss_follows_the_kind_of_loss() -> None:
    """An answer that knows nothing has a loss at the start of 1, whatever the loss."""
    y = DRAW.normal(5.0, 2.0, size=(1000, 1))
    mean = np.full_like(y, y.mean())
    for name, losses in (
        ("mean_squared_error", np.square(y - mean)[:, 0]),
        ("squared_error", 0.5 * np.square(y - mean)[:, 0]),
        ("l1_loss", np.abs(y - np.median(y))[:, 0]),
    ):
        seen = look(
            np.zeros((1000, 1)), y, wants=LossView(name, "values", "values"), losses=losses,
            output=mean,
        )  # fmt: skip
        assert measure(seen)["loss_at_start"] == pytest.approx(1.0, rel=1e-6)
