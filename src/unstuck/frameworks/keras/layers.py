"""What the layers of a Keras model do in one forward pass, seen without changing them.

For the length of a call every layer's `call` (and its `activation`, where it has one) is a
recording wrapper, which calls the original: the wrapped functions do just what they did, and the
logits that Keras leaves on a softmax's output for its loss stay where they are.

What a tensor is, is told by identity: the object that left a layer is the object that enters the
next one, unless a function outside of layers stood in between. The result of such a function is
kept too, so that the function can be recognised by its values.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from unstuck.frameworks.keras.activations import ALONE, alone_name, kind_of, name_of

POSITIONS = 16  # of a convolution or sequence, for each example

# Layers that hold their activations inside, with the reason; what is below them is not looked at.
_OPAQUE = {
    "RNN": "a recurrent layer computes step by step",
    "Bidirectional": "a recurrent layer computes step by step",
    "TimeDistributed": "the layer inside runs step by step",
    "MultiHeadAttention": "attention has several inner products and no one pre-activation",
    "GroupedQueryAttention": "attention has several inner products and no one pre-activation",
    "Embedding": "an embedding looks rows up, it adds nothing up",
}


@dataclass
class Entry:
    """What was seen of one call of one layer.

    Args:
        layer: the Keras layer.
        activation: its name; None while it is not known.
        unseen: why there is no pre-activation; "" if there is one.
        tensor: the pre-activation.
        flow: where the layer's output is now, after layers that are no activation.
        after: what a function outside of layers made of `flow`.
        at: serial number of the tensor that may be the logits.
    """

    layer: Any
    activation: str | None = None
    unseen: str = ""
    tensor: Any = None
    flow: Any = None
    after: Any = None
    entered: bool = False
    at: int = -1
    flow_at: int = -1


@dataclass
class Recorder:
    """Follows one forward pass.

    Args:
        delta: added to the tensor of serial number `at`, to differentiate with respect to it.
        at: see `Entry.at`.
    """

    delta: Any = None
    at: int = -1
    entries: list[Entry] = field(default_factory=list)
    elements: int = 0
    _serial: int = -1
    _calls: list[Entry] = field(default_factory=list)
    _known: dict[int, Any] = field(default_factory=dict)

    def noted(self, tensor: Any) -> tuple[Any, int]:
        """A tensor that may be the logits, with its number; plus delta where that is wanted."""
        self._serial += 1
        if self._serial == self.at and self.delta is not None:
            tensor = tensor + keras.ops.cast(self.delta, tensor.dtype)
        return tensor, self._serial

    def called(self, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """One call of a layer."""
        inputs = [a for a in keras.tree.flatten((args, kwargs)) if _is_tensor(a)]
        self._arrive(inputs)
        alone = kind_of(layer, ALONE)
        if alone is not None and _is_tensor(args[0] if args else None):
            return self._activate(layer, call, args, kwargs)
        if not layer._trainable_variables and kind_of(layer, _OPAQUE) is None:
            output = call(*args, **kwargs)
            return self._pass_on(inputs, output)
        if "Normalization" in type(layer).__name__:
            return self._pass_on(inputs, call(*args, **kwargs))
        entry = Entry(layer, unseen=kind_of(layer, _OPAQUE) or "")
        self.entries.append(entry)
        self._calls.append(entry)
        try:
            output = call(*args, **kwargs)
        finally:
            self._calls.pop()
        if not _is_tensor(output):
            entry.unseen = entry.unseen or "its output is not one tensor"
            return output
        self._count(output)
        if entry.tensor is None and not entry.unseen:
            entry.unseen = "the layer is the user's own and computes inside"
        if entry.tensor is None or entry.activation == "linear":
            if entry.tensor is None:
                output, entry.flow_at = self.noted(output)
            else:
                entry.flow_at = entry.at
            entry.flow = output
        self._known[id(output)] = output
        return output

    def activated(self, activation: Callable[..., Any], tensor: Any, *args: Any) -> Any:
        """One call of an `activation` that belongs to the layer being called."""
        if not self._calls or not _is_tensor(tensor):
            return activation(tensor, *args)
        entry = self._calls[-1]
        if entry.unseen or entry.tensor is not None:  # a second call: no layer of Keras does that
            return activation(tensor, *args)
        tensor, entry.at = self.noted(tensor)
        entry.tensor, entry.activation = tensor, name_of(activation)
        output = activation(tensor, *args)
        if entry.activation is None:
            entry.after = output
        return output

    def finish(self, output: Any) -> Entry | None:
        """Closes the pass; the entry whose pre-activation is the logits, if one is."""
        outputs = [t for t in keras.tree.flatten(output) if _is_tensor(t)]
        self._arrive(outputs)
        if not self.entries or len(outputs) != 1:
            return None
        last = self.entries[-1]
        if last.tensor is None and last.after is None:
            return None  # a layer whose inside is not seen comes last
        for entry in self.entries:
            if entry.flow is not None and entry.after is not None and not entry.entered:
                # A function outside of layers: what entered it is what counts.
                if entry.tensor is not None:
                    entry.tensor = entry.flow
                entry.activation, entry.at = None, entry.flow_at
            elif entry.flow is not None and not entry.entered:
                entry.activation = None
        if last.flow is not None and last.after is None:
            last.at = last.flow_at
            logits = last.flow
        else:
            logits = last.tensor if last.tensor is not None else last.flow
        if logits is None or tuple(logits.shape) != tuple(outputs[0].shape):
            return None
        self.logits = logits
        return last

    def _arrive(self, tensors: list[Any]) -> None:
        """Tells which open entries these tensors come from."""
        for entry in self.entries:
            if entry.flow is not None and any(t is entry.flow for t in tensors):
                entry.entered = True
        if self.entries and not self._calls:
            last = self.entries[-1]
            if last.flow is not None and not last.entered and last.after is None:
                made = [t for t in tensors if id(t) not in self._known]
                same = [t for t in made if tuple(t.shape) == tuple(last.flow.shape)]
                last.after = same[0] if same else None
        self._known.update((id(t), t) for t in tensors)

    def _pass_on(self, inputs: list[Any], output: Any) -> Any:
        """A layer that is no activation: what flowed in flows out."""
        if not _is_tensor(output):
            return output
        self._count(output)
        for entry in self.entries:
            if entry.flow is not None and any(t is entry.flow for t in inputs):
                if output is not entry.flow:
                    output, entry.flow_at = self.noted(output)
                entry.flow, entry.entered = output, False
        self._known[id(output)] = output
        return output

    def _activate(self, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """An activation that stands alone belongs to the layer with weights before it."""
        tensor, at = self.noted(args[0])
        entry = self._owner(args[0])
        if entry is None:
            entry = Entry(layer)
            self.entries.append(entry)
        entry.tensor, entry.at, entry.unseen = tensor, at, ""
        entry.activation, entry.flow, entry.after = alone_name(layer), None, None
        output = call(tensor, *args[1:], **kwargs)
        if entry.activation is None:
            entry.after = output
        self._count(output)
        self._known[id(output)] = output
        return output

    def _owner(self, tensor: Any) -> Entry | None:
        if self._calls:  # an activation layer inside a layer: Dense(10, activation=LeakyReLU())
            return self._calls[-1] if self._calls[-1].tensor is None else None
        for entry in reversed(self.entries):
            if entry.flow is tensor:
                return entry
        last = self.entries[-1] if self.entries else None
        return last if last is not None and last.flow is not None else None

    def _count(self, output: Any) -> None:
        shape = tuple(getattr(output, "shape", ()))[1:]
        self.elements += int(np.prod([s or 1 for s in shape]))

    logits: Any = None


@contextmanager
def watched(model: Any, recorder: Recorder) -> Iterator[None]:
    """Every visible layer of the model reports to the recorder for the length of the block."""
    originals: list[tuple[Any, str, Any]] = []

    def swap(layer: Any, name: str, wrapper: Any) -> None:
        originals.append((layer, name, layer.__dict__.get(name, _ABSENT)))
        layer.__dict__[name] = wrapper  # past __setattr__, which would track it

    try:
        for layer in visible(model):
            swap(layer, "call", _calls(recorder, layer, layer.call))
            activation = layer.__dict__.get("activation")
            if (
                callable(activation)
                and not isinstance(activation, keras.Layer)
                and kind_of(layer, ALONE) is None
                and kind_of(layer, _OPAQUE) is None
            ):
                swap(layer, "activation", _activates(recorder, activation))
        yield
    finally:
        for layer, name, value in reversed(originals):
            if value is _ABSENT:
                del layer.__dict__[name]
            else:
                layer.__dict__[name] = value


def visible(model: Any) -> list[Any]:
    """Layers whose calls can be followed: nothing below an opaque one, no containers."""
    found: list[Any] = []
    seen: set[int] = set()

    def walk(layer: Any) -> None:
        if id(layer) in seen or isinstance(layer, keras.metrics.Metric):
            return
        seen.add(id(layer))
        opaque = kind_of(layer, _OPAQUE) is not None or layer._remat_mode is not None
        container = not opaque and layer._layers and not layer._trainable_variables
        activation = getattr(layer, "activation", None) if not opaque else None
        if layer is not model and (not container or layer._layers == [activation]):
            found.append(layer)
        if not opaque:
            for below in layer._layers:
                walk(below)

    walk(model)
    return found


def rows_of(tensor: Any, layer: Any) -> Any:
    """(rows, units) float32 of a pre-activation, at most POSITIONS rows an example."""
    ops = keras.ops
    if getattr(layer, "data_format", None) == "channels_first" and len(tensor.shape) > 2:
        tensor = ops.moveaxis(tensor, 1, -1)
    if len(tensor.shape) > 2:
        units = tensor.shape[-1]
        positions = int(np.prod(tensor.shape[1:-1]))
        tensor = ops.reshape(tensor, (-1, positions, units))
        if positions > POSITIONS:
            chosen = np.linspace(0, positions - 1, POSITIONS).round().astype("int32")
            tensor = ops.take(tensor, chosen, axis=1)
        tensor = ops.reshape(tensor, (-1, units))
    elif len(tensor.shape) < 2:
        tensor = ops.reshape(tensor, (-1, 1))
    return ops.cast(tensor, "float32")


def _calls(recorder: Recorder, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: recorder.called(layer, call, args, kwargs)


def _activates(recorder: Recorder, activation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: (
        recorder.activated(activation, x, *args) if not kwargs else activation(x, *args, **kwargs)
    )


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype") and keras.ops.is_tensor(value)


_ABSENT = object()
