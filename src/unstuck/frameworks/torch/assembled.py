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
from dataclasses import replace
from itertools import product
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from unstuck.errors import UsageError
from unstuck.frameworks.torch.data import read
from unstuck.frameworks.torch.functions import check_ids
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.settings import rule_of
from unstuck.frameworks.torch.setup import (
    Setup,
    copied,
    device_of,
    is_optimizer,
    loss_name,
    loss_of,
    maker,
    seeded,
    unwrapped,
    without_hooks,
)
from unstuck.frameworks.torch.subject import MODEL, Form, Look, Step, TorchSubject
from unstuck.frameworks.torch.trace import Trace
from unstuck.setups.subject import About, Given, LossView

__all__ = ["TorchSubject", "assembled", "step_of", "subject"]


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
    loss = loss_of(given.loss) if given.step is None else None
    return assembled(model, given, step_of(given.step), maker(given.optimizer), loss)


def step_of(given: Callable[..., Any] | None) -> Step | None:
    """A user's (model, batch) ↦ loss in the form of this file."""
    if given is None:
        return None
    step = given
    return lambda model, loss, batch: step(model, batch)


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
        optimizer: one that is made, a function model ↦ optimizer, or None.
        prepare: called with the copied model before it is first run.
        left_out: objects the model refers to that are not copied.
    """
    model = unwrapped(model)
    with seeded(torch.device("cpu")):  # a data set may augment what it reads
        data = read(given, step is not None)
    device = device_of(model)
    ready = is_optimizer(optimizer)
    setup = copied(Setup(model, optimizer if ready else None, loss), left_out)
    prepare(setup.model)
    if isinstance(setup.loss, torch.nn.Module):
        setup.loss.to(device)
    limits = list(data.limits)
    if without_hooks(setup.model):
        limits.append("hooks on the model's layers are left out")
    if not setup.model.training:
        switched(setup.model, True)
    batch_size = given.batch_size or data.batch_size or 32
    about = About(
        "torch",
        "torch",
        LossView(loss_name(loss)),
        "unknown",
        None,
        min(batch_size, data.sample.examples or batch_size),
        given.shuffle if given.shuffle is not None else data.shuffled,
    )
    loaded = isinstance(given.x, torch.utils.data.DataLoader)
    made_of = TorchSubject(
        about, data.sample, setup, step, data.structure, Form(()), device, loaded
    )
    strangers = frozenset(id(p) for p in model.parameters())
    if any(is_lazy(p) for p in setup.model.parameters()):
        made_of, _ = _tried(made_of, strangers)
        made_of._traced(made_of.setup, *made_of.first(2))  # gives lazy layers their shapes
    if not ready and optimizer is not None:
        with seeded(device):
            setup = setup._replace(optimizer=optimizer(setup.model))
    made_of, look = _tried(replace(made_of, setup=setup), strangers)
    trace = look.trace
    sample = made_of.sample
    for call in trace.calls:
        for y in (sample.y, sample.order):
            if call.ids and y is not None and y.dtype.kind in "iub":
                check_ids(y.astype(np.int64), call.classes, call.ignored)
    rule, several = rule_of(setup.optimizer)
    limits += [*several, *([look.no_update] if look.no_update else ()), *_remarks(trace)]
    about = replace(
        about,
        loss=trace.view(loss_name(loss)),
        output_activation=trace.output_activation,
        rule=rule,
        elements=trace.elements,
        limits=tuple(limits),
    )
    kinds: tuple[Literal["values", "ids"], ...] = tuple(
        "ids" if i in trace.ids else "values" for i in range(len(sample.x))
    )
    return replace(made_of, about=about, sample=replace(sample, kinds=kinds))


def _tried(subject: TorchSubject, strangers: frozenset[int]) -> tuple[TorchSubject, Look]:
    """The subject with the first form of the data that model and loss can take.

    Integers are tried as they are stored, then as int64, then as floats: a model with an
    embedding, or that scales pixels itself, takes them; any other is handed floats by its user.
    """
    x, y = subject.first(2)
    floating = [p.dtype for p in subject.setup.model.parameters() if p.is_floating_point()]
    dtype = floating[0] if floating else torch.get_default_dtype()
    options: list[tuple[Any, ...]] = [
        (dtype,) if a.dtype.kind == "f" else (None, torch.int64, dtype) for a in x
    ]
    if y is not None:
        options.append((dtype,) if y.dtype.kind == "f" else (torch.int64, dtype))
    spreads = (True, False) if subject.step is None and len(x) > 1 else (True,)
    errors = []
    for spread, *dtypes in product(spreads, *options):
        candidate = replace(subject, form=Form(tuple(dtypes), spread))
        try:
            return candidate, candidate.look(x, y, strangers)
        except UsageError as error:
            errors.append(error)
    # What got past the model says more than what did not; then floats more than integers.
    past = [e for e in errors if not e.seen.startswith(MODEL)]
    raise past[0] if past else errors[len(errors) // len(spreads) - 1]


def _remarks(trace: Trace) -> list[str]:
    """What two examples show of a step that is not seen as it is, or not as it was meant."""
    found = []
    if trace.met_strangers:
        found.append("the loss reads parameters of your own model: that term has no gradient here")
    if trace.model_calls > 1:
        found.append(f"a step calls the model {trace.model_calls} times; the first call is shown")
    for call in trace.calls:
        output, target = (str(("n", *s[1:])).replace("'", "") for s in call.shapes)
        if output != target and call.compares:
            found.append(
                f"{call.name} compares outputs {output} with targets {target}: torch broadcasts"
                " them against each other, every output with every target"
            )
    return found
