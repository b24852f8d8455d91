"""The calls that lead from a batch to the loss, and the same calls done again with other data."""

import contextlib
import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from unstuck.frameworks.torch.setup import unwrapped, without_hooks
from unstuck.frameworks.torch.watch.tape import Backward, Call, tensors
from unstuck.watching.unseen import Unseen

# Functions whose whole numbers are sizes: one that is the batch's length follows the batch.
_SIZES = {"view", "reshape", "expand", "zeros", "ones", "full", "empty", "rand", "randn", "randint"}
_SIZES |= {"arange", "randperm", "normal", "repeat", "unflatten", "new_zeros", "new_ones"}
_SIZES |= {"new_full", "eye", "div", "truediv"}
_RANDOM = {"rand", "randn", "randint", "randperm", "normal", "rand_like", "randn_like"}
_RANDOM |= {"bernoulli", "multinomial", "dropout", "normal_", "uniform_", "bernoulli_"}
_FROM_ARRAYS = {"tensor", "as_tensor", "from_numpy", "asarray"}


@dataclass(frozen=True, eq=False)
class Recipe:
    """The calls from examples to a loss.

    Args:
        calls: in their order, only those the loss depends on.
        loss: the tensor that was differentiated.
        examples: tensors with a row an example that no call made: the loader's, or those that
            were handed to modules and loss.
        loader_batch: the loader's batch that they are in; None if there is no loader.
        rows: of the batch.
        alone: whether the batch is one example without an axis for it.
    """

    calls: tuple[Call, ...]
    loss: Any
    examples: tuple[Any, ...]
    loader_batch: Any
    loader: Any
    rows: int
    alone: bool = False

    def modules(self) -> list[Any]:
        """The outermost modules that were called with gradients, each once."""
        found = [unwrapped(c.function) for c in self.calls if c.is_module and c.graded]
        return list(dict.fromkeys(found))

    def inputs(self) -> list[Any]:
        """Those of the examples that modules with parameters take directly."""
        taken = {id(t) for c in self.calls if _has_weights(c) for t in c.takes}
        return [t for t in self.examples if id(t) in taken]

    def targets(self) -> list[Any]:
        """Those of the examples that the loss needs and that no module with weights is fed."""
        fed: set[int] = set()
        needed: set[int] = set()
        for call in reversed(self.calls):
            taken = {id(t) for t in call.takes}
            needed |= taken
            if _has_weights(call) or fed & {id(t) for t in tensors(call.output)}:
                fed |= taken
        return [t for t in self.examples if id(t) in needed and id(t) not in fed]

    @property
    def is_taught(self) -> bool:
        """Whether the loss compares with what another model gave, which is not trained by it."""
        given: set[int] = set()
        for call in self.calls:
            taken = {id(t) for t in call.takes}
            if _has_weights(call) and call.graded:
                given -= taken  # its features are fed on
            elif (_has_weights(call) and not call.graded) or given & taken:
                given |= {id(t) for t in tensors(call.output)}
        return id(self.loss) in given

    @property
    def is_random(self) -> bool:
        return any(call.name in _RANDOM for call in self.calls)


def recipe(backward: Backward) -> Recipe:
    """What of the tape led to the loss.

    Raises:
        Unseen: the loss depends on something that was not seen.
    """
    batch = backward.batch
    yielded = [] if batch is None else [t for t in tensors(batch.value) if t.ndim]
    rows = len(yielded[0]) if yielded else _rows_taken(backward)
    kept, needed = _sliced(backward, rows, {id(t) for t in yielded})
    if batch is not None and not any(id(t) in needed for t in yielded):  # some other loader's
        yielded = []
        rows = _rows_taken(backward)
        kept, needed = _sliced(backward, rows, set())
    if not yielded:
        kept = _folded(kept, rows)
    made = _made(kept)
    found = _handed_in(kept)
    if not kept or id(backward.loss) not in made:
        raise Unseen("the loss is computed where nothing can be seen, as in compiled code")
    weights = {id(p) for c in kept if c.is_module for p in c.function.parameters()}
    for t in found:
        trained = isinstance(t, torch.nn.Parameter) or id(t) in weights
        if t.requires_grad and not trained and not _is_input(t, kept):
            raise Unseen("the loss depends on values whose origin was not seen")
    _check_changes(kept, made, {id(t) for t in yielded})
    if not yielded and (pair := _alone(kept, found)):
        return Recipe(tuple(kept), backward.loss, pair, None, None, 1, True)
    examples = [t for t in found if _is_examples(t, rows, kept)]
    if not examples:
        raise Unseen("its loss depends on no examples that were seen, as where they are drawn anew")
    if batch is None or not yielded or any(not _in(t, yielded) for t in examples):
        return Recipe(tuple(kept), backward.loss, tuple(examples), None, None, rows)
    return Recipe(tuple(kept), backward.loss, tuple(yielded), batch.value, batch.loader, rows)


