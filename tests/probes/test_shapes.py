"""What is drawn of a look: quantiles as NumPy's, hyperplanes where pre-activations change sign."""

import numpy as np
import pytest

from probes.looks import look, parameter
from unstuck.probes.shapes import LINES, POINTS, cloud, distributions, fingerprint

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(3.0, (1.0, 5.0), (200, 2)).astype(np.float32)
KERNEL = GENERATOR.normal(size=(2, 30)).astype(np.float32)
BIAS = GENERATOR.normal(size=30).astype(np.float32)
Z = X @ KERNEL + BIAS


def dense(x=X, kernel=KERNEL, z=Z, **more):
    parameters = (
        parameter("dense.kernel", kernel),
        parameter("dense.bias", BIAS, fan_in=None, unit_axis=None),
    )
    layers = (("dense", "relu", z), ("out", "softmax", z[:, :2]))
    return look(
        x, np.zeros(len(x), int), layers=layers, parameters=parameters, activation="softmax",
        output=np.full((len(x), 2), 0.5), **more,
    )  # fmt: skip


def test_quantiles_are_those_of_the_values_in_the_order_of_the_flow():
    found = {d.says: d for d in distributions(dense(), dense(X / 10, KERNEL, Z / 10))}
    assert list(found) == [
        "inputs", "pre-activations of dense", "pre-activations of out", "outputs",
    ]  # fmt: skip
    wanted = np.quantile(X, (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1))
    np.testing.assert_allclose(found["inputs"].quantiles, wanted, rtol=1e-3)  # of four digits
    np.testing.assert_allclose(found["inputs"].cut, wanted / 10, rtol=1e-3)
    assert found["outputs"].quantiles == (0.5,) * 7
    assert all(d.cut == () for d in distributions(dense()))


def test_what_is_not_finite_is_left_out_and_nothing_else():
    z = np.array([[1.0, np.nan], [np.inf, 3.0]])
    (seen,) = [
        d for d in distributions(look(layers=(("a", "relu", z),))) if d.says.endswith("of a")
    ]
    assert seen.quantiles[0] == 1
    assert seen.quantiles[-1] == 3
    nothing = look(layers=(("a", "relu", np.full((2, 2), np.nan)),))
    assert not any(d.says.endswith("of a") for d in distributions(nothing))


def test_lines_part_the_points_as_the_units_do():
    found = cloud(dense(), "as it is")
    assert (len(found.points), len(found.lines)) == (100, LINES)
    assert len(found.points) <= POINTS
    assert found.shown == pytest.approx(1)
    assert found.missing == pytest.approx(np.mean((Z > 0).all(0) | (Z < 0).all(0)))
    chosen = np.unique(np.linspace(0, 29, LINES).astype(int))
    sides = np.array(found.lines) @ np.column_stack([found.points, np.ones(100)]).T
    clear = np.abs(sides) > 0.02  # lines and points are kept to four digits
    np.testing.assert_array_equal((sides > 0)[clear], (Z[::2, chosen].T > 0)[clear])


def test_there_is_no_cloud_where_the_first_layer_sees_something_else():
    assert cloud(dense(z=Z / 255), "a layer in front divides") is None
    assert cloud(dense(X[:, :1], KERNEL[:1], X[:, :1] @ KERNEL[:1] + BIAS), "one") is None
    assert cloud(look(layers=(("conv", "relu", np.ones((2, 3))),)), "no kernel") is None


def test_a_fingerprint_is_of_content_shape_and_kind():
    whole = [
        fingerprint(look(x, y).sample)
        for x, y in (
            (X, np.zeros(200, int)),
            (X + 0, np.zeros(200, int)),
            (X.astype(np.float64), np.zeros(200, int)),
            (X, np.ones(200, int)),
            (X.reshape(200, 1, 2), np.zeros(200, int)),
        )
    ]
    assert whole[0] == whole[1]
    assert len(set(whole)) == 4
    assert all(len(one) == 16 for one in whole)
