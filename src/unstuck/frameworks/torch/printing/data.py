"""Changes of data as code."""

from dataclasses import replace
from typing import Any

import numpy as np

from unstuck.changes.change import Change, Part, Role
from unstuck.changes.fits import Affinely, Fit, Logged, Scale, Shift, ToBulk
from unstuck.cures.lines import fresh, splits, word
from unstuck.cures.printed import Block, Inward, Names
from unstuck.frameworks.torch.printing.loop import loader_code
from unstuck.frameworks.torch.printing.printer import IMPORT, Printer, data_names, number


def data_block(printer: Printer, change: Change) -> Block:
    names, sample = printer.names, printer.subject.sample
    assert sample.y is not None
    x, y, x_held, y_held = data_names(names)
    if change.fit is not None and change.part is not Part.TARGETS:
        values = _finite(sample.x[0])
        lines = _fitted(change.fit, x, x_held, values, names.taken)
        block = _block(Role.DATA, lines, {"x", "x_held"}, {"x", "x_held"}, names)
        return replace(block, inward=_inward(printer, change.fit, values))
    if change.fit is not None:
        values = _finite(sample.y)
        lines = _fitted(change.fit, y, y_held, values, names.taken)
        mean, std = (fresh(f"{word(y)}_{what}", names.taken) for what in ("mean", "std"))
        comment = f"predictions in the targets' own units: output * {std} + {mean}"
        return _block(Role.DATA, lines, {"y"}, {"y"}, names, comment)
    if change.part is Part.LABELS:
        kind = ".float()" if printer.subject.form.dtypes[-1].is_floating_point else ""
        lines = [f"classes, {y} = torch.unique(torch.as_tensor({y}), return_inverse=True)"]
        if kind:
            lines.append(f"{y} = {y}{kind}")
        if y_held:
            lines.append(f"{y_held} = torch.searchsorted(classes, torch.as_tensor({y_held})){kind}")
        return replace(_block(Role.DATA, lines, {"y"}, {"y"}, names), recodes=True)
    if change.part is Part.TARGET_SHAPE:
        how = "{0}[:, None]" if sample.y.ndim == 1 else "{0}.reshape(len({0}))"
        lines = [f"{a} = {how.format(a)}" for a in (y, y_held) if a]
        return replace(_block(Role.DATA, lines, {"y"}, {"y"}, names), by_row=True)
    if change.part in (Part.PADDING, Part.IDS):
        lines = _rewritten(change.part, x, x_held, sample.x[0].ndim, names)
        return _block(Role.DATA, lines, {"x", "x_held"}, {"x", "x_held"}, names)
    if change.part is Part.ROWS:
        lines = [
            f"keep = torch.as_tensor({x}).flatten(1).isfinite().all(1).numpy()",
            f"{x}, {y} = {x}[keep], {y}[keep]",
        ]
        return _block(Role.DATA, lines, {"x", "y"}, {"x", "y"}, names)
    return splits(change, replace(names, x=x, y=y, x_held=x_held))


def _inward(printer: Printer, fit: Fit, values: Any) -> Inward | None:
    """The same at the begin of the forward pass, where its figures are one for all inputs."""
    if not isinstance(fit, Affinely) or fit.each != "whole":
        return None
    made = fit(values.reshape(len(values), -1).astype(np.float64))
    shift, scale = number(float(made.shift)), number(float(made.scale))
    code = f"({{}} - {shift}) / {scale}" if fit.shift is not Shift.NOTHING else f"{{}} / {scale}"
    return Inward(type(printer.subject.setup.model).__name__, code)


def packed(printer: Printer) -> Block:
    names, about = printer.names, printer.subject.about
    x, y, *_ = data_names(names)
    data = f"list(zip({x}, {y}))"
    line = f"{names.loader} = {loader_code(data, about.batch_size, about.shuffled is not False)}"
    return Block(Role.DATA, (line,), IMPORT, frozenset(), frozenset({"loader"}))


def unpacked(names: Names) -> Block:
    x, y, *_ = data_names(names)
    lines = (
        f"{x} = torch.stack([torch.as_tensor(a) for a, _ in {names.loader}.dataset])",
        f"{y} = torch.stack([torch.as_tensor(b) for _, b in {names.loader}.dataset])",
    )
    return Block(Role.DATA, lines, IMPORT, frozenset({"loader"}))


