"""The data of a step as `unstuck.diagnose` takes them."""

import copy
from typing import Any

from torch.utils._pytree import tree_leaves

from unstuck.script.torch import data
from unstuck.script.torch.recipe import Recipe, Unseen
from unstuck.script.torch.tape import tensors


class Found:
    """Data as `diagnose` takes them, and what a batch of them is to the recipe.

    Args:
        given: x, y, batch_size, shuffle.
        inputs, targets: tensors of the recipe.
        plain: whether x holds the inputs and y the one target, as they are.
    """

    def __init__(
        self, given: dict[str, Any], inputs: list[Any], targets: list[Any], plain: bool
    ) -> None:
        self.given, self.inputs, self.targets, self.plain = given, inputs, targets, plain


def examples(made: Recipe, accumulated: int) -> Found:
    """The loader that yielded the batch, the arrays it is rows of, or else the batch alone.

    Args:
        accumulated: batches a step.

    Raises:
        Unseen: it cannot be told what are inputs and what targets.
    """
    size = made.rows * accumulated
    if made.loader_batch is not None and made.loader is not None:
        return _of_loader(made, size if accumulated > 1 else None)
    inputs = made.inputs()
    targets = [t for t in made.examples if not any(t is i for i in inputs)]
    if not inputs:
        raise Unseen("the examples are changed between data and model in a way that was not seen")
    if not targets and len(inputs) == 1:  # an autoencoder
        targets = inputs[-1:]
    inputs, targets = inputs + targets[:-1], targets[-1:]
    if not targets:
        raise Unseen("the loss has no targets that were seen")
    whole = data.found([*inputs, *targets])
    given: dict[str, Any] = {"batch_size": size}
    if whole is not None:
        arrays, drawn = whole
        given["shuffle"] = drawn
    else:
        arrays = [t.detach() for t in (*inputs, *targets)]
    given["x"] = arrays[0] if len(inputs) == 1 else tuple(arrays[: len(inputs)])
    given["y"] = arrays[-1]
    return Found(given, inputs, targets, True)


def _of_loader(made: Recipe, size: int | None) -> Found:
    """The loader; with batches put as (inputs, target) where they come in another form."""
    batch, loader = made.loader_batch, made.loader
    sized = {} if size is None else {"batch_size": size}
    leaves = tensors(batch)
    targets = made.targets()
    if isinstance(batch, (tuple, list)) and len(batch) == 2 and len(tree_leaves(batch)) == 2:
        return Found({"x": loader} | sized, leaves[:1], leaves[1:], True)
    inputs = [t for t in made.inputs() if not any(t is y for y in targets)]
    used = [t for t in leaves if any(t is e for e in (*inputs, *targets))]
    places = [next(i for i, t in enumerate(leaves) if t is u) for u in (*inputs, *targets)]
    if len(targets) != 1 or not inputs or len(used) != len(inputs) + 1 or _needs_more(made, used):
        return Found({"x": loader} | sized, leaves, [], False)
    paired = copy.copy(loader)
    put_together = loader.collate_fn

    def collate(items: Any) -> Any:
        *x, y = (tensors(put_together(items))[place] for place in places)
        return (x[0] if len(x) == 1 else tuple(x)), y

    paired.collate_fn = collate
    return Found({"x": paired} | sized, inputs, targets, True)


def _needs_more(made: Recipe, used: list[Any]) -> bool:
    """Whether a call takes examples that are not among these."""
    known = {id(t) for t in used}
    others = {id(t) for t in made.examples} - known
    return any(id(t) in others for call in made.calls for t in call.takes)
