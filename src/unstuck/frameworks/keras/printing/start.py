"""Weights drawn anew, as code."""

from typing import Any

import keras

from unstuck.changes.change import Change, Part, Role
from unstuck.cures.printed import Block
from unstuck.errors import UsageError
from unstuck.frameworks.keras import starts
from unstuck.frameworks.keras.places import is_listed
from unstuck.frameworks.keras.printing.printer import KERAS, MODEL, Printer


def start(printer: Printer, change: Change) -> Block:
    rule = "glorot" if change.value == "glorot" else "he"
    layers = starts.drawable(printer.source)
    kernels = [(x, "kernel_initializer", f'"{rule}_uniform"') for x in layers]
    biases = [
        (x, "bias_initializer", '"zeros"')
        for x in layers
        if x.use_bias and not isinstance(x.bias_initializer, keras.initializers.Zeros)
    ]
    edits = () if change.value == "lsuv" else printer.arguments([*kernels, *biases])
    lines = [
        *printer.build(),
        f"draw = keras.initializers.{rule.capitalize()}Uniform()",
        f"for layer in {printer.several(layers)}:",
        "    layer.kernel.assign(draw(layer.kernel.shape))",
    ]
    if any(x.use_bias for x in layers):
        zero = "    layer.bias.assign(keras.ops.zeros(layer.bias.shape))"
        guarded = ["    if layer.use_bias:", f"    {zero}"]
        lines += [zero] if all(x.use_bias for x in layers) else guarded
    reads = {"model", "x"} if printer.build() else {"model"}
    if change.value == "lsuv":
        lines += _unit_variance(printer, layers)
        reads = {"model", "x"}
    return Block(Role.START, tuple(lines), KERAS, frozenset(reads), MODEL, edits)


def _unit_variance(printer: Printer, layers: list[Any]) -> list[str]:
    flat = all(any(x is y for y in printer.source.layers) for x in layers)
    simple = len(printer.subject.sample.x) == 1 and Part.NORMALIZATION not in printer.parts
    if not is_listed(printer.source) or not flat or not simple:
        raise UsageError(
            "kernels scaled layer by layer, in a model that is no plain stack of layers",
            "a Sequential or functional model of one input",
        )
    return [
        "    activation, layer.activation = layer.activation, keras.activations.linear",
        f"    z = keras.Model({printer.model}.inputs[0], layer.output)"
        f'({printer.x}[:256].astype("float32"))',
        "    layer.activation = activation",
        "    layer.kernel.assign(layer.kernel / keras.ops.std(z))",
    ]
