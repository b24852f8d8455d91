"""What a loop is seen to do around its steps: the routine that trials replay.

A step costs one reading of the rate and of one gradient's identity and version, which tell whether
gradients were set to zero, in whichever way.
"""

import itertools
import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from unstuck.setups.routine import PLAIN, Routine, Zeroing
from unstuck.setups.warm_up import SHARE
from unstuck.watching.sweeps import SURE, SWEEP

CHANGES = 1024  # of the rate that are kept; of more, every other one
SOME = 8  # numbers along each axis of a gradient that are compared
FIRST = 4  # steps of which all is kept
_MODES = (
    torch.nn.modules.batchnorm._BatchNorm,
    torch.nn.modules.dropout._DropoutNd,
)
Clipping = tuple[str, float, float]  # "norm" or "value", to what, type of the norm


class Follower:
    """Follows the steps of one optimizer.

    Args:
        optimizer: that is about to take its first step.
        model: that it trains, as a function from then on; None if that is not known.
        epoch: steps an epoch; 0 if not known.
        settings: fields of the routine that a library's trainer knows.
        accumulates: whether backward passes a step are of the routine, and not in the batch size.
        shared: losses are told as this many times what was differentiated, since batches that
            one step adds up were each divided by their number.
    """

    def __init__(
        self,
        optimizer: Any,
        model: Any = None,
        epoch: float = 0,
        settings: dict[str, Any] | None = None,
        shared: int = 1,
        accumulates: bool = False,
    ) -> None:
        self.optimizer = weakref.ref(optimizer)
        self.held = {id(p) for p in _parameters(optimizer)}
        self.shared = shared
        self.training: Any = None
        self.steps = self.evaluated = self.began_evaluating = 0
        self.carried = 0  # steps in a row whose gradients hold those of the step before
        self.most_carried = self.zeroed = 0
        self.empty = 0  # of the first steps, those without any gradient
        self.reached = 0  # of the first backward passes, those that gave a gradient
        self.turns: list[int] = []  # first steps: number of the backward pass they followed
        self.reaches: set[int] = set()  # parameters that losses of the first steps depend on
        self.scale = 1.0
        self.unmoved: Zeroing | None = None  # why no step has a gradient, where that was seen
        model = getattr(model, "module_", model)  # what a skorch net trains
        self.model: Any = weakref.ref(model) if _is_module(model) else lambda: None
        self.switches = _has_modes(model)
        self._epoch, self._settings = epoch, settings or {}
        self._accumulates = accumulates
        self._trainable = _trainable(optimizer)
        self._inner = isinstance(optimizer, torch.optim.LBFGS)  # computes losses within a step
        self._rates: list[tuple[int, float]] = []
        self._rises = True
        self._backwards, self._passes = 0, Counter[int]()
        self._clippings: Counter[tuple[Clipping, ...]] = Counter()
        self._mark: tuple[Any, int] | None = None  # a gradient as it was last seen
        self._numbers: Any = None  # some of it, where it seems to be carried on
        self._parameter: Any = lambda: None  # the one whose gradient that is
        self._cleared = True

    @property
    def is_another(self) -> bool:
        """Whether it trains other parameters than it began with: layers were frozen or exchanged
        meanwhile, and a training of its own begins, as fine-tuning does."""
        optimizer = self.optimizer()
        grown = optimizer is not None and _trainable(optimizer) != self._trainable
        return grown and self.steps >= FIRST

    # -- what happens, in its order ---------------------------------------------------------------

    def before_backward(self) -> None:
        """A loss is about to be differentiated."""
        self._backwards += 1
        self._cleared = self._cleared or not self._is_marked()

    def after_backward(self) -> None:
        """A loss was differentiated."""
        optimizer = self.optimizer()
        if self.steps < FIRST and optimizer is not None:
            self.reached += not is_idle(optimizer)
        self._look()

    def before_step(self) -> None:
        """A step is about to be taken."""
        optimizer = self.optimizer()
        if optimizer is None:
            return
        if self.steps < FIRST:
            self.empty += is_idle(optimizer)
        self._rate(optimizer.param_groups[0].get("lr"))

    def after_step(self, clippings: tuple[Clipping, ...]) -> None:
        """A step was taken, before which gradients were clipped in these ways."""
        if self.steps:
            self.carried = 0 if self._cleared else self.carried + 1
            self.zeroed += self._cleared
            self.most_carried = max(self.most_carried, self.carried)
        self._clippings[clippings] += 1
        self._passes[1 if self._inner else self._backwards] += 1
        self._backwards, self._cleared = 0, False
        if self._gradient() is None:
            self._parameter = self._any()
        self._look()
        self._numbers = self._some().clone() if 0 < self.carried <= SURE else None
        if self._numbers is not None and not self._numbers.any():
            self.carried = 0  # nothing of it would be left either way
        model = self.model() if self.switches else None
        if model is not None and not model.training:
            self.began_evaluating += self.steps < FIRST
            self.evaluated += 1
        self.steps += 1

    # -- what it says of them ---------------------------------------------------------------------

    @property
    def is_sweep(self) -> bool:
        """Whether the rate rose at every step, over two orders of magnitude: a range test."""
        first, last = (self._rates[0][1], self._rates[-1][1]) if self._rates else (0.0, 0.0)
        return self._rises and self.steps > SURE and 0 < SWEEP * first <= last

    @property
    def rates(self) -> tuple[tuple[int, float], ...]:
        """(step, learning rate in use from it on)."""
        return tuple(self._rates)

    @property
    def epoch(self) -> float:
        """Steps an epoch; 0 if not known."""
        return self._epoch

    @property
    def is_left_evaluating(self) -> bool:
        """Whether layers that behave differently in training were in evaluation mode for most
        steps."""
        return self.evaluated >= SURE and 2 * self.evaluated > self.steps

    @property
    def never_zeroed(self) -> bool:
        """Whether gradients were added up over many steps, each of which used all of them."""
        return self.most_carried >= SURE

    def routine(self) -> Routine:
        """All of it, so far."""
        norm, value, kind, unseen = self._clipping()
        reference, rates = self._factors()
        passes = self._passes.most_common(1)
        made = replace(
            PLAIN,
            clip_norm=norm,
            norm_type=kind,
            clip_value=value,
            zeroing=self._zeroing(),
            accumulation=max(1, passes[0][0]) if self._accumulates and passes else 1,
            rates=rates,
            reference=reference,
            scaled=self.scale,
            evaluating=self.is_left_evaluating,
            steps=self.steps,
            epochs=round(self.steps / self._epoch) if self._epoch else 0,
            unseen=unseen,
        )
        return replace(made, **self._settings)

    def _zeroing(self) -> Zeroing:
        if self.unmoved is not None:
            return self.unmoved
        if self.steps >= FIRST <= self.empty and self.reached:
            return Zeroing.BEFORE_STEP
        if not self.never_zeroed:
            return Zeroing.STEP
        return Zeroing.EPOCH if self.zeroed else Zeroing.NEVER

    def _clipping(self) -> tuple[float | None, float | None, float, tuple[str, ...]]:
        norm = value = None
        kind, unseen = 2.0, []
        usual = self._clippings.most_common(1)[0][0] if self._clippings else ()
        if len(self._clippings) > 1:
            unseen.append("gradients are clipped differently from step to step")
        if len({how for how, *_ in usual}) < len(usual):
            unseen.append("gradients are clipped in several parts")
        for how, most, of in usual:
            if how == "norm":
                norm, kind = most, of
            else:
                value = most
        return norm, value, kind, tuple(unseen)

    def _factors(self) -> tuple[float, tuple[tuple[int, float], ...]]:
        if not self._rates:
            return 0.0, ()
        first, highest = self._rates[0][1], max(rate for _, rate in self._rates)
        reference = highest if first < SHARE * highest else first
        if not reference > 0 or (len(self._rates) == 1 and reference == first):
            return reference, ()
        return reference, tuple((step, rate / reference) for step, rate in self._rates)

    # -- readings ---------------------------------------------------------------------------------

    def _rate(self, rate: Any) -> None:
        if rate is None or (isinstance(rate, torch.Tensor) and not rate.is_cpu):
            return
        rate = float(rate)
        if self._rates and rate == self._rates[-1][1]:
            self._rises = False
            return
        self._rises = self._rises and (not self._rates or rate > self._rates[-1][1])
        self._rates.append((self.steps, rate))
        if len(self._rates) > CHANGES:
            self._rates[1:-1] = self._rates[1:-1:2]

    def _any(self) -> Any:
        optimizer = self.optimizer()
        several = () if optimizer is None else _parameters(optimizer)
        found = next((p for p in several if p.grad is not None), None)
        return (lambda: None) if found is None else weakref.ref(found)

    def _gradient(self) -> Any:
        return getattr(self._parameter(), "grad", None)

    def _look(self) -> None:
        gradient = self._gradient()
        self._mark = None if gradient is None else (weakref.ref(gradient), _version(gradient))

    def _is_marked(self) -> bool:
        gradient = self._gradient()
        if gradient is None or self._mark is None:
            return False
        same, version = self._mark
        if same() is not gradient or _version(gradient) != version:
            return False
        # `gradient.data.zero_()` leaves no trace in the version.
        return self._numbers is None or bool(self._some().equal(self._numbers))

    def _some(self) -> Any:
        gradient = self._gradient()
        if gradient is None or gradient.layout != torch.strided:
            return torch.empty(0)
        return gradient.detach()[tuple(slice(SOME) for _ in gradient.shape)]


