"""What was seen of a training step, as arguments of `unstuck.diagnose`."""

import functools
import inspect
import warnings
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import torch
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves

from unstuck.frameworks.torch.attached import Attached
from unstuck.frameworks.torch.functions import LOSSES
from unstuck.frameworks.torch.setup import Setup, copied, seeded, unwrapped, without_hooks
from unstuck.frameworks.torch.watch import data, of_keras
from unstuck.frameworks.torch.watch.examples import Found, examples
from unstuck.frameworks.torch.watch.graph import parameters
from unstuck.frameworks.torch.watch.nothing import knowing_nothing
from unstuck.frameworks.torch.watch.recipe import Recipe, Replay, recipe
from unstuck.frameworks.torch.watch.sampling import all_targets, class_weights, steps_an_epoch
from unstuck.frameworks.torch.watch.tape import Backward, tensors
from unstuck.frameworks.torch.watch.unmoved import held_by
from unstuck.setups.calls import computed
from unstuck.watching.unseen import Unseen

AGREES = 1e-4  # relative; a loss computed again differs by rounding alone
REWARDED = "actions are drawn from the model's own output, as in reinforcement learning"
TAUGHT = "its target is another model's output"
_BY_VALUE = ["mse_loss", "l1_loss", "cross_entropy", "binary_cross_entropy_with_logits"]
_BY_VALUE += ["binary_cross_entropy", "nll_loss", "smooth_l1_loss"]


@dataclass(frozen=True)
class Step:
    """What was found of a training that is about to take its first step.

    Args:
        arguments: of `unstuck.diagnose`.
        one_batch: whether the data are one batch of many.
        model: that is trained.
        modules: all that were called on the way to the loss.
        epoch: steps an epoch; 0 if not known.
        shared: what losses are to be multiplied by, since each was divided by the number of those
            that one step adds up.
        nothing: the loss of knowing nothing; None if not known.
        meaningless: why its loss does not say whether it learns; "" if it does.
        cut_off: parameters held that get no gradient since something was detached on the way.
        routine: fields of the `Routine` that are known before the first step.
    """

    arguments: dict[str, Any]
    one_batch: bool = False
    model: Any = None
    modules: tuple[Any, ...] = ()
    epoch: float = 0.0
    shared: int = 1
    nothing: float | None = None
    meaningless: str = ""
    cut_off: int = 0
    routine: dict[str, Any] = field(default_factory=dict)


def arguments(
    optimizer: Any,
    backwards: list[Backward],
    others: list[Any],
    stepped: frozenset[int] = frozenset(),
) -> Step:
    """Model, data, loss or step, and optimizer of a training about to take its first step.

    Args:
        backwards: losses differentiated since the last step, in their order.
        others: optimizers that have not stepped yet.
        stepped: identities of parameters that optimizers hold which have.

    Raises:
        Unseen: what cannot be told, or does not give the loss that the script had.
    """
    if not backwards:
        raise Unseen("no loss was seen before the step")
    held = held_by([optimizer])
    all_of_them = list(map(recipe, backwards))
    several = [r for r in all_of_them if _reaches(r, held)]
    if not several:
        several, held = _elsewhere(all_of_them, others), set()
    made = several[-1]
    accumulated = len(several) if len({_form(r) for r in several}) == 1 else 1
    if len(several) > 1 and accumulated == 1:
        raise Unseen(f"one step adds up {len(several)} losses that are computed differently")
    root = _root(made, held, (held_by(others) | stepped) - held)
    _check_parts(root, held, others)
    divided = made
    if accumulated > 1:
        made = _unscaled(made, accumulated)
    found = examples(made, accumulated)
    given = found.given
    if of_keras.is_of_keras(root):
        loss, given = {"loss": _of_keras(made, found)}, of_keras.arrays_of(given)
        optimizer = of_keras.optimizer_of(optimizer)
    else:
        loss = _loss(made, root, found)
        _check(made, root, _value(made.loss))
    return Step(
        {"model": root, "optimizer": optimizer, **given} | loss,
        found.one_batch,
        root,
        tuple(made.modules()),
        steps_an_epoch(found.given, accumulated),
        accumulated if made is not divided else 1,
        None if of_keras.is_of_keras(root) else _nothing(made, found, loss),
        TAUGHT if made.is_taught else REWARDED if _is_rewarded(backwards[-1]) else "",
        _cut_off(made, root, held),
        _routine(made, found),
    )


def _of_keras(made: Recipe, found: Found) -> Any:
    """The loss of Keras's that gives the script's value of what a model of Keras's gave."""
    (first, *_), targets = made.calls, found.targets
    if not first.is_module or not isinstance(first.output, torch.Tensor) or len(targets) != 1:
        raise Unseen("its model is Keras's, and its loss is not one of an output and targets")
    return of_keras.loss_of(_value(made.loss), first.output, targets[0])


