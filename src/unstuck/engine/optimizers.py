"""Optimizers through optax, with each framework's own form of ε and its own defaults.

| | Keras form | PyTorch form |
|---|---|---|
| Adam, AdamW | lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε) | lr · m̂/(√v̂ + ε) |
| RMSprop | lr · g/√(v + ε) | lr · g/(√v + ε) |
| Adagrad | lr · g/√(s + ε), s₀ = 0.1 | lr · g/(√s + ε), s₀ = 0 |

The forms part where gradients are as small as ε: where inputs are tiny, or training has frozen.
`weight_decay` is decoupled (p −= lr·wd·p, Loshchilov & Hutter 2019: AdamW, and every Keras
optimizer's `weight_decay`); `l2` is added to the gradient (PyTorch's SGD and Adam `weight_decay`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from unstuck.errors import UsageError

Numbers = Mapping[str, Array]

# The fields that are numbers: runs that differ only in these share one compiled program.
NUMBERS = (
    "learning_rate",
    "momentum",
    "beta_1",
    "beta_2",
    "rho",
    "epsilon",
    "initial_accumulator",
    "weight_decay",
    "l2",
)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer's full specification. Build one with `keras(...)` or `torch(...)`."""

    name: str  # "sgd", "rmsprop", "adagrad", "adam", "adamw"
    form: str  # "keras" or "torch"
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    rho: float = 0.9
    epsilon: float = 1e-7
    initial_accumulator: float = 0.0
    weight_decay: float = 0.0
    l2: float = 0.0

    def structure(self) -> "Optimizer":
        """The same with its numbers blotted out: equal structures compile to one program.

        Only whether momentum and the decays are there at all is kept: they cost memory traffic.
        """
        blank: dict[str, Any] = dict.fromkeys(NUMBERS, 0.0)
        blank |= {n: float(bool(getattr(self, n))) for n in ("momentum", "weight_decay", "l2")}
        return replace(self, **blank)

    def numbers(self) -> dict[str, float]:
        """The numbers of this specification by name."""
        return {name: value for name, value in asdict(self).items() if name in NUMBERS}


_DEFAULTS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("keras", "sgd"): {"learning_rate": 0.01},
    ("keras", "rmsprop"): {"learning_rate": 1e-3, "rho": 0.9},
    ("keras", "adagrad"): {"learning_rate": 1e-3, "initial_accumulator": 0.1},
    ("keras", "adam"): {"learning_rate": 1e-3},
    ("keras", "adamw"): {"learning_rate": 1e-3, "weight_decay": 0.004},
    ("torch", "sgd"): {"learning_rate": 1e-3},
    ("torch", "rmsprop"): {"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8},
    ("torch", "adagrad"): {"learning_rate": 0.01, "epsilon": 1e-10},
    ("torch", "adam"): {"learning_rate": 1e-3, "epsilon": 1e-8},
    ("torch", "adamw"): {"learning_rate": 1e-3, "epsilon": 1e-8, "weight_decay": 0.01},
}


def _specification(form: str, name: str, settings: Mapping[str, Any]) -> Optimizer:
    if (form, name) not in _DEFAULTS:
        known = [n for f, n in _DEFAULTS if f == form]
        close = get_close_matches(name.lower(), known, n=1)
        raise UsageError(
            f"unknown optimizer {name!r}",
            f"one of {', '.join(known)}",
            f"did you mean {close[0]!r}?" if close else "",
        )
    return Optimizer(name=name, form=form, **{**_DEFAULTS[form, name], **settings})


def keras(name: str, **settings: float) -> Optimizer:
    """Keras 3's optimizer of this name with its defaults, changed by `settings`."""
    return _specification("keras", name, settings)


def torch(name: str, **settings: float) -> Optimizer:
    """PyTorch's optimizer of this name with its defaults, changed by `settings`."""
    return _specification("torch", name, settings)


class _RssState(NamedTuple):
    sum_of_squares: optax.Updates


def _scale_by_rss_torch(initial: Array, epsilon: Array) -> optax.GradientTransformation:
    """Adagrad with ε outside the root; optax's own `scale_by_rss` has it inside."""

    def init(params: optax.Params) -> _RssState:
        return _RssState(jax.tree.map(lambda p: jnp.full_like(p, 1.0) * initial, params))

    def update(
        grads: optax.Updates, state: _RssState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, _RssState]:
        del params
        total = jax.tree.map(lambda g, s: s + g * g, grads, state.sum_of_squares)
        updates = jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + epsilon), grads, total)
        return updates, _RssState(total)

    return optax.GradientTransformation(init, update)


def _preconditioner(spec: Optimizer, n: Numbers) -> list[optax.GradientTransformation]:
    keras_form = spec.form == "keras"
    if spec.name in ("adam", "adamw"):
        if not keras_form:
            return [optax.scale_by_adam(n["beta_1"], n["beta_2"], n["epsilon"])]
        # Keras adds ε before the bias correction: optax's form with ε/√(1−β₂ᵗ), t = 1, 2, …
        return [
            optax.inject_hyperparams(optax.scale_by_adam)(
                b1=n["beta_1"],
                b2=n["beta_2"],
                eps=lambda step: n["epsilon"] / jnp.sqrt(1.0 - n["beta_2"] ** (step + 1)),
            )
        ]
    if spec.name == "rmsprop":
        return [optax.scale_by_rms(n["rho"], n["epsilon"], eps_in_sqrt=keras_form)]
    if spec.name == "adagrad":
        scale_by_rss = optax.scale_by_rss if keras_form else _scale_by_rss_torch
        return [scale_by_rss(n["initial_accumulator"], n["epsilon"])]
    return []


def build(spec: Optimizer, numbers: Numbers) -> optax.GradientTransformation:
    """The optax transformation for this structure and these (possibly traced) numbers.

    Each number is a scalar, or an array that broadcasts against the parameter it acts on.
    """
    parts: list[optax.GradientTransformation] = []
    if spec.l2:
        parts.append(optax.add_decayed_weights(numbers["l2"]))
    parts += _preconditioner(spec, numbers)
    if spec.momentum:
        parts.append(optax.trace(numbers["momentum"], nesterov=spec.nesterov))
    if spec.weight_decay:
        parts.append(optax.add_decayed_weights(numbers["weight_decay"]))
    parts.append(optax.scale_by_learning_rate(numbers["learning_rate"]))
    return optax.chain(*parts)


def grouped(
    specs: Sequence[Optimizer], groups: Sequence[int | None], numbers: Sequence[Numbers]
) -> optax.GradientTransformation:
    """One optimizer for a list of parameters in groups.

    Args:
        specs: a group each.
        groups: of each parameter; None for one that is left alone.
        numbers: of each group.
    """
    if len(specs) == 1 and None not in groups:
        return build(specs[0], numbers[0])
    each = {str(i): build(s, n) for i, (s, n) in enumerate(zip(specs, numbers, strict=True))}
    return optax.partition(each | {"None": optax.set_to_zero()}, [str(g) for g in groups])
