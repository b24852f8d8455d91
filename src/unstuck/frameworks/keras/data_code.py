"""Changes of the data as blocks of NumPy, or as a map of a `tf.data.Dataset`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Change, Part, Role
from unstuck.changes.fits import Affinely, Fit, Logged, Scale, Shift, ToBulk
from unstuck.cures.lines import fresh, rewritten, splits
from unstuck.cures.printed import Block, Names
from unstuck.errors import UsageError

NUMPY = ("import numpy as np",)
EXACT = 1e4  # mean over standard deviation up to which float32 holds the difference


class DataCode:
    """Prints changes of one subject's data.

    Args:
        subject: a `KerasSubject`.
        names: as they were asked for.
    """

    def __init__(self, subject: Any, names: Names) -> None:
        self.subject, self.names, self.sample = subject, names, subject.sample
        self.kind: str = subject.loaded
        data = names.loader or names.x
        self.mapped = bool(self.kind) and data == names.x
        self.x = fresh("inputs", names.taken) if self.mapped else names.x
        self.y = fresh("targets", names.taken) if self.mapped else names.y
        self.data = data

    def blocks(self, changes: list[Change]) -> list[Block]:
        """One a change, examples that are left out first."""
        ordered = sorted(changes, key=lambda c: c.part is not Part.ROWS)
        if self.mapped and ordered:
            return [self._map(ordered)]
        return [self._block(change) for change in ordered]

    def _block(self, change: Change) -> Block:
        names, x, y = self.names, self.x, self.y
        comment = ""
        if change.part is Part.TARGETS:
            assert change.fit is not None
            lines = self._fitted(change.fit, y, names.y_held, self.sample.y)
            used, comment = "y", self._units(y)
        elif change.fit is not None:
            lines, used = self._inputs(change.fit, x, names.x_held), "x"
        elif change.part is Part.LABELS:
            lines = [f"classes, {y} = np.unique({y}, return_inverse=True)"]
            if self.sample.y.ndim > 1:
                lines.append(f"{y} = {y}.reshape(-1)")
            if names.y_held:
                held = f"{names.y_held}.reshape(-1)" if self.sample.y.ndim > 1 else names.y_held
                lines.append(f"{names.y_held} = np.searchsorted(classes, {held})")
            used = "y"
        elif change.part is Part.TARGET_SHAPE:
            how = "{0}[:, None]" if self.sample.y.ndim == 1 else "{0}.reshape(len({0}))"
            lines = [f"{a} = {how.format(a)}" for a in (y, names.y_held) if a]
            used = "y"
        elif change.part is Part.ROWS:
            return self._rows()
        elif change.part in (Part.PADDING, Part.IDS):
            if len(self.sample.x) > 1:
                raise UsageError("examples of several inputs", "one input", change.says)
            values = self.sample.x[0]
            lines = rewritten(change.part, x, names.x_held, values, names.taken)
            used = "x"
        else:
            return self._splits(change)
        block = self._with(lines, {used}, comment)
        return replace(
            block,
            by_row=change.part is Part.TARGET_SHAPE,
            recodes=change.part is Part.LABELS,
        )

    def _with(self, lines: list[str], used: set[str], comment: str = "") -> Block:
        held = {"x": self.names.x_held, "y": self.names.y_held}
        both = frozenset({*used, *(f"{u}_held" for u in used if held[u])})
        imports = NUMPY if any("np." in line for line in lines) else ()
        return Block(Role.DATA, tuple(lines), imports, both, both, (), comment)

    def _units(self, y: str) -> str:
        mean, std = (fresh(f"{_word(y)}_{what}", self.names.taken) for what in ("mean", "std"))
        call = f"{self.names.model}.predict(…)"
        return f"predictions in the targets' own units: {call} * {std} + {mean}"

    def _inputs(self, fit: Fit, x: str, held: str) -> list[str]:
        """A fit to each input that is values, done to what is held out, too."""
        packed = self.subject._pack(tuple(range(len(self.sample.x))))
        if isinstance(packed, dict):
            keys = sorted(packed, key=lambda k: int(packed[k]))
            places, lines = [f"[{k!r}]" for k in keys], [f"{x} = dict({x})"]
        elif isinstance(packed, list | tuple):
            places, lines = [f"[{i}]" for i in range(len(packed))], [f"{x} = list({x})"]
        else:
            places, lines = [""], []
        if not self.subject.arrays and not lines:
            lines = [f"{a} = np.asarray({a})" for a in (x, held) if a]
        elif held and lines:
            lines.append(lines[0].replace(x, held))
        for place, a, kind in zip(places, self.sample.x, self.sample.kinds, strict=True):
            if kind == "values":
                to = f"{held}{place}" if held else ""
                lines += self._fitted(fit, f"{x}{place}", to, a)
        return lines

    def _fitted(self, fit: Fit, x: str, held: str, values: NDArray[Any]) -> list[str]:
        """A fit, with figures of x, done to x and to what is held out."""
        both = [a for a in (x, held) if a]
        lines = []
        if values.dtype == np.float32 and _is_far(values):
            lines = [f'{a} = {a}.astype("float64")' for a in both]
        figures, done = fitted(fit, x, values, self.names.taken)
        return [*lines, *figures, *(f"{a} = {done(a, 'np')}" for a in both)]

    def _rows(self) -> Block:
        x, y = self.x, self.y
        checked = [x]
        if self.sample.y.dtype.kind == "f" and not np.isfinite(self.sample.y).all():
            checked.append(y)
        if len(self.sample.x) > 1:
            raise UsageError("examples of several inputs", "one input", "leave them out by hand")
        sound = " & ".join(f"np.isfinite({a}.reshape(len({a}), -1)).all(axis=1)" for a in checked)
        keep = fresh("sound", self.names.taken)
        lines = (f"{keep} = {sound}", f"{x}, {y} = {x}[{keep}], {y}[{keep}]")
        return Block(Role.DATA, lines, NUMPY, frozenset("xy"), frozenset("xy"))

    def _splits(self, change: Change) -> Block:
        names = replace(self.names, x=self.x, y=self.y)
        return splits(change, replace(names, x_held="") if len(self.sample.x) > 1 else names)

    def _map(self, changes: list[Change]) -> Block:
        """Figures of the data set's arrays, and the data set with each batch changed."""
        if self.kind != "tf.data" or len(self.sample.x) > 1 or any(c.fit is None for c in changes):
            raise UsageError(
                f"the data come in batches, from a {self.kind}",
                "arrays, or a tf.data.Dataset whose inputs and targets are scaled",
                "change them where the data set makes its batches",
            )
        lines, comment = [], ""
        batch = {"x": "x", "y": "y"}
        for name, values, own in (("x", self.sample.x[0], self.x), ("y", self.sample.y, self.y)):
            fits = [c.fit for c in changes if (c.part is Part.TARGETS) is (name == "y")]
            if not fits:
                continue
            lines.append(f"{own} = np.concatenate([{name} for x, y in {self.data}])")
            batch[name] = f'tf.cast({name}, "float32")'
            for i, fit in enumerate(fits):
                assert fit is not None
                figures, done = fitted(fit, own, values, self.names.taken)
                lines += [*figures, *([f"{own} = {done(own, 'np')}"] if i + 1 < len(fits) else [])]
                batch[name] = done(batch[name], "tf")
            comment = self._units(own) if name == "y" else comment
        lines.append(f"{self.data} = {self.data}.map(lambda x, y: ({batch['x']}, {batch['y']}))")
        used = frozenset({"loader" if self.names.loader else "x"})
        imports = (*NUMPY, "import tensorflow as tf")
        return Block(Role.DATA, tuple(lines), imports, used, used, (), comment)


