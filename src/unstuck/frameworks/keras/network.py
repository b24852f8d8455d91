"""A Keras model and its loss as one function of its variables, which it never writes to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
from keras.src.backend.common import global_state

from unstuck.errors import UnstuckError, UsageError
from unstuck.frameworks.keras.attributes import attributes_kept
from unstuck.frameworks.keras.layers import Entry, Recorder, rows_of, watched
from unstuck.frameworks.keras.loss import each
from unstuck.setups.subject import Floats


@dataclass(frozen=True, eq=False)
class Look:
    """What a backend computes of one sample, as NumPy arrays.

    Args:
        seen: see `Network.run`.
        gradients: one a variable, None where the loss does not depend on it.
        at_logits: gradient of the mean loss at the logits; None if there is none.
        after, output_after, loss_after: the same after one step; None without an optimizer.
    """

    seen: dict[str, Any]
    gradients: list[Any]
    at_logits: Any
    after: list[Any] | None = None
    output_after: Floats | None = None
    loss_after: Any = None


class Network:
    """A model and its loss.

    Args:
        model: built; left as it is.
        loss: an own CompileLoss; None where the model adds its losses itself.
        variables: trainable ones, in the order of `run`'s `values`.
        held: which of them the optimizer holds.
        pack: turns a tuple of inputs into what the model is called with.
        scale: the loss is multiplied by it before it is differentiated.
    """

    def __init__(
        self,
        model: Any,
        loss: Any,
        variables: Sequence[Any],
        held: Sequence[int],
        pack: Callable[[Any], Any],
        scale: float,
    ) -> None:
        self.model, self.loss, self.pack, self.scale = model, loss, pack, scale
        self.variables, self.held = list(variables), list(held)
        trained = {id(v) for v in self.variables}
        self.others = [v for v in model.variables if id(v) not in trained]
        self.entries: list[Entry] = []  # of the last pass that was watched
        self.at_logits: Entry | None = None
        self.logits_trail: tuple[int, ...] = ()  # shape of the logits without the examples
        self.output_trail: tuple[int, ...] = ()
        self.elements = 0
        self.computes_loss = type(model).compute_loss is not keras.Model.compute_loss

    def run(
        self,
        values: Sequence[Any],
        frozen: Sequence[Any] | None,
        x: Sequence[Any],
        y: Any,
        *,
        delta: Any = None,
        watch: bool = True,
        with_loss: bool = True,
    ) -> tuple[Any, dict[str, Any]]:
        """The loss in training mode, times `scale`, and what was seen on the way.

        Args:
            values: of `variables`.
            frozen: of `others`; None for those they have.
            x: one tensor an input.
            y: targets, or None.
            delta: added to the logits where `at_logits` of the last watched pass found them.
            watch: whether layers are looked at.
            with_loss: whether there is a loss; else it is None.

        Returns:
            loss, and a dict: "loss" without scale, "output" (n, k); if watched "losses", (n,) or
            None, "layers", a list of (pre-activation, what a function made of it), "logits"
            (n, k) and "logits_tensor" as it was.
        """
        mapping = list(zip(self.variables, values, strict=True))
        if frozen is not None:
            mapping += zip(self.others, frozen, strict=True)
        at = self.at_logits.at if self.at_logits is not None else -1
        recorder = Recorder(delta, at)
        mode = {"training": True} if self.model._call_has_training_arg else {}
        seen: dict[str, Any] = {}
        loss = None
        with (
            attributes_kept(self.model._flatten_layers()),
            kept(self.model, self.loss if self.computes_loss else None),
            keras.StatelessScope(mapping, collect_losses=True),
        ):
            inputs = self.pack(tuple(x))
            if watch:
                with watched(self.model, recorder):
                    output = self.model(inputs, **mode)
                seen |= self._layers(recorder, output)
                if delta is not None and self.at_logits is None:
                    output = output + keras.ops.cast(delta, output.dtype)
            else:
                output = self.model(inputs, **mode)
            if with_loss:
                loss = self._loss(inputs, y, output)
                seen["loss"] = loss
                if watch:
                    seen["losses"] = self._losses(y, output)
                loss = loss * self.scale
        seen["output"] = _rows(output)
        return loss, seen

    def _loss(self, x: Any, y: Any, output: Any) -> Any:
        if self.computes_loss:
            return self.model._compute_loss(x, y, output, None, training=True)
        losses = [] if self.loss is None or y is None else [self.loss(y, output)]
        losses += [keras.ops.sum(part) for part in self.model.losses]
        if not losses:
            raise UsageError(
                "there is no loss: no targets, and the model adds none itself",
                "diagnose(model, x, y) with a loss",
            )
        return keras.ops.cast(sum(losses[1:], losses[0]), "float32")

    def _losses(self, y: Any, output: Any) -> Any:
        parts = [] if self.loss is None or y is None else self.loss._flat_losses
        if len(parts) != 1 or self.computes_loss:
            return None
        losses = each(parts[0].loss)(y, output)
        if len(losses.shape) == 0 or losses.shape[0] != output.shape[0]:
            return None
        losses = keras.ops.reshape(losses, (losses.shape[0], -1))
        return keras.ops.cast(keras.ops.mean(losses, axis=1), "float32")

    def _layers(self, recorder: Recorder, output: Any) -> dict[str, Any]:
        outputs = keras.tree.flatten(output)
        if len(outputs) != 1:
            raise UsageError(
                f"the model has {len(outputs)} outputs",
                "one",
                "diagnose them one by one: keras.Model(model.inputs, model.outputs[0])",
            )
        self.at_logits = recorder.finish(output)
        self.entries, self.elements = recorder.entries, recorder.elements
        tensor = recorder.logits if self.at_logits is not None else outputs[0]
        self.output_trail = tuple(outputs[0].shape[1:])
        self.logits_trail = tuple(tensor.shape[1:])
        layers = []
        for entry in recorder.entries:
            before = None if entry.tensor is None else rows_of(entry.tensor, entry.layer)
            after = None if entry.activation is not None else entry.after
            layers.append((before, None if after is None else rows_of(after, entry.layer)))
            entry.tensor = entry.flow = entry.after = None  # not kept beyond the pass
        seen = {"layers": layers, "logits": _rows(tensor)}
        if keras.backend.backend() != "jax":
            seen["logits_tensor"] = tensor
        return seen


def _rows(tensor: Any) -> Any:
    """(n, k) float32; trailing axes in between become rows."""
    shape = tuple(tensor.shape)
    if len(shape) != 2:
        tensor = keras.ops.reshape(tensor, (-1, shape[-1] if len(shape) > 1 else 1))
    return keras.ops.cast(tensor, "float32")


@contextmanager
def kept(model: Any, loss: Any = None) -> Iterator[None]:
    """Puts back what calling a model leaves on its layers; refuses to build any.

    Args:
        loss: for the length of the block the model's compiled loss.
    """
    layers = model._flatten_layers()
    marks = [
        (layer, layer._called, layer._parent_path, list(layer._losses), set(layer._loss_ids))
        for layer in layers
    ]
    unbuilt = [layer for layer in layers if not layer.built]
    around = [layer for layer in unbuilt if _has_nothing_to_build(layer)]
    builds = [(layer, layer.__dict__["build"]) for layer in unbuilt if layer not in around]
    compiled = model.__dict__.get("_compile_loss")
    context = global_state.get_global_attribute("current_call_ctx")
    try:
        for layer in around:
            layer.__dict__["built"] = True
        for layer, _ in builds:
            layer.__dict__["build"] = _refusal(layer)
        if loss is not None:
            model.__dict__["_compile_loss"] = loss
        yield
    finally:
        global_state.set_global_attribute("current_call_ctx", context)
        if loss is not None:
            model.__dict__["_compile_loss"] = compiled
        for layer in around:
            layer.__dict__["built"] = False
        for layer, build in builds:
            layer.__dict__["build"] = build
        for layer, called, parent, losses, ids in marks:
            layer.__dict__["_called"], layer.__dict__["_parent_path"] = called, parent
            if list(layer._losses) != losses:
                layer._losses[:] = losses
            layer._loss_ids.clear()
            layer._loss_ids.update(ids)


def _has_nothing_to_build(layer: Any) -> bool:
    """Whether a model of the user's own only calls layers that are built, and makes no weights."""
    inner = [other for other in layer._flatten_layers() if other is not layer]
    own = type(layer).build is not keras.Model.build
    return (
        isinstance(layer, keras.Model)
        and not own
        and bool(inner)
        and all(other.built for other in inner)
    )