def _block(
    role: Role, lines: list[str], reads: set[str], writes: set[str], names: Names, comment: str = ""
) -> Block:
    """A block over x and y; behind a loader these are names of its own."""
    if names.loader:
        reads, writes = set(), set()
    if not names.x_held:
        reads, writes = reads - {"x_held"}, writes - {"x_held"}
    if names.y_held and "y" in writes:
        reads, writes = reads | {"y_held"}, writes | {"y_held"}
    imports = IMPORT if any("torch." in line for line in lines) else ()
    return Block(role, tuple(lines), imports, frozenset(reads), frozenset(writes), (), comment)


def _fitted(fit: Fit, x: str, held: str, values: Any, taken: frozenset[str]) -> list[str]:
    """A fit, with figures of x, done to x and to what is held out."""
    stem = word(x)
    both = [a for a in (x, held) if a]
    numbers = [f"{a} = torch.as_tensor({a}, dtype=torch.float32)" for a in both]
    if isinstance(fit, Logged):
        return [*numbers, *(f"{a} = torch.sign({a}) * torch.log1p({a}.abs())" for a in both)]
    flat = values.reshape(len(values), -1).astype(np.float64)
    middle = fresh(f"{stem}_median", taken)
    if isinstance(fit, ToBulk):
        limit = fresh(f"{stem}_limit", taken)
        lines = [
            f"{middle} = {x}.quantile(0.5, dim=0)",
            f"{limit} = {fit.reach:g} * ({x} - {middle}).abs()"
            f".quantile({fit.percentile / 100:g}, dim=0)",
        ]
        distance = np.abs(flat - np.median(flat, axis=0))
        if not np.percentile(distance, fit.percentile, axis=0).all():
            lines.append(
                f"{limit}[{limit} == 0] = {fit.reach:g} * "
                f"({x} - {middle}).abs().quantile({fit.percentile / 100:g})"
            )
        done = [f"{a} = {a}.clamp({middle} - {limit}, {middle} + {limit})" for a in both]
        return [*numbers, *lines, *done]
    assert isinstance(fit, Affinely)
    where = "axis=0" if fit.each == "feature" else ""
    mean, std = fresh(f"{stem}_mean", taken), fresh(f"{stem}_std", taken)
    shift, scale = "", ""
    lines = numbers if values.dtype.kind != "f" else []
    if fit.shift is Shift.MEDIAN or fit.scale is Scale.QUARTILES:
        iqr = fresh(f"{stem}_iqr", taken)
        spread = f"{x}.quantile(0.75, dim=0) - {x}.quantile(0.25, dim=0)"
        lines = [*numbers, f"{middle}, {iqr} = {x}.quantile(0.5, dim=0), {spread}"]
        shift, scale = middle, iqr
        low, high = np.percentile(flat, [25, 75], axis=0)
        constant = not (high > low).all()
    else:
        shift = mean if fit.shift is Shift.MEAN else ""
        scale = std if fit.scale is Scale.SPREAD else ""
        made = [(n, f"{x}.{f}({where})") for n, f in ((shift, "mean"), (scale, "std")) if n]
        lines = [*lines, f"{', '.join(n for n, _ in made)} = {', '.join(c for _, c in made)}"]
        constant = fit.each == "feature" and not flat.std(axis=0).all()
    if scale and constant:
        lines.append(f"{scale}[{scale} == 0] = 1  # features that do not vary")
    for a in both:
        moved = f"{a} - {shift}" if shift else a
        code = f"({moved}) / {scale}" if shift and scale else f"{a} / {scale}" if scale else moved
        lines.append(f"{a} = {code}")
    return lines


def _rewritten(part: Part, x: str, held: str, axes: int, names: Names) -> list[str]:
    """Sequences or ids written down anew."""
    both = [a for a in (x, held) if a]
    if part is Part.PADDING:
        inside = "(row.flip(0) != 0)" + (".any(-1)" if axes > 2 else "")
        row = f"row.roll(int({inside}.int().argmax()), 0)"
        return [f"{a} = torch.stack([{row} for row in {a}])  # padding in front" for a in both]
    step = fresh(f"{word(x)}_step", names.taken)
    lines = [f"{step} = torch.as_tensor({x}).unique().diff().min()"]
    whole = "(torch.as_tensor({0}) / {1}).round()  # ids"
    return [*lines, *(f"{a} = {whole.format(a, step)}" for a in both)]


def _finite(a: Any) -> Any:
    return a[np.isfinite(a.reshape(len(a), -1)).all(axis=1)] if a.dtype.kind == "f" else a
