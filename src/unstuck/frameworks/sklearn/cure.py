"""Cures for scikit-learn: a Pipeline with the scaler in it, a wrapper for the targets, settings."""

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from unstuck.changes.change import Combination, merged
from unstuck.changes.change import changed as changed_data
from unstuck.changes.data import Log
from unstuck.cures.built import Built
from unstuck.cures.lines import lines, with_numpy
from unstuck.frameworks.sklearn.perceptron import Perceptron
from unstuck.frameworks.sklearn.training import changed
from unstuck.setups.split import split

# Intervention -> the steps in front of the network, as objects and as code. The usual scaler
# stands for all that move or scale inputs: it is what is verified.
_STANDARD = ("StandardScaler()",)
_STEPS = {
    "inputs-centered": _STANDARD,
    "inputs-unit-spread": _STANDARD,
    "inputs-standardized": _STANDARD,
    "features-standardized": _STANDARD,
    "inputs-robust": ("RobustScaler()",),
    "inputs-log": ("FunctionTransformer(log)",),
    "outliers-clipped": ("RobustScaler()", "FunctionTransformer(clip)"),
    "finite-only": ("SimpleImputer()",),
}
_OF_DATA = ("splits-matched", "labels-recoded")  # what no step of a pipeline does
_FUNCTIONS = {
    "log": "def log(x):\n    return np.sign(x) * np.log1p(np.abs(x))\n",
    "clip": "def clip(x):\n    return np.clip(x, -5, 5)\n",
}
_HOMES = {
    "StandardScaler": "sklearn.preprocessing",
    "RobustScaler": "sklearn.preprocessing",
    "FunctionTransformer": "sklearn.preprocessing",
    "SimpleImputer": "sklearn.impute",
    "TransformedTargetRegressor": "sklearn.compose",
    "make_pipeline": "sklearn.pipeline",
}


def _clip(x: Any) -> Any:
    return np.clip(x, -5, 5)


_OBJECTS = {
    "StandardScaler()": StandardScaler,
    "RobustScaler()": RobustScaler,
    "SimpleImputer()": SimpleImputer,
    "FunctionTransformer(log)": lambda: FunctionTransformer(Log()),
    "FunctionTransformer(clip)": lambda: FunctionTransformer(_clip),
}


def built(subject: Perceptron, change: Combination) -> Built:
    """The network of a set-up with the change in it, unfitted.

    It replaces the network where it stands, behind the steps that are in front of it already;
    in the code `model` is the network itself.
    """
    settings = merged(change)
    model: Any = changed(subject.estimator, settings)
    before, after = subject.estimator.get_params(), model.get_params()
    differ = {
        k: v for k, v in after.items() if k in before and before[k] != v and k != "warm_start"
    }
    steps = list(dict.fromkeys(s for i in change for s in _STEPS.get(i.name, ())))
    code, used = [], []
    if differ:
        told = ", ".join(f"{k}={_written(v)}" for k, v in differ.items())
        code.append(f"model.set_params({told})")
    if steps:
        model = make_pipeline(*(_OBJECTS[s]() for s in steps), model)
        code.append(f"model = make_pipeline({', '.join(steps)}, model)")
        used += ["make_pipeline", *(s.split("(")[0] for s in steps)]
    if any(i.name == "targets-standardized" for i in change):
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
        code.append("model = TransformedTargetRegressor(model, transformer=StandardScaler())")
        used += ["TransformedTargetRegressor", "StandardScaler"]
    functions = [text for name, text in _FUNCTIONS.items() if any(f"({name})" in s for s in steps)]
    imports = ["import numpy as np"] if functions else []
    for home in sorted({_HOMES[u] for u in used}):
        names = sorted({u for u in used if _HOMES[u] == home})
        imports.append(f"from {home} import {', '.join(names)}")
    parts = ["\n".join(imports), *functions, "\n".join(code)]
    left = [i for i in change if i.name in _OF_DATA]
    parts += ["\n".join(with_numpy(lines(tuple(left))))]
    data = changed_data(split(subject.sample), left) if left else None
    return Built(model, "\n\n".join(p for p in parts if p) + "\n", {}, data)


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
