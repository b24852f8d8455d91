"""Changes of data as lines of NumPy, with figures taken from the training examples."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Change, Part, Role
from unstuck.changes.fits import Affinely, Fit, Logged, Scale, Shift, ToBulk
from unstuck.changes.splits import MIXED
from unstuck.cures.printed import Block, Names
from unstuck.errors import UsageError
from unstuck.setups.subject import Sample

IMPORT = ("import numpy as np",)


def block(change: Change, names: Names, sample: Sample, arrays: bool = True) -> Block:
    """A change of data as a block; what is held out, where it has a name, gets the same figures.

    Args:
        change: one of data.
        sample: examples, which tell what the lines must see to.
        arrays: whether the names stand for arrays; else the lines make arrays of them.

    Raises:
        UsageError: inputs that have no single name.
    """
    assert sample.y is not None
    x, y, x_held, y_held = names.x, names.y, names.x_held, names.y_held
    if change.part not in (Part.TARGETS, Part.LABELS, Part.TARGET_SHAPE) and len(sample.x) != 1:
        raise UsageError(
            f"a model of {len(sample.x)} inputs",
            "one input",
            "scale the inputs that are values where the data are made",
        )
    if change.part is Part.TARGETS:
        assert change.fit is not None
        lines = fitted(change.fit, y, y_held, sample.y, names.taken, arrays)
        mean, std = (fresh(f"{word(y)}_{what}", names.taken) for what in ("mean", "std"))
        comment = f"predictions in the targets' own units: output * {std} + {mean}"
        return _block(lines, {"y"}, {"y"}, names, comment)
    if change.fit is not None:
        lines = fitted(change.fit, x, x_held, sample.x[0], names.taken, arrays)
        return _block(lines, {"x"}, {"x"}, names)
    if change.part is Part.LABELS:
        flat = ".reshape(-1)" if sample.y.ndim > 1 else ""
        classes = fresh("classes", names.taken)
        lines = [f"{classes}, {y} = np.unique({y}{flat}, return_inverse=True)"]
        if y_held:
            lines.append(f"{y_held} = np.searchsorted({classes}, {y_held}{flat})")
        return replace(_block(lines, {"y"}, {"y"}, names), recodes=True)
    if change.part is Part.TARGET_SHAPE:
        how = "{0}[:, None]" if sample.y.ndim == 1 else "{0}.reshape(len({0}))"
        lines = [f"{a} = {how.format(a)}" for a in (y, y_held) if a]
        return replace(_block(lines, {"y"}, {"y"}, names), by_row=True)
    if change.part in (Part.PADDING, Part.IDS):
        return _block(
            rewritten(change.part, x, x_held, sample.x[0], names.taken), {"x"}, {"x"}, names
        )
    if change.part is Part.ROWS:
        keep = fresh("keep", names.taken)
        sound = _sound(x, sample.x[0])
        if sample.y.dtype.kind == "f" and not np.isfinite(sample.y).all():
            sound += f" & {_sound(y, sample.y)}"
        lines = [f"{keep} = {sound}", f"{x}, {y} = {x}[{keep}], {y}[{keep}]"]
        return _block(lines, {"x", "y"}, {"x", "y"}, Names(x=x, y=y))
    return splits(change, names)


def rewritten(
    part: Part, x: str, held: str, values: NDArray[Any], taken: frozenset[str]
) -> list[str]:
    """Sequences or ids written down anew, as lines of NumPy.

    Args:
        held: "" for nothing.
        values: (n, time, …) that x holds.
    """
    both = [a for a in (x, held) if a]
    if part is Part.PADDING:
        inside = "(row[::-1] != 0)" + (".any(axis=1)" if values.ndim > 2 else "")
        row = f"np.roll(row, np.argmax({inside}), axis=0)"
        return [f"{a} = np.array([{row} for row in {a}])  # padding in front" for a in both]
    step = fresh(f"{word(x)}_step", taken)
    lines = [f"{step} = np.diff(np.unique({x})).min()"]
    return [*lines, *(f"{a} = np.rint({a} / {step})  # ids" for a in both)]


def splits(change: Change, names: Names) -> Block:
    """A change of what is held out, for arrays of NumPy's and of PyTorch's alike."""
    x, y, held = names.x, names.y, names.x_held
    if change.name == MIXED.name and held:
        says = "hold out examples of all: train_test_split(x, y, stratify=y)"
        return Block(Role.DATA, (), comment=says)
    if change.name == MIXED.name:
        order = fresh("order", names.taken)
        lines = [
            f"{order} = np.random.default_rng(0).permutation(len({x}))",
            f"{x}, {y} = {x}[{order}], {y}[{order}]",
        ]
        both = frozenset("xy")
        return Block(Role.DATA, tuple(lines), IMPORT, both, both, whole=True)
    if not held:
        says = "scale the validation inputs with the figures of the training inputs"
        return Block(Role.DATA, (), comment=says)
    line = f"{held} = ({held} - {held}.mean()) * ({x}.std() / {held}.std()) + {x}.mean()"
    return Block(Role.DATA, (line,), (), frozenset({"x", "x_held"}), frozenset({"x_held"}))


def fitted(
    fit: Fit,
    name: str,
    held: str,
    values: NDArray[Any],
    taken: frozenset[str] = frozenset(),
    arrays: bool = True,
) -> list[str]:
    """A fit, with figures of what `name` stands for, done to it and to what is held out.

    Args:
        held: "" for nothing.
        values: (n, …) that the name stands for.
        arrays: see `block`.
    """
    both = [a for a in (name, held) if a]
    lines: list[str] = []
    if values.dtype.kind != "f":
        lines = [f'{a} = np.asarray({a}, "float32")' for a in both]
    elif not arrays:
        lines = [f"{a} = np.asarray({a})" for a in both]
    made, change = figures(fit, name, word(name), values, taken)
    return [*lines, *made, *(f"{a} = {change.format(a)}" for a in both)]


def figures(
    fit: Fit, of: str, prefix: str, values: NDArray[Any], taken: frozenset[str] = frozenset()
) -> tuple[list[str], str]:
    """Lines that take a fit's figures, and what is done with them to {0}.

    Args:
        of: an array, as code.
        prefix: of the figures' names.
        values: (n, …) that the array holds.
    """

    def new(what: str) -> str:
        return fresh(f"{prefix}_{what}", taken)

    if isinstance(fit, Logged):
        return [], "np.sign({0}) * np.log1p(np.abs({0}))"
    lines: list[str] = []
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        lines.append(f"{new('finite')} = {of}[{_sound(of, values)}]")
        of = new("finite")
    if isinstance(fit, ToBulk):
        middle, limit = new("median"), new("limit")
        bulk = f"np.percentile(np.abs({of} - {middle}), {fit.percentile:g}"
        lines += [f"{middle} = np.median({of}, axis=0)"]
        lines += [f"{limit} = {fit.reach:g} * {bulk}, axis=0)"]
        if _constant(fit, values):
            lines.append(f"{limit}[{limit} == 0] = {fit.reach:g} * {bulk})")
        return lines, f"np.clip({{0}}, {middle} - {limit}, {middle} + {limit})"
    axis = "axis=0" if fit.each == "feature" else ""
    if fit.shift is Shift.MEDIAN or fit.scale is Scale.QUARTILES:
        low, shift, high, scale = new("low"), new("median"), new("high"), new("iqr")
        percentiles = f"np.percentile({of}, [25, 50, 75]{axis and ', ' + axis})"
        lines += [f"{low}, {shift}, {high} = {percentiles}", f"{scale} = {high} - {low}"]
    else:
        shift = new("mean") if fit.shift is Shift.MEAN else ""
        scale = new("std") if fit.scale is Scale.SPREAD else ""
        pairs = [(n, f"{of}.{f}({axis})") for n, f in ((shift, "mean"), (scale, "std")) if n]
        lines += [f"{', '.join(n for n, _ in pairs)} = {', '.join(c for _, c in pairs)}"]
    if scale and axis and _constant(fit, values):
        lines.append(f"{scale}[{scale} == 0] = 1  # features that do not vary")
    moved = f"{{0}} - {shift}" if shift else "{0}"
    if not scale:
        return lines, moved
    return lines, f"({moved}) / {scale}" if shift else f"{moved} / {scale}"


def _constant(fit: Fit, values: NDArray[Any]) -> bool:
    """Whether some feature has nothing to divide by."""
    if values.ndim < 2:
        return False
    flat = values.reshape(len(values), -1).astype(np.float64)
    flat = flat[np.isfinite(flat).all(axis=1)]
    if isinstance(fit, ToBulk):
        distance = np.abs(flat - np.median(flat, axis=0))
        return not np.percentile(distance, fit.percentile, axis=0).all()
    if isinstance(fit, Affinely) and fit.scale is Scale.QUARTILES:
        low, high = np.percentile(flat, [25, 75], axis=0)
        return not (high > low).all()
    return not flat.std(axis=0).all()


def _sound(name: str, values: NDArray[Any]) -> str:
    """Which examples are finite throughout, as code."""
    axes = ", ".join(map(str, range(1, values.ndim)))
    if not axes:
        return f"np.isfinite({name})"
    return f"np.isfinite({name}).all(axis={axes if values.ndim == 2 else f'({axes})'})"


def _block(
    lines: list[str], reads: set[str], writes: set[str], names: Names, comment: str = ""
) -> Block:
    held = {f"{n}_held" for n in writes if getattr(names, f"{n}_held")}
    imports = IMPORT if any("np." in line for line in lines) else ()
    both = frozenset(reads | held), frozenset(writes | held)
    return Block(Role.DATA, tuple(lines), imports, *both, (), comment)


def word(name: str) -> str:
    """The last name in an expression, as a prefix of new names; not of the rows chosen of it."""
    own = re.sub(r"\[[\w.]*\]", " ", name)
    words = "".join(c if c.isalnum() or c == "_" else " " for c in own).split()
    return next(w for w in reversed(words) if w.isidentifier())


def fresh(name: str, taken: frozenset[str]) -> str:
    """The name, or one like it that is not taken."""
    while name in taken:
        name += "_"
    return name
