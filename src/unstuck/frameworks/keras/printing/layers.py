"""Changes of layers in place, as code."""

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Block, Edit
from unstuck.frameworks.keras import architecture, text
from unstuck.frameworks.keras.printing.printer import Printer
from unstuck.frameworks.keras.restraints import droppers, penalties


def output(printer: Printer, change: Change) -> Block:
    return printer.in_place(Role.NETWORK, *ended(printer))


def ended(printer: Printer) -> tuple[list[str], tuple[Edit, ...]]:
    """The output's activation taken off or exchanged, where a layer holds it: lines and edits."""
    plan, network = printer.plan, printer.subject._network
    before, after = printer.subject.about.output_activation, plan.output
    if not plan.own or before == after or plan.classes:
        return [], ()
    lines = []
    last = architecture.ending(network, before)
    for layer in last:
        at = printer.at(layer)
        if hasattr(layer, "activation"):
            lines.append(f"{at}.activation = keras.activations.{after}")
    own = [x for x in last if hasattr(x, "activation") and x._trainable_variables]
    argument = "" if after == "linear" else f'"{after}"'
    edits = printer.arguments((x, "activation", argument) for x in own)
    return lines, edits if len(own) == len(last) else ()


def activation(printer: Printer, change: Change) -> Block:
    wanted = str(change.value)
    found = [
        x
        for x in printer.source._flatten_layers()
        if printer.edits_of(x).get("activation") == wanted
    ]
    lines, kept = [], [x for x in found if hasattr(x, "activation")]
    by = f"keras.activations.{wanted}"
    if len(kept) == 1:
        lines = [f"{printer.at(kept[0])}.activation = {by}"]
    elif kept:
        lines = [f"for layer in {printer.several(kept)}:", f"    layer.activation = {by}"]
    edits = printer.arguments((x, "activation", f'"{wanted}"') for x in found)
    return printer.in_place(Role.NETWORK, lines, edits if len(kept) == len(found) else ())


def dropout(printer: Printer, change: Change) -> Block:
    lines = [
        f"{printer.at(layer)}.{name} = {change.value}"
        for layer, names in droppers(printer.source, change.value)
        for name in names
    ]
    return printer.in_place(Role.NETWORK, lines)


def statistics(printer: Printer, change: Change) -> Block:
    layers = [x for x in printer.source._flatten_layers() if "momentum" in printer.edits_of(x)]
    momentum = text.number(printer.edits_of(layers[0])["momentum"])
    lines = [f"{printer.at(x)}.momentum = {momentum}" for x in layers]
    edits = printer.arguments((x, "momentum", momentum) for x in layers)
    return printer.in_place(Role.NETWORK, lines, edits)


def unpenalized(printer: Printer) -> tuple[list[str], tuple[Edit, ...]]:
    """Regularisers of weights that are there, and of activities, scaled or taken away."""
    lines, given = [], []
    for layer, names in penalties(printer.source):
        for name in names:
            weaker = printer.edits_of(layer)[name]
            code = "None"
            if weaker is not None:
                code = text.call(type(weaker), weaker.get_config(), "regularizers")
            of = printer.at(layer)
            if name == "activity_regularizer":
                lines.append(f"{of}.{name} = {code}")
            else:
                lines.append(f"{of}.{name.removesuffix('_regularizer')}.regularizer = {code}")
            given.append((layer, name, "" if weaker is None else code))
    return [*printer.build(), *lines], printer.arguments(given)
