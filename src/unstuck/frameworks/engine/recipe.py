"""How a set-up of the engine is changed and drawn anew for trials."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from unstuck.engine import optimizers
from unstuck.engine.losses import LOSSES
from unstuck.engine.program import numbers, transformation
from unstuck.engine.setup import Setup
from unstuck.frameworks.jax.subject import Forward
from unstuck.scalers import scaler
from unstuck.setups.settings import Settings

_INITIAL = {"glorot": "glorot_uniform", "he": "he_uniform"}


@dataclass(frozen=True, eq=False)
class SetupRecipe:
    """See `Recipe`.

    Args:
        setup: the user's.
        features: of an example.
        given: parameters that were handed over: kept, not drawn; None if they were not.
    """

    setup: Setup
    features: int
    given: Any = None

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Recipe`."""
        if self.given is None:
            return ()
        return ("weights are kept as given: seeds differ in the order of the examples",)

    def refuses(self, settings: Settings) -> str:
        """See `Recipe`."""
        if settings.normalize:
            return "the engine has no normalization layer"
        if settings.initial == "lsuv":
            return "the engine draws kernels by fixed rules"
        if settings.unfreeze:
            return "everything is trained as it is"
        if settings.logits and self._logits() is None:
            return f"the loss {self.setup.loss} has no form that takes logits"
        if settings.epsilon is not None and self.setup.optimizer.name == "sgd":
            return "SGD has no ε"
        return ""

    def parts(self, settings: Settings) -> tuple[Forward, Any]:
        """See `Recipe`."""
        from unstuck.frameworks.engine.subject import forward_of, losses_of

        setup = self.changed(settings)
        n = numbers(setup, scaler("none").fit(np.zeros((1, self.features))), self.features)
        l2 = n.kernel_l2 if setup.kernel_l2 else 0.0
        return forward_of(setup.network, losses_of(setup), l2), transformation(setup, n)

    def params(self, settings: Settings, seed: int) -> Any:
        """See `Recipe`."""
        if self.given is not None and settings.initial is None:
            return self.given
        setup = self.changed(settings)
        params, _ = setup.network.init(
            jax.random.key(seed), (self.features,), jnp.dtype(setup.dtype)
        )
        if settings.initial is None:
            n = numbers(setup, scaler("none").fit(np.zeros((1, self.features))), self.features)
            params[0]["kernel"] = params[0]["kernel"] * n.initial
        return params

    def told(self, settings: Settings, params: Any) -> tuple[Any, dict[str, Any]]:
        """See `Recipe`."""
        return (self.changed(settings), params), {}

    def changed(self, settings: Settings) -> Setup:
        """The set-up with these settings, the learning rate included."""
        setup = replace(self.setup, scaler=scaler("none"))
        layers = list(setup.network.layers)
        if settings.activation is not None:
            layers = [replace(layer, activation=settings.activation) for layer in layers[:-1]] + [  # type: ignore[type-var]
                layers[-1]
            ]
        if settings.logits or settings.output == "linear":
            layers[-1] = replace(layers[-1], activation="linear")  # type: ignore[type-var]
        if settings.logits:
            setup = replace(setup, loss=self._logits() or setup.loss)
        if settings.initial in _INITIAL:
            kernel = _INITIAL[settings.initial]
            layers = [replace(layer, kernel=kernel) for layer in layers]  # type: ignore[type-var]
            setup = replace(setup, first_kernel=replace(setup.first_kernel, initial=1.0))
        setup = replace(setup, network=replace(setup.network, layers=tuple(layers)))
        optimizer = setup.optimizer
        if settings.optimizer is not None:
            optimizer = optimizers.keras(settings.optimizer)
        if settings.epsilon is not None:
            optimizer = replace(optimizer, epsilon=settings.epsilon)
        rate = optimizer.learning_rate * settings.rate
        return replace(setup, optimizer=replace(optimizer, learning_rate=rate))

    def _logits(self) -> str | None:
        """The loss's form that takes logits."""
        if self.setup.loss.endswith("_logits"):
            return self.setup.loss
        name = f"{self.setup.loss.rsplit('_', 1)[0]}_logits"
        return name if name in LOSSES else None
