"""PyTorch: a module, a loss, an optimizer, and tensors, arrays, a data set or a loader.

Everything is computed on a copy of model and optimizer, made anew for each look, so that nothing
a module remembers of one reaches the next, nor the user's own. Training mode is what the user's
`train()` makes of it: a model that stands in training mode keeps the layers that were put into
evaluation mode within it.

Limits: the user's hooks are left out; a step that computes gradients or steps by itself (manual
optimization, clipping, accumulation, mixed-precision scaling) is seen as its loss alone; losses
that read the user's own parameters from outside are differentiated without that term.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.errors import UnstuckError, UsageError
from unstuck.subjects.subject import (
    About,
    Floats,
    Given,
    Inputs,
    LossView,
    Observation,
    Parameter,
    Sample,
)
from unstuck.subjects.torch_data import Structure, read
from unstuck.subjects.torch_setup import (
    Setup,
    copied,
    device_of,
    is_optimizer,
    loss_name,
    loss_of,
    made,
    rule_of,
    seeded,
    stepped,
    twice_differentiable,
    unwrapped,
    without_hooks,
)
from unstuck.subjects.torch_trace import Trace, check_ids, check_loss, numpy

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


@dataclass(frozen=True, eq=False)
class TorchSubject:
    """A torch training set-up; see the protocol.

    Args:
        setup: a copy of the user's, never run: each look runs a copy of it.
        step: (model, loss, batch) ↦ loss; None for loss(model(inputs), targets).
    """

    about: About
    sample: Sample
    setup: Setup
    step: Step | None
    structure: Structure
    form: Form
    device: Any

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol.

        Raises:
            UsageError, DataError: the model or the loss cannot take the data.
        """
        return self.look(x, y)[0]

    def look(
        self, x: Inputs, y: NDArray[Any] | None, strangers: frozenset[int] = frozenset()
    ) -> tuple[Observation, Trace, str]:
        """What is observed, the trace it is read off, and why there is no update, if so."""
        setup = copied(self.setup)
        model, optimizer, _ = setup
        loss, trace = self._traced(setup, x, y, strangers)
        named = list(model.named_parameters())
        wanted = [p for _, p in named if p.requires_grad]
        edge = trace.logits.edge if trace.logits is not None else None
        with _explained("the loss cannot be differentiated", self, x, y), seeded(self.device):
            gradients, at_logits = _gradients(loss, wanted, edge)
        of = {id(p): g for p, g in zip(wanted, gradients, strict=True)}
        groups = optimizer.param_groups if optimizer is not None else []
        held = {id(p) for group in groups for p in group["params"]}
        before = [p.detach().clone() for _, p in named]
        for _, p in named:
            p.grad = of.get(id(p))
        value = float(loss)
        losses = trace.losses(loss)
        axis = trace.class_axis()
        after, no_update = None, "no optimizer"
        if optimizer is not None:
            no_update = stepped(optimizer)
            if not no_update:
                after = self._traced(setup, x, y)
        layers = trace.layers()
        parameters = []
        for (name, p), old in zip(named, before, strict=True):
            kernel = trace.kernels.get(id(p), (None, None))
            gradient = of.get(id(p))
            parameters.append(
                Parameter(
                    name,
                    _layer_of(name, model, layers),
                    numpy(old),
                    None if gradient is None else numpy(gradient),
                    numpy(p.detach() - old) if id(p) in held and not no_update else None,
                    p.requires_grad,
                    id(p) in held,
                    *kernel,
                )
            )
        assert trace.logits is not None  # `_traced` saw to it
        logits = _rows(numpy(trace.logits.value), axis)
        seen = Observation(
            layers,
            tuple(parameters),
            _rows(numpy(trace.output), axis),
            logits,
            None if at_logits is None else _rows(numpy(at_logits), axis) * len(logits),
            value,
            losses,
            None if after is None else _rows(numpy(after[1].output), axis),
            None if after is None else float(after[0]),
        )
        return seen, trace, no_update

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        setup = copied(self.setup)
        wanted = _trained(setup)
        with _explained("the loss cannot be computed", self, x, y), seeded(self.device):
            loss = self._loss(setup, self._tensors(x, y))
            gradients, _ = _gradients(loss, wanted, None)
        return _flat(gradients, wanted)

    def hessian_product(
        self, x: Inputs, y: NDArray[Any] | None
    ) -> Callable[[Floats], Floats] | None:
        """See the protocol; the graph of the gradient is kept as long as the function is."""
        setup = copied(self.setup)
        wanted = _trained(setup)
        with (
            _explained("the loss cannot be computed", self, x, y),
            seeded(self.device),
            twice_differentiable(self.device),
        ):
            loss = self._loss(setup, self._tensors(x, y))
            gradients, _ = _gradients(loss, wanted, None, create_graph=True)
        followed = [(g, p) for g, p in zip(gradients, wanted, strict=True) if _follows(g)]
        sizes = np.cumsum([p.numel() for p in wanted])[:-1]

        def times(v: Floats) -> Floats:
            parts = np.split(np.asarray(v), sizes) if wanted else []
            along = {
                id(p): torch.as_tensor(part, dtype=p.dtype, device=p.device).reshape(p.shape)
                for p, part in zip(wanted, parts, strict=True)
            }
            if not followed:
                return _flat([None] * len(wanted), wanted)
            products = torch.autograd.grad(
                [g for g, _ in followed],
                wanted,
                [along[id(p)] for _, p in followed],
                retain_graph=True,
                allow_unused=True,
            )
            return _flat(products, wanted)

        try:
            with seeded(self.device):
                times(np.zeros(sum(p.numel() for p in wanted), np.float32))
        except RuntimeError:  # a function without a second derivative
            return None
        return times

    def _traced(
        self,
        setup: Setup,
        x: Inputs,
        y: NDArray[Any] | None,
        strangers: frozenset[int] = frozenset(),
    ) -> tuple[Any, Trace]:
        tensors = self._tensors(x, y)
        trace = Trace(setup.model, len(x[0]), tensors[: len(x)], strangers)
        with _explained("the model cannot take the data", self, x, y, trace), seeded(self.device):
            with trace:
                loss = self._loss(setup, tensors)
            loss = check_loss(loss)
        if trace.output is None:
            raise UsageError(
                "the step did not call the model it was handed, or its output is no float tensor",
                "step(model, batch) that calls model(…) and returns the loss",
                "use the step's own argument, not a model from outside",
            )
        return loss, trace

    def _loss(self, setup: Setup, tensors: list[Any]) -> Any:
        """The loss of a batch, as the user's training computes it."""
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
        dtypes = [*self.form.dtypes[: len(x)], *self.form.dtypes[len(x) :][: len(arrays) - len(x)]]
        return [
            torch.tensor(np.ascontiguousarray(a), dtype=d, device=self.device)
            for a, d in zip(arrays, dtypes, strict=True)
        ]


