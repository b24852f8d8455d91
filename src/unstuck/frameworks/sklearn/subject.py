"""scikit-learn's MLPClassifier and MLPRegressor, alone or inside pipelines, searches, wrappers.

What reaches the network is what counts: the steps before it transform the sample (a copy of them,
fitted on the sample if they were not fitted). The network is looked at as a copy in NumPy: weights
as they stand if it was fitted, else drawn from seed 0 with scikit-learn's own distribution.

Limits: computed in float64, also where float32 inputs make scikit-learn compute in float32; the
solver "lbfgs" chooses its steps itself, so no step is looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from unstuck.errors import DataError, UsageError
from unstuck.frameworks.sklearn.perceptron import Home, Perceptron
from unstuck.frameworks.sklearn.targets import coded_targets, targets
from unstuck.setups.sample import ORDERED, as_array, checked, refuse_generator, rows
from unstuck.setups.subject import About, Floats, Given, LossView, Sample, UpdateRule

_ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
# Where meta-estimators keep what they wrap, fitted before unfitted.
_WRAPPED = ("best_estimator_", "regressor_", "estimator_", "estimator", "regressor")

_INNER = ("estimator", "regressor")

# Output activation -> what the loss wants.
_LOSSES = {
    "softmax": LossView("log_loss", "probabilities", "ids"),
    "sigmoid": LossView("log_loss", "probabilities", "binary"),
    "linear": LossView("squared_error", "values", "values"),
    "exponential": LossView("poisson", "values", "values"),
}


def subject(model: BaseEstimator, given: Given) -> Perceptron:
    """A scikit-learn estimator with a network in it.

    Raises:
        UsageError: no MLPClassifier or MLPRegressor in it, or one whose loss is not known here.
        DataError: data that scikit-learn could not train on either.
    """
    refuse_generator(given.x)
    if given.y is None:
        raise UsageError("no targets were given", "diagnose(estimator, x, y)")
    x = _indexed(given.x)
    if len(x.shape) == 1 and len(getattr(given.y, "shape", ())) > 1:
        raise DataError(
            f"x of shape {x.shape}, y of shape {tuple(given.y.shape)}",
            "examples of several features, and their targets",
            "are they swapped? A single feature is x[:, None]",
        )
    network, reach, target = _unwrap(model)
    _possible(network, given)
    y = targets(network, given.y, "the targets")
    n = x.shape[0]
    chosen = rows(n, given.examples)
    if n != len(y):
        raise DataError(f"{n} training examples but {len(y)} targets", "one for each example")
    if not n:
        raise DataError("the training data are empty", "at least one example of one feature")
    seen, transform = _reaching(reach, _take(x, chosen), y[chosen])
    coded, code = coded_targets(network, target, y)
    sample = Sample((seen,), coded[chosen], order=coded[:ORDERED], examples=n, names=("x",))
    checked(sample.x, sample.y)
    if given.validation_data is not None:
        x_validation, y_validation = _pair(given.validation_data)
        y_validation = targets(network, y_validation, "the validation targets")
        if (y_validation.dtype.kind == "U") != (y.dtype.kind == "U"):
            raise DataError(
                f"validation targets of type {y_validation.dtype}, training targets of {y.dtype}",
                "the same classes",
            )
        some = rows(len(y_validation), given.examples)
        sample = replace(
            sample,
            x_validation=(transform(_take(x_validation, some)),),
            y_validation=code(y_validation[some]),
        )
    made = _of_mlp(network, sample)
    return replace(made, home=_home(model), table=hasattr(x, "iloc"))


def _possible(network: Any, given: Given) -> None:
    """What scikit-learn would say when it trains.

    Raises:
        UsageError: a parameter of the estimator that cannot be, or an option that is not its.
    """
    for name in ("loss", "optimizer", "step"):
        if getattr(given, name) is not None:
            raise UsageError(
                f"{name}={getattr(given, name)!r} for a scikit-learn estimator",
                "no such option: the estimator has its own",
            )
    try:
        network._validate_params()
    except ValueError as error:
        raise UsageError(str(error), "parameters that the estimator can train with") from None
    sizes = network.hidden_layer_sizes
    hidden = np.ravel(sizes)
    formed = np.ndim(sizes) == 1 or not hasattr(sizes, "__iter__")
    if not formed or (hidden.size and (hidden.dtype.kind not in "iu" or (hidden <= 0).any())):
        raise UsageError(
            f"hidden_layer_sizes={network.hidden_layer_sizes}", "positive whole numbers"
        )
    if not np.isfinite(network.learning_rate_init):
        raise UsageError(f"learning_rate_init={network.learning_rate_init}", "a positive number")


def _pair(data: Any) -> tuple[Any, Any]:
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise UsageError(f"validation_data is a {type(data).__name__}", "a pair (x, y) of arrays")
    return data[0], data[1]


def _home(model: Any) -> Home:
    """Where the network stands in what was handed over, unfitted."""
    home = Home()
    while not isinstance(model, MLPClassifier | MLPRegressor):
        if isinstance(model, Pipeline):
            pipeline = home.network if len(model.steps) > 1 else home.pipeline
            name, model = model.steps[-1]
            home = Home(f"{home.prefix}{name}__", f"{home.network}[-1]", pipeline)
        else:
            name = next(n for n in _INNER if getattr(model, n, None) is not None)
            model = getattr(model, name)
            home = replace(home, prefix=f"{home.prefix}{name}__", network=f"{home.network}.{name}")
    return home


def _unwrap(model: Any) -> tuple[Any, list[Any], list[Any]]:
    """The network, the transformers in front of it, and the ones of its targets."""
    before: list[Any] = []
    targets: list[Any] = []
    while not isinstance(model, MLPClassifier | MLPRegressor):
        if isinstance(model, Pipeline):
            if not model.steps:
                raise UsageError("a Pipeline of no steps", "one with a network as its last step")
            before += [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
            model = model.steps[-1][1]
            continue
        if hasattr(model, "inverse_func"):  # TransformedTargetRegressor
            targets.append(
                model.transformer
                if model.transformer is not None
                else FunctionTransformer(model.func)
            )
        inner = next((i for a in _WRAPPED if (i := getattr(model, a, None)) is not None), None)
        if inner is None:
            raise UsageError(
                f"a {type(model).__name__} holds no neural network",
                "an MLPClassifier or MLPRegressor, alone, last in a Pipeline, or wrapped in a"
                " search or TransformedTargetRegressor",
            )
        model = inner
    return model, before, targets


def _indexed(x: Any) -> Any:
    """Itself where scikit-learn takes rows of it, else as an array."""
    itself = hasattr(x, "shape") and not isinstance(x, memoryview)
    return x if itself else as_array(x, "the inputs", text=True)


def _take(x: Any, chosen: NDArray[np.int64]) -> Any:
    return _safe_indexing(_indexed(x), chosen)


def _reaching(
    steps: list[Any], x: Any, y: NDArray[Any]
) -> tuple[NDArray[Any], Callable[[Any], NDArray[Any]]]:
    """What reaches the network, and the function that brings other examples there."""
    fitted = []
    for step in steps:
        with _explained(step):
            try:
                check_is_fitted(step)
            except Exception:
                step = clone(step).fit(x, y)
            x = step.transform(x)
        fitted.append(step)

    def transform(other: Any) -> NDArray[Any]:
        for step in fitted:
            with _explained(step):
                other = step.transform(other)
        return _dense(other)

    return _dense(x), transform


@contextmanager
def _explained(step: Any) -> Iterator[None]:
    """What a step before the network makes of data it cannot take."""
    try:
        yield
    except Exception as error:
        line = (str(error).strip().splitlines() or [""])[0]
        raise DataError(
            f"{type(step).__name__}, before the network, raised {type(error).__name__}: {line}",
            "steps that can transform the inputs",
        ) from error


def _dense(x: Any) -> NDArray[Any]:
    array = as_array(x.toarray() if hasattr(x, "toarray") else x, "the inputs")
    if array.ndim != 2:
        raise DataError(
            f"inputs of shape {array.shape}",
            "(n, d) for scikit-learn",
            "flatten them: x.reshape(len(x), -1)",
        )
    return array


def _of_mlp(network: Any, sample: Sample) -> Perceptron:
    (x,), y = sample.x, sample.y
    assert y is not None
    last, outputs = _output(network, y)
    n = sample.examples or len(x)
    size = min(200, n) if network.batch_size == "auto" else min(network.batch_size, n)
    rule = _rule(network)
    sizes = network.hidden_layer_sizes
    units = [*(sizes if hasattr(sizes, "__iter__") else [sizes]), outputs]
    about = About(
        "sklearn",
        "numpy",
        _LOSSES[last],
        last,
        rule,
        n if rule is None else size,
        True if rule is None else bool(network.shuffle),
        sum(units),
        ("lbfgs chooses the size of its steps itself",) if rule is None else (),
    )
    weights = _weights(network, units, x.shape[1])
    return Perceptron(
        about, sample, weights, _ACTIVATIONS[network.activation], network.alpha / size, network
    )


def _output(network: Any, y: NDArray[Any]) -> tuple[str, int]:
    """The output's activation and the number of outputs."""
    if isinstance(network, MLPClassifier):
        many = int(y.max()) + 1 if y.ndim == 1 else 0
        if many > 2:
            return "softmax", many
        return "sigmoid", 1 if y.ndim == 1 else y.shape[1]
    loss = getattr(network, "loss", "squared_error")
    known = {view.name: last for last, view in _LOSSES.items() if view.takes == "values"}
    if loss not in known:
        raise UsageError(f"the loss {loss!r} of MLPRegressor", " or ".join(known))
    return known[loss], 1 if y.ndim == 1 else y.shape[1]


