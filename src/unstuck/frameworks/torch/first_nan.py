"""Where the first number that is not finite comes from: step, operation, layer, line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

Loss = Callable[[list[Any]], Any]


def of_forward(model: Any, loss: Loss, batch: list[Any]) -> str:
    """The first layer whose output is not finite though what it gets is; "" for none."""
    found: list[str] = []
    names = {m: n for n, m in model.named_modules() if not list(m.children())}

    def look(module: Any, given: Any, output: Any) -> None:
        if not found and _finite(given) and not _finite(output):
            found.append(f"the output of {names[module]} ({type(module).__name__})")

    hooks = [m.register_forward_hook(look) for m in names]
    try:
        with torch.no_grad():
            value = loss(batch)
    finally:
        for hook in hooks:
            hook.remove()
    if found or _finite(value):
        return "".join(found)
    return "the loss itself"


def of_backward(loss: Loss, batch: list[Any]) -> str:
    """The first operation whose gradient is not finite though what it is multiplied with is, and
    the line of the user's that calls it; "" for none.

    The lines are those that PyTorch's anomaly detection keeps; itself it tells NaN alone, and so
    not the root of 0, whose slope is infinite.
    """
    found: list[str] = []
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        value = loss(batch)
        if value.grad_fn is None:
            return ""
        for node in _nodes(value.grad_fn):

            def look(into: Any, out_of: Any, node: Any = node) -> None:
                if not found and _finite(out_of) and not _finite(into):
                    called = _line("".join(node.metadata.get("traceback_", ())))
                    name = _spelled(re.sub(r"Backward\d*$", "", node.name()))
                    found.append(f"the gradient of {name}" + (f" in {called}" if called else ""))

            node.register_hook(look)
        value.backward()
    return "".join(found)


def _nodes(last: Any) -> list[Any]:
    """The operations that a value was computed by."""
    todo, seen = [last], dict[Any, None]()
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen[node] = None
            todo += [following for following, _ in node.next_functions]
    return list(seen)


def _finite(values: Any) -> bool:
    leaves = torch.utils._pytree.tree_leaves(values)
    numbers = [t for t in leaves if isinstance(t, torch.Tensor) and t.is_floating_point()]
    return all(bool(torch.isfinite(t).all()) for t in numbers)


def _spelled(name: str) -> str:
    """Of "LinalgVectorNorm", linalg vector norm."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _line(trace: str) -> str:
    """The innermost line of a trace that is no library's."""
    calls = re.findall(r'File "([^"]+)", line (\d+), in .*\n\s*(.*)', trace)
    inside = str(Path(__file__).parents[2])
    own = [c for c in calls if "site-packages" not in c[0] and not c[0].startswith(inside)]
    if not own:
        return ""
    file, number, code = own[-1]
    return f"{Path(file).name}, line {number}: {code.strip()}"