def is_idle(optimizer: Any) -> bool:
    """Whether none of its parameters has a gradient, or all are zero."""
    return all(_is_empty(p) for p in _parameters(optimizer))


def _trainable(optimizer: Any) -> int:
    """Parameters that an optimizer holds and that want a gradient."""
    return sum(p.requires_grad for p in _parameters(optimizer))


def _parameters(optimizer: Any) -> Any:
    return itertools.chain.from_iterable(group["params"] for group in optimizer.param_groups)


def _version(gradient: Any) -> int:
    return -1 if gradient.is_inference() else int(gradient._version)


def _is_empty(parameter: Any) -> bool:
    gradient = parameter.grad
    return gradient is None or (gradient.layout == torch.strided and not bool(gradient.any()))


def _has_modes(model: Any) -> bool:
    """Whether a module has layers that behave differently in training."""
    return _is_module(model) and any(isinstance(m, _MODES) for m in model.modules())


def _is_module(model: Any) -> bool:
    return isinstance(model, torch.nn.Module)


def in_turn(one: Follower, other: Follower) -> bool:
    """Whether two optimizers alternate, each after a loss of its own, one of which depends on
    what the other holds."""
    first, second = sorted((one, other), key=lambda f: f.turns[-1:])
    if set(one.turns) & set(other.turns) or not first.turns or len(second.turns) < 2:
        return False
    between = second.turns[-2] < first.turns[-1] < second.turns[-1]
    return between and bool(one.reaches & other.held or other.reaches & one.held)


def followed(followers: Iterable[Follower]) -> frozenset[int]:
    """Identities of the parameters that optimizers which are followed hold."""
    return frozenset(held for follower in followers for held in follower.held)
