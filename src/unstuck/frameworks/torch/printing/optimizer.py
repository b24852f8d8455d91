"""Changes of the optimizer as code."""

import torch

from unstuck.changes.change import Part, Role
from unstuck.cures.printed import Argument, Block, Call, Edit, Rate
from unstuck.frameworks.torch.printing.printer import IMPORT, REBUILT, Printer, number, numbers_of


def optimizer(printer: Printer) -> Block:
    """A fresh optimizer of the same class and numbers, but for those that change."""
    names, parts = printer.names, {c.part for c in printer.changes}
    optimizer, own = printer.done.setup.optimizer, printer.subject.setup.optimizer
    kind, groups = type(optimizer), optimizer.param_groups
    told = numbers_of(kind, groups[0])
    anew = bool(parts & (REBUILT | {Part.OPTIMIZER, Part.HELD}))
    known = getattr(torch.optim, kind.__name__, None) is kind
    parameters = f"{names.model}.parameters()"
    hidden = printer.hidden()
    frozen = any(not p.requires_grad for p in printer.subject.setup.model.parameters())
    unfreeze = frozen and Part.HELD in parts
    lines = [f"{names.model}.requires_grad_(True)"] if unfreeze else []
    role = Role.OPTIMIZER
    reads = frozenset({"model"})
    if hidden:
        parameters = f"[*{parameters}, {', '.join(f'*{h}.parameters()' for h in hidden)}]"
    elif not anew and any(not p.requires_grad for p in printer.done.setup.model.parameters()):
        parameters = f"[p for p in {parameters} if p.requires_grad]"
    if len(groups) == 1 and known:
        numbers = "".join(f", {name}={number(v)}" for name, v in told.items())
        made = f"torch.optim.{kind.__name__}({parameters}{numbers})"
        lines.append(f"{names.optimizer} = {made}")
        return Block(
            role, tuple(lines), IMPORT, reads, frozenset({"optimizer"}), edits(printer, made)
        )
    if anew and Part.HELD in parts:
        lines += [
            f'held = {{p for group in {names.optimizer}.param_groups for p in group["params"]}}',
            f'{names.optimizer}.param_groups[0]["params"] += '
            f"[p for p in {parameters} if p not in held]",
        ]
    was_groups = list(own.param_groups) if own is not None else []
    for i, (group, was) in enumerate(zip(groups, was_groups, strict=False)):
        for key in ("lr", "eps", "weight_decay"):
            if key in group and group[key] != was.get(key):
                entry = f'{names.optimizer}.param_groups[{i}]["{key}"]'
                lines.append(f"{entry} = {number(group[key])}")
    both = frozenset({"model", "optimizer"})
    return Block(role, tuple(lines), (), both, frozenset({"optimizer"}))


def edits(printer: Printer, made: str) -> tuple[Edit, ...]:
    """What changes where the script makes its optimizer: `made` as a whole, or arguments."""
    parts = {c.part for c in printer.changes}
    held = Part.HELD in parts
    if held and not printer.registered():
        return ()  # where it is made the model may be another one
    optimizer, own = printer.done.setup.optimizer, printer.subject.setup.optimizer
    kind = type(optimizer)
    if own is None or type(own) is not kind or parts & (REBUILT | {Part.OPTIMIZER}):
        return (Call("optimizer", made),)
    now, before = numbers_of(kind, optimizer.param_groups[0]), numbers_of(kind, own.param_groups[0])
    differ = [
        Argument("optimizer", n, number(now[n]) if n in now else "", 1 if n == "lr" else None)
        for n in sorted({*now, *before})
        if n not in now or n not in before or now[n] != before[n]
    ]
    if [a.name for a in differ] == ["lr"] and float(before["lr"]) > 0:
        return (Rate(float(now["lr"]) / float(before["lr"]), differ[0]),)
    parameters = Argument("optimizer", "params", f"{printer.names.model}.parameters()", 0)
    return (parameters, *differ) if held else tuple(differ)
