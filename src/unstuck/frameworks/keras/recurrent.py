"""Keras's recurrent layers on PyTorch as PyTorch's own, while a loss is traced.

On a CPU Keras computes them there step of time by step of time, in Python, and so they are traced
where they are none of PyTorch's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from keras import activations, layers
from keras.src import backend

from unstuck.frameworks.torch.recurrent import STEPS
from unstuck.setups.compiled import Untranslatable

USUAL = (activations.tanh, activations.sigmoid)  # of the state, of the gates


@contextmanager
def as_pytorchs() -> Iterator[None]:
    """Within, layers of the usual activations call `torch.lstm`, `torch.gru` or `torch.rnn_tanh`.

    Raises:
        Untranslatable: a layer computes something else, over many steps.
    """
    with (
        mock.patch.object(backend, "lstm", _lstm),
        mock.patch.object(backend, "gru", _gru),
        mock.patch.object(layers.SimpleRNN, "inner_loop", _simple(layers.SimpleRNN.inner_loop)),
        mock.patch.object(backend, "rnn", _few(backend.rnn)),
    ):
        yield


def _lstm(x: Any, h: Any, c: Any, mask: Any, **settings: Any) -> Any:
    if mask is not None or _activations(settings) != USUAL:
        raise NotImplementedError
    weights = _weights(settings, lambda kernel: kernel)
    return _computed(torch.lstm, x, (h[None], c[None]), weights, settings)


def _gru(x: Any, h: Any, mask: Any, **settings: Any) -> Any:
    if mask is not None or not settings["reset_after"] or _activations(settings) != USUAL:
        raise NotImplementedError
    return _computed(torch.gru, x, h[None], _weights(settings, _reset_first), settings)


def _simple(loop: Callable[..., Any]) -> Callable[..., Any]:
    """`SimpleRNN.inner_loop`: this one, or the one that was there."""

    def inner_loop(self: Any, sequences: Any, initial_state: Any, mask: Any, **others: Any) -> Any:
        cell = self.cell
        drops = others.get("training") and (cell.dropout or cell.recurrent_dropout)
        if mask is not None or drops or cell.activation is not activations.tanh:
            return loop(self, sequences, initial_state, mask, **others)
        settings = {
            "kernel": cell.kernel,
            "recurrent_kernel": cell.recurrent_kernel,
            "bias": cell.bias,
            "go_backwards": self.go_backwards,
            "return_sequences": self.return_sequences,
        }
        (h,) = initial_state if isinstance(initial_state, list | tuple) else (initial_state,)
        weights = _weights(settings, lambda kernel: kernel)
        return _computed(torch.rnn_tanh, sequences, h[None], weights, settings)

    return inner_loop


def _few(rnn: Callable[..., Any]) -> Callable[..., Any]:
    def refused_if_long(step: Any, inputs: Any, *args: Any, **settings: Any) -> Any:
        if inputs.shape[1] > STEPS:
            raise Untranslatable(f"recurrent cells are called more than {STEPS} times")
        return rnn(step, inputs, *args, **settings)

    return refused_if_long


def _activations(settings: dict[str, Any]) -> tuple[Any, Any]:
    return settings["activation"], settings["recurrent_activation"]


def _weights(settings: dict[str, Any], ordered: Callable[[Any], Any]) -> list[Any]:
    """As PyTorch has them: transposed, its gates in its order, with a bias of inputs and of states.

    Args:
        ordered: puts the gates, along the last axis, in that order.
    """
    w, u = (
        ordered(backend.convert_to_tensor(settings[name]))
        for name in ("kernel", "recurrent_kernel")
    )
    if settings["bias"] is None:
        b = w.new_zeros(w.shape[1])
    else:
        b = ordered(backend.convert_to_tensor(settings["bias"]))
    biases = b if b.ndim == 2 else (b, torch.zeros_like(b))
    return [w.T, u.T, *biases]


def _reset_first(kernel: Any) -> Any:
    """Keras has the gates of a GRU as update, reset, new; PyTorch as reset, update, new."""
    update, reset, new = torch.chunk(kernel, 3, -1)
    return torch.cat([reset, update, new], -1)


def _computed(layer: Any, x: Any, state: Any, weights: Any, settings: dict[str, Any]) -> Any:
    """What `backend.lstm` and its like return: the last output, outputs, and the states."""
    x = x.flip(1) if settings["go_backwards"] else x
    out, *states = layer(x, state, weights, True, 1, 0.0, True, False, True)
    last = out[:, -1]
    return last, out if settings["return_sequences"] else last[:, None], [s[0] for s in states]
