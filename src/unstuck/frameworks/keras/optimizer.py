"""One step of a copy of a Keras optimizer, with its state, on copies of the variables."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from unstuck.errors import UsageError
from unstuck.frameworks.keras.attributes import attributes_kept
from unstuck.names import meant
from unstuck.setups import warm_up
from unstuck.setups.subject import Given, UpdateRule

_BASE = keras.optimizers.Optimizer
_OF_OTHERS = ("torch", "optax", "tf_keras")
_AHEAD = tuple(1 << i for i in range(15))  # steps at which a schedule is looked at


def optimizer_of(model: Any, given: Given) -> Any:
    """The optimizer in use, which may be wrapped for mixed precision; None if there is none.

    Raises:
        UsageError: an unknown name, or an optimizer of another framework.
    """
    optimizer = given.optimizer
    if optimizer is None:
        return model.optimizer if model.compiled else None
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    example = 'keras.optimizers.Adam(1e-3), or "adam"'
    found = repr(optimizer) if isinstance(optimizer, str) else type(optimizer).__name__
    try:
        if type(optimizer).__module__.split(".")[0] in _OF_OTHERS:
            raise ValueError
        return keras.optimizers.get(optimizer)
    except (ValueError, TypeError):
        raise UsageError(
            f"the optimizer is {found}",
            "an optimizer of Keras or its name",
            meant(optimizer, _names(), example) if isinstance(optimizer, str) else example,
        ) from None


def _names() -> list[str]:
    found = vars(keras.optimizers).items()
    kinds = [n for n, v in found if isinstance(v, type) and issubclass(v, _BASE) and v is not _BASE]
    return [name.lower() for name in kinds]


def inner(optimizer: Any) -> Any:
    """The optimizer that a loss scaling optimizer wraps; else itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def scale_of(optimizer: Any) -> float:
    """What the loss is multiplied by before it is differentiated, for half precision."""
    if optimizer is None:
        return 1.0
    if hasattr(optimizer, "inner_optimizer"):
        if optimizer.built:
            return float(np.asarray(keras.ops.convert_to_numpy(optimizer.dynamic_scale)))
        return float(optimizer.initial_scale)
    return float(optimizer.loss_scale_factor or 1.0)


class Rate(NamedTuple):
    """A learning rate.

    Args:
        next: of the next step, through a schedule where there is one.
        used: what is looked at: the same, or what it warms up to.
    """

    next: float
    used: float

    def limits(self) -> tuple[str, ...]:
        """What is said of a rate that warms up; nothing of any other."""
        if not self.next < self.used:
            return ()
        return (warm_up.told(self.next, self.used),)


def rate_of(optimizer: Any) -> Rate:
    """The optimizer's learning rate as it is now."""
    rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    peak = _peak(optimizer)
    return Rate(rate, peak if warm_up.warms_up(rate, peak) or math.isnan(peak) else rate)


def _peak(optimizer: Any) -> float:
    """The largest rate of steps to come, as far as a schedule tells; else 0.

    NaN where the schedule comes to that within its first 16 steps.
    """
    schedule = optimizer._learning_rate
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return 0.0
    begin = int(keras.ops.convert_to_numpy(optimizer.iterations.value))
    ahead = [begin + i for i in _AHEAD]
    end = getattr(schedule, "warmup_steps", None)  # so Keras and most others call it
    if isinstance(end, int | float) and end > begin:
        ahead.append(int(end))
    rates = []
    try:
        with attributes_kept([schedule]):
            rate_at = _compiled(schedule)
            for i in ahead:
                step = keras.ops.convert_to_tensor(i, dtype=optimizer.iterations.dtype)
                rates.append(float(keras.ops.convert_to_numpy(rate_at(step))))
    except Exception:  # a schedule of the user's own need not take any step
        return 0.0
    if any(math.isnan(rate) for rate, i in zip(rates, _AHEAD, strict=False) if i <= 16):
        return math.nan
    return max((rate for rate in rates if math.isfinite(rate)), default=0.0)


def _compiled(schedule: Any) -> Any:
    """On JAX once: a condition in a schedule would be compiled at every step."""
    if keras.backend.backend() != "jax":
        return schedule
    import jax

    from unstuck.setups.compiling import quick

    return jax.jit(lambda step: schedule(step), compiler_options=quick())


