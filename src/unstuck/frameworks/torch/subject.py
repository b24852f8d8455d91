"""One look at a torch set-up: its loss, gradients and next step, taken on copies."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.errors import UnstuckError, UsageError
from unstuck.frameworks.torch.data import Structure
from unstuck.frameworks.torch.functions import check_loss, numpy
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.setup import (
    Setup,
    copied,
    first_line,
    seeded,
    stepped,
    twice_differentiable,
)
from unstuck.frameworks.torch.trace import Trace
from unstuck.setups.calls import computed
from unstuck.setups.dependence import dependence
from unstuck.setups.routine import Routine
from unstuck.setups.subject import About, Floats, Inputs, Moving, Observation, Parameter, Sample

if TYPE_CHECKING:
    from unstuck.setups.trainer import Trainer

MODEL = "the model cannot take the data"

_BATCH_NORM = torch.nn.modules.batchnorm._BatchNorm

Step = Callable[[Any, Any, Any], Any]  # (model, loss, batch) -> loss of the batch


@dataclass(frozen=True)
class Form:
    """How the arrays reach the model.

    Args:
        dtypes: one an input, then the targets'; None as stored.
        spread: whether several inputs are arguments of their own, or one object.
    """

    dtypes: tuple[Any, ...]
    spread: bool = True


class Look(NamedTuple):
    """One step of training, taken on a copy: parameters after it, gradients in their `grad`."""

    setup: Setup
    loss: Any
    trace: Trace
    at_logits: Any  # gradient of the loss with respect to the logits, or None
    after: tuple[Any, Trace] | None  # loss and trace of the same batch after the step
    no_update: str  # why the optimizer could not step


@dataclass(frozen=True, eq=False)
class TorchSubject:
    """A torch training set-up; see the protocol.

    Args:
        setup: a copy of the user's, never run: each look runs a copy of it.
        step: (model, loss, batch) ↦ loss; None for loss(model(inputs), targets).
        loaded: whether the examples were given as a DataLoader.
    """

    about: About
    sample: Sample
    setup: Setup
    step: Step | None
    structure: Structure
    form: Form
    device: Any
    loaded: bool = False

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol.

        Raises:
            UsageError, DataError: the model or the loss cannot take the data.
        """
        depends = self._dependence  # first: it takes a copy of the model
        seen = self.look(x, y)
        trace, after = seen.trace, seen.after
        layers = trace.layers()
        names = {layer.name for layer in layers}
        pristine = dict(self.setup.model.named_parameters())
        named = list(seen.setup.model.named_parameters())
        held = _held(seen.setup.optimizer, [p for _, p in named])
        parameters = tuple(
            Parameter(
                name,
                _layer_of(name, names, type(self.setup.model).__name__),
                numpy(pristine[name]),
                None if p.grad is None else numpy(p.grad),
                numpy(p.detach() - pristine[name]) if after and id(p) in held else None,
                p.requires_grad,
                id(p) in held,
                *trace.kernels.get(id(p), (None, None)),
            )
            for name, p in named
        )
        axis = trace.class_axis()
        assert trace.logits is not None  # `_traced` saw to it
        logits, gradient = _rows(numpy(trace.logits.value), axis), seen.at_logits
        return Observation(
            layers,
            parameters,
            _rows(numpy(trace.output), axis),
            logits,
            None if gradient is None else _rows(numpy(gradient), axis) * len(logits),
            seen.loss.item(),
            trace.losses(),
            _rows(numpy(after[1].output), axis) if after else None,
            after[0].item() if after else None,
            None if _reshaped(trace) else tuple(trace.output.shape[1:]),
            depends,
            _moving(self.setup.model),
        )

    @cached_property
    def _dependence(self) -> float | None:
        return dependence(self._evaluated, len(self.sample.x[0]))

    def _evaluated(self, rows: NDArray[np.int64]) -> Floats:
        """The output for examples of the sample, in evaluation mode; each time by a fresh copy, as
        a forward pass may leave something behind.

        Raises:
            UsageError: there is none.
        """
        setup, y = copied(self.setup), self.sample.y
        switched(setup.model, False)
        x = tuple(a[rows] for a in self.sample.x)
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            _, trace = self._traced(setup, x, None if y is None else y[rows], rows=False)
        for m in setup.model.modules():
            if isinstance(m, _BATCH_NORM) and (m.training or m.running_mean is None):
                raise UsageError("a normalization by the batch's own statistics", "moving ones")
        return numpy(trace.output)

    def look(
        self, x: Inputs, y: NDArray[Any] | None, strangers: frozenset[int] = frozenset()
    ) -> "Look":
        """One step of training on a copy; see `observe`."""
        setup = copied(self.setup)
        loss, trace = self._traced(setup, x, y, strangers)
        assert trace.logits is not None
        wanted = [p for p in setup.model.parameters() if p.requires_grad]
        with _explained("the loss cannot be differentiated", x, y), seeded(self.device):
            gradients, at_logits = _gradients(loss, wanted, trace.logits.edge)
        loss = loss.detach()
        for p, gradient in zip(wanted, gradients, strict=True):
            p.grad = gradient
        no_update, after = "", None
        if setup.optimizer is not None:
            with seeded(self.device):
                no_update = stepped(setup.optimizer)
            if not no_update:
                after = self._traced(setup, x, y, rows=False)
        return Look(setup, loss, trace, at_logits, after, no_update)

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        setup = copied(self.setup)
        wanted = _trained(setup)
        with _explained("the loss cannot be differentiated", x, y), seeded(self.device):
            loss = check_loss(self._loss(setup, self._tensors(x, y)))
            return _flat(_gradients(loss, wanted, None)[0], wanted)

    def hessian_product(
        self, x: Inputs, y: NDArray[Any] | None
    ) -> Callable[[Floats], Floats] | None:
        """See the protocol; the gradient's graph is kept as long as the function is."""
        setup = copied(self.setup)
        wanted = _trained(setup)
        sizes = np.cumsum([p.numel() for p in wanted])[:-1]
        with seeded(self.device), twice_differentiable():
            with _explained(MODEL, x, y):
                loss = check_loss(self._loss(setup, self._tensors(x, y)))
            try:
                gradients = _gradients(loss, wanted, None, create_graph=True)[0]
            except RuntimeError:  # a function without a second derivative
                return None
        pairs = [
            (gradient, i)
            for i, gradient in enumerate(gradients)
            if gradient is not None and gradient.requires_grad
        ]

        def times(v: Floats) -> Floats:
            along = [
                torch.as_tensor(part, dtype=p.dtype, device=p.device).reshape(p.shape)
                for p, part in zip(wanted, np.split(v, sizes), strict=True)
            ]
            products = torch.autograd.grad(
                [gradient for gradient, _ in pairs],
                wanted,
                [along[i] for _, i in pairs],
                retain_graph=True,
                allow_unused=True,
            )
            return _flat(products, wanted)

        if any(_once_only(gradient) for gradient, _ in pairs):
            return None
        if not pairs:  # a loss that is linear in the parameters, or none that is trained
            return np.zeros_like
        try:
            times(_flat([None] * len(wanted), wanted))
        except RuntimeError:
            return None
        return times

    def trainer(self) -> "Trainer":
        """See the protocol."""
        from unstuck.frameworks.torch.training import TorchTrainer

        return TorchTrainer(self)

    def with_routine(self, routine: Routine) -> "TorchSubject":
        """See the protocol."""
        return replace(self, about=replace(self.about, routine=routine))

    def first(self, n: int) -> tuple[Inputs, NDArray[Any] | None]:
        """The first examples of the sample."""
        y = self.sample.y
        return tuple(a[:n] for a in self.sample.x), None if y is None else y[:n]

    def _traced(
        self,
        setup: Setup,
        x: Inputs,
        y: NDArray[Any] | None,
        strangers: frozenset[int] = frozenset(),
        rows: bool = True,
    ) -> tuple[Any, Trace]:
        tensors = self._tensors(x, y)
        trace = Trace(setup.model, len(x[0]), tensors[: len(x)], strangers, rows)
        with _explained(MODEL, x, y, trace), seeded(self.device):
            with trace:
                loss = self._loss(setup, tensors)
            trace.finish(loss)
            loss = check_loss(loss)
        if trace.output is None:
            raise UsageError(
                "the step does not call the model it is handed, or gets no float tensor from it",
                "step(model, batch) that calls model(…) and returns the loss",
                "use the step's own argument, not a model from outside",
            )
        return loss, trace

    def _loss(self, setup: Setup, tensors: list[Any]) -> Any:
        """The loss of a batch, as the user's training computes it."""
        computed()
        n = len(self.structure.arrays)
        batch = self.structure.batch(tensors[:n], tensors[n] if len(tensors) > n else None)
        if self.step is not None:
            return self.step(setup.model, setup.loss, batch)
        *inputs, target = batch
        whole = inputs[0] if len(inputs) == 1 else inputs
        if self.form.spread and isinstance(whole, dict):
            return setup.loss(setup.model(**whole), target)
        if self.form.spread and isinstance(whole, (tuple, list)):
            return setup.loss(setup.model(*whole), target)
        return setup.loss(setup.model(whole), target)

    def _tensors(self, x: Inputs, y: NDArray[Any] | None) -> list[Any]:
        arrays = [*x, *(() if y is None else (y,))]
        return [
            torch.tensor(a.astype(a.dtype.newbyteorder("="), copy=False), dtype=dtype).to(
                self.device
            )
            for a, dtype in zip(arrays, self.form.dtypes, strict=True)
        ]


