"""A cure for a torch set-up, as a module and as code."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from unstuck.changes.change import Part, value
from unstuck.changes.data import Clip, Data, Inputs, Map
from unstuck.cures.built import Built
from unstuck.cures.cure import Cure
from unstuck.cures.printed import Names, code
from unstuck.errors import UsageError
from unstuck.frameworks.torch.changes.changed import Changed, put
from unstuck.frameworks.torch.logits import Refused, ended
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.printing import printed as printed
from unstuck.frameworks.torch.setup import seeded
from unstuck.frameworks.torch.subject import TorchSubject
from unstuck.frameworks.torch.survey import Survey
from unstuck.frameworks.torch.training import TorchTrainer
from unstuck.scalers import Affine
from unstuck.setups.split import split
from unstuck.setups.subject import Floats

TOLERANCE = 1e-3  # relative, of a loss in float32 on inputs of any size


class Scaled(torch.nn.Module):  # type: ignore[misc]
    """(x - shift) / scale."""

    def __init__(self, shift: Any, scale: Any) -> None:
        super().__init__()
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float32))
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32))

    def forward(self, x: Any) -> Any:
        return (x - self.shift) / self.scale


class Clipped(torch.nn.Module):  # type: ignore[misc]
    """Values beyond low and high brought back to them."""

    def __init__(self, low: Any, high: Any) -> None:
        super().__init__()
        self.register_buffer("low", torch.as_tensor(low, dtype=torch.float32))
        self.register_buffer("high", torch.as_tensor(high, dtype=torch.float32))

    def forward(self, x: Any) -> Any:
        return torch.clamp(x, self.low, self.high)


class Logged(torch.nn.Module):  # type: ignore[misc]
    """sign(x) ln(1 + |x|)."""

    def forward(self, x: Any) -> Any:
        return torch.sign(x) * torch.log1p(torch.abs(x))


def built(subject: TorchSubject, cure: Cure) -> Built:
    """The set-up with the cure in it; its inputs are mapped by the model.

    Weights are the user's own, as they stand; where the optimizer has stepped they are drawn anew.

    Raises:
        UsageError: a change that cannot be made, or that has no form for this model.
    """
    data = left = split(subject.sample)
    for change in cure.changes:
        data, after = change.data(data), change.data(left)
        left = after if len(after.maps) == len(left.maps) else left
    trainer = TorchTrainer(subject)
    x, y = subject.first(64)
    assert y is not None
    maps = _chain(data)
    with seeded(subject.device):
        tensors = trainer.tensors(_mapped(maps, x), y)
        try:  # what is measured on the inputs is measured on them as they reach the layers
            done = trainer.ready(cure.changes, 0, tensors, trainer.keep.trained)
        except Refused as reason:
            raise UsageError(f"this cannot be changed: {reason}") from None
        if maps:
            _prepend(trainer, done, maps)
        switched(done.setup.model, True)
    arguments = trainer.arguments(done)
    if value(cure.changes, Part.SHUFFLING) is not None:
        arguments["shuffle"] = done.shuffled
    if data.targets is not None:
        arguments["targets"] = data.targets
    names = Names(loader="x" if subject.loaded else "")
    text = code(printed(subject, cure, names))

    def restored(output: Floats) -> Floats:
        """The activation that was taken off, put on again."""
        if done.end is None:
            return output
        return np.asarray(ended(torch.from_numpy(output), done.end))

    return Built(done.setup.model, text, arguments, left, restored)


def _chain(data: Data) -> list[Map]:
    """What was done to the one input that is values, neighbours that are affine as one map."""
    chosen = [i for i, kind in enumerate(data.kinds) if kind == "values"]
    if data.maps and len(data.x) != 1:
        raise UsageError(
            f"a model of {len(data.x)} inputs",
            "one input",
            "scale the inputs that are values where the data are made",
        )
    maps: list[Map] = []
    for step in data.maps:
        for map in (step[i] for i in chosen):
            if isinstance(map, Affine) and maps and isinstance(maps[-1], Affine):
                maps[-1] = maps[-1].then(map)
            elif map is not None:
                maps.append(map)
    return [m for m in maps if not (isinstance(m, Affine) and m.is_identity)]


def _module(map: Map, shape: tuple[int, ...]) -> Any:
    def shaped(a: Any) -> Any:
        return torch.from_numpy(np.array(a.reshape(shape) if a.ndim else a, np.float32))

    if isinstance(map, Affine):
        return Scaled(shaped(map.shift), shaped(map.scale))
    if isinstance(map, Clip):
        return Clipped(shaped(map.low), shaped(map.high))
    return Logged()


def _mapped(maps: list[Map], x: Inputs) -> Inputs:
    """The inputs as the maps leave them."""
    if not maps:
        return x
    values = x[0].reshape(len(x[0]), -1).astype(np.float64)
    for map in maps:
        values = map(values)
    return (values.reshape(x[0].shape).astype(np.float32),)


def _prepend(trainer: TorchTrainer, done: Changed, maps: list[Map]) -> None:
    """Puts the maps in front of the model, or of its first layer within a step."""
    subject = trainer.subject
    shape = subject.sample.x[0].shape[1:]
    x, y = subject.first(64)
    assert y is not None
    raw = trainer.tensors(x, y)
    wanted = _loss(trainer, done, trainer.tensors(_mapped(maps, x), y))
    place = "" if subject.step is None else _first(trainer.survey, done)
    before = done.setup.model if not place else done.setup.model.get_submodule(place)
    layers = [_module(map, shape).to(subject.device) for map in maps]
    if place:
        seen = trainer.survey.first
        assert seen is not None
        layers = [_module(map, seen[1][1:]).to(subject.device) for map in maps]
        put(done.setup.model, place, torch.nn.Sequential(*layers, before))
    else:
        done.setup = done.setup._replace(model=torch.nn.Sequential(*layers, before))
    found = _loss(trainer, done, raw)
    if np.isfinite(wanted) and not abs(found - wanted) <= TOLERANCE * max(1.0, abs(wanted)):
        raise UsageError(
            "the inputs reach more than the model's first layer",
            "inputs that nothing but the first layer takes",
            "scale them where the data are made",
        )


def _first(survey: Survey, done: Changed) -> str:
    if survey.first is None or not survey.first[0] or done.normalized is not None:
        raise UsageError("the first layer is no module of its own", "scaled data")
    return survey.first[0]


def _loss(trainer: TorchTrainer, done: Changed, tensors: list[Any]) -> float:
    subject = replace(trainer.subject, setup=done.setup, step=done.step)
    switched(done.setup.model, False)
    with seeded(subject.device), torch.no_grad():
        return float(subject._loss(done.setup, tensors))