def _refusal(layer: Any) -> Callable[..., None]:
    def build(*_: Any, **__: Any) -> None:
        raise UsageError(
            f"the layer {layer.name} of the model is not built",
            "a model whose layers all have their weights",
            "call the model on one batch first: model(x[:1])",
        )

    return build


@contextmanager
def names_kept() -> Iterator[None]:
    """Puts back the counters that Keras names new objects by."""
    counters = global_state.get_global_attribute("object_name_uids")
    before = None if counters is None else dict(counters)
    try:
        yield
    finally:
        counters = global_state.get_global_attribute("object_name_uids")
        if counters is not None:
            counters.clear()
            counters.update(before or {})


@contextmanager
def explained(x: Sequence[Any], y: Any) -> Iterator[None]:
    """Turns an error from inside Keras into one that tells the shapes and the reason."""
    try:
        yield
    except UnstuckError:
        raise
    except Exception as error:
        shapes = ", ".join(f"{a.shape} {a.dtype}" for a in x)
        targets = "" if y is None else f", targets {y.shape} {y.dtype}"
        raise UsageError(
            f"the model or its loss fails on the data: {reason(error)}",
            "a model and a loss that take what they are given",
            f"inputs {shapes}{targets}; try model.train_on_batch(x[:2], y[:2])",
        ) from error


def reason(error: Exception) -> str:
    """The line of a message that says what is wrong; Keras wraps it in where it happened."""
    import re

    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("Exception encountered", "Arguments"))]
    return (lines[0] if lines else type(error).__name__)[:300]