@contextmanager
def _explained(
    what: str, x: Inputs, y: NDArray[Any] | None, trace: Trace | None = None
) -> Iterator[None]:
    """Turns an error of the model's or the loss's own into a UsageError with the shapes."""
    try:
        yield
    except UnstuckError:
        raise
    except (Exception, SystemExit) as error:
        shapes = [f"inputs {a.shape} {a.dtype}" for a in x]
        if y is not None:
            shapes.append(f"targets {y.shape} {y.dtype}")
        if trace is not None and trace.output is not None:
            what = "the loss cannot be computed"
            shapes.append(f"the model's output {tuple(trace.output.shape)}")
        raise UsageError(
            f"{what}: {first_line(error)}",
            "a model and a loss that take the data",
            f"these do not fit together: {', '.join(shapes)}",
        ) from error


def _gradients(
    loss: Any, wanted: list[Any], edge: Any, create_graph: bool = False
) -> tuple[list[Any], Any]:
    """Of the loss, with respect to the parameters and at the edge; None where there is none."""
    if not loss.requires_grad:
        return [None] * len(wanted), None
    edges = [] if edge is None else [edge]
    if not wanted and not edges:
        return [], None
    found = torch.autograd.grad(
        loss, [*wanted, *edges], allow_unused=True, create_graph=create_graph
    )
    return list(found[: len(wanted)]), found[-1] if edges else None


