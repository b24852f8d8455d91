"""A loss and its gradients, traced by PyTorch into ATen operations, as a function in JAX.

The backward pass is PyTorch's own: what is detached, ties, a logarithm that is cut off come out as
they do there.
"""

import operator
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import torch
from jax import Array
from torch.fx.experimental.proxy_tensor import make_fx

from unstuck.frameworks.torch.aten import DTYPES, OPS
from unstuck.frameworks.torch.drawn import EMPTY, RANDOM
from unstuck.frameworks.torch.recurrent import AsOne, scanned, scanned_backward
from unstuck.frameworks.torch.setup import first_line, twice_differentiable
from unstuck.setups.compiled import Untranslatable

NODES = 700  # operations; beyond, compilation takes longer than it saves
TABLE: dict[str, Callable[..., Any]] = {
    **OPS,
    **RANDOM,
    **EMPTY,
    "recurrent": scanned,
    "recurrent_backward": scanned_backward,
}
LEFT_OUT = ("device", "layout", "pin_memory", "memory_format", "non_blocking", "generator")

# (parameters, state, batch) -> (loss, next state), in tensors
Compute = Callable[[list[Any], list[Any], list[Any]], tuple[Any, list[Any]]]


@cache
def _decompositions() -> dict[Any, Any]:
    return dict(torch._decomp.core_aten_decompositions())


@dataclass(frozen=True, eq=False)
class Graph:
    """A traced loss; see `unstuck.engine.loop.Gradient`.

    Args:
        module: what `make_fx` gave.
        names: of its operations, by node.
        params: how many parameters it takes.
        reached: whether each of them has a gradient; the others' are zeros.
        random: whether it draws numbers.
        double: whether it computes in float64.
    """

    module: Any
    names: dict[Any, Callable[..., Any]]
    params: int
    reached: tuple[bool, ...]
    random: bool
    double: bool

    def precision(self) -> AbstractContextManager[Any]:
        """JAX computes in float64 within, where this does."""
        context: AbstractContextManager[Any] = jax.enable_x64(self.double)
        return context

    def __call__(self, params: Any, state: Any, batch: Any, key: Array) -> tuple[Array, Any, Any]:
        """Loss, gradients and next state, as lists of arrays."""
        values: dict[Any, Any] = {}
        inputs = iter([*params, *state, *batch])
        for i, node in enumerate(self.module.graph.nodes):
            if node.op == "placeholder":
                values[node] = next(inputs)
            elif node.op == "get_attr":
                values[node] = jnp.asarray(getattr(self.module, node.target).detach().numpy())
            elif node.op == "call_function":
                args, kwargs = torch.fx.node.map_arg(
                    (node.args, {k: v for k, v in node.kwargs.items() if k not in LEFT_OUT}),
                    values.__getitem__,
                )
                if self.names[node] in RANDOM.values():
                    args = (jax.random.fold_in(key, i), *args)
                values[node] = self.names[node](*args, **kwargs)
                if self.names[node] is OPS["native_batch_norm"] and values[node][3] is not None:
                    for written, value in zip(node.args[3:5], values[node][3:], strict=True):
                        values[written] = (
                            value  # the running statistics, without a word in its name
                        )
            else:
                found = torch.fx.node.map_arg(node.args[0], values.__getitem__)
        loss, rest = found[0], list(found[1:])
        return loss, rest[: self.params], rest[self.params :]


def traced(
    compute: Compute, params: Sequence[Any], state: Sequence[Any], batch: Sequence[Any]
) -> Graph:
    """A loss with its gradients with respect to `params`, on batches of this one's shapes.

    Raises:
        Untranslatable: it cannot be traced, or has operations that are not in the table.
    """
    for tensor in (*params, *state, *batch):
        if tensor.dtype not in DTYPES or tensor.device.type != "cpu":
            raise Untranslatable(f"it computes in {tensor.dtype} on {tensor.device.type}")
    n, m = len(params), len(params) + len(state)
    reached: list[bool] = []

    def flat(*tensors: Any) -> Any:
        own = list(tensors[:n])
        loss, after = compute(own, [t.clone() for t in tensors[n:m]], list(tensors[m:]))
        found = torch.autograd.grad(loss, own, allow_unused=True)
        reached[:] = [g is not None for g in found]
        gradients = [torch.zeros_like(p) if g is None else g for p, g in zip(own, found)]  # noqa: B905
        return (loss.detach(), *gradients, *after)

    leaves = [*(p.detach().clone().requires_grad_() for p in params), *state, *batch]
    try:
        with warnings.catch_warnings(), twice_differentiable(), AsOne():
            warnings.simplefilter("ignore")
            module = make_fx(flat, decomposition_table=_decompositions())(*leaves)
            if any(_in_place(node) for node in module.graph.nodes):
                module = make_fx(torch.func.functionalize(module), _decompositions())(
                    *(t.detach() for t in leaves)
                )
    except Untranslatable:
        raise
    except Exception as error:  # whatever a user's model does that cannot be traced
        raise Untranslatable(f"it cannot be traced: {first_line(error)}") from error
    module.graph.eliminate_dead_code()
    names = _named(module)
    random = any(f in RANDOM.values() for f in names.values())
    double = any(t.dtype is torch.float64 for t in (*params, *state, *batch))
    return Graph(module, names, n, tuple(reached), random, double)


def _in_place(node: Any) -> bool:
    """Whether an operation writes into its argument, as ATen's names that end so do."""
    parts = str(node.target).split(".")
    return node.op == "call_function" and len(parts) > 1 and parts[1].endswith("_")


def _named(module: Any) -> dict[Any, Callable[..., Any]]:
    """What each operation is in JAX."""
    if len(module.graph.nodes) > NODES:
        raise Untranslatable(f"it takes {len(module.graph.nodes)} operations a step")
    found = dict[Any, Callable[..., Any]]()
    for node in module.graph.nodes:
        if node.op == "get_attr" and getattr(module, node.target).requires_grad:
            raise Untranslatable("parameters that are in no module take part in it")
        if node.op != "call_function":
            continue
        if node.target is operator.getitem:
            found[node] = operator.getitem
            continue
        _, name, overload = [*str(node.target).split("."), ""][:3]
        known = TABLE.get(f"{name}.{overload}") or TABLE.get(name)
        if known is None:
            raise Untranslatable(f"{name} is not translated")
        found[node] = known
    return found
