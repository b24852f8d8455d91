"""Blocks as the frameworks' printers make them, by hand, for tests of where they go."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from unstuck.changes import loop
from unstuck.changes.change import Role
from unstuck.cures.printed import (
    Argument,
    Behind,
    Block,
    Call,
    Edit,
    Insert,
    Inward,
    Move,
    Names,
    Rate,
    TakeOut,
)
from unstuck.frameworks.torch.printing.loop import zeroing

Printer = Callable[[Names], tuple[Block, ...]]


def _data(
    name: str, prepare: str, use: str, imports: tuple[str, ...] = (), by_row: bool = False
) -> Printer:
    """Figures from an array, used on it and on what is held out; `{a}` is the array."""

    def printer(names: Names) -> tuple[Block, ...]:
        own = getattr(names, name)
        held = getattr(names, f"{name}_held")
        lines = [prepare.format(a=own)] if prepare else []
        lines += [use.format(a=a) for a in (own, held) if a]
        part = frozenset({name})
        return (Block(Role.DATA, tuple(lines), imports, part, part, by_row=by_row),)

    return printer


STANDARDIZED = _data("x", "mean, std = {a}.mean(0), {a}.std(0)", "{a} = ({a} - mean) / std")
INWARD = lambda names: (  # noqa: E731
    replace(STANDARDIZED(names)[0], inward=Inward("Net", "({} - 0.5) / 0.2")),
)
SCALER = _data(
    "x",
    "scaler = StandardScaler().fit({a})",
    "{a} = scaler.transform({a})",
    ("from sklearn.preprocessing import StandardScaler",),
)
TARGETS = _data("y", "mean_y, std_y = {a}.mean(), {a}.std()", "{a} = ({a} - mean_y) / std_y")
FROM_ZERO = _data("y", "", "{a} = {a} - 1")
SHAPED = _data("y", "", "{a} = {a}[:, None]", by_row=True)
COLUMN = _data("y", "", "{a} = {a}.view(-1, 1)")


def edit(
    role: Role, *makes: Callable[[Names], Edit], imports: tuple[str, ...] = ("import torch",)
) -> Printer:
    """A block that has edits alone."""
    return lambda names: (Block(role, (), imports, edits=tuple(m(names) for m in makes)),)


def argument(of: str, name: str, value: str, position: int | None = None) -> Printer:
    return edit(Role.OPTIMIZER, lambda _: Argument(of, name, value, position))


def call(of: str, code: str, *imports: str) -> Printer:
    return edit(Role.LOSS, lambda _: Call(of, code), imports=imports or ("import torch",))


ZEROED = edit(
    Role.TRAINING, lambda n: zeroing(cast(Any, SimpleNamespace(names=n)), loop.ZEROED).edits[0]
)
SLOWER = edit(Role.OPTIMIZER, lambda _: Rate(0.1, Argument("optimizer", "lr", "0.05", 1)))
MOVED = edit(Role.NETWORK, lambda _: Move(10, 1))
DIFFERENTIATED = edit(Role.TRAINING, lambda n: Insert(f"{n.objective}.backward()", "step"))
STEPPED = edit(Role.TRAINING, lambda _: Behind("step", "backward"))
CLIPPED = edit(
    Role.TRAINING,
    lambda n: Insert(f"torch.nn.utils.clip_grad_norm_({n.model}.parameters(), 1)", "step"),
)
BY_EPOCH = edit(Role.TRAINING, lambda n: TakeOut("step", "scheduler", to_epoch=True))
ALL_HELD = edit(
    Role.OPTIMIZER, lambda n: Argument("optimizer", "params", f"{n.model}.parameters()", 0)
)


def ADAM(names: Names) -> tuple[Block, ...]:
    """An optimizer of the model as it is, as lines."""
    line = f"{names.optimizer} = torch.optim.Adam({names.model}.parameters(), lr=0.001)"
    part = frozenset({"model"}), frozenset({"optimizer"})
    return (Block(Role.OPTIMIZER, (line,), ("import torch",), *part),)


def DRAWN(names: Names) -> tuple[Block, ...]:
    """A start, drawn anew."""
    lines = f"for layer in {names.model}:\n    if isinstance(layer, torch.nn.Linear):\n"
    lines += "        torch.nn.init.xavier_uniform_(layer.weight)"
    return (Block(Role.START, (lines,), ("import torch",), frozenset({"model"})),)


def WRAPPED(names: Names) -> tuple[Block, ...]:
    m = names.model
    line = f"{m} = TransformedTargetRegressor({m})"
    imports = ("from sklearn.compose import TransformedTargetRegressor",)
    model = frozenset({"model"})
    return (Block(Role.NETWORK, (line,), imports, model, model, inside="regressor_"),)


def both(*printers: Printer) -> Printer:
    """All their blocks."""
    return lambda names: tuple(block for p in printers for block in p(names))
