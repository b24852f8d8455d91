"""The changes a trial asks for, made in a copied torch set-up: one table {part: how}."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.frameworks.torch.batch_axis import take_first
from unstuck.frameworks.torch.containers import plain_lists
from unstuck.frameworks.torch.logits import FromLogits, Refused, belonging, from_logits
from unstuck.frameworks.torch.redrawn import seed_torch
from unstuck.frameworks.torch.setup import Setup
from unstuck.frameworks.torch.survey import End, Survey, WithoutEnd
from unstuck.setups.routine import Routine, Zeroing

if TYPE_CHECKING:
    from unstuck.frameworks.torch.subject import Step, TorchSubject

ACTIVATIONS: dict[str, type[Any]] = {
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "tanh": torch.nn.Tanh,
}
RATES = {"adam": 1e-3, "sgd": 1e-2}
BOUNDED = {"sigmoid", "tanh", "softsign", "hardtanh", "hardsigmoid", "softmax", "relu", "relu6"}
BOUNDED |= {"softplus"}
VARIANCE, ROUNDS, LSUV_ROWS = 0.02, 5, 256
DROPOUTS: tuple[type[Any], ...] = (
    torch.nn.Dropout,
    torch.nn.Dropout1d,
    torch.nn.Dropout2d,
    torch.nn.Dropout3d,
)
DROPOUTS += (torch.nn.AlphaDropout, torch.nn.FeatureAlphaDropout)
PLAIN_UNITS = 64


@dataclass
class Changed:
    """A set-up with changes in it.

    Args:
        subject, survey: of the set-up as the user has it.
        setup, step: as in `TorchSubject`.
        routine: what is done around its steps.
        batch_size, shuffled: examples a step, and whether they are drawn in new orders.
        seed: of what is drawn.
        forward: (setup, step) ↦ the loss of some training examples.
        end: the activation that was taken off, which evaluation puts on again; None if none was.
        logits: how the loss was changed; None if it was not.
        normalized: module that a normalization was put in front of; None if none was.
        activations: modules that were exchanged, or that an activation was put behind.
        plain: whether the network is another one.
    """

    subject: "TorchSubject"
    survey: Survey
    setup: Setup
    step: "Step | None"
    routine: Routine
    batch_size: int
    shuffled: bool
    seed: int
    forward: Callable[[Setup, Any], Any]
    end: End | None = None
    logits: FromLogits | None = None
    normalized: str | None = None
    activations: list[str] = field(default_factory=list)
    plain: bool = False

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The optimizer's groups of parameters."""
        if self.setup.optimizer is None:
            raise Refused("there is no optimizer")
        groups: list[dict[str, Any]] = self.setup.optimizer.param_groups
        return groups


class Normalized(torch.nn.Module):  # type: ignore[misc]
    """Batch normalization, without weights, of the last axis; of axis 1 for images."""

    def __init__(self, features: int, last: bool) -> None:
        super().__init__()
        self.last = last
        self.norm = torch.nn.BatchNorm1d(features, affine=False)

    def forward(self, x: Any) -> Any:
        x = x.to(self.norm.running_mean.dtype)
        flat = x.reshape(-1, x.shape[-1]) if self.last else x.flatten(2)
        return self.norm(flat).reshape(x.shape)


def change(done: Changed, changes: Combination) -> None:
    """Makes the changes in a copy, in place, in the order of `HOW`.

    Raises:
        Refused: one of them cannot be made.
    """
    wanted = {c.part for c in of_setup(changes)} - {Part.STEPS, Part.ORDER}
    for part in wanted - set(HOW):
        raise Refused(f"PyTorch has no way to change the {part.value.replace('-', ' ')}")
    for part, how in HOW.items():
        if part in wanted:
            how(done, value(changes, part))
    if done.setup.optimizer is None:
        raise Refused("there is no optimizer")
    if value(changes, Part.START) == "lsuv":
        unit_variance(done.setup.model, lambda: done.forward(done.setup, done.step))


