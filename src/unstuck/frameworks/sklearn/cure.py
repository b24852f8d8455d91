"""Cures for scikit-learn: scalers, a wrapper for the targets, parameters of the network."""

import inspect
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from unstuck.changes.change import Change, Combination, Part, Role, value
from unstuck.changes.fits import Affinely, Fit, Scale, Shift
from unstuck.cures.built import Built
from unstuck.cures.cure import Cure
from unstuck.cures.lines import block, figures, fresh
from unstuck.cures.printed import Argument, Block, Names, code
from unstuck.errors import UsageError
from unstuck.frameworks.sklearn.changes import changed
from unstuck.frameworks.sklearn.perceptron import Perceptron
from unstuck.setups.split import split
from unstuck.setups.trainer import Refused

WRAPPER = "TransformedTargetRegressor({}, transformer=StandardScaler())"
SCALED = frozenset({Part.INPUTS, Part.OUTLIERS})
WEIGHTS = 'compute_sample_weight("balanced", {})'
BOTH = frozenset({"model"})

# Fits that scikit-learn has a scaler for.
_SCALERS: dict[Fit, tuple[str, type[Any], dict[str, Any]]] = {
    Affinely(Shift.MEAN, Scale.SPREAD): ("StandardScaler()", StandardScaler, {}),
    Affinely(Shift.MEAN, Scale.ONE): (
        "StandardScaler(with_std=False)",
        StandardScaler,
        {"with_std": False},
    ),
    Affinely(Shift.MEDIAN, Scale.QUARTILES): ("RobustScaler()", RobustScaler, {}),
}


