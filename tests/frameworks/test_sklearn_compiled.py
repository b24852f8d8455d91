"""Compiled epochs of scikit-learn's networks against its own `fit`."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from unstuck.frameworks.sklearn.compiled import epoch_loop
from unstuck.frameworks.sklearn.training import accepted
from unstuck.setups.compiled import Untested, Untranslatable

USUAL = {"hidden_layer_sizes": (7, 5), "batch_size": 16, "max_iter": 6, "random_state": 3}
DRAW = np.random.default_rng(0)
X = DRAW.standard_normal((50, 4))  # the last batch of an epoch has two examples
NUMBERS = np.sin(X[:, 0]) + X[:, 1]
CLASSES = np.digitize(NUMBERS, (-1, 1))
LABELS = np.stack([NUMBERS > 0, X[:, 2] > 0], axis=1).astype(int)
SET_UPS = {
    "classes": (MLPClassifier(**USUAL), X, CLASSES),
    "two classes": (MLPClassifier(**USUAL, activation="tanh"), X, CLASSES > 0),
    "several labels": (MLPClassifier(**USUAL, activation="logistic"), X, LABELS),
    "numbers": (MLPRegressor(**USUAL, activation="identity"), X, NUMBERS),
    "two numbers an example": (MLPRegressor(**USUAL, alpha=1.0), X, X[:, :2] * 3),
    "momentum": (MLPRegressor(**USUAL, solver="sgd", nesterovs_momentum=False), X, NUMBERS),
    "Nesterov's": (MLPClassifier(**USUAL, solver="sgd", learning_rate_init=0.1), X, CLASSES),
    "a rate that falls": (
        MLPRegressor(**USUAL, solver="sgd", momentum=0.0, learning_rate="invscaling"), X, NUMBERS,
    ),
    "in order": (MLPClassifier(**USUAL, shuffle=False), X, CLASSES),
    "float32": (MLPClassifier(**USUAL), X.astype(np.float32), CLASSES),
    "stopped early": (MLPRegressor(**USUAL, tol=1e3, n_iter_no_change=2), X, NUMBERS),
}  # fmt: skip


def fitted(network: Any, x: Any, y: Any, **given: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return network.fit(x, y, **given)


@pytest.mark.parametrize(("network", "x", "y"), SET_UPS.values(), ids=SET_UPS)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_a_compiled_epoch_is_scikit_learns(network: Any, x: Any, y: Any, weighted: bool) -> None:
    given = {"sample_weight": DRAW.uniform(0.1, 3, len(x))} if weighted else {}
    theirs, mine = clone(network), clone(network)
    fitted(theirs, x, y, **given)
    with epoch_loop(mine).installed(mine):
        fitted(mine, x, y, **given)
    assert mine.n_iter_ == theirs.n_iter_
    # Rounding, in another order of operations.
    close = {"rtol": 1e-3, "atol": 1e-4} if x.dtype == np.float32 else {"rtol": 1e-8, "atol": 1e-9}
    np.testing.assert_allclose(mine.loss_curve_, theirs.loss_curve_, **close)
    for a, b in zip(
        mine.coefs_ + mine.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        np.testing.assert_allclose(a, b, **close)
        assert a.dtype == b.dtype
    np.testing.assert_allclose(mine.predict(x), theirs.predict(x), **close)
    assert not set(vars(mine)) - set(vars(theirs))  # nothing of ours is left in it


@pytest.mark.parametrize(
    "network",
    [
        MLPClassifier(solver="lbfgs"),
        MLPClassifier(early_stopping=True),
        MLPClassifier(solver="sgd", learning_rate="adaptive"),
    ],
    ids=["no steps", "examples set apart", "momentum of changing rates"],
)
def test_others_are_left_to_scikit_learn(network: Any) -> None:
    with pytest.raises(Untranslatable):
        epoch_loop(network)


def test_what_diverges_is_no_test() -> None:
    with pytest.raises(Untested):
        accepted(MLPRegressor(**USUAL, solver="sgd", learning_rate_init=1e3), X, NUMBERS * 1e6, {})