def config_of(optimizer: Any) -> dict[str, Any]:
    """What an optimizer is made with, but for its rate: a user's schedule need not have any."""
    stand_in = object.__new__(type(optimizer))
    vars(stand_in).update(vars(optimizer) | {"_learning_rate": 0.0})
    config: dict[str, Any] = stand_in.get_config()
    config.pop("learning_rate", None)
    return config


def rule_of(optimizer: Any, rate: Rate) -> UpdateRule:
    """The optimizer's name and numbers."""

    def number(name: str) -> float | None:
        value = getattr(optimizer, name, None)
        return float(value) if isinstance(value, int | float) else None

    return UpdateRule(
        type(optimizer).__name__.lower(),
        rate.used,
        number("momentum") or 0.0,
        bool(getattr(optimizer, "nesterov", False)),
        number("beta_1"),
        number("beta_2"),
        number("rho"),
        number("epsilon"),
        number("weight_decay") or 0.0,
    )


def holds(optimizer: Any) -> Callable[[Any], bool]:
    """Whether the optimizer would step a variable: all of them until it is built."""
    if optimizer is None or not optimizer.built:
        return lambda variable: True
    held = {id(v) for v in optimizer._trainable_variables}
    return lambda variable: id(variable) in held


class Step:
    """One step of a copy of the optimizer, always from the state that the user's is in.

    Args:
        optimizer: the user's; never written to.
        variables: the model's, those that are trained and held.
        rate: of the step.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Any], rate: float) -> None:
        self.optimizer, self.variables = optimizer, list(variables)
        held = list(optimizer._trainable_variables) if optimizer.built else self.variables
        config = config_of(optimizer)
        # One rate, whatever schedule it comes from; no accumulation: its next step.
        config |= {"learning_rate": rate, "gradient_accumulation_steps": None}
        config |= {"loss_scale_factor": None}
        self.copy = type(optimizer).from_config(config)
        twins = [_twin(v) for v in held]
        twin_of = {id(v): twin for v, twin in zip(held, twins, strict=True)}
        self.twins = [twin_of[id(v)] for v in self.variables]
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"):
            if hasattr(optimizer, name):
                value = getattr(optimizer, name)
                if isinstance(value, set):  # of ids
                    value = {id(t) for v, t in zip(held, twins, strict=True) if id(v) in value}
                setattr(self.copy, name, value)
        self.copy.build(twins)
        self._kept = list(zip(_state(self.copy), _state(optimizer), strict=False))
        self.slots = [mine for mine, _ in self._kept]

    def state(self) -> list[Any]:
        """Values of the user's optimizer, one for each of `slots`."""
        state = [theirs.value for _, theirs in self._kept]
        if self.optimizer.gradient_accumulation_steps:
            state[0] = state[0] // self.optimizer.gradient_accumulation_steps
        return state

    def pure(self, state: Sequence[Any], gradients: Sequence[Any], values: Sequence[Any]) -> Any:
        """New values, as a pure function, for a backend that traces."""
        mapping = [
            *zip(self.twins, values, strict=True),
            *zip(self.slots, state, strict=True),
        ]
        with keras.StatelessScope(mapping) as scope:
            self.copy.apply(list(gradients), self.twins)
        return [scope.get_current_value(twin) for twin in self.twins]

    def eager(self, gradients: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """New values, by writing to the copies."""
        for twin, value in zip(self.twins, values, strict=True):
            twin.assign(value)
        for slot, value in zip(self.slots, self.state(), strict=True):
            slot.assign(value)
        self.copy.apply(list(gradients), self.twins)
        return [twin.value for twin in self.twins]


def _state(optimizer: Any) -> list[Any]:
    """What changes in an optimizer with its steps, in the order in which it is built."""
    left_out = [
        optimizer._learning_rate,
        *(getattr(optimizer, "_accumulated_gradients", None) or []),
    ]
    return [v for v in optimizer.variables if not any(v is other for other in left_out)]


def _twin(variable: Any) -> Any:
    twin = keras.Variable(
        np.array(keras.ops.convert_to_numpy(variable.value)),  # no memory shared with the user's
        dtype=variable.dtype,
        trainable=True,
        name=variable.name,
    )
    twin._path = variable.path  # some optimizers go by it
    twin.constraint = variable.constraint
    twin.overwrite_with_gradient = variable.overwrite_with_gradient
    return twin
