"""Keras's optimizers in JAX loops: `stateless_apply`, seen as the rule of optax's that does the
same."""

import sys
from typing import Any

import keras

from unstuck.watching.methods import surround
from unstuck.watching.place import is_users
from unstuck.watching.trainings import Trainings


def see_stateless(trainings: Trainings) -> None:
    """Has JAX loops that Keras's optimizers step followed."""
    from unstuck.frameworks.jax.watch import loops_of

    loops = loops_of(trainings)

    def apply(original: Any, optimizer: Any, args: Any, kwargs: Any) -> Any:
        within = trainings.is_quiet or trainings.is_within  # an own `train_step` is part of `fit`
        if not within and is_users(sys._getframe(2).f_code.co_filename):
            rule = None
            with trainings.guard("follow an optimizer of Keras's"):
                rule = as_optax(optimizer)
            loops.updating(rule)
        return original(optimizer, *args, **kwargs)

    surround(keras.optimizers.Optimizer, "stateless_apply", apply)


def as_optax(optimizer: Any) -> Any:
    """The rule of optax's with the settings of one of Keras's; None where there is none, or where
    it does more than the rule."""
    import optax

    rate = float(optimizer.learning_rate)
    others = ("clipnorm", "clipvalue", "global_clipnorm", "gradient_accumulation_steps")
    if any(getattr(optimizer, name, None) for name in others) or optimizer.use_ema:
        return None
    match type(optimizer).__name__:
        case "SGD":
            return optax.sgd(rate, optimizer.momentum or None, optimizer.nesterov)
        case "Adam" if not optimizer.amsgrad and not optimizer.weight_decay:
            return optax.adam(rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
        case "AdamW" if not optimizer.amsgrad:
            betas = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
            return optax.adamw(rate, *betas, weight_decay=optimizer.weight_decay)
    return None