def _reshaped(trace: Trace) -> bool:
    """Whether the loss gives the output the targets' shape before it compares them."""
    compared = [call.shapes for call in trace.calls if call.compares]
    return bool(compared) and all(output == target for output, target in compared)


def _once_only(gradient: Any) -> bool:
    """Whether a function marked once_differentiable is behind it, which autograd would skip."""
    todo, done = [gradient.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is not None and node not in done:
            done.add(node)
            if node.name().endswith("Error"):
                return True
            todo += [following for following, _ in node.next_functions]
    return False


def _held(optimizer: Any, parameters: list[Any]) -> set[int]:
    """Identities of the parameters that the optimizer holds; all of them if there is none."""
    if optimizer is None:
        return {id(p) for p in parameters}
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def _trained(setup: Setup) -> list[Any]:
    parameters = list(setup.model.parameters())
    held = _held(setup.optimizer, parameters)
    return [p for p in parameters if p.requires_grad and id(p) in held]


def _flat(values: Sequence[Any], parameters: list[Any]) -> Floats:
    """One flat float32 array; zeros where there is no value."""
    pairs = zip(values, parameters, strict=True)
    parts = [np.zeros(p.numel(), np.float32) if v is None else numpy(v).ravel() for v, p in pairs]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _rows(array: Floats, axis: int) -> Floats:
    """(n, k): the axes of positions flattened into rows."""
    if array.ndim < 2:
        return array.reshape(-1, 1)
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])


def _moving(model: Any) -> tuple[Moving, ...]:
    kinds = torch.nn.modules.batchnorm._NormBase
    norms = [(n, m) for n, m in model.named_modules() if isinstance(m, kinds)]
    return tuple(
        Moving(name, numpy(m.running_mean), numpy(m.running_var), m.momentum)
        for name, m in norms
        if m.running_mean is not None and m.running_var is not None
    )


def _layer_of(parameter: str, layers: set[str], root: str) -> str:
    """The layer a parameter belongs to: the innermost that has an entry, else its module."""
    name = parameter
    while name:
        if name in layers:
            return name
        name = name.rpartition(".")[0]
    return parameter.rpartition(".")[0] or root
