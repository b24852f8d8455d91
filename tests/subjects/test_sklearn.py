"""scikit-learn's networks: what reaches them, their numbers, and no trace left."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from subjects import oracle
from unstuck.causes.examples import digits, regression, standardized
from unstuck.errors import DataError, UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.sessions import diagnosed
from unstuck.setups.subject import Given

RAW, Y = digits()


def begun(**settings) -> MLPClassifier:
    """A network with weights as drawn, brought about by a first step of size 0."""
    network = MLPClassifier(
        (16,), learning_rate_init=1e-12, random_state=0, max_iter=1, alpha=0.0, **settings
    )
    return network.partial_fit(standardized()[:2], Y[:2], classes=np.arange(10))


def test_a_look_is_what_numpy_computes() -> None:
    network = begun()
    subject = recognize(network, Given(standardized()[:300], Y[:300]))
    seen = subject.observe(subject.sample.x, subject.sample.y)
    weights = [w for pair in zip(network.coefs_, network.intercepts_, strict=True) for w in pair]
    expected = oracle.look(tuple(weights), standardized()[:300], Y[:300], clipped=False)
    np.testing.assert_allclose(seen.losses, expected.losses, rtol=1e-4, atol=1e-4)
    gradients = {p.name: p.gradient for p in seen.parameters}
    np.testing.assert_allclose(gradients["dense.kernel"], expected.gradients[0], atol=1e-5)
    np.testing.assert_allclose(gradients["dense_1.kernel"], expected.gradients[2], atol=1e-5)
    np.testing.assert_allclose(seen.output, network.predict_proba(standardized()[:300]), atol=1e-5)


@pytest.mark.parametrize(
    ("solver", "settings"),
    [("adam", {}), ("sgd", {}), ("sgd", {"momentum": 0.0}), ("sgd", {"nesterovs_momentum": False})],
)
def test_the_update_is_that_of_partial_fit(solver: str, settings: dict) -> None:
    """One call on one batch is one step, the optimizer's first."""
    network = begun(solver=solver, **settings)
    network.learning_rate_init = 0.01
    subject = recognize(network, Given(standardized()[:150], Y[:150]))
    seen = subject.observe(subject.sample.x, subject.sample.y)
    fresh = clone(network).set_params(learning_rate_init=0.01, batch_size=150)
    fresh.partial_fit(standardized()[:150], Y[:150], classes=np.arange(10))
    # The same draw before its step, since random_state fixes it.
    before = begun(solver=solver, **settings)
    moved = fresh.coefs_[0] - before.coefs_[0]
    update = {p.name: p.update for p in seen.parameters}["dense.kernel"]
    # Where a gradient is near ε float32 and float64 part.
    large = np.abs(moved) > 1e-3 * np.abs(moved).max()
    np.testing.assert_allclose(update[large], moved[large], rtol=2e-2, atol=2e-5)


def first(model, x=RAW, y=Y, **given) -> list[str]:
    return [s.name for s in diagnosed(model, x, y, **given).report.suspects]


def test_what_reaches_the_network_counts() -> None:
    network = MLPClassifier((32,))
    assert first(network) == ["input-spread"]
    assert first(make_pipeline(StandardScaler(), network)) == []
    assert first(make_pipeline(StandardScaler(), network).fit(RAW[:400], Y[:400])) == []
    assert first(make_pipeline("passthrough", network)) == ["input-spread"]
    assert first(GridSearchCV(network, {"alpha": [1e-4, 1e-3]})) == ["input-spread"]
    search = GridSearchCV(make_pipeline(StandardScaler(), network), {"mlpclassifier__alpha": [0.1]})
    assert first(search) == []


def test_targets_are_what_the_network_gets() -> None:
    x, y = regression()
    network = MLPRegressor(hidden_layer_sizes=(32,))
    assert first(network, x, 1e8 * y[:, 0]) == ["target-scale"]
    wrapped = TransformedTargetRegressor(network, transformer=StandardScaler())
    assert first(wrapped, x, 1e8 * y[:, 0]) == []
    logs = TransformedTargetRegressor(network, func=np.log1p, inverse_func=np.expm1)
    assert first(logs, x, np.exp(y[:, 0]) * 1e4) == []


def test_kinds_of_targets() -> None:
    names = np.array(["cat", "dog"])
    network = MLPClassifier((32,))
    assert first(network, standardized(), names[Y % 2]) == []
    assert first(network, standardized(), names[Y % 2].tolist()) == []
    assert first(network, standardized(), np.eye(10, dtype=int)[Y]) == []
    x, y = regression()
    assert first(MLPRegressor(hidden_layer_sizes=(32,)), x, np.hstack([y, -y])) == []


def test_tables_with_text_before_a_pipeline() -> None:
    table = np.array([["a"], ["b"], ["c"], ["b"]] * 100, dtype=object)
    assert (
        first(make_pipeline(OneHotEncoder(), MLPClassifier((8,))), table, [0, 1, 0, 1] * 100) == []
    )


def test_lbfgs_chooses_its_own_steps() -> None:
    report = diagnosed(MLPClassifier((8,), solver="lbfgs"), standardized(), Y).report
    assert report.setup["optimizer"] == "none"
    assert report.limits == ("lbfgs chooses the size of its steps itself",)


