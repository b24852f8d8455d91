"""Layers that a torch model keeps in plain lists and dictionaries, unseen by torch."""

from collections.abc import Iterable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

PLAIN = (list, tuple, dict)


def place(model: str, name: str) -> str:
    """A module as an expression: model.net[2]."""
    for part in name.split(".") if name else ():
        model += f"[{part}]" if part.isdigit() else f".{part}"
    return model


def plain_lists(model: Any) -> list[Any]:
    """Modules that a model keeps in plain lists, tuples or dictionaries, nested ones too, where
    torch does not see them."""
    known = set(model.modules())
    kept = [v for owner in known for v in vars(owner).values() if isinstance(v, PLAIN)]
    inside = (m for m in tree_leaves(kept) if isinstance(m, torch.nn.Module))
    return [m for m in dict.fromkeys(inside) if m not in known]


def containers(model: Any, name: str) -> list[tuple[str, Any, str]]:
    """Those that hold layers unknown to torch: as an expression, the value, and what makes it one
    of torch's containers; "" where nothing does.

    Args:
        name: the model's, in the code that is printed.
    """
    known, found = set(model.modules()), []
    for path, owner in model.named_modules():
        for attribute, values in vars(owner).items():
            if attribute.startswith("_") or not isinstance(values, PLAIN):
                continue
            held = [v for v in tree_leaves(values) if isinstance(v, torch.nn.Module)]
            if any(v not in known for v in held):
                whole = f"{place(name, path)}.{attribute}"
                found.append((whole, values, _registering(values, whole)))
    return found


def unlisted(model: Any, values: Any, code: str) -> list[str]:
    """The layers of a plain list that torch does not know, as expressions."""
    known = set(model.modules())
    if not isinstance(values, list | tuple):
        return []
    return [
        f"{code}[{i}]"
        for i, value in enumerate(values)
        if isinstance(value, torch.nn.Module) and value not in known
    ]


def _registering(values: Any, code: str) -> str:
    """What makes a list or dictionary of layers, or a list of such, a container of torch's."""
    if isinstance(values, dict):
        good = all(isinstance(k, str) for k in values) and _layers(values.values())
        return f"torch.nn.ModuleDict({code})" if good else ""
    if _layers(values):
        return f"torch.nn.ModuleList({code})"
    if not all(isinstance(part, PLAIN) for part in values):
        return ""
    inner = {_registering(part, "part") for part in values}
    if len(inner) != 1 or not all(inner):
        return ""
    return f"torch.nn.ModuleList({inner.pop()} for part in {code})"


def _layers(values: Iterable[Any]) -> bool:
    return all(isinstance(value, torch.nn.Module) for value in values)