def _is_rewarded(backward: Backward) -> bool:
    """Whether something was drawn from what a module that is trained gave, or log-probabilities
    are weighted by numbers of both signs: REINFORCE (Williams 1992)."""
    given: set[int] = set()
    logs = False
    for call in backward.calls:
        logs = logs or "log" in call.name
        if logs and call.name in ("mul", "__mul__", "__rmul__") and _weighs(call.takes):
            return True
        taken = {id(t) for t in call.takes}
        if call.name == "multinomial" and given & taken:
            return True
        if (call.is_module and call.graded) or given & taken:
            given |= {id(t) for t in tensors(call.output)}
    return False


def _weighs(factors: list[Any]) -> bool:
    """Whether one of two factors may be log-probabilities, and the other holds rewards for them."""
    if len(factors) != 2 or factors[0].shape != factors[1].shape:
        return False
    told, rewards = sorted(factors, key=lambda t: t.requires_grad, reverse=True)
    if not told.requires_grad or rewards.requires_grad or told.numel() < 2:
        return False
    signs = bool((rewards > 0).any() and (rewards < 0).any())
    return signs and bool((told <= 0).all())


def _nothing(made: Recipe, found: Found, loss: dict[str, Any]) -> float | None:
    """The loss of knowing nothing, where it is loss(model(x), y)."""
    if "loss" not in loss or len(found.targets) != 1:
        return None
    whole = all_targets(found.given, found.targets[0])
    targets = found.targets[0] if whole is None else whole
    try:
        own = copied(Setup(None, None, loss["loss"])).loss  # one may count its calls
        return knowing_nothing(own, made.calls[0].output, targets, whole is not None)
    except (RuntimeError, ValueError, IndexError, TypeError):  # a loss that wants more than that
        return None


def _routine(made: Recipe, found: Found) -> dict[str, Any]:
    known: dict[str, Any] = {}
    mixed = next((c.mixed for c in made.calls if c.is_module and c.mixed is not None), None)
    if mixed is not None:
        known["autocast"] = str(mixed[1]).removeprefix("torch.")
    weights = class_weights(found.given)
    if weights:
        known["weights"] = weights
    return known


def _elsewhere(recipes: list[Recipe], others: list[Any]) -> list[Recipe]:
    """Losses of a model that no optimizer holds: this one was made for another model.

    Raises:
        Unseen: there are none, or another optimizer holds what they depend on.
    """
    theirs = held_by(others)
    found = [r for r in recipes if r.modules() and not _reaches(r, theirs)]
    if not found:
        raise Unseen("no loss was differentiated through a module with the optimizer's parameters")
    return found


def _reaches(made: Recipe, held: set[int]) -> bool:
    return any(id(p) in held for m in made.modules() for p in m.parameters())


def _form(made: Recipe) -> tuple[Any, ...]:
    return tuple(id(c.function) if c.is_module else c.name for c in made.calls)


def _root(made: Recipe, held: set[int], theirs: set[int]) -> Any:
    """The module called; for several, the smallest of the script's modules that holds them all.

    Modules that the loss depends on belong to it though no optimizer holds them, unless another
    one does.
    """
    wanted = held or {id(p) for m in made.modules() for p in m.parameters()}
    wanted = wanted | ({id(p) for p in parameters(made.loss)} - theirs)
    called = [m for m in made.modules() if any(id(p) in wanted for p in m.parameters())]
    if len(called) == 1 and held <= {id(p) for p in called[0].parameters()}:
        return called[0]
    around = []
    for module in data.modules():
        inner = {id(m) for m in module.modules()}
        if all(id(m) in inner for m in called) and held <= {id(p) for p in module.parameters()}:
            around.append((len(inner), module))
    if around:
        return min(around, key=lambda pair: pair[0])[1]
    if len(called) > 1:
        return torch.nn.ModuleList(called)
    return called[0]


def _check_parts(root: Any, held: set[int], others: list[Any]) -> None:
    own = {id(p) for p in root.parameters()}
    sharing = 1
    for other in others:
        theirs = held_by([other])
        sharing += bool(theirs & own and not theirs & held)
    if sharing > 1:
        raise Unseen(f"{sharing} optimizers share the model's parameters out among them")


def _unscaled(made: Recipe, times: int) -> Recipe:
    """Without the division of an accumulated loss by their number."""
    last = made.calls[-1]
    if last.name.strip("_") in ("div", "truediv") and last.args[1:2] == (times,):
        return replace(made, calls=made.calls[:-1], loss=last.args[0])
    return made


# -- loss -----------------------------------------------------------------------------------