def test_nothing_is_touched() -> None:
    """Attributes, arrays, NumPy's and Python's random state; training afterwards is the same."""
    import pickle
    import random

    model = make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=3, random_state=0))
    x, y = RAW.copy(), Y.copy()
    before = pickle.dumps(model), np.random.get_state()[1].copy(), random.getstate()
    diagnosed(model, x, y)
    assert pickle.dumps(model) == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    np.testing.assert_array_equal(x, RAW)
    np.testing.assert_array_equal(y, Y)
    other = clone(model).fit(x, y)
    model.fit(x, y)
    np.testing.assert_array_equal(model[-1].coefs_[0], other[-1].coefs_[0])
    fitted = pickle.dumps(model)
    diagnosed(model, x, y)
    assert pickle.dumps(model) == fitted


def test_a_huge_file_is_read_where_it_is_looked_at(tmp_path) -> None:
    """Eight gigabytes that are nowhere: a sparse file, mapped and sampled."""
    x = np.lib.format.open_memmap(
        tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(20_000_000, 100)
    )
    report = diagnosed(MLPClassifier((8,)), x, np.arange(20_000_000) % 3).report
    assert [s.name for s in report.suspects] == ["constant-input"]


WRONG = {
    "no network in it": (LogisticRegression(), RAW, Y, UsageError, "no neural network"),
    "lengths": (MLPClassifier(), RAW, Y[:-1], DataError, "1436 targets"),
    "images": (MLPClassifier(), np.zeros((5, 8, 8)), Y[:5], DataError, "reshape"),
    "text": (MLPClassifier(), np.array([["a"], ["b"]]), [0, 1], DataError, "text"),
    "no targets": (MLPClassifier(), RAW, None, UsageError, "no targets"),
    "fitted on others": (begun(), RAW[:, :9], Y, DataError, "9 features"),
    "empty": (MLPClassifier(), RAW[:0], Y[:0], DataError, "empty"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_explained(kind: str) -> None:
    model, x, y, error, says = WRONG[kind]
    with pytest.raises(error) as raised:
        diagnosed(model, x, y)
    assert says in str(raised.value)


def test_what_scikit_learn_itself_would_refuse_is_a_finding() -> None:
    x = standardized().copy()
    x[3, 3] = np.inf
    assert first(MLPClassifier((8,)), x) == ["non-finite-data"]
    assert first(MLPClassifier((8,)), np.full_like(x, np.nan)) == ["non-finite-data"]


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["classes", "binary", "values", "poisson"])
def test_gradient_and_hessian_are_the_loss_s_own_slopes(activation: str, kind: str) -> None:
    """Against central differences of the mean loss and of the gradient along random directions."""
    x = standardized()[:40]
    y = {"classes": Y[:40], "binary": Y[:40] % 2}.get(kind, x[:, 30] ** 2 + 0.1)
    model = (
        MLPClassifier((5,), activation=activation, alpha=0.1)
        if kind in ("classes", "binary")
        else MLPRegressor(
            hidden_layer_sizes=(5,),
            activation=activation,
            loss="squared_error" if kind == "values" else "poisson",
        )
    )
    subject = recognize(model, Given(x, y))
    sample = subject.sample
    gradient = subject.gradient(sample.x, sample.y)
    ends = np.cumsum([w.size for layer in subject.weights for w in layer])
    v = np.random.default_rng(0).normal(size=ends[-1])

    def moved(h: float):
        flat = [w for layer in subject.weights for w in layer]
        parts = np.split(h * v, ends[:-1])
        new = [w + p.reshape(w.shape) for w, p in zip(flat, parts, strict=True)]
        pairs = tuple(zip(new[::2], new[1::2], strict=True))
        return replace(subject, weights=pairs)

    h = 1e-7  # float64: differences good to about 1e-7; kinks of ReLU are rarely in between
    loss = [moved(s * h).observe(sample.x, sample.y).loss for s in (1, -1)]
    assert gradient @ v == pytest.approx((loss[0] - loss[1]) / (2 * h), rel=1e-5)
    slopes = [moved(s * h).gradient(sample.x, sample.y) for s in (1, -1)]
    along = subject.hessian_product(sample.x, sample.y)(v)
    np.testing.assert_allclose(
        along, (slopes[0] - slopes[1]) / (2 * h), rtol=1e-4, atol=1e-5 * np.abs(along).max()
    )


def test_the_loss_of_several_outputs_is_the_one_that_is_told() -> None:
    """scikit-learn steps along the gradient of a sum over the outputs, and tells the mean."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 4)), rng.normal(size=(200, 5))
    made = MLPRegressor(
        hidden_layer_sizes=(6,), max_iter=1, batch_size=200, alpha=0.0, random_state=0
    )
    made.fit(x, y)
    told = made.loss_
    fresh = MLPRegressor(hidden_layer_sizes=(6,), batch_size=200, alpha=0.0, random_state=0)
    fresh.partial_fit(x, y)  # the same first step
    subject = recognize(fresh, Given(x, y))
    after = subject.observe(subject.sample.x, subject.sample.y).loss
    assert after == pytest.approx(told, rel=0.05)