def printed(subject: Perceptron, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    `names.model` is what the user handed over, a pipeline or a search as well. Inputs are scaled
    where they are prepared; behind other steps of a pipeline by a step of it.

    Raises:
        UsageError: a change that cannot be made here.
    """
    of_data = [c for c in cure.changes if c.of_data and c.part is not Part.TARGETS]
    blocks = [_data(subject, change, names) for change in of_data]
    differ = _differing(subject, cure.changes)
    if differ:
        blocks.append(_set(subject, differ, names))
    for change in cure.changes:
        if change.part is Part.CLASS_WEIGHTS:
            blocks.append(_weights(subject, change, names))
        elif change.part is Part.TARGETS:  # the last: it changes the names of parameters
            blocks.append(_wrapped(subject, names))
    return tuple(sorted(blocks, key=lambda b: list(Role).index(b.role)))


def built(subject: Perceptron, cure: Cure) -> Built:
    """The network of a set-up with the cure in it, unfitted.

    It replaces the network where it stands, behind the steps that are in front of it already.

    Raises:
        UsageError: a change that cannot be made here.
    """
    model = _changed(subject, ())
    model.set_params(**_differing(subject, cure.changes))
    data = left = split(subject.sample)
    steps = []
    for change in cure.changes:
        data = change.data(data)
        if change.part in SCALED and change.fit is not None:
            (made,) = data.maps[-1]
            known = _SCALERS.get(change.fit)
            steps.append(known[1](**known[2]) if known else FunctionTransformer(made))
        elif change.part is not Part.TARGETS:
            left = change.data(left)
    if steps:
        model = make_pipeline(*steps, model)
    if any(c.part is Part.TARGETS for c in cure.changes):
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return Built(model, code(printed(subject, cure, Names())), {}, left)


def _changed(subject: Perceptron, changes: Combination) -> Any:
    try:
        return changed(subject.estimator, changes, subject.about.routine).network
    except Refused as reason:
        raise UsageError(f"this cannot be changed: {reason}") from None


def _differing(subject: Perceptron, changes: Combination) -> dict[str, Any]:
    """Parameters of the network that these changes change, as they are written in code."""
    before: dict[str, Any] = _changed(subject, ()).get_params(deep=False)
    after: dict[str, Any] = _changed(subject, changes).get_params(deep=False)
    factor = value(changes, Part.STEPS, 1)
    assert isinstance(factor, float | int)
    after["max_iter"] = round(before["max_iter"] * factor)
    return {
        k: float(f"{v:.4g}") if isinstance(v, float) else v
        for k, v in after.items()
        if before[k] != v
    }


def _data(subject: Perceptron, change: Change, names: Names) -> Block:
    home, model = subject.home, names.model
    if change.part not in SCALED or change.fit is None:
        return block(change, names, subject.sample, not subject.table)
    known = _SCALERS.get(change.fit)
    if home.pipeline is not None:
        return _step(subject, change.fit, f"{model}{home.pipeline}", names)
    if known is None:
        return block(change, names, subject.sample, not subject.table)
    scaler = fresh("scaler", names.taken)
    arrays = [a for a in (names.x, names.x_held) if a]
    lines = (
        f"{scaler} = {known[0]}.fit({names.x})",
        *(f"{a} = {scaler}.transform({a})" for a in arrays),
    )
    both = frozenset({"x", "x_held"} if names.x_held else {"x"})
    imports = (f"from sklearn.preprocessing import {known[1].__name__}",)
    return Block(Role.DATA, lines, imports, both, both)


def _wrapped(subject: Perceptron, names: Names) -> Block:
    """Targets scaled, and predictions brought back, by a wrapper."""
    imports = (
        "from sklearn.compose import TransformedTargetRegressor",
        "from sklearn.preprocessing import StandardScaler",
    )
    home, model = subject.home, names.model
    line, inside = f"{model} = {WRAPPER.format(model)}", "regressor_"
    if home.prefix.endswith("regressor__"):  # the targets are transformed already
        inner = WRAPPER.format(f"{model}{home.network}")
        line, inside = f"{model}.set_params({home.prefix[:-2]}={inner})", ""
    return Block(Role.NETWORK, (line,), imports, BOTH, BOTH, inside=inside)


def _step(subject: Perceptron, fit: Fit, pipeline: str, names: Names) -> Block:
    """A step of a pipeline in front of the network."""
    known = _SCALERS.get(fit)
    if known is not None:
        name = known[1].__name__
        imports: tuple[str, ...] = (f"from sklearn.preprocessing import {name}",)
        line = f'{pipeline}.steps.insert(-1, ("{name.lower()}", {known[0]}))'
        return Block(Role.NETWORK, (line,), imports, BOTH, BOTH)
    reaching = fresh("reaching", names.taken)
    values = subject.sample.x[0]
    made, change = figures(fit, reaching, "x", values, names.taken)
    lines = [f"{reaching} = {pipeline}[:-1].fit_transform({names.x}, {names.y})"] if made else []
    transformer = f"FunctionTransformer(lambda a: {change.format('a')})"
    lines += [*made, f'{pipeline}.steps.insert(-1, ("scaler", {transformer}))']
    imports = ("from sklearn.preprocessing import FunctionTransformer",)
    if any("np." in line for line in lines):
        imports = ("import numpy as np", *imports)
    reads = frozenset({"model", "x", "y"} if made else {"model"})
    return Block(Role.NETWORK, tuple(lines), imports, reads, BOTH)


def _set(subject: Perceptron, differ: dict[str, Any], names: Names) -> Block:
    """Parameters of the network, set where it is made or on what was made."""
    told = ", ".join(f"{subject.home.prefix}{k}={_written(v)}" for k, v in differ.items())
    signature = inspect.signature(type(subject.estimator))
    edits = []
    for position, (name, parameter) in enumerate(signature.parameters.items()):
        if name in differ:
            fixed = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
            text = "" if differ[name] == parameter.default else _written(differ[name])
            edits.append(Argument("estimator", name, text, position if fixed else None))
    line = f"{names.model}.set_params({told})"
    return Block(Role.NETWORK, (line,), (), BOTH, BOTH, tuple(edits))


def _weights(subject: Perceptron, change: Change, names: Names) -> Block:
    """Weights of examples, which `fit` takes."""
    argument = f"{subject.home.prefix}sample_weight"
    if change.value == "none":
        edit = Argument("fit", argument, "")
        return Block(Role.TRAINING, (), edits=(edit,), comment=f"fit without {argument}")
    weights = WEIGHTS.format(names.y)
    return Block(
        Role.TRAINING,
        (),
        ("from sklearn.utils.class_weight import compute_sample_weight",),
        frozenset({"y"}),
        edits=(Argument("fit", argument, weights),),
        comment=f"{names.model}.fit({names.x}, {names.y}, {argument}={weights})",
    )


def _written(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
