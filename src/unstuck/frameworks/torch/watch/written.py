"""Networks that a script writes out in functions of its own tensors, as a module."""

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch.utils._pytree import tree_map

from unstuck.frameworks.torch.watch.recipe import Recipe, Replay
from unstuck.frameworks.torch.watch.tape import Backward, Call, tensors
from unstuck.watching import rows
from unstuck.watching.unseen import Unseen


class Network(torch.nn.Module):  # type: ignore[misc]
    """Calls of functions that lead from inputs to an output.

    Args:
        recipe: of the output.
        weights: the script's tensors that are trained, by name.
    """

    def __init__(self, recipe: Recipe, weights: dict[str, Any]) -> None:
        super().__init__()
        for name, tensor in weights.items():
            self.register_parameter(name, torch.nn.Parameter(tensor.detach()))
        replay = Replay(recipe, self, recipe.examples)
        replay.stands({id(tensor): name for name, tensor in weights.items()})
        run = replay.lean()
        self._run: Any = lambda model, inputs: run(model, inputs)  # which a copy shares

    def forward(self, *inputs: Any) -> Any:
        """The output."""
        return self._run(self, inputs)


def as_module(backward: Backward, trained: list[Any]) -> tuple[Backward, Network]:
    """What was done until a loss, with the network in it as one call of a module.

    Args:
        trained: tensors that are.

    Raises:
        Unseen: it cannot be told where in it the network ends.
    """
    weights = _named(trained)
    calls = _graded(backward)
    own = {id(t) for t in trained}
    made = {id(t) for c in calls for t in tensors(c.output)}
    inputs: dict[int, Any] = {}
    end = None
    for place, call in enumerate(calls):
        taken = [t for t in call.takes if t.ndim]
        data = [t for t in taken if id(t) not in made and id(t) not in own]
        data = [t for t in data if not t.requires_grad]
        if not data:
            continue
        if any(id(t) in own for t in taken) or not inputs:
            inputs |= {id(t): t for t in data}
        elif not all(id(t) in inputs or len(t) != len(next(iter(inputs.values()))) for t in data):
            end = place
            break
    if end is None or not inputs:
        raise Unseen("no tensor of examples was seen to meet its weights, and another its outputs")
    output = _output(calls, end)
    length = len(next(iter(inputs.values())))
    examples = tuple(t for t in inputs.values() if len(t) == length)
    before = _leading_to(calls, output)
    network = Network(Recipe(tuple(before), output, examples, None, None, length), weights)
    stands = {id(t): network.get_parameter(name) for name, t in weights.items()}

    def stood(value: Any) -> Any:
        return stands.get(id(value), value) if isinstance(value, torch.Tensor) else value

    after = [
        replace(c, args=tree_map(stood, c.args), kwargs=tree_map(stood, c.kwargs))
        for c in calls
        if c not in before
    ]
    whole = Call(network, examples, {}, output, True, None)
    return replace(backward, calls=(whole, *after)), network


def with_optimizer(backward: Backward, optimizer: Any) -> tuple[Backward, Any]:
    """The same for tensors that an optimizer holds, and a copy of it that holds the module's."""
    held = [p for group in optimizer.param_groups for p in group["params"]]
    whole, network = as_module(backward, held)
    stands = dict(zip(map(id, held), network.parameters(), strict=True))
    made = copy.copy(optimizer)
    made.param_groups = [
        group | {"params": [stands[id(p)] for p in group["params"]]}
        for group in optimizer.param_groups
    ]
    made.state = type(optimizer.state)(dict)
    return whole, made


def _named(trained: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for i, tensor in enumerate(trained):
        name = rows.name_of(tensor)
        found[name if name.isidentifier() and name not in found else f"weight{i}"] = tensor
    return found


def _graded(backward: Backward) -> list[Call]:
    """The calls that the loss depends on through what is trained."""
    kept = _leading_to([c for c in backward.calls if _is_graded(c)], backward.loss)
    changing = next((c.name for c in kept if c.changes is not None), None)
    if changing is not None:
        raise Unseen(f"{changing} changes a tensor in place on the way to the loss")
    if not kept:
        raise Unseen("the loss is computed where nothing can be seen, as in compiled code")
    return kept


def _is_graded(call: Call) -> bool:
    return call.graded and any(t.requires_grad for t in tensors(call.output))


def _leading_to(calls: list[Call], tensor: Any) -> list[Call]:
    needed, kept = {id(tensor)}, []
    for call in reversed(calls):
        if needed & {id(t) for t in tensors(call.output)}:
            kept.append(call)
            needed |= {id(t) for t in call.takes}
    return kept[::-1]


def _output(calls: list[Call], end: int) -> Any:
    """The one tensor that goes on from before a call; numbers, such as penalties, aside."""
    before = {id(t): t for c in calls[:end] for t in tensors(c.output) if t.ndim}
    taken = {id(t): t for c in calls[end:] for t in c.takes if id(t) in before}
    if len(taken) != 1:
        raise Unseen("its loss compares more than one output with the targets")
    return next(iter(taken.values()))
