"""Weights drawn anew, as code."""

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Block, Names
from unstuck.frameworks.torch.printing.printer import IMPORT, Printer, data_names

KERNELS = "torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d"


def start(printer: Printer, change: Change) -> Block:
    model = printer.names.model
    draw = 'torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")'
    if change.value == "glorot":
        draw = "torch.nn.init.xavier_uniform_(layer.weight)"
    lines = [
        f"layers = [m for m in {model}.modules() if isinstance(m, ({KERNELS}))]",
        "for layer in layers:",
        f"    {draw}",
        "    if layer.bias is not None:",
        "        torch.nn.init.zeros_(layer.bias)",
    ]
    reads = {"model"}
    if change.value == "lsuv":
        x, *_ = data_names(printer.names)
        batch, reads = f"{x}[:256]", {"model", "x"}
        if printer.names.loader:
            batch, reads = f"next(iter({printer.names.loader}))[0]", {"model", "loader"}
        parameter = next(
            p for p in printer.subject.setup.model.parameters() if p.is_floating_point()
        )
        dtype = printer.subject.form.dtypes[0] or parameter.dtype
        if not dtype.is_floating_point and printer.subject.sample.x[0].dtype.kind == "f":
            dtype = parameter.dtype
        where = (
            "" if printer.subject.device.type == "cpu" else f', device="{printer.subject.device}"'
        )
        lines += [
            f"{model}.eval()",
            "with torch.no_grad():  # layer by layer, to pre-activations of variance 1",
            f"    batch = torch.as_tensor({batch}, dtype={dtype}{where})",
            "    for layer in layers:",
            "        for _ in range(5):",
            "            seen = []",
            "            hook = layer.register_forward_hook("
            "lambda layer, args, output: seen.append(output))",
            f"            {model}(batch)",
            "            hook.remove()",
            "            layer.weight /= seen[0].std()",
            f"{model}.train()",
        ]
    read = frozenset(reads)
    return Block(Role.START, tuple(lines), IMPORT, read, frozenset({"model"}))


def redrawn(names: Names) -> Block:
    lines = (
        f"for module in {names.model}.modules():  # weights drawn anew",
        '    if hasattr(module, "reset_parameters"):',
        "        module.reset_parameters()",
    )
    both = frozenset({"model"})
    return Block(Role.START, lines, (), both, both)
