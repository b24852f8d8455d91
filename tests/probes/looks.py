"""Looks made by hand, so that every probe has an answer known beforehand."""

from typing import Any

import numpy as np

from unstuck.probes.look import Curvature, Look
from unstuck.setups.subject import (
    About,
    Layer,
    LossView,
    Observation,
    Parameter,
    Sample,
    UpdateRule,
)

SGD = UpdateRule("sgd", 0.1)


def parameter(name: str, value: Any, gradient: Any = None, update: Any = None, **more: Any):
    """A kernel (inputs, units), unless `more` says otherwise."""
    value = np.asarray(value, np.float32)
    return Parameter(
        name,
        more.pop("layer", name.partition(".")[0]),
        value,
        None if gradient is None else np.asarray(gradient, np.float32),
        None if update is None else np.asarray(update, np.float32),
        **{"fan_in": value.shape[0], "unit_axis": 1} | more,
    )


def look(
    x: Any = ((0.0, 1.0), (1.0, 0.0)),
    y: Any = (0, 1),
    *,
    validation: Any = None,
    asked: Any = None,
    order: Any = None,
    wants: LossView | None = None,
    output: Any = None,
    logits: Any = None,
    layers: tuple[tuple[str, str, Any], ...] = (),
    parameters: tuple[Parameter, ...] = (),
    activation: str = "linear",
    rule: UpdateRule | None = SGD,
    batch: int = 2,
    curvature: Curvature | None = None,
    kind: str = "values",
    **seen: Any,
) -> Look:
    """A look at a classifier of two classes by default; every part can be given."""
    x, y = np.asarray(x), None if y is None else np.asarray(y)
    output = np.asarray(np.eye(2)[[0] * len(x)] if output is None else output, np.float32)
    return Look(
        About(
            "engine",
            "jax",
            wants or LossView("sparse_categorical_crossentropy", "logits", "ids"),
            activation,
            rule,
            batch,
        ),
        Sample(
            (x,),
            y,
            None if validation is None else (np.asarray(validation),),
            None if asked is None else np.asarray(asked),
            order=None if order is None else np.asarray(order),
            examples=len(x),
            kinds=(kind,),
        ),
        Observation(
            tuple(
                Layer(name, "Dense", act, None if z is None else np.asarray(z, np.float32))
                for name, act, z in layers
            ),
            parameters,
            output,
            output if logits is None else np.asarray(logits, np.float32),
            **{"logit_gradients": None, "loss": 1.0, "losses": None} | seen,
        ),
        curvature,
    )


VALUES = LossView("mean_squared_error", "values", "values")
