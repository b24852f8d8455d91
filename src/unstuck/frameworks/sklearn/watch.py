"""Sees scikit-learn's MLPs train: alone, last in a Pipeline, in a search, with scaled targets.

The outermost `fit` counts. Losses are read from `loss_curve_` when it ends.
"""

import inspect
from collections.abc import Callable
from typing import Any

import wrapt
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from unstuck.watching.batches import Batches
from unstuck.watching.methods import surround
from unstuck.watching.trainings import Trainings

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
                for loss in getattr(fitted, "loss_curve_", None) or [fitted.loss_]:
                    training.watch.loss(loss)
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

    for cls in (MLPClassifier, MLPRegressor):
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


def _arguments(
    original: Any, model: Any, args: Any, kwargs: Any, fresh: bool = True
) -> dict[str, Any]:
    """Arguments of `unstuck.diagnose`. `fit` begins anew with what was fitted before, unless told
    to go on: so a copy is looked at."""
    given = inspect.signature(original).bind(model, *args, **kwargs).arguments
    goes_on = getattr(network(model, _TO_FIT), "warm_start", False)
    if fresh and not goes_on:
        model = clone(model)
    return {"model": model, "x": given["X"], "y": given.get("y")}
