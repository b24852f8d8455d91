"""What a torch forward pass and its loss do, read off the functions they call.

A `TorchFunctionMode` sees every function that is handed a tensor, whether a module or the user's
own forward calls it. Tensors are followed by identity: from the layer with weights that made them,
through normalization, pooling, dropout, sums and reshaping, to the activation that takes them.

Limits: what custom autograd functions and scripted modules do is not seen; of a layer that is
called several times the first call counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from unstuck.frameworks.torch.functions import (
    ACTIVATIONS,
    ARITHMETIC,
    BOUNDING,
    LAYERS,
    LOSSES,
    MOVING,
    NORMS,
    PRODUCTS,
    SAME_UNITS,
    TO_PROBABILITIES,
    UNSEEN,
    Logits,
    LossCall,
    Tap,
    argument,
    check_ids,
    differentiable,
    logits_at,
    numpy,
    rows,
    standard_name,
    tensors_in,
)
from unstuck.setups.subject import Floats, Layer, LossView


@dataclass(eq=False)
class _Trail:
    tensor: Any  # kept, so that its identity stays its own
    taps: tuple[Tap, ...] = ()
    moved: bool = False  # the axis of units is no longer where it was


class Trace(TorchFunctionMode):  # type: ignore[misc]
    """Watches one training step's forward pass and loss; enter it, then compute the loss.

    Args:
        model: a copy; its modules are hooked meanwhile.
        examples: in the batch.
        inputs: the tensors handed to the model.
        strangers: identities of parameters that the loss should not read, the user's own.
        look: whether layers' pre-activations are kept.
    """

    def __init__(
        self,
        model: Any,
        examples: int,
        inputs: Sequence[Any] = (),
        strangers: frozenset[int] = frozenset(),
        look: bool = True,
    ) -> None:
        super().__init__()
        self.taps: list[Tap] = []
        self.kernels: dict[int, tuple[int, int]] = {}  # parameter -> fan-in, axis of units
        self.output: Any = None
        self.logits: Logits | None = None
        self.output_activation = "linear"
        self.calls: list[LossCall] = []
        self.ids: set[int] = set()  # inputs that an embedding looks up
        self.elements = 0
        self._look = look
        self.model_calls = 0
        self.met_strangers = False
        self._model, self._examples, self._strangers = model, examples, strangers
        self._parameters = {id(p): name for name, p in model.named_parameters()}
        self._known: set[int] = set()  # parameters that a function we know has taken
        self._entered: set[str] = set()
        self._stack: list[str] = []
        self._trails: dict[int, _Trail] = {}
        self._inputs = {id(t): i for i, t in enumerate(inputs)}
        self._last: Logits | None = None
        self._after: dict[int, Any] = {}  # the last activation's output and what it became
        self._done: dict[int, tuple[Any, tuple[str, ...]]] = {}  # the same for the model's output
        self._means: dict[int, tuple[Any, Any]] = {}
        self._hooks: list[Any] = []
        self._losses: Any = None

    def __enter__(self) -> "Trace":
        for name, module in self._model.named_modules():
            if isinstance(module, torch.jit.ScriptModule):  # cannot be hooked
                continue
            self._hooks.append(module.register_forward_pre_hook(self._entering(name)))
            self._hooks.append(module.register_forward_hook(self._leaving))
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for hook in self._hooks:
            hook.remove()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        if name == "get":
            return func(*args, **kwargs)
        tensors = tensors_in((*args, *kwargs.values()))
        if self._strangers and any(id(t) in self._strangers for t in tensors):
            self.met_strangers = True
        name = standard_name(name, args, kwargs)
        handler = self._handler(name, tensors)
        if handler is not None:
            return handler(self, name, func, args, kwargs, tensors)
        out = func(*args, **kwargs)
        if isinstance(out, torch.Tensor):
            self._follow(name, out, tensors, args)
        return out

    def _handler(self, name: str, tensors: list[Any]) -> Callable[..., Any] | None:
        if name in LOSSES and len(tensors) >= 2:
            return Trace._loss
        if self.output is not None or not tensors:
            return None
        if name in LAYERS or (
            name in PRODUCTS and tensors[-1].ndim > 1 and id(tensors[-1]) in self._parameters
        ):
            return Trace._layer
        if name in UNSEEN:
            return Trace._unseen_layer
        return Trace._activation if name in ACTIVATIONS else None

    # -- layers -----------------------------------------------------------------------------

    def _layer(
        self, name: str, func: Any, args: Any, kwargs: Any, tensors: list[Any]
    ) -> torch.Tensor:
        out = func(*args, **kwargs)
        product = name in PRODUCTS
        weight = tensors[-1] if product else argument(args, kwargs, 1, "weight")
        self._close(tensors)
        if product:
            self.kernels[id(weight)] = weight.shape[-2], weight.ndim - 1
        else:
            transposed = "transpose" in name
            fan_in = weight[:, 0].numel() if transposed else weight[0].numel()
            self.kernels[id(weight)] = fan_in, int(transposed)
        tap = self._tap(tensors, LAYERS.get(name, -1), weight)
        if tap is not None:
            tap.rows = self._rows(out, tap.axis)
            self._trails[id(out)] = _Trail(out, (tap,))
        self.elements += out.numel() // self._examples
        return out

    def _unseen_layer(
        self, name: str, func: Any, args: Any, kwargs: Any, tensors: list[Any]
    ) -> Any:
        out = func(*args, **kwargs)
        self._close(tensors)
        for t in tensors:
            if name.startswith("embedding") and id(t) in self._inputs:
                self.ids.add(self._inputs[id(t)])
        tap = self._tap(tensors, -1, None)
        if tap is not None:
            tap.activation, tap.unseen, tap.open = "unknown", UNSEEN[name], False
        self.elements += sum(t.numel() for t in tensors_in((out,))) // self._examples
        return out

    def _tap(self, tensors: list[Any], axis: int, weight: Any) -> Tap | None:
        """A new layer's entry; None if the same layer was called before."""
        self._known |= {id(t) for t in tensors}
        name = self._stack[-1] if self._stack else ""
        owned = self._parameters.get(id(weight), "")
        module = self._model.get_submodule(name)
        if owned and not owned.endswith("weight"):  # a bare parameter, not a layer's weight
            name, kind = owned, "Parameter"
        else:
            name, kind = name or type(module).__name__, type(module).__name__
        if any(tap.name == name for tap in self.taps):
            return None
        self.taps.append(Tap(name, kind, axis, None))
        return self.taps[-1]

    def _close(self, tensors: list[Any]) -> None:
        for t in tensors:
            for tap in self._taps_of(t):
                tap.open = False

    def _taps_of(self, tensor: Any) -> tuple[Tap, ...]:
        trail = self._trails.get(id(tensor))
        return tuple(tap for tap in trail.taps if tap.open) if trail else ()

    # -- activations and what lies between ---------------------------------------------------

    def _activation(
        self, name: str, func: Any, args: Any, kwargs: Any, tensors: list[Any]
    ) -> torch.Tensor:
        a = tensors[0]
        in_place = (
            func.__name__.endswith("_") or kwargs.get("inplace") or any(a is True for a in args[1:])
        )
        if not a.requires_grad and a.is_floating_point() and not in_place and args:
            a = differentiable(
                a
            )  # frozen layers: the gradient at this place is wanted all the same
            args = (a, *args[1:])
        chained = id(tensors[0]) in self._after
        if not chained:
            self._last, self._after = logits_at(a), {}
        trail = self._trails.get(id(tensors[0]))
        for tap in self._taps_of(tensors[0]):
            tap.activation, tap.open = name, False
            if trail is not None and not trail.moved:
                tap.rows = self._rows(a, tap.axis)
        self._known |= {id(t) for t in tensors}
        out = func(*args, **kwargs)
        self._trails.pop(id(out), None)
        self._after[id(out)] = out
        self.output_activation = name
        self.elements += out.numel() // self._examples
        return out

    def _follow(self, name: str, out: Any, tensors: list[Any], args: Any) -> None:
        """Carries on what is known of the arguments to what became of them."""
        first = id(tensors[0]) if tensors else 0
        alone = len(tensors) == 1
        passing = name in SAME_UNITS or name in MOVING or (name in ARITHMETIC and alone)
        if first in self._inputs and (passing or name in ("long", "int")):
            self._inputs[id(out)] = self._inputs[first]
            self._trails.setdefault(id(out), _Trail(out))
        if self.output is not None:
            if name == "mean" and out.ndim == 0 and tensors[0].shape[:1] == (self._examples,):
                self._means[id(out)] = out, tensors[0].detach()
            if first in self._done and (passing or name in BOUNDING | TO_PROBABILITIES):
                self._done[id(out)] = out, (*self._done[first][1], name)
            return
        if name in NORMS:
            self._known |= {id(t) for t in tensors}
        self._follow_taps(name, out, tensors, passing)
        if first in self._after and (passing or name in BOUNDING) and name not in NORMS:
            self._after[id(out)] = out
            if name == "log":
                logs = {"softmax": "log_softmax", "sigmoid": "log_sigmoid"}
                self.output_activation = logs.get(self.output_activation, "unknown")

    def _follow_taps(self, name: str, out: Any, tensors: list[Any], passing: bool) -> None:
        trails = [self._trails[id(t)] for t in tensors if id(t) in self._trails]
        taps = tuple(dict.fromkeys(tap for trail in trails for tap in trail.taps if tap.open))
        if not taps:
            return
        sums = name in ("add", "radd", "iadd", "sub")
        if passing or sums:
            moved = name in MOVING or any(trail.moved for trail in trails)
            self._trails[id(out)] = _Trail(out, taps, moved)
            parameters = [t for t in tensors if id(t) in self._parameters]
            if sums and parameters and not moved:  # a bias added by hand
                self._known |= {id(t) for t in parameters}
                for tap in taps:
                    tap.rows = self._rows(out, tap.axis)
        elif name not in ARITHMETIC and out.is_floating_point() and name != "detach":
            for tap in taps:  # an elementwise function without a name of its own, such as sin
                if out.shape == tensors[0].shape:
                    tap.activation, tap.open = "unknown", False

    # -- the model as a whole, and its loss --------------------------------------------------

    def _entering(self, name: str) -> Callable[..., None]:
        def hook(module: Any, args: Any) -> None:
            self._stack.append(name)
            self._entered.add(name)

        return hook

    def _leaving(self, module: Any, args: Any, output: Any) -> Any:
        if self._stack:
            self._stack.pop()
        if module is not self._model:
            return None
        self.model_calls += 1
        if self.output is not None:
            return None
        if isinstance(output, torch.Tensor) and not output.requires_grad:
            if output.is_floating_point():
                output = differentiable(output)
                self._came_out(output)
                return output
            return None
        self._came_out(next((t for t in tensors_in((output,)) if t.is_floating_point()), None))
        return None

    def _came_out(self, output: Any) -> None:
        if output is None:
            return
        if id(output) in self._after and self._last is not None:
            self.logits = self._last
        else:
            self.logits, self.output_activation = logits_at(output), "linear"
        self._done[id(output)] = output, ()
        self.output = output.detach().clone()

    def _loss(self, name: str, func: Any, args: Any, kwargs: Any, tensors: list[Any]) -> Any:
        prediction = argument(args, kwargs, 0, "input")
        target = argument(args, kwargs, 1, "target")
        if not isinstance(prediction, torch.Tensor) or not isinstance(target, torch.Tensor):
            return func(*args, **kwargs)
        if self.output is None:  # a step that calls parts of the model
            self._came_out(prediction)
        ignored = kwargs.get("ignore_index", -100)
        ids = LOSSES[name][1] == "ids" and not target.is_floating_point()
        if ids:
            check_ids(
                target.detach().cpu().numpy(),
                prediction.shape[min(1, prediction.ndim - 1)],
                ignored,
            )
        out = func(*args, **kwargs)
        try:
            with torch.no_grad():
                losses = func(*args, **{**kwargs, "reduction": "none"})
        except (TypeError, RuntimeError, ValueError):  # reduced in a way of its own
            losses = None
        self.calls.append(
            LossCall(
                name,
                self._done.get(id(prediction), (None, ("unknown",)))[1],
                (tuple(prediction.shape), tuple(target.shape)),
                ids,
                ignored,
                losses,
            )
        )
        return out

    def _rows(self, z: Any, axis: int) -> Floats | None:
        return rows(z, axis) if self._look else None

    # -- what was found ------------------------------------------------------------------------

    def finish(self, loss: Any) -> None:
        """Keeps what the loss was the mean of, and lets all else go."""
        mean = self._means.get(id(loss), (None, None))[1]
        calls = [call.losses for call in self.calls]
        self._losses = mean if mean is not None or len(calls) != 1 else calls[0]
        for kept in (self._trails, self._after, self._means):
            kept.clear()
        self._last = None

    def losses(self) -> Floats | None:
        """(n,) of each example; None if the loss gives no value for each."""
        found = self._losses
        if found is None or found.ndim == 0 or found.numel() % self._examples:
            return None
        return numpy(found.reshape(self._examples, -1).mean(1))

    def view(self, name: str) -> LossView:
        """What the loss wants of the model's output, as far as it shows."""
        if len(self.calls) != 1:
            done = {n for _, names in self._done.values() for n in names}
            if done & TO_PROBABILITIES:
                return LossView(name or "loss", "logits")
            return LossView(name or "loss", "probabilities" if "log" in done else "unknown")
        (call,) = self.calls
        takes, targets = LOSSES[call.name]
        if targets == "ids" and not call.ids:
            targets = "one-hot"
        if takes.endswith("probabilities"):
            if TO_PROBABILITIES & set(call.done_before):
                takes = "logits"
            elif "log" in call.done_before:
                takes = "probabilities"
        if "unknown" in call.done_before:
            takes = "unknown"
        return LossView(name or call.name, takes, targets)

    def layers(self) -> tuple[Layer, ...]:
        """All layers with weights, in the order of the forward pass, those unseen last."""
        seen = [Layer(t.name, t.kind, t.activation, t.rows, t.unseen) for t in self.taps]
        for name, module in self._model.named_modules():
            own = [id(p) for p in module.parameters(recurse=False)]
            layer = name or type(module).__name__
            if not own or self._known & set(own) or any(layer == s.name for s in seen):
                continue
            # a parametrization's arrays belong to the layer they are computed for
            if any(name.startswith(f"{s.name}.parametrizations") for s in seen):
                continue
            why = "what it computes is no standard layer"
            if name not in self._entered and not isinstance(module, torch.jit.ScriptModule):
                why = "the forward pass does not call it"
            seen.append(Layer(layer, type(module).__name__, "unknown", None, why))
        return tuple(seen)

    def class_axis(self) -> int:
        """The axis of the output along which its units are counted."""
        ids = [c for c in self.calls if LOSSES[c.name][1] == "ids" and not c.done_before]
        return 1 if self.output.ndim >= 4 or (ids and self.output.ndim > 1) else -1
