"""Recurrent layers of a traced loss: one operation each, however long their sequences are.

PyTorch's own kernel of such a layer would be traced step of time by step of time. Here a layer of
one direction is an operation of its own, with one for its gradients, and in JAX a `lax.scan`.
Weights, gates and their order are PyTorch's (`torch.nn.LSTM`, `torch.nn.GRU`, `torch.nn.RNN`).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import torch
from jax import Array, lax
from torch import Tensor
from torch.overrides import TorchFunctionMode

from unstuck.setups.compiled import Untranslatable

STEPS = 24  # of time, beyond which a loop over cells in Python is not traced: 30 operations each
LAYERS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
CELLS = ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")


@torch.library.custom_op("unstuck::recurrent", mutates_args=())  # type: ignore[untyped-decorator]
def recurrent(
    kind: str, x: Tensor, h: Tensor, c: Tensor, weights: list[Tensor], reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer in one direction.

    Args:
        kind: of `LAYERS`.
        x: (time, batch, features).
        h, c: (batch, units), the state before the first step; c counts for an LSTM alone.
        weights: (gates × units, features), (gates × units, units) and two biases.
        reverse: from the last step to the first.

    Returns:
        Outputs (time, batch, units), and the last state.
    """
    x = x.flip(0) if reverse else x
    state = (h[None], c[None]) if kind == "lstm" else h[None]
    layer = getattr(torch, kind)
    out, *last = layer(x, state, weights, True, 1, 0.0, False, False, False)
    out = out.flip(0) if reverse else out
    return out.contiguous(), last[0][0].clone(), (last[1][0] if kind == "lstm" else c).clone()


@torch.library.custom_op("unstuck::recurrent_backward", mutates_args=())  # type: ignore[untyped-decorator]
def recurrent_backward(
    kind: str,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    weights: list[Tensor],
    reverse: bool,
    gradients: list[Tensor],
) -> list[Tensor]:
    """Gradients of `recurrent` with respect to x, h, c and the weights, of those of its outputs.

    In PyTorch their shapes alone, which is what a trace asks for; JAX computes them.
    """
    del kind, reverse, gradients
    return [torch.zeros_like(t) for t in (x, h, c, *weights)]


def _kept(ctx: Any, inputs: Any, output: Any) -> None:
    del output
    kind, x, h, c, weights, reverse = inputs
    ctx.kind, ctx.reverse = kind, reverse
    ctx.save_for_backward(x, h, c, *weights)


def _backward(ctx: Any, *gradients: Any) -> Any:
    x, h, c, *weights = ctx.saved_tensors
    dx, dh, dc, *others = recurrent_backward(
        ctx.kind, x, h, c, weights, ctx.reverse, list(gradients)
    )
    return None, dx, dh, dc, others, None


recurrent.register_autograd(_backward, setup_context=_kept)


class AsOne(TorchFunctionMode):  # type: ignore[misc]
    """Within, recurrent layers of padded sequences are `recurrent`.

    Raises:
        Untranslatable: one is traced step by step, and has too many of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        name = getattr(func, "__name__", "")
        if name in LAYERS and func is getattr(torch, name):
            return _layers(name, *args, **(kwargs or {}))
        if name in CELLS and func is getattr(torch, name):
            self.cells += 1
            if self.cells > STEPS:
                raise Untranslatable(f"recurrent cells are called more than {STEPS} times")
        return func(*args, **(kwargs or {}))


def _layers(name: str, x: Any, state: Any, weights: Any, *rest: Any) -> Any:
    """What `torch.lstm` and its like return, layer by layer."""
    if len(rest) != 6:
        raise Untranslatable("recurrent layers of packed sequences")
    biases, layers, dropout, training, both, batch_first = rest
    h, c = state if name == "lstm" else (state, state)
    each = len(weights) // (layers * (2 if both else 1))
    if each != (4 if biases else 2):
        raise Untranslatable("recurrent layers with projections")
    out = x.transpose(0, 1) if batch_first else x
    last: list[tuple[Any, Any]] = []
    for layer in range(layers):
        if layer and dropout and training:
            out = torch.nn.functional.dropout(out, dropout)
        found = []
        for reverse in (False, True)[: 1 + both]:
            i = len(last)
            own = list(weights[each * i : each * (i + 1)])
            own = own if biases else [*own, *[own[0].new_zeros(len(own[0]))] * 2]
            outputs, *after = recurrent(name, out, h[i], c[i], own, reverse)
            found.append(outputs)
            last.append((after[0], after[1]))
        out = torch.cat(found, -1) if both else found[0]
    out = out.transpose(0, 1) if batch_first else out
    states = [torch.stack(s) for s in zip(*last, strict=True)]
    return (out, *states) if name == "lstm" else (out, states[0])


def scanned(
    kind: str, x: Array, h: Array, c: Array, weights: list[Array], reverse: bool
) -> tuple[Array, Array, Array]:
    """`recurrent` in JAX."""
    w, u, b, b_u = weights
    cell = _CELLS[kind]

    def step(state: tuple[Array, Array], row: Array) -> tuple[tuple[Array, Array], Array]:
        after = cell(row, state[0] @ u.T + b_u, *state)
        return after, after[0]

    last, out = lax.scan(step, (h, c), x @ w.T + b, reverse=reverse)
    return out, *last


def scanned_backward(
    kind: str,
    x: Array,
    h: Array,
    c: Array,
    weights: list[Array],
    reverse: bool,
    gradients: list[Array],
) -> list[Array]:
    """`recurrent_backward` in JAX."""

    def forward(x: Array, h: Array, c: Array, *own: Array) -> Any:
        return scanned(kind, x, h, c, list(own), reverse)

    _, backward = jax.vjp(forward, x, h, c, *weights)
    return list(backward(tuple(gradients)))


def _lstm(of_x: Array, of_h: Array, h: Array, c: Array) -> tuple[Array, Array]:
    del h
    i, f, g, o = jnp.split(of_x + of_h, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _gru(of_x: Array, of_h: Array, h: Array, c: Array) -> tuple[Array, Array]:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = jnp.split(of_x, 3, -1), jnp.split(of_h, 3, -1)
    z = jax.nn.sigmoid(x_z + h_z)
    new = jnp.tanh(x_n + jax.nn.sigmoid(x_r + h_r) * h_n)
    return (1 - z) * new + z * h, c


def _simple(activation: Callable[[Array], Array]) -> Callable[..., tuple[Array, Array]]:
    def cell(of_x: Array, of_h: Array, h: Array, c: Array) -> tuple[Array, Array]:
        del h
        return activation(of_x + of_h), c

    return cell


_CELLS: dict[str, Callable[..., tuple[Array, Array]]] = {
    "lstm": _lstm,
    "gru": _gru,
    "rnn_tanh": _simple(jnp.tanh),
    "rnn_relu": _simple(jax.nn.relu),
}