def _alone(kept: list[Call], found: list[Any]) -> tuple[Any, ...]:
    """The features of one example and its target, where a model is handed them without an axis for
    examples, as `for x, y in zip(X, Y)` does; () where they are a batch."""
    first = next((c for c in kept if _has_weights(c) and c.graded), None)
    x = next((t for t in first.takes if t.ndim == 1), None) if first is not None else None
    if first is None or x is None or not x.is_floating_point() or not _in(x, found):
        return ()
    layers = [m for m in first.function.modules() if isinstance(m, torch.nn.Linear)]
    if not layers or layers[0].in_features != len(x) or len(x) < 2:
        return ()
    others = [t for t in found if t is not x and not isinstance(t, torch.nn.Parameter)]
    others = [t for t in others if not t.requires_grad]
    if len(others) != 1 or others[0].ndim > 1 or len(others[0].reshape(-1)) == len(x):
        return ()
    return x, others[0]


def _sliced(backward: Backward, rows: int, given: set[int]) -> tuple[list[Call], set[int]]:
    """The calls the loss depends on, and all tensors in them.

    Without a loader, what was done to examples before the first module was called is left out:
    what it gave is the batch. So are slices of all the data.
    """
    calls = backward.calls
    first = next((i for i, c in enumerate(calls) if c.is_module and c.graded), len(calls))
    is_whole = _whole_data(calls, first, rows)
    needed, kept = {id(backward.loss)}, []
    for place, call in reversed(list(enumerate(calls))):
        changed = call.changes
        outputs = {id(t) for t in tensors(call.output)}
        if not (needed & outputs or (changed is not None and id(changed) in needed)):
            continue
        taken = [t for t in call.takes if t.ndim]
        if not given and not call.is_module and not any(t.requires_grad for t in taken):
            prepares = place < first and taken
            if prepares or is_whole(call):
                continue
        if changed is None and call.args and call.output is call.args[0]:
            continue  # such as .to() the device where it is
        if call.name in _FROM_ARRAYS and _has_rows(call.output, rows):
            continue  # what it gives is the batch, as if it had been made before
        kept.append(call)
        needed |= {id(t) for t in call.takes}
    return kept[::-1], needed


def _has_rows(made: Any, rows: int) -> bool:
    return any(t.ndim and len(t) == rows for t in tensors(made))


def _whole_data(calls: Sequence[Call], first: int, rows: int) -> Callable[[Call], bool]:
    """Tells whether a call without gradients takes something longer than the batch: all the data.

    What is computed of the batch alone may be longer, and so are targets that are as long as
    flattened outputs, unless rows are taken out of them.

    Args:
        first: place of the first module that was called.
    """
    lengths = _flat_lengths(calls, first, rows)
    computed = {id(t) for t in _computed(calls, first, {rows} | lengths)}

    def is_whole(call: Call) -> bool:
        long = [t for t in call.takes if t.ndim and len(t) > rows and id(t) not in computed]
        batch = _has_rows(call.output, rows)
        return any(len(t) not in lengths for t in long) or bool(long and batch)

    return is_whole


def _flat_lengths(calls: Sequence[Call], first: int, rows: int) -> set[int]:
    """Lengths of outputs that have several rows an example."""
    outputs = _computed(calls, first, {rows})
    lengths = {len(t) for t in outputs if t.ndim and t.requires_grad}
    return {n for n in lengths if n > rows > 0 and n % rows == 0}


