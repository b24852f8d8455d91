"""Sees scikit-learn's MLPs train: alone, last in a Pipeline, in a search, with scaled targets.

The outermost `fit` counts. Losses are read from `loss_curve_` when it ends.
"""

import inspect
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import wrapt
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from unstuck.records.report import Evidence
from unstuck.records.training import Sighting
from unstuck.setups.routine import Routine
from unstuck.watching.batches import Batches
from unstuck.watching.methods import surround
from unstuck.watching.question import Question
from unstuck.watching.rows import beside, labels
from unstuck.watching.trainings import Training, Trainings

_AROUND = {
    "sklearn.pipeline": ("Pipeline",),
    "sklearn.model_selection": ("GridSearchCV", "RandomizedSearchCV"),
    "sklearn.compose": ("TransformedTargetRegressor",),
}
_FITTED = ("best_estimator_", "regressor_")
_TO_FIT = ("estimator", "regressor")


def install(trainings: Trainings) -> None:
    """Puts the hooks into scikit-learn; into what may hold a network when it is imported."""
    batches = Batches(trainings, "sklearn")
    trained: WeakKeyDictionary[Any, Training] = WeakKeyDictionary()

    def fit(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        training = None
        with trainings.guard("follow fit"):
            if network(model, _TO_FIT) is not None:
                training = trainings.starts("sklearn", _arguments(original, model, args, kwargs))
        if training is None:
            return original(model, *args, **kwargs)
        try:
            result = original(model, *args, **kwargs)
        finally:
            with trainings.guard("follow fit"):
                training.ends()
        with trainings.guard("follow the loss"):
            fitted = network(model, _FITTED)
            if fitted is not None:  # else a search that did not fit its best again
                trained[fitted] = training
                for loss in getattr(fitted, "loss_curve_", None) or [fitted.loss_]:
                    training.watch.loss(loss)
                training.routine(_routine(fitted, _given(original, model, args, kwargs)))
                if (short := _too_short(fitted, training.watch.state)) is not None:
                    training.saw(short)
        return result

    def partial_fit(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        training = None
        with trainings.guard("follow partial_fit"):
            training = batches.training(
                model, lambda: _arguments(original, model, args, kwargs, fresh=False)
            )
        result = original(model, *args, **kwargs)
        if training is not None:
            with trainings.guard("follow the loss"):
                training.watch.loss(model.loss_)
        return result

    def predict(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        answers = original(model, *args, **kwargs)
        training = trained.get(model)
        if training is not None and not trainings.is_quiet and not trainings.is_within:
            with trainings.guard("follow an evaluation"):
                question = _question(model, [*args, *kwargs.values()][0], answers, original)
                training.asked(question, trainings.here())
        return answers

    for cls in (MLPClassifier, MLPRegressor):
        surround(cls, "predict", predict)
        surround(cls, "fit", fit)
        surround(cls, "partial_fit", partial_fit)

    def around(module: Any) -> None:
        with trainings.guard(f"follow the trainings of {module.__name__}"):
            for name in _AROUND[module.__name__]:
                surround(getattr(module, name), "fit", fit)

    for module in _AROUND:
        wrapt.when_imported(module)(around)


def network(model: Any, names: tuple[str, ...]) -> Any:
    """The MLP in an estimator; None if there is none.

    Args:
        names: attributes that what is wrapped is looked for in.
    """
    while model is not None and not isinstance(model, MLPClassifier | MLPRegressor):
        steps = getattr(model, "steps", None)
        if steps:
            model = steps[-1][1]
        else:
            model = next((i for a in names if (i := getattr(model, a, None)) is not None), None)
    return model


def _question(model: Any, x: Any, answers: Any, predict: Callable[..., Any]) -> Question:
    """What a fitted network is asked about; classes as their numbers, as training has them."""
    given = np.asarray(x)
    classes = getattr(model, "classes_", None)

    def coded(values: NDArray[Any]) -> NDArray[Any]:
        if classes is None or values.ndim > 1:
            return values
        numbers = {label: i for i, label in enumerate(classes.tolist())}
        return np.array([numbers.get(value, -1) for value in values.tolist()])

    return Question(
        len(answers),
        lambda: given,
        lambda: coded(np.asarray(answers)),
        lambda: [coded(found) for found in beside(given, labels)],
        lambda rows: coded(np.asarray(predict(model, rows))),
        int(model.n_iter_),
    )


def _routine(fitted: Any, given: dict[str, Any]) -> Routine:
    """What a fitted network's training was."""
    epochs, n = int(fitted.n_iter_), len(given["y"])
    size = n
    if fitted.solver != "lbfgs":
        n = fitted.t_ // max(1, epochs)  # what early stopping holds out is not trained on
        size = min(200 if fitted.batch_size == "auto" else fitted.batch_size, n)
    steps = epochs * -(-n // size)
    weights = next((v for k, v in given.items() if k.endswith("sample_weight")), None)
    if weights is None:
        return Routine(steps=steps, epochs=epochs)
    of = _of_classes(fitted, np.asarray(given["y"]), np.asarray(weights))
    unseen = () if of else ("examples have weights of their own, which trials do not give them",)
    return Routine(steps=steps, epochs=epochs, weights=of, unseen=unseen)


def _of_classes(fitted: Any, y: NDArray[Any], weights: NDArray[Any]) -> tuple[float, ...]:
    """Weights by class id, where all examples of a class have the same; else ()."""
    if not isinstance(fitted, MLPClassifier) or y.size != len(y):
        return ()
    _, ids = np.unique(y.reshape(-1), return_inverse=True)
    found = [np.unique(weights[ids == k]) for k in range(ids.max() + 1)]
    return tuple(float(w[0]) for w in found) if all(len(w) == 1 for w in found) else ()


def _too_short(fitted: Any, state: str) -> Sighting | None:
    """What scikit-learn itself warns of, where nothing has been learnt by then."""
    epochs = int(fitted.n_iter_)
    if epochs < fitted.max_iter or state not in ("slow", "unknown"):
        return None
    evidence = Evidence(
        "epochs", epochs, "enough for the loss to stop falling", "", "ConvergenceWarning"
    )
    says = f"after max_iter={epochs} epochs nothing is learnt yet, and the loss still falls"
    return Sighting("training-short", (evidence,), says)


def _arguments(
    original: Any, model: Any, args: Any, kwargs: Any, fresh: bool = True
) -> dict[str, Any]:
    """Arguments of `unstuck.diagnose`. `fit` begins anew with what was fitted before, unless told
    to go on: so a copy is looked at."""
    given = _given(original, model, args, kwargs)
    goes_on = getattr(network(model, _TO_FIT), "warm_start", False)
    if fresh and not goes_on:
        model = clone(model)
    return {"model": model, "x": given["X"], "y": given.get("y")}


def _given(original: Any, model: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """What `fit` was given, by name."""
    given = dict(inspect.signature(original).bind(model, *args, **kwargs).arguments)
    for several in ("params", "fit_params"):
        given |= given.pop(several, {})
    return given
