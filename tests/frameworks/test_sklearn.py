"""scikit-learn's trials against its own `fit`, its own losses, and what its trainings told."""

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from unstuck.causes.examples import digits, regression, standardized
from unstuck.changes import input_clipping, input_scaling, learning_rate, optimizer, restraint
from unstuck.changes.placebo import PLACEBO
from unstuck.changes.target_scaling import TARGETS
from unstuck.cures.cure import cure
from unstuck.cures.printed import Argument, Names, code
from unstuck.frameworks.recognize import recognize
from unstuck.frameworks.sklearn.cure import built, printed
from unstuck.frameworks.sklearn.watch import _routine, _too_short
from unstuck.setups.routine import Routine
from unstuck.setups.split import split
from unstuck.setups.subject import Given
from unstuck.setups.trainer import fitted_rows

X, (_, Y) = standardized(), digits()


def trained(network, x, y, changes=(), seed=0, epochs=3, **rest):
    """A trial of whole epochs."""
    subject = recognize(network, Given(x, y))
    trainer, data = subject.trainer(), split(subject.sample)
    steps = epochs * -(-len(data.y) // subject.about.batch_size)
    return trainer, data, trainer.train(data, changes, seed, steps, **rest)


def test_a_trial_is_fit_itself():
    network = MLPClassifier((16,), batch_size=64, alpha=0.1)
    trainer, data, run = trained(network, X, Y, seed=5)
    own = MLPClassifier((16,), batch_size=64, alpha=0.1, random_state=5, max_iter=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own.fit(data.x[0], data.y)
    steps = -(-len(data.y) // 64)
    assert run.curve == tuple(((i + 1) * steps, loss) for i, loss in enumerate(own.loss_curve_))
    assert run.steps == 3 * steps
    np.testing.assert_array_equal(run.output, own.predict_proba(data.x_held[0]))
    np.testing.assert_array_equal(
        run.fitted, own.predict_proba(data.x[0][fitted_rows(len(data.y))])
    )
    assert [step for step, _ in run.path] == [steps, 2 * steps]
    assert trainer.loss(run.output, data.y_held) == pytest.approx(log_loss(data.y_held, run.output))
    assert "_update_no_improvement_count" not in vars(run.model)


LOSSES = {
    "classes": (MLPClassifier((4,)), Y),
    "binary": (MLPClassifier((4,)), Y % 2),
    "multilabel": (MLPClassifier((4,)), np.stack([Y % 2, Y > 4], axis=1).astype(int)),
    "values": (MLPRegressor(hidden_layer_sizes=(4,)), Y.astype(float)),
    "several values": (MLPRegressor(hidden_layer_sizes=(4,)), np.stack([Y, -Y], 1).astype(float)),
    "poisson": (MLPRegressor(loss="poisson", hidden_layer_sizes=(4,)), Y + 0.5),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_the_loss_is_scikit_learns_own(kind):
    """`loss_` of an epoch that takes no step, less the penalty, which is none."""
    network, y = LOSSES[kind]
    network = network.set_params(alpha=0.0, learning_rate_init=1e-300, random_state=0)
    trainer, data, run = trained(network.set_params(batch_size=10_000), X, y, epochs=1)
    fitted = trainer.train(data, (), 0, 1)
    rows = fitted_rows(len(data.y))
    assert len(rows) < len(data.y)
    network = fitted.model
    whole = network.predict_proba(data.x[0]) if hasattr(network, "predict_proba") else (
        network.predict(data.x[0])
    )  # fmt: skip
    whole = np.asarray(whole).reshape(len(data.y), -1)
    output = whole[:, -1:] if kind == "binary" else whole
    assert trainer.loss(output, data.y) == pytest.approx(run.loss, rel=1e-6)


def test_class_weights_are_replayed_and_count_in_the_loss():
    weights = tuple(float(k + 1) for k in range(10))
    subject = recognize(MLPClassifier((8,), alpha=0.0), Given(X, Y)).with_routine(
        Routine(weights=weights)
    )
    trainer, data = subject.trainer(), split(subject.sample)
    of = np.array(weights)
    run = trainer.train(data, (), 1, 10)
    own = MLPClassifier(
        (8,), alpha=0.0, random_state=1, max_iter=run.steps // -(-len(data.y) // 200)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own.fit(data.x[0], data.y, sample_weight=of[data.y])
    np.testing.assert_array_equal(run.output, own.predict_proba(data.x_held[0]))
    wanted = log_loss(data.y_held, run.output, sample_weight=of[data.y_held])
    assert trainer.loss(run.output, data.y_held) == pytest.approx(wanted)
    without = trainer.train(data, (restraint.UNWEIGHTED,), 1, 10)
    plain = recognize(MLPClassifier((8,), alpha=0.0), Given(X, Y)).trainer()
    np.testing.assert_array_equal(without.output, plain.train(data, (), 1, 10).output)


def test_a_placebo_has_the_same_weights_and_another_order():
    network = MLPClassifier((8,), learning_rate_init=1e-300, alpha=0.0)
    *_, run = trained(network, X, Y, seed=3, epochs=1)
    *_, other = trained(network, X, Y, (PLACEBO,), seed=3, epochs=1)
    np.testing.assert_array_equal(run.output, other.output)
    *_, run = trained(MLPClassifier((8,)), X, Y, seed=3, epochs=1)
    *_, other = trained(MLPClassifier((8,)), X, Y, (PLACEBO,), seed=3, epochs=1)
    assert np.abs(run.output - other.output).max() > 0


def test_it_ends_when_time_is_up_or_the_loss_is_not_finite():
    *_, run = trained(MLPClassifier((8,)), X, Y, epochs=50, seconds=0.0)
    assert run.steps == -(-len(X) * 3 // 4 // 200)
    sgd = MLPRegressor(hidden_layer_sizes=(8,), solver="sgd", activation="identity", momentum=0.0)
    *_, run = trained(sgd.set_params(learning_rate_init=1e6), X, Y.astype(float), epochs=50)
    assert not np.isfinite(run.loss)
    assert run.output.shape[1] == 1


NESTED = {
    "alone": (MLPClassifier((8,)), "model.set_params(learning_rate_init=0.003)"),
    "pipeline": (
        make_pipeline(SimpleImputer(), MLPClassifier((8,))),
        "model.set_params(mlpclassifier__learning_rate_init=0.003)",
    ),
    "search": (
        GridSearchCV(make_pipeline(SimpleImputer(), MLPClassifier((8,))), {}),
        "model.set_params(estimator__mlpclassifier__learning_rate_init=0.003)",
    ),
}


@pytest.mark.parametrize("kind", NESTED)
def test_code_reaches_the_network_wherever_it_stands(kind):
    model, wanted = NESTED[kind]
    subject = recognize(model, Given(X, Y))
    both = (input_scaling.PER_FEATURE, learning_rate.HIGHER[0])
    text = built(subject, cure(both)).code
    assert wanted in text
    names = {"model": model, "x": X, "y": Y}
    exec(text, names)
    seen = recognize(names["model"], Given(names["x"], Y))
    assert seen.about.rule.learning_rate == 0.003
    np.testing.assert_allclose(seen.sample.x[0].std(axis=0).max(), 1, rtol=1e-5)


def test_figures_behind_other_steps_are_of_what_reaches_the_network():
    model = make_pipeline(StandardScaler(), MLPClassifier((8,)))
    x = digits()[0] * 1000
    subject = recognize(model, Given(x, Y))
    for change in (input_scaling.STANDARD, input_clipping.CLIP, input_scaling.LOG):
        names = {"model": make_pipeline(StandardScaler(), MLPClassifier((8,))), "x": x, "y": Y}
        exec(built(subject, cure((change,))).code, names)
        found = recognize(names["model"], Given(x, Y)).sample.x[0]
        wanted = change.fit(subject.sample.x[0])(subject.sample.x[0])
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_targets_that_are_transformed_already_are_scaled_behind_that():
    x, y = regression()
    model = TransformedTargetRegressor(
        MLPRegressor(hidden_layer_sizes=(8,)), func=np.log1p, inverse_func=np.expm1
    )
    y = np.exp(y[:, 0]) * 1e4
    subject = recognize(model, Given(x, y))
    names = {"model": model, "x": x, "y": y}
    exec(built(subject, cure((TARGETS,))).code, names)
    found = recognize(names["model"], Given(x, y)).sample.y
    assert found.std() == pytest.approx(1, rel=1e-6)


def test_code_is_what_a_colleague_would_write():
    subject = recognize(MLPClassifier((8,), solver="sgd"), Given(X, Y))
    changes = cure((input_scaling.CENTER, optimizer.ADAM))
    blocks = printed(subject, changes, Names("clf", "X_train", "y_train", x_held="X_test"))
    assert code(blocks) == (
        "from sklearn.preprocessing import StandardScaler\n\n"
        "scaler = StandardScaler(with_std=False).fit(X_train)\n"
        "X_train = scaler.transform(X_train)\n"
        "X_test = scaler.transform(X_test)\n"
        'clf.set_params(solver="adam")\n'
    )
    # Where the script makes its network, the default is simply left out.
    assert blocks[-1].edits == (Argument("estimator", "solver", ""),)


def fitted(network, y=Y, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return network.fit(X, y, **given)


def test_the_routine_of_a_training():
    network = fitted(MLPClassifier((8,), max_iter=3, batch_size=100))
    assert _routine(network, {"X": X, "y": Y}) == Routine(steps=3 * -(-len(X) // 100), epochs=3)
    network = fitted(MLPClassifier((8,), max_iter=3, early_stopping=True))
    assert _routine(network, {"y": Y}).steps == 3 * -(-int(len(X) * 0.9) // 200)
    names = np.array(list("abcdefghij"))[Y]
    weights = np.linspace(1, 2, 10)
    seen = _routine(network, {"y": names, "sample_weight": weights[Y]})
    assert seen.weights == tuple(weights)
    seen = _routine(network, {"y": Y, "mlp__sample_weight": np.arange(len(Y))})
    assert (seen.weights, len(seen.unseen)) == ((), 1)


def test_a_training_that_scikit_learn_warns_of_is_short_where_nothing_is_learnt():
    network = fitted(MLPClassifier((8,), max_iter=3))
    assert _too_short(network, "learning") is None
    assert _too_short(network, "stuck") is None
    assert _too_short(network, "slow").cause == "training-short"
    stopped = fitted(MLPClassifier((8,), tol=10.0, max_iter=50))
    assert _too_short(stopped, "slow") is None
