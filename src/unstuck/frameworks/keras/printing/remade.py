"""Another model under the model's name, as code."""

import keras

from unstuck.changes.change import Change, Part, Role
from unstuck.cures.printed import Block
from unstuck.frameworks.keras.changes import normalizable
from unstuck.frameworks.keras.places import is_listed, place
from unstuck.frameworks.keras.printing.printer import Printer


def remade(printer: Printer, by_part: dict[Part, Change]) -> list[Block]:
    """Blocks that leave another object under the model's name."""
    found = []
    trained = printer.copies.trained
    if trained and not printer.parts & {Part.NETWORK, Part.WIDTH}:
        found.append(_redrawn(printer))
    if Part.NETWORK in by_part:
        found.append(_network(printer))
    if Part.WIDTH in by_part:
        found.append(_width(printer))
    if printer.plan.classes and printer.plan.own:
        found.append(_classes(printer))
    if printer.exchanged:
        found.append(_exchanged(printer))
    if Part.NORMALIZATION in by_part:
        found.append(_normalization(printer))
    return found


def _exchanged(printer: Printer) -> Block:
    """The model made again with other activation layers, and the weights it has."""
    rest, lines, last = list(printer.exchanged), list[str](), None
    if is_listed(printer.source) and rest[-1][0] is printer.source.layers[-1]:
        last = rest.pop() if rest[-1][1] == "linear" else None
    if last is not None and isinstance(printer.source, keras.Sequential):
        lines = [f"{printer.model}.pop()"]
    elif last is not None:
        at = place(printer.source, last[0], printer.model)
        lines = [f"{printer.model} = keras.Model({printer.model}.input, {at}.input)"]
    if not rest:
        return printer.new(lines)
    by_name: dict[str, list[str]] = {}
    for layer, name in rest:
        by_name.setdefault(name, []).append(place(printer.source, layer, printer.model))
    if not is_listed(printer.source):
        told = ", ".join(f"{n} in place of {' and '.join(of)}" for n, of in by_name.items())
        return Block(Role.NETWORK, (), comment=told)
    lines += ["", "def exchanged(layer):"]
    for name, of in by_name.items():
        lines += [
            f"    if layer in [{', '.join(of)}]:",
            f'        return keras.layers.Activation("{name}")',
        ]
    nested = any(all(x is not y for y in printer.source.layers) for x, _ in rest)
    also = ", recursive=True" if nested else ""
    lines += [
        "    return type(layer).from_config(layer.get_config())",
        "",
        "",
        f"changed = keras.models.clone_model({printer.model}, clone_function=exchanged{also})",
        f"changed.set_weights({printer.model}.get_weights())",
        f"{printer.model} = changed",
    ]
    return printer.new(lines)


def _redrawn(printer: Printer) -> Block:
    kept = printer.copies.kept
    layers = [x for x in printer.source.layers if any(id(v) in kept for v in x.weights)]
    made = f"keras.models.clone_model({printer.model})"
    if not is_listed(printer.source):
        made = f"{printer.model}.from_config({printer.model}.get_config())"
    lines = [f"{printer.model} = {made}  # weights drawn anew"]
    if layers:
        old = "trained" if "trained" not in printer.names.taken else "trained_"
        lines = [f"{old} = {printer.model}", *lines]
        for layer in layers:
            to, of = (place(printer.source, layer, name) for name in (printer.model, old))
            lines.append(f"{to}.set_weights({of}.get_weights())")
    return printer.new(lines)


def _network(printer: Printer) -> Block:
    shape = printer.subject.sample.x[0].shape[1:]
    units = printer.plan.classes or printer.subject._network.output_trail[-1]
    last = "" if printer.plan.output == "linear" else f', activation="{printer.plan.output}"'
    lines = [
        f"{printer.model} = keras.Sequential([",
        f"    keras.Input({shape}),",
        "    keras.layers.Flatten(),",
        '    keras.layers.Dense(64, activation="relu"),',
        '    keras.layers.Dense(64, activation="relu"),',
        f"    keras.layers.Dense({units}{last}),",
        "])",
    ]
    return printer.new(lines)


def _width(printer: Printer) -> Block:
    wide = [x for x in printer.source._flatten_layers() if "units" in printer.edits_of(x)]
    factor = printer.edits_of(wide[0])["units"] // wide[0].units
    nested = any(x not in printer.source.layers for x in wide)
    lines = [
        f"hidden = [{', '.join(place(printer.source, x, printer.model) for x in wide)}]",
        "",
        "",
        "def wider(layer):",
        f'    units = {{"units": {factor} * layer.units}} if layer in hidden else {{}}',
        "    return type(layer).from_config(layer.get_config() | units)",
        "",
        "",
        f"{printer.model} = keras.models.clone_model({printer.model}, clone_function=wider"
        f"{', recursive=True' if nested else ''})",
    ]
    edits = printer.arguments((x, "units", str(printer.edits_of(x)["units"])) for x in wide)
    return printer.new(lines, edits)


def _classes(printer: Printer) -> Block:
    """The model made again with an output for each class."""
    assert printer.subject._network.at_logits is not None
    last, units = printer.subject._network.at_logits.layer, printer.plan.classes
    of = printer.edits_of(last)
    lines = [
        f"last = {place(printer.source, last, printer.model)}",
        "",
        "",
        "def with_classes(layer):",
        f"    of = {of!r} if layer is last else {{}}",
        "    return type(layer).from_config(layer.get_config() | of)",
        "",
        "",
        f"{printer.model} = keras.models.clone_model({printer.model}, clone_function=with_classes"
        f"{'' if last in printer.source.layers else ', recursive=True'})",
    ]
    own = [(last, "units", str(units))]
    if "activation" in of:
        own.append((last, "activation", ""))
    return printer.new(lines, printer.arguments(own))


def _normalization(printer: Printer) -> Block:
    sample, model = printer.subject.sample, printer.model
    packed = printer.subject._pack(tuple(range(len(sample.x))))
    shapes = [a.shape[1:] for a in sample.x]
    norm = "keras.layers.BatchNormalization()"
    if not isinstance(packed, dict | list | tuple):
        lines = [f"{model} = keras.Sequential([keras.Input({shapes[0]}), {norm}, {model}])"]
        return printer.new(lines)
    keys = sorted(packed, key=lambda k: int(packed[k])) if isinstance(packed, dict) else []
    ins, outs, lines = [], [], []
    for i, (shape, can) in enumerate(zip(shapes, normalizable(printer.subject), strict=True)):
        dtype = "" if can else f', dtype="{sample.x[i].dtype}"'
        named = f', name="{keys[i]}"' if keys else ""
        lines.append(f"input_{i} = keras.Input({shape}{named}{dtype})")
        ins.append(f"input_{i}")
        outs.append(f"{norm}(input_{i})" if can else f"input_{i}")

    def pack(parts: list[str]) -> str:
        if keys:
            return f"{{{', '.join(f'{k!r}: {p}' for k, p in zip(keys, parts, strict=True))}}}"
        return f"[{', '.join(parts)}]"

    lines.append(f"{model} = keras.Model({pack(ins)}, {model}({pack(outs)}))")
    return printer.new(lines)
