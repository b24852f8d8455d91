"""The data of a step as `unstuck.diagnose` takes them."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader, IterableDataset

from unstuck.frameworks.torch.watch import data
from unstuck.frameworks.torch.watch.recipe import Recipe
from unstuck.frameworks.torch.watch.tape import tensors
from unstuck.watching.unseen import Unseen

TARGETS = ("targets", "target", "labels", "label", "y", "tgt")  # as models name them


class Found:
    """Data as `diagnose` takes them, and what a batch of them is to the recipe.

    Args:
        given: x, y, batch_size, shuffle.
        inputs, targets: tensors of the recipe.
        plain: whether x holds the inputs and y the one target, as they are.
        one_batch: whether the data are a batch, of which others follow.
    """

    def __init__(
        self,
        given: dict[str, Any],
        inputs: list[Any],
        targets: list[Any],
        plain: bool,
        one_batch: bool = False,
    ) -> None:
        self.given, self.inputs, self.targets, self.plain = given, inputs, targets, plain
        self.one_batch = one_batch


@dataclass
class _Paired:
    """A loader's `collate_fn`, and then its tensors as (inputs, target); can be copied with it."""

    put_together: Callable[[Any], Any]
    places: list[int]

    def __call__(self, items: Any) -> Any:
        return _pair(self.put_together(items), self.places)


def _pair(batch: Any, places: list[int]) -> Any:
    *x, y = (tensors(batch)[place] for place in places)
    return (x[0] if len(x) == 1 else tuple(x)), y


def examples(made: Recipe, accumulated: int) -> Found:
    """The loader that yielded the batch, the arrays it is rows of, or else the batch alone.

    Args:
        accumulated: batches a step.

    Raises:
        Unseen: it cannot be told what are inputs and what targets.
    """
    size = made.rows * accumulated
    if made.loader_batch is not None and made.loader is not None:
        if is_stream(made.loader):
            return _of_stream(made, size)
        return _of_loader(made, size if accumulated > 1 else None)
    inputs = made.inputs()
    targets = [t for t in made.examples if not any(t is i for i in inputs)]
    if not inputs:
        raise Unseen("the examples are changed between data and model in a way that was not seen")
    if not targets and len(inputs) == 1:  # an autoencoder
        targets = inputs[-1:]
    elif not targets:  # the model computes its loss itself
        targets = [t for t in _handed_as(made, TARGETS) if any(t is i for i in inputs)]
        inputs = [t for t in inputs if not any(t is y for y in targets)]
    inputs, targets = inputs + targets[:-1], targets[-1:]
    if not targets:
        raise Unseen("the loss has no targets that were seen")
    batch = [t.detach()[None] if made.alone else t.detach() for t in (*inputs, *targets)]
    whole = data.found(batch)
    given: dict[str, Any] = {"batch_size": size}
    if whole is not None:
        arrays, drawn = whole
        given["shuffle"] = drawn
    else:
        arrays = batch
    given["x"] = arrays[0] if len(inputs) == 1 else tuple(arrays[: len(inputs)])
    given["y"] = arrays[-1]
    return Found(given, inputs, targets, True)


def _handed_as(made: Recipe, names: tuple[str, ...]) -> list[Any]:
    """Tensors that modules are handed under one of these names."""
    found = []
    for call in (c for c in made.calls if c.is_module):
        try:
            given = inspect.signature(call.function.forward).bind(*call.args, **call.kwargs)
        except (TypeError, ValueError):
            continue
        found += [t for name in names for t in tensors(given.arguments.get(name))]
    return found


def _of_loader(made: Recipe, size: int | None) -> Found:
    """The loader; with batches put as (inputs, target) where they come in another form."""
    sized = {} if size is None else {"batch_size": size}
    inputs, targets, places = _parts(made)
    if places is None:
        return Found({"x": made.loader} | sized, inputs, targets, bool(targets))
    paired = copy.copy(made.loader)
    paired.collate_fn = _Paired(paired.collate_fn, places)
    return Found({"x": paired} | sized, inputs, targets, True)


def _of_stream(made: Recipe, size: int) -> Found:
    """The batch alone: what can be read only once is the script's to read."""
    inputs, targets, places = _parts(made)
    batch = made.loader_batch if places is None else _pair(made.loader_batch, places)
    return Found({"x": [batch], "batch_size": size}, inputs, targets, bool(targets), True)


def _parts(made: Recipe) -> tuple[list[Any], list[Any], list[int] | None]:
    """Inputs and targets, and where they are to be put as (inputs, target) their places.

    There are no targets where a step has to take the whole batch.
    """
    batch, targets = made.loader_batch, made.targets()
    leaves = tensors(batch)
    pair = isinstance(batch, (tuple, list)) and len(tree_leaves(batch)) == 2
    if pair and len(batch) == 2 and len(leaves) == 2 and _needed(made, leaves[1]):
        return leaves[:1], leaves[1:], None
    if not targets and (own := _own_target(made)) is not None:
        return [own], [own], [next(i for i, t in enumerate(leaves) if t is own)] * 2
    inputs = [t for t in made.inputs() if not any(t is y for y in targets)]
    used = [t for t in leaves if any(t is e for e in (*inputs, *targets))]
    if len(targets) != 1 or not inputs or len(used) != len(inputs) + 1 or _needs_more(made, used):
        return leaves, [], None
    parts = (*inputs, *targets)
    return inputs, targets, [next(i for i, t in enumerate(leaves) if t is p) for p in parts]


def _needed(made: Recipe, example: Any) -> bool:
    """Whether the loss depends on an example, rather than leaving it aside as an unused label."""
    return any(any(t is example for t in call.takes) for call in made.calls)


def _own_target(made: Recipe) -> Any:
    """The one input that the loss compares the output with, as an autoencoder's; None if it does
    not."""
    used = [t for t in made.examples if _needed(made, t)]
    if len(used) != 1:
        return None
    own = {id(used[0])}
    for call in made.calls:
        taken = {id(t) for t in call.takes}
        if call.is_module and call.graded and any(True for _ in call.function.parameters()):
            continue
        if taken & own:
            if any(t.requires_grad for t in call.takes):
                return used[0]  # compared with something computed
            own |= {id(t) for t in tensors(call.output)}
    return None


def _needs_more(made: Recipe, used: list[Any]) -> bool:
    """Whether a call takes examples that are not among these."""
    known = {id(t) for t in used}
    others = {id(t) for t in made.examples} - known
    return any(id(t) in others for call in made.calls for t in call.takes)


def is_stream(x: Any) -> bool:
    """Whether the data, a loader's or a data set's, may be of a kind that can be read only once."""
    source = x.dataset if isinstance(x, DataLoader) else x
    return isinstance(source, IterableDataset) or hasattr(source, "__next__")


def check_can_be_read(x: Any) -> None:
    """Raises Unseen for data of a library's training that are the script's alone to read."""
    if is_stream(x):
        raise Unseen(
            f"its data, of {type(x).__name__}, may be of a kind that can be read only once"
        )
