"""Relations that hold whatever the data: rescaled inputs, features and classes in another order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from probes.looks import look
from unstuck.probes import measure

FINITE = st.floats(-1e3, 1e3).map(lambda v: round(v, 3))
INPUTS = arrays(np.float64, (12, 4), elements=FINITE)
LABELS = np.arange(12) % 3


@given(x=INPUTS, factor=st.sampled_from([0.125, 4.0, 1024.0]))
def test_rescaling_all_inputs(x, factor) -> None:
    """Powers of two change no digit: what has the inputs' unit scales, ratios stay."""
    before, after = measure(look(x, LABELS)), measure(look(x * factor, LABELS))
    for name in ("input_mean", "input_spread", "input_size"):
        assert after[name] == before[name] * factor
    same = ("constant_features", "distinct_examples")
    for name in same if before["input_offset"] is None else (*same, "input_offset"):
        assert after[name] == pytest.approx(before[name], rel=1e-12)
    if before["feature_scale_ratio"] is not None:
        # Through logarithms and back.
        assert after["feature_scale_ratio"] == pytest.approx(
            before["feature_scale_ratio"], rel=1e-9
        )


@given(x=INPUTS, order=st.permutations(range(4)))
def test_order_of_features(x, order) -> None:
    """Sums in another order differ in their last digits, eigenvalues in a few more."""
    before, after = measure(look(x, LABELS)), measure(look(x[:, order], LABELS))
    names = ("input_size", "input_offset", "feature_scale_ratio", "constant_features")
    for name in (name for name in names if before[name] is not None):
        assert after[name] == pytest.approx(before[name], rel=1e-9)
    whole = before["second_moment"]
    for name in (name for name in whole if whole[name] is not None and "condition" not in name):
        assert after["second_moment"][name] == pytest.approx(
            before["second_moment"][name], rel=1e-9, abs=1e-9
        )


@given(x=INPUTS, shift=st.integers(-1000, 1000))
def test_a_shift_leaves_the_centred_eigenvalues(x, shift) -> None:
    """The covariance does not know where the data lie; the error is that of values near 2,000."""
    before, after = (measure(look(v, LABELS))["second_moment"] for v in (x, x + shift))
    scale = max(before["largest_centred"], 1.0)
    assert after["largest_centred"] == pytest.approx(before["largest_centred"], abs=1e-8 * scale)


@given(order=st.permutations(range(3)))
def test_order_of_classes(order) -> None:
    draw = np.random.default_rng(0)
    z = draw.normal(size=(12, 3)).astype(np.float32)
    names = ("output_entropy", "wrong_examples", "saturated_softmax", "classes", "largest_class")
    before = measure(look(np.zeros((12, 1)), LABELS, output=z))
    after = measure(look(np.zeros((12, 1)), np.argsort(order)[LABELS], output=z[:, order]))
    for name in names:
        assert after[name] == pytest.approx(before[name], rel=1e-6)