# -- optimizer ------------------------------------------------------------------------------


def parameters_of(setup: Setup) -> list[Any]:
    """All parameters of a copy: its model's, those of layers in plain lists, its loss's."""
    modules = [setup.model, *plain_lists(setup.model)]
    if isinstance(setup.loss, torch.nn.Module):
        modules.append(setup.loss)
    return list(dict.fromkeys(p for m in modules for p in m.parameters()))


def reached(loss: Any) -> list[Any]:
    """The leaves that a loss's graph reaches."""
    todo, seen, leaves = [loss.grad_fn], set(), []
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            if hasattr(node, "variable"):
                leaves.append(node.variable)
            todo += [following for following, _ in node.next_functions]
    return leaves


def _hold(done: Changed, _: Value) -> None:
    own = parameters_of(done.setup)
    known = {id(p) for p in own}
    loss = done.forward(done.setup, done.step)
    if any(id(p) not in known for p in reached(loss)):
        raise Refused("the loss reads parameters that are no part of the model")
    own = [p for p in own if p.is_floating_point()]
    for p in own:
        p.requires_grad_(True)
    if done.setup.optimizer is None:
        return
    groups = done.groups
    for group in groups:  # what is held of another model is of no use
        group["params"] = [p for p in group["params"] if id(p) in known]
    held = {id(p) for group in groups for p in group["params"]}
    groups[0]["params"] += [p for p in own if id(p) not in held]


def _optimize(done: Changed, name: Value) -> None:
    held = [p for p in done.setup.model.parameters() if p.requires_grad]
    if done.setup.optimizer is not None:
        held = [p for group in done.groups for p in group["params"]]
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[str(name)]
    done.setup = done.setup._replace(optimizer=kind(held, lr=RATES[str(name)]))


def _group_value(done: Changed, key: str, what: str) -> list[dict[str, Any]]:
    if not all(key in group for group in done.groups):
        raise Refused(f"{type(done.setup.optimizer).__name__} has no {what}")
    return done.groups