def _computed(calls: Sequence[Call], first: int, lengths: set[int]) -> list[Any]:
    """What is made of tensors of these lengths, and of what is made so, from the model on."""
    own: set[int] = set()
    outputs: list[Any] = []
    for place, call in enumerate(calls):
        taken = [t for t in call.takes if t.ndim]
        whole = all(len(t) in lengths or id(t) in own for t in taken)
        if taken and whole and (call.is_module or place > first):
            outputs += tensors(call.output)
            own |= {id(t) for t in tensors(call.output)}
    return outputs


def _folded(kept: list[Call], rows: int) -> list[Call]:
    """Flattened targets, as of the tokens of all texts, put as a row an example and flattened.

    They are known by outputs of the same length.
    """
    lengths = _flat_lengths(kept, -1, rows)
    for t in _handed_in(kept):
        if t.ndim and len(t) in lengths and _is_examples(t, len(t), kept):
            per_example = t.detach().unflatten(0, (rows, len(t) // rows))
            flatten = Call(torch.flatten, (per_example, 0, 1), {}, t, True, None)
            place = next(i for i, c in enumerate(kept) if _in(t, c.takes))
            kept = [*kept[:place], flatten, *kept[place:]]
    return kept


def _made(calls: list[Call]) -> set[int]:
    made: set[int] = set()
    for call in calls:
        made |= {id(t) for t in tensors(call.output)} - {id(t) for t in call.takes}
    return made


def _handed_in(calls: list[Call]) -> list[Any]:
    """Tensors that the calls take and none of them makes, each once."""
    made = _made(calls)
    return list({id(t): t for c in calls for t in c.takes if id(t) not in made}.values())


def _rows_taken(backward: Backward) -> int:
    """The length of the first tensor that a module was handed."""
    for call in backward.calls:
        if _has_weights(call) and call.graded:
            for t in call.takes:
                if t.ndim:
                    return len(t)
    raise Unseen("no module was called on the way to the loss")


def _has_weights(call: Call) -> bool:
    return call.is_module and any(True for _ in call.function.parameters())


def _is_examples(t: Any, rows: int, calls: Iterable[Call]) -> bool:
    if t.ndim == 0 or len(t) != rows or isinstance(t, torch.nn.Parameter):
        return False
    if t.requires_grad and not _is_input(t, calls):
        return False
    weighing = [call.kwargs.get(k) for call in calls for k in ("weight", "pos_weight")]
    return all(t is not w for w in weighing)


def _is_input(t: Any, calls: Iterable[Call]) -> bool:
    """Whether a tensor that wants a gradient is one that a network is handed, and no weight."""
    return t.is_leaf and any(_has_weights(c) and _in(t, c.takes) for c in calls)


def _in(t: Any, several: list[Any]) -> bool:
    return any(t is other for other in several)


def _check_changes(calls: list[Call], made: set[int], given: set[int]) -> None:
    for call in calls:
        changed = call.changes
        if changed is not None and (id(changed) not in made or id(changed) in given):
            raise Unseen(f"{call.name} changes a tensor in place on the way to the loss")


@dataclass(frozen=True)
class _Slot:
    """Stands for a tensor that a call gave or that was handed in."""

    key: int


class Replay:
    """A recipe done again: (model, examples) ↦ loss.

    Args:
        root: the model whose parts the recipe calls.
        start: how many of the calls are left out, because what they give is handed in.
        given: tensors of the recipe that are handed in, in this order.
    """

    def __init__(self, recipe: Recipe, root: Any, given: Iterable[Any], start: int = 0) -> None:
        self.calls = recipe.calls[start:]
        self._loss, self._rows = id(recipe.loss), recipe.rows
        self._flat = [_flat(call, recipe.rows) for call in self.calls]
        self._given = [id(t) for t in given]
        self._modules = {id(m): name for name, m in root.named_modules()}
        self._parameters = {id(p): name for name, p in root.named_parameters()}
        self._others = {
            id(c.function): _beside(c.function)
            for c in self.calls
            if c.is_module
            and (id(unwrapped(c.function)) not in self._modules or not _has_weights(c))
        }

    def stands(self, names: dict[int, str]) -> None:
        """Has tensors, by their ids, stand for parameters of the model, by their names."""
        self._parameters |= names

    def __call__(self, model: Any, given: Iterable[Any]) -> Any:
        values = list(given)
        return self.run(values, lambda call: self._function(model, call), model)

    def run(
        self, values: list[Any], function: Callable[[Call], Any] | None, model: Any = None
    ) -> Any:
        """The loss; where there is no function for a call, its output is what it was."""
        # A forward pass that works in place works on copies: what is handed in may be the script's.
        values = [v.clone() if isinstance(v, torch.Tensor) else v for v in values]
        known = dict(zip(self._given, values, strict=True))
        rows = next((len(v) for v in values if isinstance(v, torch.Tensor) and v.ndim), self._rows)

        def now(value: Any, sized: bool, flat: int | None) -> Any:
            if isinstance(value, _Slot):
                return known[value.key]
            if isinstance(value, torch.Tensor):
                if model is not None and id(value) in self._parameters:
                    return model.get_parameter(self._parameters[id(value)])
                return known.get(id(value), value)
            if sized and type(value) is int and value == self._rows:
                return rows
            if type(value) is int and value == flat:
                return value // self._rows * rows
            return value

        for call, flat in zip(self.calls, self._flat, strict=True):
            other = self._others.get(id(call.function))
            found = other if function is None else function(call)
            fixed = function is None and (_has_weights(call) or call.name in _RANDOM)
            if fixed:
                output = call.output
            else:
                sized = call.name.strip("_") in _SIZES
                args, kwargs = tree_map(
                    lambda v, sized=sized, flat=flat: now(v, sized, flat),
                    (call.args, call.kwargs),
                )
                with torch.set_grad_enabled(call.graded and torch.is_grad_enabled()), _as(call):
                    output = (found or call.function)(*args, **kwargs)
            for before, after in zip(tree_leaves(call.output), tree_leaves(output), strict=True):
                if isinstance(before, torch.Tensor):
                    known[id(before)] = after
                elif isinstance(before, _Slot):
                    known[before.key] = after
        return known[self._loss]

    def lean(self) -> "Replay":
        """Lets go of what the calls were given and gave, and of the graph behind it."""
        kept = {key for call in self.calls for key in map(id, tensors(call.output))}
        kept |= set(self._given)

        def slot(value: Any) -> Any:
            return _Slot(id(value)) if id(value) in kept else value

        self.calls = tuple(
            replace(
                call,
                args=tree_map(slot, call.args),
                kwargs=tree_map(slot, call.kwargs),
                output=tree_map(slot, call.output),
            )
            for call in self.calls
        )
        return self

    def _function(self, model: Any, call: Call) -> Any:
        if not call.is_module:
            return call.function
        name = self._modules.get(id(unwrapped(call.function)))
        if name is None or model is None:
            return self._others.get(id(call.function), call.function)
        return model.get_submodule(name)


def _as(call: Call) -> Any:
    """Automatic mixed precision as it was for the call."""
    if call.mixed is None:
        return contextlib.nullcontext()
    return torch.autocast(call.mixed[0], dtype=call.mixed[1], cache_enabled=False)


def _flat(call: Call, rows: int) -> int | None:
    """The length that a view gives to what has a row an example, where it is a multiple of it."""
    if call.name not in ("view", "reshape") or not isinstance(call.output, torch.Tensor):
        return None
    shape = call.output.shape
    return shape[0] if shape and shape[0] > rows > 0 and shape[0] % rows == 0 else None


def _beside(module: Any) -> Any:
    """A copy of a module that is not the model, since calling it may leave a trace in it."""
    memo: dict[int, Any] = {}
    for value in (v for m in module.modules() for v in tree_leaves(vars(m))):
        if isinstance(value, torch.Tensor) and not value.is_leaf:
            # Kept from the last call; it refuses to be copied.
            memo[id(value)] = value.detach().clone()
        elif isinstance(value, torch.nn.Parameter) and not value.requires_grad:
            memo[id(value)] = value  # a frozen network may be large
    try:
        made = copy.deepcopy(module, memo)
    except Exception:  # something in it cannot be copied
        return module
    without_hooks(made)
    return made