def _loss(made: Recipe, root: Any, found: Found) -> dict[str, Any]:
    """`loss` where it is loss(model(x), y), else `step`."""
    calls = made.calls
    one = [i for i, c in enumerate(calls) if c.is_module and unwrapped(c.function) is root]
    first = calls[0]
    if (
        found.plain
        and one == [0]
        and not first.kwargs
        and first.mixed is None
        and isinstance(first.output, torch.Tensor)
        and len(first.args) == len(found.inputs)
        and all(a is i for a, i in zip(first.args, found.inputs, strict=True))
        and not _uses(made, found.inputs, found.targets)
    ):
        return {"loss": _function(made, root, first.output, found.targets[0])}
    replay = Replay(made, root, [*found.inputs, *found.targets]).lean()

    def step(model: Any, batch: Any) -> Any:
        return replay(model, [t for t in tree_leaves(batch) if isinstance(t, torch.Tensor)])

    return {"step": step}


def _uses(made: Recipe, inputs: list[Any], targets: list[Any]) -> bool:
    """Whether the loss needs the inputs again, other than as targets, or the parameters."""
    own = {id(p) for c in made.calls if c.is_module for p in c.function.parameters()}
    own |= {id(t) for t in inputs} - {id(t) for t in targets}
    return any(id(t) in own for c in made.calls[1:] for t in c.takes)


def _function(made: Recipe, root: Any, output: Any, target: Any) -> Any:
    """The loss as something to call with (output, target): the script's own, where it is plain."""
    after = made.calls[1:]
    if len(after) == 1:
        (call,) = after
        plain = len(call.args) == 2 and call.args[0] is output and call.args[1] is target
        if plain and call.is_module and not call.kwargs:
            return call.function
        if plain and call.name in LOSSES and not tensors(call.kwargs):
            return _without_defaults(call.function, call.kwargs)
    names = [c.name for c in after if c.name in LOSSES or c.is_module]
    if not names:
        named = _by_value(output, target, _value(made.loss))
        if named is not None:
            return named
    replay = Replay(made, root, [output, target], start=1).lean()

    def loss(output: Any, target: Any) -> Any:
        return replay(None, [output, target])

    loss.__name__ = names[-1] if names else "loss"
    return loss


def _without_defaults(function: Any, kwargs: dict[str, Any]) -> Any:
    parameters = inspect.signature(function).parameters
    rest = {k: v for k, v in kwargs.items() if v != parameters[k].default}
    return functools.partial(function, **rest) if rest else function


def _by_value(output: Any, target: Any, value: float) -> Any:
    """The loss function of torch that gives the same value, of the output as it is or reshaped."""
    shapes = [output.shape]
    if output.numel() == target.numel() and output.shape != target.shape:
        shapes.append(target.shape)
    for name, shape in product(_BY_VALUE, shapes):
        function = getattr(F, name)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                again = _value(function(output.reshape(shape), target))
            except (RuntimeError, ValueError, IndexError, TypeError):
                continue
        if abs(again - value) <= AGREES * abs(value):
            return function if shape == output.shape else _reshaping(function)
    return None


def _reshaping(function: Any) -> Any:
    @functools.wraps(function)
    def loss(output: Any, target: Any) -> Any:
        return function(output.reshape(target.shape), target)

    return loss


def _cut_off(made: Recipe, root: Any, held: set[int]) -> int:
    """How many of the parameters held the loss would depend on, were nothing detached."""
    reached = {id(p) for p in parameters(made.loss)}
    missing = {name for name, p in root.named_parameters() if id(p) in held - reached}
    if not reached or not missing or not any(c.name in ("detach", "detach_") for c in made.calls):
        return 0
    replay, values = Replay(made, root, made.examples), [t.detach() for t in made.examples]
    model = copied(Setup(root, None, None)).model
    without_hooks(model)
    computed()
    with seeded(values[0].device), torch.enable_grad(), Attached():
        ids = {id(p) for p in parameters(replay(model, values))}
    return sum(id(p) in ids and name in missing for name, p in model.named_parameters())


# -- the check ------------------------------------------------------------------------------


def _check(made: Recipe, root: Any, value: float) -> None:
    """The captured batch must give the captured loss: from the captured output, and from a copy.

    Raises:
        Unseen: it does not.
    """
    replay = Replay(made, root, made.examples)
    values = [t.detach() for t in made.examples]
    with torch.no_grad():
        again = _value(replay.run(values, None))
    if not _agree(again, value):
        raise Unseen(f"done again, the loss is {again:g} where the script had {value:g}")
    once, twice = (_on_copy(replay, root, values, seed) for seed in (0, 1))
    if not _agree(once, value) and _agree(once, twice) and not made.is_random:
        raise Unseen(f"on a copy of the model the loss is {once:g} where the script had {value:g}")


def _value(loss: Any) -> float:
    return float(loss.detach())


def _agree(a: float, b: float) -> bool:
    if a != a or b != b:
        return a != a and b != b
    return abs(a - b) <= AGREES * max(abs(b), 1e-6) or a == b


def _on_copy(replay: Replay, root: Any, values: list[Any], seed: int) -> float:
    with seeded(values[0].device):
        torch.random.default_generator.manual_seed(seed)
        model = copied(Setup(root, None, None)).model
        without_hooks(model)
        computed()
        return _value(replay(model, values))
