"""Settings of a trial as changes of a Keras optimizer and a Keras loss."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from unstuck.frameworks.keras.architecture import BOUNDED, Refusal, remade
from unstuck.frameworks.keras.optimizer import config_of, inner
from unstuck.setups.settings import Settings
from unstuck.setups.subject import Floats, LossView

REPLACED = {"adam": ("Adam", 1e-3), "sgd": ("SGD", 1e-2)}

_FROM_LOGITS = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
}
# What is proportional to the learning rate in the schedules of Keras.
_RATES = ("initial_learning_rate", "end_learning_rate", "warmup_target", "values")


@dataclass(frozen=True, eq=False)
class Recipe:
    """How an optimizer is made.

    Args:
        kind: its class.
        config: without the learning rate.
        rate: a number, or a schedule.
    """

    kind: Any
    config: dict[str, Any]
    rate: Any

    @property
    def scheduled(self) -> bool:
        """Whether the rate is no number."""
        return not isinstance(self.rate, float)

    def make(self) -> Any:
        """A fresh optimizer, without state."""
        return remade(self.kind, self.config | {"learning_rate": self.rate})


def recipe(optimizer: Any, settings: Settings) -> Recipe:
    """The optimizer that the settings ask for.

    Args:
        optimizer: the user's; never written to. None if there is none.

    Raises:
        Refusal: it has no ε, or a schedule that cannot be scaled.
    """
    if settings.optimizer is not None:
        name, number = REPLACED[settings.optimizer]
        kind = getattr(keras.optimizers, name)
        config, rate = kind().get_config(), number * settings.rate
    elif optimizer is None:
        raise Refusal("the model was compiled without an optimizer, and none was given")
    else:
        optimizer = inner(optimizer)
        kind, config = type(optimizer), config_of(optimizer)
        rate = _scaled(optimizer._learning_rate, settings.rate)
    if settings.epsilon is not None:
        if "epsilon" not in config:
            raise Refusal(f"the optimizer ({kind.__name__}) has no ε")
        config["epsilon"] = settings.epsilon
    if settings.clip is not None:
        config |= {"clipnorm": None, "clipvalue": None, "global_clipnorm": settings.clip}
    return Recipe(kind, {k: v for k, v in config.items() if k != "learning_rate"}, rate)


def _scaled(rate: Any, factor: float) -> Any:
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) and (
        hasattr(rate, "numpy") or not callable(rate)
    ):
        return float(keras.ops.convert_to_numpy(rate)) * factor
    if factor == 1:
        return rate
    if not type(rate).__module__.startswith("keras."):
        raise Refusal("the learning rate follows a schedule of the user's own")
    config = rate.get_config()
    for name in _RATES:
        value = config.get(name)
        if isinstance(value, list | tuple):
            config[name] = [v * factor for v in value]
        elif value is not None:
            config[name] = value * factor
    return type(rate).from_config(config)


def check_loss(view: LossView, output: str, settings: Settings) -> None:
    """Whether the loss can be what the settings ask for.

    Args:
        output: the output's activation, as in `About`.

    Raises:
        Refusal: it cannot.
    """
    if settings.logits:
        if view.name not in _FROM_LOGITS:
            raise Refusal(f"the loss ({view.name}) cannot be computed from logits")
        if view.takes == "logits" and output == "linear":
            raise Refusal("the loss is computed from logits as it is")
        if output == "unknown":
            raise Refusal("the output's activation is not known")
    if settings.output is not None:
        if view.takes in ("probabilities", "logits"):
            raise Refusal(f"the loss ({view.name}) is not one of a regression")
        if output in ("linear", "unknown"):
            raise Refusal("the output has no activation that could be taken off")


def from_logits(loss: Any, view: LossView) -> Any:
    """The crossentropy that takes logits.

    Args:
        loss: an object of `keras.losses.Loss`.
    """
    kind = getattr(keras.losses, _FROM_LOGITS[view.name])
    if type(loss) is kind:
        return kind.from_config(loss.get_config() | {"from_logits": True})
    return kind(from_logits=True, reduction=loss.reduction)


def restored(logits: Floats, output: str, settings: Settings) -> Floats:
    """A trial's output (n, k) with the activation that the settings took off.

    Of several sigmoids the largest stays the largest, and they would only make ties.
    """
    if not settings.logits or output not in BOUNDED:
        return logits
    from scipy.special import expit, softmax

    wide = logits.astype(np.float64)
    if logits.shape[1] == 1:
        return np.asarray(expit(wide))
    return np.asarray(softmax(wide, axis=1)) if output == "softmax" else logits