def _rule(network: Any) -> UpdateRule | None:
    if network.solver == "sgd":
        nesterov = network.nesterovs_momentum and network.momentum > 0
        return UpdateRule("sgd", network.learning_rate_init, network.momentum, nesterov)
    if network.solver == "adam":
        return UpdateRule(
            "adam",
            network.learning_rate_init,
            beta_1=network.beta_1,
            beta_2=network.beta_2,
            epsilon=network.epsilon,
        )
    return None


def _weights(
    network: Any, units: Sequence[int], features: int
) -> tuple[tuple[Floats, Floats], ...]:
    if hasattr(network, "coefs_"):
        if network.coefs_[0].shape[0] != features:
            raise DataError(
                f"{features} features reach a network fitted on {network.coefs_[0].shape[0]}",
                "the features it was fitted on",
            )
        return tuple(zip(network.coefs_, network.intercepts_, strict=True))
    draw = np.random.default_rng(0)
    factor = 2.0 if network.activation == "logistic" else 6.0
    layers = []
    for fan_in, fan_out in pairwise((features, *units)):
        bound = (factor / (fan_in + fan_out)) ** 0.5
        layers.append(
            (draw.uniform(-bound, bound, (fan_in, fan_out)), draw.uniform(-bound, bound, fan_out))
        )
    return tuple(layers)
