"""What a fix calls model, x, y, loss and optimizer, as the script writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from unstuck.patch.tree import NotPlaced, Tree, nodes

FITS = ("fit", "partial_fit", "train_on_batch")
SPLITTERS = ("cross_val_score", "cross_validate", "cross_val_predict")


@dataclass(frozen=True, eq=False)
class Role:
    """An expression of the script.

    Args:
        expression: as it stands there.
        holder: the node of the training step that stands for it; None for none.
        batch: position in a batch of the loader that the expression is; None for no loader.
    """

    expression: cst.BaseExpression
    holder: cst.CSTNode | None = None
    batch: int | None = None


@dataclass(frozen=True, eq=False)
class Training:
    """A training call, or a step of a loop, and what is what in it.

    Args:
        node: call or loop.
        kind: "fit", "loop", "lightning" or "sklearn".
        roles: by the name that fixes use.
        missing: why a role is not there.
        step: of a loop, the call of the optimizer's step.
    """

    node: cst.CSTNode
    kind: str
    roles: dict[str, Role]
    missing: Mapping[str, str] = field(default_factory=dict)
    step: cst.Call | None = None


def argument(call: cst.Call, position: int, *keywords: str) -> cst.Arg | None:
    """The argument of a call by keyword, else by position."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value in keywords:
            return arg
    plain = []
    for arg in call.args:
        if arg.star:
            break
        if arg.keyword is None:
            plain.append(arg)
    return plain[position] if position < len(plain) else None


def called(call: cst.Call) -> str:
    """The last name of what is called."""
    function = call.func
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""


def training(tree: Tree, line: int, framework: str) -> Training:
    """The training call at a line.

    Raises:
        NotPlaced: none, or several.
    """
    wanted = (*FITS, *SPLITTERS) if framework == "sklearn" else FITS
    found = [
        node
        for node in nodes(tree.module)
        if isinstance(node, cst.Call) and called(node) in wanted and tree.covers(node, line)
    ]
    outer = [c for c in found if not set(tree.above(c)) & set(found)]
    if not outer and framework == "torch":
        from unstuck.patch.loops import loop

        return loop(tree, line)
    if len(outer) != 1:
        raise NotPlaced(
            f"{len(outer) or 'no'} training call{'s' * (len(outer) != 1)} in line {line}",
            f"one of {', '.join(wanted)}",
        )
    return _of_call(tree, outer[0], framework)


def of_names(tree: Tree, line: int, names: Mapping[str, str]) -> Training:
    """The training at a line whose variables are known by name.

    Raises:
        NotPlaced: nothing is called there.
    """
    found = [n for n in nodes(tree.module) if isinstance(n, cst.Call) and tree.covers(n, line)]
    if not found:
        raise NotPlaced(f"no training call in line {line}")
    roles = {role: Role(cst.parse_expression(name)) for role, name in names.items()}
    missing = {"x": "no variable holds the inputs", "y": "no variable holds the targets"}
    node: cst.CSTNode = found[0]
    around = list(tree.above(node))
    if any(isinstance(a, cst.BaseComp) for a in around):  # lines go before the whole statement
        node = next((a for a in around if isinstance(a, cst.SimpleStatementLine)), node)
    return Training(node, "loop", roles, missing)


def _of_call(tree: Tree, call: cst.Call, framework: str) -> Training:
    if called(call) in SPLITTERS:
        given = {
            "model": argument(call, 0, "estimator"),
            "x": argument(call, 1, "X"),
            "y": argument(call, 2, "y"),
        }
        return Training(call, "sklearn", {k: _role(a) for k, a in given.items() if a})
    if not isinstance(call.func, cst.Attribute):
        raise NotPlaced(f"{tree.code(call.func)}() is not a method of the model")
    owner = call.func.value
    if isinstance(owner, cst.Call) and called(owner) == "super":
        raise NotPlaced("the training call is that of a parent class, super().fit")
    model, first, second = argument(call, 0, "model"), argument(call, 1), argument(call, 2)
    if framework == "torch" and _lightning(tree, call):
        x = argument(call, 1, "train_dataloaders", "train_dataloader")
        roles = {"model": _role(model)} if model else {}
        if x is not None:
            roles["x"] = Role(x.value, x, batch=0)
        return Training(call, "lightning", roles, {"x": "the data come from a data module"})
    first, second = argument(call, 0, "x", "X"), argument(call, 1, "y")
    roles = {"model": Role(owner, owner)}
    if first is not None:
        roles["x"] = _role(first)
    if second is not None:
        roles["y"] = _role(second)
    elif framework == "keras" and first is not None:
        roles["x"] = Role(first.value, first, batch=0)
    missing = {"y": "the targets come with the inputs, in batches"}
    return Training(call, "sklearn" if framework == "sklearn" else "fit", roles, missing)


def _role(arg: cst.Arg) -> Role:
    return Role(arg.value, arg)


def _lightning(tree: Tree, call: cst.Call) -> bool:
    """Whether the owner of `fit` is made by a class named Trainer."""
    assert isinstance(call.func, cst.Attribute)
    owner = call.func.value
    if isinstance(owner, cst.Call):
        return called(owner) == "Trainer"
    return any(
        isinstance(node, cst.Assign)
        and isinstance(node.value, cst.Call)
        and called(node.value) == "Trainer"
        and any(tree.code(t.target) == tree.code(owner) for t in node.targets)
        for node in nodes(tree.module)
    )
