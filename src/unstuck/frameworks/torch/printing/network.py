"""Changes of the network as code."""

from typing import Any

import torch

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Argument, Block, Call, Edit, Insert, Move
from unstuck.frameworks.torch.batch_axis import batch_first_code
from unstuck.frameworks.torch.changes.network import ACTIVATIONS, DROPOUTS
from unstuck.frameworks.torch.containers import place
from unstuck.frameworks.torch.printing.printer import IMPORT, Printer, put


def network(printer: Printer, change: Change) -> Block:
    model = printer.done.setup.model
    lines = ["torch.nn.Sequential(", *(f"    {module_code(m)}," for m in model), ")"]
    edit = Call("model", "\n".join(lines))
    made = [f"{printer.names.model} = {lines[0]}", *lines[1:]]
    return Block(Role.NETWORK, tuple(made), IMPORT, frozenset(), frozenset({"model"}), (edit,))


def width(printer: Printer, change: Change) -> Block:
    lines, edits = [], []
    taps = printer.trainer.survey.taps
    for i, name in enumerate(tap.name for tap in taps):
        layer = printer.done.setup.model.get_submodule(name)
        lines.append(put(printer.names.model, name, module_code(layer)))
        if i:
            edits.append(Argument(f"layer {i}", "in_features", str(layer.in_features), 0))
        if i < len(taps) - 1:
            edits.append(Argument(f"layer {i}", "out_features", str(layer.out_features), 1))
    return printer.of_model(Role.NETWORK, lines, tuple(edits))


def last_layer(printer: Printer) -> tuple[str, Edit]:
    """The last layer with a unit for each class: a line, and an edit."""
    taps = printer.trainer.survey.taps
    layer = printer.done.setup.model.get_submodule(taps[-1].name)
    units = Argument(f"layer {len(taps) - 1}", "out_features", str(layer.out_features), 1)
    return put(printer.names.model, taps[-1].name, module_code(layer)), units


def activation(printer: Printer, change: Change) -> Block:
    kind = f"torch.nn.{ACTIVATIONS[str(change.value)].__name__}()"
    model, where = printer.names.model, printer.done.activations
    if printer.trainer.survey.hidden:
        return printer.of_model(Role.NETWORK, [put(model, name, kind) for name in where])
    behind = [f"torch.nn.Sequential({place(model, name)}, {kind})" for name in where]
    lines = [put(model, name, code) for name, code in zip(where, behind, strict=True)]
    return printer.of_model(Role.NETWORK, lines)


def output(printer: Printer, change: Change) -> Block:
    end = printer.trainer.survey.end
    assert end is not None
    by = "" if change.value == "linear" else str(change.value)
    return printer.without(end, Role.NETWORK, by=by)


def normalization(printer: Printer, change: Change) -> Block:
    seen, model = printer.trainer.survey.first, printer.names.model
    assert seen is not None
    name, shape = seen
    layer = printer.subject.setup.model.get_submodule(name)
    if isinstance(layer, torch.nn.Linear):
        norm = f"torch.nn.BatchNorm1d({shape[-1]}, affine=False)"
        if len(shape) > 2:  # positions are examples
            inner = ", ".join(map(str, shape[1:-1]))
            last = len(shape) - 2
            norm = f"torch.nn.Flatten(0, {last}), {norm}, torch.nn.Unflatten(0, (-1, {inner}))"
    else:
        norm = f"torch.nn.BatchNorm{layer.weight.ndim - 2}d({shape[1]}, affine=False)"
    if not name:
        line = f"{model} = torch.nn.Sequential({norm}, {model})"
    else:
        line = put(model, name, f"torch.nn.Sequential({norm}, {place(model, name)})")
    return printer.of_model(Role.NETWORK, [line])


def dropout(printer: Printer, change: Change) -> Block:
    found = printer.subject.setup.model.named_modules()
    names = [n for n, m in found if isinstance(m, DROPOUTS) and m.p != change.value]
    return printer.of_model(
        Role.NETWORK, [f"{place(printer.names.model, n)}.p = {change.value}" for n in names]
    )


def statistics(printer: Printer, change: Change) -> Block:
    kinds = torch.nn.modules.batchnorm._NormBase
    found = printer.subject.setup.model.named_modules()
    names = [n for n, m in found if isinstance(m, kinds) and m.track_running_stats]
    return printer.of_model(
        Role.NETWORK,
        [f"{place(printer.names.model, n)}.momentum = {change.value}" for n in names],
    )


def batch_axis(printer: Printer, change: Change) -> Block:
    if change.value == "moved":
        moved = printer.done.moved
        where = "; ".join(f".movedim({p.axis}, 0) before the view in line {p.line}" for p in moved)
        moves = tuple(Move(p.line, p.axis) for p in moved)
        return Block(Role.NETWORK, (), edits=moves, comment=f"in forward: {where}")
    lines, edits = batch_first_code(printer.subject.setup.model, printer.names.model)
    return printer.of_model(Role.NETWORK, lines, edits)


def mode(printer: Printer, change: Change) -> Block:
    line = f"{printer.names.model}.train()"
    return printer.of_model(Role.NETWORK, [line], (Insert(line, "zero_grad"),))


def module_code(module: Any) -> str:
    """One of the plain modules as code."""
    name = f"torch.nn.{type(module).__name__}"
    if isinstance(module, torch.nn.Linear):
        bias = "" if module.bias is not None else ", bias=False"
        return f"{name}({module.in_features}, {module.out_features}{bias})"
    if isinstance(module, torch.nn.Softmax | torch.nn.LogSoftmax):
        return f"{name}(dim={module.dim})"
    if isinstance(module, torch.nn.Flatten) and module.start_dim == 0:
        return f"{name}(0)"
    return f"{name}()"