def subject(model: Any, given: Given) -> TorchSubject:
    """A torch module with a loss and an optimizer.

    Args:
        model: a `torch.nn.Module`, lazy, compiled or wrapped for parallel training as well.
        given: `x` tensors, arrays (a tuple or dict for several inputs), a Dataset or DataLoader,
            or an iterable of batches; `loss` a module, class, function or name; `optimizer` one
            that is made, a class, a function parameters ↦ optimizer, or a name; `step`
            (model, batch) ↦ loss instead of `loss`.

    Raises:
        UsageError, DataError: what is missing, or does not fit together.
    """
    given_step = given.step
    if given_step is None:
        return assembled(model, given, None, given.optimizer, loss_of(given.loss))

    def step(model: Any, loss: Any, batch: Any) -> Any:
        return given_step(model, batch)

    return assembled(model, given, step, given.optimizer, None)


def assembled(
    model: Any,
    given: Given,
    step: Step | None,
    optimizer: Any,
    loss: Any,
    prepare: Callable[[Any], None] = lambda model: None,
    left_out: tuple[Any, ...] = (),
) -> TorchSubject:
    """The subject of these parts, tried on two examples.

    Args:
        step: (model, loss, batch) ↦ loss; None for loss(model(inputs), targets).
        optimizer: as in `subject`.
        prepare: called with the copied model before it is first run.
        left_out: objects the model refers to that are not copied.
    """
    model = unwrapped(model)
    data = read(given, step is not None)
    device = device_of(model)
    ready = is_optimizer(optimizer)
    setup = copied(Setup(model, optimizer if ready else None, loss), left_out)
    prepare(setup.model)
    limits = list(data.limits)
    if without_hooks(setup.model):
        limits.append("hooks on the model's layers are left out")
    if not setup.model.training:
        setup.model.train()
    rows = data.structure, data.sample
    setup = _initialised(setup, rows, step, device)
    if optimizer is not None and not ready:
        with seeded(device):
            setup = setup._replace(optimizer=made(optimizer, setup.model))
    rule, several = rule_of(setup.optimizer)
    batch_size = given.batch_size or data.batch_size or 32
    about = About(
        "torch",
        "torch",
        LossView(loss_name(loss)),
        "unknown",
        rule,
        min(batch_size, data.sample.examples or batch_size),
        given.shuffle if given.shuffle is not None else data.shuffled,
    )
    bare = TorchSubject(about, data.sample, setup, step, data.structure, Form(()), device)
    strangers = frozenset(id(p) for p in model.parameters())
    tried, trace, no_update = _tried(bare, strangers)
    call = trace.calls[0] if len(trace.calls) == 1 else None
    if call is not None and call.ids and data.sample.y is not None:
        classes = tried.sample.y, data.sample.order
        for y in classes:
            if y is not None and y.dtype.kind in "iub":
                check_ids(y.astype(np.int64), trace.output.shape[trace.class_axis()], call.ignored)
    limits += several
    if setup.optimizer is not None and no_update:
        limits.append(no_update)
    limits += _remarks(trace, len(tried.sample.x[0]))
    return replace(
        tried,
        about=replace(
            about,
            loss=trace.view(loss_name(loss)),
            output_activation=trace.output_activation,
            elements=trace.elements,
            limits=tuple(limits),
        ),
        sample=replace(
            tried.sample,
            kinds=tuple("ids" if i in trace.ids else "values" for i in range(len(tried.sample.x))),
        ),
    )