def _rate(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    for group in _group_value(done, "lr", "learning rate"):
        group["lr"] = group["lr"] * factor


def _epsilon(done: Changed, epsilon: Value) -> None:
    for group in _group_value(done, "eps", "ε"):
        group["eps"] = epsilon


def _penalty(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    groups = _group_value(done, "weight_decay", "weight decay")
    if not any(group["weight_decay"] for group in groups):
        raise Refused("there is no weight decay")
    for group in groups:
        group["weight_decay"] *= factor


def _anew(done: Changed, model: Any) -> None:
    """Another model in the set-up, whose parameters the optimizer holds by its first group."""
    model.to(done.subject.device)
    if done.setup.optimizer is not None:
        del done.groups[1:]
        done.groups[0]["params"] = list(model.parameters())
    done.setup = done.setup._replace(model=model)


# -- loop -----------------------------------------------------------------------------------


def _clip(done: Changed, norm: Value) -> None:
    assert isinstance(norm, float | int)
    done.routine = replace(done.routine, clip_norm=norm)


def _zero(done: Changed, _: Value) -> None:
    if done.routine.zeroing is Zeroing.STEP:
        raise Refused("gradients are set to zero before each step already")
    done.routine = replace(done.routine, zeroing=Zeroing.STEP)


def _schedule(done: Changed, kind: Value) -> None:
    rates = done.routine.rates
    if not rates:
        raise Refused("the learning rate is constant")
    epoch = steps_an_epoch(done.subject, done.batch_size)
    kept = () if kind == "constant" else tuple((begins * epoch, f) for begins, f in rates)
    done.routine = replace(done.routine, rates=kept)


def steps_an_epoch(subject: "TorchSubject", batch_size: int) -> int:
    """Steps that the script takes for all of its examples."""
    n = subject.sample.examples or len(subject.sample.x[0])
    return max(1, -(-n // (batch_size * subject.about.routine.accumulation)))


def _mode(done: Changed, _: Value) -> None:
    if not done.routine.evaluating:
        raise Refused("the model is in training mode")
    done.routine = replace(done.routine, evaluating=False)


def _batch(done: Changed, size: Value) -> None:
    assert isinstance(size, int)
    done.batch_size = size


def _shuffle(done: Changed, shuffled: Value) -> None:
    done.shuffled = bool(shuffled)


# -- loss -----------------------------------------------------------------------------------


def _loss(done: Changed, name: Value) -> None:
    subject, survey = done.subject, done.survey
    if name == "logits":
        done.logits = from_logits(subject, survey)
        done.end = done.logits.remove
    else:
        done.logits = belonging(subject, survey, str(name))
        if name == "crossentropy" and subject.about.loss.takes in PROBABILITIES:
            done.end = done.logits.remove
        done.step = None
    _take_off(done, done.logits.remove)
    if done.logits.loss is not None:
        done.setup = done.setup._replace(loss=done.logits.loss)
    if done.logits.step is not None:
        done.step = done.logits.step


PROBABILITIES = ("probabilities", "log-probabilities")


def _class_weights(done: Changed, kind: Value) -> None:
    loss = done.setup.loss
    weighted = isinstance(loss, torch.nn.CrossEntropyLoss | torch.nn.NLLLoss)
    if kind == "none":
        given = getattr(loss, "weight", None), getattr(loss, "pos_weight", None)
        if not done.routine.weights and all(w is None for w in given):
            raise Refused("there are no class weights")
        done.routine = replace(done.routine, weights=())
        for name in ("weight", "pos_weight"):
            if getattr(loss, name, None) is not None:
                setattr(loss, name, None)
        return
    if not weighted:
        raise Refused("the loss takes no class weights")
    loss.weight = torch.as_tensor(balanced(done), dtype=torch.float32, device=done.subject.device)


def balanced(done: Changed) -> Any:
    """(K,) n / (K · count) of each class among the examples; 0 for one that has none."""
    y = done.subject.sample.y
    classes = done.survey.output.shape[done.survey.class_axis()]
    if y is None or y.dtype.kind not in "iu":
        raise Refused("the targets are no class ids")
    counts = np.bincount(y[y >= 0].reshape(-1).astype(np.int64), minlength=classes)[:classes]
    present = counts > 0
    weights = np.zeros(classes)
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights


# -- network --------------------------------------------------------------------------------


def _plain(done: Changed, _: Value) -> None:
    shape = done.survey.output.shape[1:]
    x = done.subject.sample.x
    if len(x) != 1 or done.subject.sample.kinds != ("values",):
        raise Refused("the network's input is not one array of values")
    if len(shape) > 1:
        raise Refused("the network's output has several axes")
    features, units = int(np.prod(x[0].shape[1:])), shape[0] if len(shape) else 1
    seed_torch(done.seed, done.subject.device)
    end = done.survey.end
    ends = {"softmax": torch.nn.Softmax, "log_softmax": torch.nn.LogSoftmax}
    layers: list[Any] = [
        torch.nn.Flatten(),
        torch.nn.Linear(features, PLAIN_UNITS),
        torch.nn.ReLU(),
        torch.nn.Linear(PLAIN_UNITS, PLAIN_UNITS),
        torch.nn.ReLU(),
        torch.nn.Linear(PLAIN_UNITS, units),
    ]
    takes = done.subject.about.loss.takes
    if end is not None and end.becomes in ends and takes != "logits":
        layers.append(ends[end.becomes](dim=1))
    elif end is not None and end.name == "sigmoid" and takes not in ("logits", "values"):
        layers.append(torch.nn.Sigmoid())
    if not len(shape):
        layers.append(torch.nn.Flatten(0))
    dtype = next(p.dtype for p in done.setup.model.parameters() if p.is_floating_point())
    _anew(done, torch.nn.Sequential(*layers).to(dtype))
    done.plain = True


def _widen(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    model = done.setup.model
    own = [(n, m) for n, m in model.named_modules() if any(True for _ in m.parameters(False))]
    if any(not isinstance(m, torch.nn.Linear) for _, m in own) or len(own) < 2:
        raise Refused("the model is no chain of dense layers")
    order = [tap.name for tap in done.survey.taps]
    chain = [dict(own)[name] for name in order if name in dict(own)]
    fits = all(a.out_features == b.in_features for a, b in pairwise(chain))
    if len(order) != len(own) or len(chain) != len(own) or not fits:
        raise Refused("the model is no chain of dense layers")
    seed_torch(done.seed, done.subject.device)
    new: dict[int, Any] = {}
    last = len(chain) - 1
    for i, (name, old) in enumerate(zip(order, chain, strict=True)):
        wide = torch.nn.Linear(
            old.in_features if i == 0 else int(old.in_features * factor),
            old.out_features if i == last else int(old.out_features * factor),
            old.bias is not None,
        ).to(old.weight.device, old.weight.dtype)
        put(model, name, wide)
        new[id(old.weight)] = wide.weight
        if old.bias is not None:
            new[id(old.bias)] = wide.bias
    if done.setup.optimizer is not None:
        for group in done.groups:
            group["params"] = [new.get(id(p), p) for p in group["params"]]


def _drop(done: Changed, rate: Value) -> None:
    found = [m for m in done.setup.model.modules() if isinstance(m, DROPOUTS) and m.p != rate]
    if not found:
        raise Refused("there is no dropout")
    for module in found:
        module.p = rate


def _statistics(done: Changed, momentum: Value) -> None:
    kinds = torch.nn.modules.batchnorm._NormBase
    found = [
        m for m in done.setup.model.modules() if isinstance(m, kinds) and m.track_running_stats
    ]
    if not found:
        raise Refused("there are no moving statistics")
    for module in found:
        module.momentum = momentum


def _output(done: Changed, _: Value) -> None:
    end = done.survey.end
    if done.subject.about.loss.takes not in ("values", "unknown"):
        raise Refused("the loss is one for classes")
    if end is None or end.name not in BOUNDED:
        raise Refused("the output has no activation that bounds it")
    _take_off(done, end)


# -- layers ---------------------------------------------------------------------------------


def put(model: Any, name: str, module: Any) -> None:
    """Exchanges a module, under every name it has."""
    old = model.get_submodule(name)
    module.train(old.training)
    for other, found in list(model.named_modules(remove_duplicate=False)):
        if found is old:
            model.set_submodule(other, module)


def _take_off(done: Changed, end: End | None) -> None:
    if end is None:
        return
    if done.plain:
        model = done.setup.model
        for i in reversed(range(len(model))):
            if isinstance(model[i], (torch.nn.Softmax, torch.nn.LogSoftmax, torch.nn.Sigmoid)):
                del model[i]
        return
    if end.module:
        put(done.setup.model, end.module, torch.nn.Identity())
    elif done.step is None:
        done.setup = done.setup._replace(model=WithoutEnd(done.setup.model, end.place))
    else:
        raise Refused("the model's last activation is a function, called within a step")


def _activate(done: Changed, name: Value) -> None:
    survey, model = done.survey, done.setup.model
    found = list(dict.fromkeys(survey.hidden))
    if not found:
        _insert(done, str(name))
        return
    for function, where in found:
        if not survey.is_activation(where):
            raise Refused(f"{function} is called as a function in the forward pass")
    last = survey.end.module if survey.end else ""
    modules = [where for _, where in found if where != last]
    for where in modules:
        put(model, where, ACTIVATIONS[str(name)]())
    done.activations = modules


def _insert(done: Changed, name: str) -> None:
    """An activation behind every layer but the last of a network that has none."""
    model = done.setup.model
    kernels = {n: m for n, m in model.named_modules() if n and m in set(_kernels(model))}
    order = [tap.name for tap in done.survey.taps]
    if len(order) < 2 or set(order) != set(kernels) or len(set(order)) < len(order):
        raise Refused("there are no hidden activations, and the layers are no plain chain")
    for where in order[:-1]:
        put(model, where, torch.nn.Sequential(kernels[where], ACTIVATIONS[name]()))
    done.activations = order[:-1]


def _kernels(model: Any) -> list[Any]:
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    return [m for m in model.modules() if isinstance(m, kinds) and m.weight.requires_grad]


def _draw(done: Changed, rule: Value) -> None:
    seed_torch(done.seed, done.subject.device)
    layers = _kernels(done.setup.model)
    if not layers:
        raise Refused("no dense or convolution layer is trainable")
    with torch.no_grad():
        for layer in layers:
            if rule == "glorot":
                torch.nn.init.xavier_uniform_(layer.weight)
            else:
                torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                layer.bias.zero_()


def unit_variance(model: Any, forward: Callable[[], Any]) -> None:
    """Layer by layer, in the order they are called, to outputs of variance 1."""
    variance: dict[Any, float] = {}

    def seen(layer: Any, args: Any, output: Any) -> None:
        if layer not in variance:
            variance[layer] = float(output.detach().double().var())

    def measured() -> dict[Any, float]:
        variance.clear()
        forward()
        return dict(variance)

    training = {m: m.training for m in model.modules()}
    model.eval()
    hooks = [layer.register_forward_hook(seen) for layer in _kernels(model)]
    try:
        for layer in measured():
            for _ in range(ROUNDS):
                value = measured()[layer]
                if not 0 < value < float("inf") or abs(value - 1) < VARIANCE:
                    break
                with torch.no_grad():
                    layer.weight /= value**0.5
    finally:
        for hook in hooks:
            hook.remove()
        for m, mode in training.items():
            m.training = mode


def _normalize(done: Changed, _: Value) -> None:
    survey = done.survey
    if survey.first is None:
        raise Refused("the first layer is none that a normalization can be put in front of")
    name, shape = survey.first
    layer = done.setup.model.get_submodule(name)
    last = isinstance(layer, torch.nn.Linear)
    if not last and not isinstance(layer, (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)):
        raise Refused("the first layer is no module of its own")
    norm = Normalized(shape[-1] if last else shape[1], last)
    norm.to(layer.weight.device, layer.weight.dtype)
    both = torch.nn.Sequential(norm, layer)
    if name:
        put(done.setup.model, name, both)
    else:
        done.setup = done.setup._replace(model=both.train())
    done.normalized = name


# In the order in which they are made: each finds what those before it have left.
HOW: dict[Part, Callable[[Changed, Value], None]] = {
    Part.HELD: _hold,
    Part.NETWORK: _plain,
    Part.WIDTH: _widen,
    Part.ACTIVATION: _activate,
    Part.DROPOUT: _drop,
    Part.BATCH_AXIS: lambda done, _: take_first(done.setup.model),
    Part.STATISTICS: _statistics,
    Part.START: _draw,
    Part.NORMALIZATION: _normalize,
    Part.LOSS: _loss,
    Part.OUTPUT: _output,
    Part.CLASS_WEIGHTS: _class_weights,
    Part.OPTIMIZER: _optimize,
    Part.PENALTY: _penalty,
    Part.RATE: _rate,
    Part.EPSILON: _epsilon,
    Part.MODE: _mode,
    Part.CLIPPING: _clip,
    Part.ZEROING: _zero,
    Part.BATCH: _batch,
    Part.SCHEDULE: _schedule,
    Part.SHUFFLING: _shuffle,
}
