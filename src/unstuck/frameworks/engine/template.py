"""What copies of an engine's set-up are made from for trials."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, value
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.network import Network, first_kernel
from unstuck.engine.program import numbers, transformation
from unstuck.engine.setup import Setup
from unstuck.frameworks.engine.changes import REDRAWN, changed
from unstuck.frameworks.engine.forward import activation_of, forward_of, losses_of
from unstuck.frameworks.jax.subject import Parts
from unstuck.scalers import scaler
from unstuck.setups.subject import Floats
from unstuck.setups.trainer import Refused

PROBABILITIES = "_clipped"  # how the names of losses end that take them


@dataclass(frozen=True, eq=False)
class SetupTemplate:
    """See `Template`.

    Args:
        setup: the user's.
        features: of an example.
        y: the targets of some examples.
        given: parameters that were handed over: kept, not drawn; None if they were not.
    """

    setup: Setup
    features: int
    y: NDArray[Any]
    given: Any = None

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Template`."""
        if self.given is None:
            return ()
        return ("weights are kept as given: seeds differ in the order of the examples",)

    def refuses(self, changes: Combination) -> str:
        """See `Template`."""
        try:
            self.changed(changes)
        except Refused as reason:
            return str(reason)
        return ""

    def changed(self, changes: Combination) -> Setup:
        """The set-up with these changes; its inputs are scaled already."""
        return changed(self.setup, self.y, changes)

    def parts(self, changes: Combination) -> Parts:
        """See `Template`."""
        setup = self.changed(changes)
        n = numbers(setup, scaler("none").fit(np.zeros((1, self.features))), self.features)
        l2 = n.kernel_l2 if setup.kernel_l2 else 0.0
        _, states = self._drawn(setup, 0)
        forward = forward_of(setup.network, losses_of(setup.loss), l2, states)
        return Parts(
            forward,
            transformation(setup, n),
            _predicting(setup.network, states, self._ended(changes)),
        )

    def params(self, changes: Combination, seed: int) -> Any:
        """See `Template`."""
        redrawn = any(c.part in REDRAWN for c in changes)
        if self.given is not None and not redrawn:
            return self.given
        setup = self.changed(changes)
        params, _ = self._drawn(setup, seed)
        params[first_kernel(params)]["kernel"] *= setup.first_kernel.initial
        return params

    def model_of(self, changes: Combination, params: Any) -> tuple[Any, dict[str, Any]]:
        """See `Template`."""
        return (self.changed(changes), params), {}

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Template`."""
        found = jnp.asarray(output)
        with np.errstate(all="ignore"):
            return float(jnp.mean(losses_of(self.setup.loss)(found, found, jnp.asarray(y))))

    def _drawn(self, setup: Setup, seed: int) -> tuple[Any, Any]:
        dtype = jnp.dtype(setup.dtype)
        return setup.network.init(jax.random.key(seed), (self.features,), dtype)

    def _ended(self, changes: Combination) -> str:
        """The activation that makes outputs of a changed set-up what the user's own gives."""
        own = activation_of(self.setup.network.layers[-1])
        name = value(changes, Part.LOSS)
        if name == "logits" or (name == "crossentropy" and self.setup.loss.endswith(PROBABILITIES)):
            return own
        return "linear"


def _predicting(network: Network, states: Any, end: str) -> Callable[..., Array]:
    def predict(params: Any, x: tuple[Array, ...]) -> Array:
        dtype = jax.tree.leaves(params)[0].dtype
        output, _, _ = network.apply(params, states, x[0].astype(dtype))
        return ACTIVATIONS[end](output)

    return predict
