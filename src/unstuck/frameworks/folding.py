"""A fitted scaler put into the first layer of a trained model, for serving on raw inputs.

A dense or convolution layer that sees (x − shift) / scale is another layer of the same kind that
sees x: kernel W / scale, bias b − shift·W / scale. The result is exact up to rounding. It is for
models that are trained: a model trained on raw inputs does not become one trained on scaled ones.
"""

import copy
from importlib import import_module
from typing import Any

import numpy as np

from unstuck.cures.equivalence import affine_map
from unstuck.cures.fold import nothing, rows
from unstuck.errors import UsageError
from unstuck.scalers import Affine
from unstuck.setups.unmoved import unmoved
from unstuck.setups.untouched import untouched


@unmoved()
def fold(model: Any, scaler: Any = None) -> Any:
    """The model that gives on raw inputs what this one gives on scaled ones.

    Args:
        model: a trained torch module, Keras model or scikit-learn network, or a scikit-learn
            pipeline of scalers and a network; stays as it is.
        scaler: an `Affine`, a number to divide by, a fitted StandardScaler, MinMaxScaler,
            RobustScaler or MaxAbsScaler of scikit-learn, or a Normalization or Rescaling layer of
            Keras. None: the one that the model begins with. Maps of (d,) are of the features in
            flattened order, or of channels where the first layer is a convolution.

    Returns:
        a new model of the same kind, in evaluation mode where the framework has one; the network
        alone for a pipeline.

    Raises:
        UsageError: the scaler is no affine map, or the first layer cannot hold it.

    Example:
        >>> served = unstuck.fold(model, StandardScaler().fit(x_train))
        >>> served(x)  # as model(scaler.transform(x))
    """
    kinds = _ancestors(model)
    with untouched():
        if ("sklearn", "Pipeline") in kinds:
            return _pipeline(model, scaler)
        if ("sklearn", "BaseMultilayerPerceptron") in kinds:
            if scaler is None:
                raise nothing()
            return _perceptron(model, affine(scaler))
        for framework, base in (("keras", "Model"), ("torch", "Module")):
            if (framework, base) in kinds:
                mapped = None if scaler is None else affine(scaler)
                file = import_module(f"unstuck.frameworks.{framework}.fold")
                return file.folded(model, mapped)
    raise UsageError(
        f"the model is a {type(model).__module__}.{type(model).__qualname__}",
        "a torch module, a Keras model, or a network or pipeline of scikit-learn",
    )


def affine(scaler: Any) -> Affine:
    """The scaler as an affine map.

    Raises:
        UsageError: it is none, or not fitted.
    """
    kinds = _ancestors(scaler)
    if ("keras", "Rescaling") in kinds or ("keras", "Normalization") in kinds:
        made: Affine = import_module("unstuck.frameworks.keras.fold").affine_of(scaler)
        return made
    return affine_map(scaler)


def _ancestors(thing: Any) -> set[tuple[str, str]]:
    return {(c.__module__.split(".")[0], c.__name__) for c in type(thing).__mro__}


def _pipeline(pipeline: Any, scaler: Any) -> Any:
    *steps, (_, network) = pipeline.steps
    if scaler is not None:
        raise UsageError(
            "a pipeline and a scaler besides", "the pipeline alone, or the network and the scaler"
        )
    if ("sklearn", "BaseMultilayerPerceptron") not in _ancestors(network):
        raise UsageError(
            f"the pipeline ends in a {type(network).__name__}", "an MLPClassifier or MLPRegressor"
        )
    whole = Affine(np.zeros(()), np.ones(()))
    for _, step in steps:
        if step is not None and step != "passthrough":
            whole = whole.then(affine(step))
    return _perceptron(network, whole)


def _perceptron(network: Any, scaler: Affine) -> Any:
    if not hasattr(network, "coefs_"):
        raise UsageError("the network is not fitted", "a trained model", "fold after fit")
    folded = copy.deepcopy(network)
    kernel, bias = network.coefs_[0], network.intercepts_[0]
    new = rows(scaler, len(kernel)).fold(kernel.astype(np.float64), bias.astype(np.float64))
    folded.coefs_[0] = new[0].astype(kernel.dtype)
    folded.intercepts_[0] = new[1].astype(bias.dtype)
    return folded
