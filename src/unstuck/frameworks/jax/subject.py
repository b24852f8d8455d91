"""Set-ups whose model and loss are one pure function of their parameters.

`JaxSubject` looks at them; bare JAX functions and the engine's networks are turned into one. Each
of its functions is compiled once per shape of the data.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from unstuck.changes.change import Combination
from unstuck.setups.compiling import quick
from unstuck.setups.routine import Routine
from unstuck.setups.subject import (
    About,
    Floats,
    Inputs,
    Layer,
    Observation,
    Parameter,
    Sample,
)

if TYPE_CHECKING:
    from unstuck.frameworks.jax.training import JaxTrainer


class Seen(NamedTuple):
    """What a forward pass shows beside the mean loss."""

    losses: Array | None  # (n,)
    output: Array  # (n, k)
    logits: Array  # (n, k)
    pre_activations: tuple[Array, ...]  # (n, units) a layer


# (parameters, inputs, targets, delta added to the logits) -> mean loss, what was seen
Forward = Callable[[Any, tuple[Array, ...], Array | None, Array | float], tuple[Array, Seen]]
# (gradients, parameters) -> what the optimizer's next step adds
Update = Callable[[Any, Any], Any]


class Parts(NamedTuple):
    """What a trial is made of."""

    forward: Forward
    optimizer: optax.GradientTransformation
    predict: Callable[[Any, tuple[Array, ...]], Array]  # (n, k) in evaluation mode, as the user's
    # (parameters, inputs, targets, key of what is drawn) -> mean loss of a step, where it draws
    training: Callable[[Any, tuple[Array, ...], Array | None, Array], Array] | None = None


class Template(Protocol):
    """What copies of a set-up are made from."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What trials do not do as training does."""
        ...

    def refuses(self, changes: Combination) -> str:
        """See `Trainer`; of all but what the loop itself does."""
        ...

    def parts(self, changes: Combination) -> Parts:
        """With these changes, those of the loop left out."""
        ...

    def params(self, changes: Combination, seed: int) -> Any:
        """Parameters drawn anew."""
        ...

    def model_of(self, changes: Combination, params: Any) -> tuple[Any, dict[str, Any]]:
        """Model and arguments for `unstuck.diagnose` of such a copy."""
        ...

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        ...


@dataclass(frozen=True)
class Slot:
    """Where a parameter stands in the network; see `subject.Parameter`."""

    name: str
    layer: str
    fan_in: int | None = None
    unit_axis: int | None = None


@dataclass(frozen=True, eq=False)
class JaxSubject:
    """A set-up whose model and loss are one pure function of its parameters.

    Args:
        about, sample: as in the protocol.
        params: a pytree of float arrays, all of them trained.
        slots: one a leaf of `params`, in the order of its leaves.
        layers: name, kind, activation of each pre-activation that `forward` returns.
        forward: the loss in training mode.
        update: the optimizer's next step; None without an optimizer.
        template: what copies of it are made from for trials.
        output_shape: of one example's output, as the model returns it.
    """

    about: About
    sample: Sample
    params: Any
    slots: tuple[Slot, ...]
    layers: tuple[tuple[str, str, str], ...]
    forward: Forward
    update: Update | None
    template: Template | None = None
    output_shape: tuple[int, ...] | None = None

    def with_routine(self, routine: Routine) -> "JaxSubject":
        """See the protocol."""
        return replace(self, about=replace(self.about, routine=routine))

    def trainer(self) -> "JaxTrainer":
        """See the protocol."""
        from unstuck.frameworks.jax.training import JaxTrainer

        return JaxTrainer(self)

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol."""
        seen = jax.device_get(self._look(self.params, on_device(x), target_of(y)))
        parameters = tuple(
            Parameter(
                slot.name,
                slot.layer,
                value,
                gradient,
                update,
                fan_in=slot.fan_in,
                unit_axis=slot.unit_axis,
            )
            for slot, value, gradient, update in zip(
                self.slots,
                jax.tree.leaves(jax.device_get(self.params)),
                jax.tree.leaves(seen["gradients"]),
                jax.tree.leaves(seen["updates"]) or [None] * len(self.slots),
                strict=True,
            )
        )
        layers = tuple(
            Layer(*layer, z)
            for layer, z in zip(self.layers, seen["seen"].pre_activations, strict=True)
        )
        losses = seen["seen"].losses
        return Observation(
            layers,
            parameters,
            seen["seen"].output,
            seen["seen"].logits,
            seen["logit_gradients"],
            float(seen["loss"]),
            losses,
            seen["output_after"],
            None if self.update is None else float(seen["loss_after"]),
            self.output_shape,
        )

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        return np.asarray(self._gradient(self.params, on_device(x), target_of(y)))

    def hessian_product(self, x: Inputs, y: NDArray[Any] | None) -> Callable[[Floats], Floats]:
        """See the protocol."""
        at = on_device(x), target_of(y)
        return lambda v: np.asarray(self._hessian(self.params, *at, jnp.asarray(v)))

    @cached_property
    def _look(self) -> Callable[..., dict[str, Any]]:
        def look(params: Any, x: tuple[Array, ...], y: Array | None) -> dict[str, Any]:
            logits = jax.eval_shape(lambda: self.forward(params, x, y, 0.0)[1].logits)
            (loss, seen), (gradients, delta) = jax.value_and_grad(
                lambda p, d: self.forward(p, x, y, d), argnums=(0, 1), has_aux=True
            )(params, jnp.zeros(logits.shape, logits.dtype))
            result = {
                "loss": loss,
                "seen": seen,
                "gradients": gradients,
                "logit_gradients": delta * len(x[0]),
                "updates": None,
                "output_after": None,
                "loss_after": None,
            }
            if self.update is not None:
                updates = self.update(gradients, params)
                after = jax.tree.map(jnp.add, params, updates)
                loss_after, seen_after = self.forward(after, x, y, 0.0)
                result |= {
                    "updates": updates,
                    "output_after": seen_after.output,
                    "loss_after": loss_after,
                }
            return result

        return jax.jit(look, compiler_options=quick())

    @cached_property
    def _gradient(self) -> Callable[..., Array]:
        def gradient(params: Any, x: tuple[Array, ...], y: Array | None) -> Array:
            return ravel_pytree(jax.grad(lambda p: self.forward(p, x, y, 0.0)[0])(params))[0]

        return jax.jit(gradient, compiler_options=quick())

    @cached_property
    def _hessian(self) -> Callable[..., Array]:
        def product(params: Any, x: tuple[Array, ...], y: Array | None, v: Array) -> Array:
            _, unravel = ravel_pytree(params)
            gradient = jax.grad(lambda p: self.forward(p, x, y, 0.0)[0])
            return ravel_pytree(jax.jvp(gradient, (params,), (unravel(v),))[1])[0]

        return jax.jit(product, compiler_options=quick())


def on_device(x: Inputs) -> tuple[Array, ...]:
    return tuple(jnp.asarray(a) for a in x)


def target_of(y: NDArray[Any] | None) -> Array | None:
    return None if y is None else jnp.asarray(y)