def _remarks(trace: Trace, n: int) -> list[str]:
    """What two examples show of the set-up that cannot be seen, or is seen in part."""
    found = []
    if trace.met_strangers:
        found.append("the loss reads parameters of your own model: that term has no gradient here")
    if trace.model_calls > 1:
        found.append(f"a step calls the model {trace.model_calls} times; the first call is shown")
    for call in trace.calls:
        output, target = call.shapes
        if not call.ids and output != target and call.name not in ("cross_entropy", "kl_div"):
            shown = [
                str(("n", *s[1:])).replace("'", "") if s[:1] == (2,) else str(s)
                for s in (output, target)
            ]
            found.append(
                f"{call.name} compares outputs of shape {shown[0]} with targets of shape"
                f" {shown[1]}, which it broadcasts against each other"
            )
    return found


def _initialised(
    setup: Setup, data: tuple[Structure, Sample], step: Step | None, device: Any
) -> Setup:
    """Lazy layers given their shapes by two examples; the loss on the model's device."""
    if isinstance(setup.loss, torch.nn.Module):
        setup.loss.to(device)
    return setup


def _tried(
    bare: TorchSubject, strangers: frozenset[int]
) -> tuple[TorchSubject, tuple[Any, ...]] | Any:
    """The first form of the data that model and loss can take.

    Integers are tried as they are stored, then as int64, then as floats: a model with an
    embedding, or that scales pixels itself, takes them; any other is handed floats by its user.
    """
    sample, setup = bare.sample, bare.setup
    x = tuple(a[:2] for a in sample.x)
    y = None if sample.y is None else sample.y[:2]
    floating = [p.dtype for p in setup.model.parameters() if p.is_floating_point()]
    dtype = floating[0] if floating else torch.get_default_dtype()
    options = [
        (dtype,) if a.dtype.kind == "f" else (None, torch.int64, dtype) for a in sample.x
    ]
    if sample.y is not None:
        options.append((dtype,) if sample.y.dtype.kind == "f" else (torch.int64, dtype))
    several = len(sample.x) > 1
    error: UnstuckError | None = None
    for spread in (True, False) if several and bare.step is None else (True,):
        for dtypes in product(*options):
            candidate = replace(bare, form=Form(dtypes, spread))
            try:
                return candidate, *candidate.look(x, y, strangers)[1:]
            except UsageError as raised:
                if error is None:
                    error = raised
    assert error is not None
    raise error