Done = Callable[[str, str], str]  # what is changed, and the library that does it ↦ code


def fitted(fit: Fit, x: str, values: NDArray[Any], taken: frozenset[str]) -> tuple[list[str], Done]:
    """Lines that take a fit's figures from x, and the expression that uses them.

    Args:
        values: some of x, to tell what the code must take care of.
    """
    if isinstance(fit, Logged):
        return (
            [],
            lambda a, by: (
                f"np.sign({a}) * np.log1p(np.abs({a}))"
                if by == "np"
                else f"tf.sign({a}) * tf.math.log1p(tf.abs({a}))"
            ),
        )
    word = _word(x)
    flat = values.reshape(len(values), -1).astype(np.float64)
    flat = flat[np.isfinite(flat).all(axis=1)]
    middle = fresh(f"{word}_median", taken)
    if isinstance(fit, ToBulk):
        limit = fresh(f"{word}_limit", taken)
        distance, reach = f"np.abs({x} - {middle})", f"{fit.reach:g} * np.percentile("
        lines = [
            f"{middle} = np.median({x}, axis=0)",
            f"{limit} = {reach}{distance}, {fit.percentile:g}, axis=0)",
        ]
        bulk = np.percentile(np.abs(flat - np.median(flat, axis=0)), fit.percentile, axis=0)
        if not bulk.all():
            lines.append(f"{limit}[{limit} == 0] = {reach}{distance}, {fit.percentile:g})")
        clips = {"np": "np.clip", "tf": "tf.clip_by_value"}
        return lines, lambda a, by: f"{clips[by]}({a}, {middle} - {limit}, {middle} + {limit})"
    assert isinstance(fit, Affinely)
    axis = "axis=0" if fit.each == "feature" else ""
    if fit.shift is Shift.MEDIAN or fit.scale is Scale.QUARTILES:
        shift, scale = middle, fresh(f"{word}_iqr", taken)
        lines = [
            f"low, {middle}, high = np.percentile({x}, [25, 50, 75], axis=0)",
            f"{scale} = high - low",
        ]
        spread = np.ptp(np.percentile(flat, [25, 75], axis=0), axis=0)
    else:
        shift = fresh(f"{word}_mean", taken) if fit.shift is Shift.MEAN else ""
        scale = fresh(f"{word}_std", taken) if fit.scale is Scale.SPREAD else ""
        made = [(n, f"{x}.{f}({axis})") for n, f in ((shift, "mean"), (scale, "std")) if n]
        lines = [f"{', '.join(n for n, _ in made)} = {', '.join(c for _, c in made)}"]
        spread = flat.std(axis=0)
    if scale and axis and not (spread > 0).all():
        lines.append(f"{scale}[{scale} == 0] = 1  # features that do not vary")

    def done(a: str, by: str) -> str:
        if not scale:
            return f"{a} - {shift}"
        return f"({a} - {shift}) / {scale}" if shift else f"{a} / {scale}"

    return lines, done


def _is_far(values: NDArray[Any]) -> bool:
    """Whether float32 does not hold the differences from the mean."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    return bool((np.abs(mean) > EXACT * np.where(sd > 0, sd, np.inf)).any())


def _word(name: str) -> str:
    """The first word of an expression and what follows it, as a prefix of new names."""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in name).split()
    return "_".join(words[-2:] if words[-1].isdigit() else words[-1:])
