"""The changes a trial asks for, made in a copied torch set-up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from unstuck.frameworks.torch.logits import FromLogits, Refused, from_logits
from unstuck.frameworks.torch.redrawn import seed_torch
from unstuck.frameworks.torch.setup import Setup
from unstuck.frameworks.torch.survey import End, Survey, WithoutEnd
from unstuck.setups.settings import Settings

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


@dataclass
class Changed:
    """A set-up with changes in it.

    Args:
        setup, step: as in `TorchSubject`.
        end: the activation that was taken off, which evaluation puts on again; None if none was.
        logits: how the loss was changed; None if it was not.
        normalized: module that a normalization was put in front of; None if none was.
        activations: modules that were exchanged.
    """

    setup: Setup
    step: "Step | None"
    end: End | None = None
    logits: FromLogits | None = None
    normalized: str | None = None
    activations: list[str] = field(default_factory=list)


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


def change(
    subject: "TorchSubject",
    survey: Survey,
    setup: Setup,
    settings: Settings,
    seed: int,
    run: Callable[[Setup, Any], Any],
) -> Changed:
    """Makes the changes in a copy, in place.

    Args:
        survey: of the set-up as the user has it.
        run: (setup, step) ↦ a forward pass of some training examples.

    Raises:
        Refused: one of them cannot be made.
    """
    done = Changed(setup, subject.step)
    if settings.unfreeze:
        _unfreeze(setup)
    _optimize(done, settings)
    if settings.activation is not None:
        done.activations = _activate(survey, done.setup.model, settings.activation)
    if settings.initial is not None:
        seed_torch(seed, subject.device)
        _draw(done.setup.model, settings.initial)
    if settings.normalize:
        _normalize(survey, done)
    if settings.logits:
        done.logits = from_logits(subject, survey)
        _take_off(done, done.logits.remove)
        if done.logits.loss is not None:
            done.setup = done.setup._replace(loss=done.logits.loss)
        if done.logits.step is not None:
            done.step = done.logits.step
        done.end = done.logits.remove
    elif settings.output == "linear":
        end = survey.end
        if subject.about.loss.takes not in ("values", "unknown"):
            raise Refused("the loss is one for classes")
        if end is None or end.name not in BOUNDED:
            raise Refused("the output has no activation that bounds it")
        _take_off(done, end)
    if settings.initial == "lsuv":
        unit_variance(done.setup.model, lambda: run(done.setup, done.step))
    return done


# -- optimizer ------------------------------------------------------------------------------


def _unfreeze(setup: Setup) -> None:
    parameters = [p for p in setup.model.parameters() if p.is_floating_point()]
    for p in parameters:
        p.requires_grad_(True)
    if setup.optimizer is None:
        return
    groups = setup.optimizer.param_groups
    held = {id(p) for group in groups for p in group["params"]}
    groups[0]["params"] += [p for p in parameters if id(p) not in held]


def _optimize(done: Changed, settings: Settings) -> None:
    optimizer = done.setup.optimizer
    if settings.optimizer is not None:
        if optimizer is None:
            held = list(done.setup.model.parameters())
        else:
            held = [p for group in optimizer.param_groups for p in group["params"]]
        kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[settings.optimizer]
        optimizer = kind(held, lr=RATES[settings.optimizer])
        done.setup = done.setup._replace(optimizer=optimizer)
    if optimizer is None:
        raise Refused("there is no optimizer")
    for key, changed in (("lr", settings.rate != 1), ("eps", settings.epsilon is not None)):
        if changed and not all(key in group for group in optimizer.param_groups):
            what = "learning rate" if key == "lr" else "ε"
            raise Refused(f"{type(optimizer).__name__} has no {what}")
    for group in optimizer.param_groups:
        if settings.rate != 1:
            group["lr"] = group["lr"] * settings.rate
        if settings.epsilon is not None:
            group["eps"] = settings.epsilon


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
    if end.module:
        put(done.setup.model, end.module, torch.nn.Identity())
    elif done.step is None:
        done.setup = done.setup._replace(model=WithoutEnd(done.setup.model, end.place))
    else:
        raise Refused("the model's last activation is a function, called within a step")


def _activate(survey: Survey, model: Any, name: str) -> list[str]:
    found = list(dict.fromkeys(survey.hidden))
    if not found:
        raise Refused("there are no hidden activations")
    for function, where in found:
        if not survey.is_activation(where):
            raise Refused(f"{function} is called as a function in the forward pass")
    last = survey.end.module if survey.end else ""
    modules = [where for _, where in found if where != last]
    for where in modules:
        put(model, where, ACTIVATIONS[name]())
    return modules


def _kernels(model: Any) -> list[Any]:
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    return [m for m in model.modules() if isinstance(m, kinds) and m.weight.requires_grad]


def _draw(model: Any, rule: str) -> None:
    layers = _kernels(model)
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


def _normalize(survey: Survey, done: Changed) -> None:
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
