"""Differentiation of a Keras model on the JAX backend."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from unstuck.frameworks.keras.network import Look, Network
from unstuck.frameworks.keras.optimizer import Step
from unstuck.setups.compiling import quick
from unstuck.setups.subject import Floats

SMALL = 100_000  # activations of one example


class Backend:
    """Compiled functions of one network, each compiled once per shape of the data."""

    def __init__(self, network: Network, step: Step | None) -> None:
        self.network, self.step = network, step

    def inspect(self, x: Any) -> None:
        """Finds the layers by their shapes alone: nothing is computed."""
        jax.eval_shape(self._forward, *self._values(), x)

    def forward(self, x: Any) -> dict[str, Any]:
        """What is seen without a loss."""
        seen: dict[str, Any] = self._compiled(self._forward)(*self._values(), x)
        return seen

    def _forward(self, values: Any, frozen: Any, x: Any) -> Any:
        return self.network.run(values, frozen, x, None, with_loss=False)[1]

    def look(self, x: Any, y: Any) -> Look:
        """The loss, what was seen, gradients, and the same after one step."""
        network = self.network
        delta = np.zeros((len(x[0]), *network.logits_trail), np.float32)
        state = [] if self.step is None else self.step.state()
        return Look(**jax.device_get(self._look(*self._values(), state, delta, x, y)))

    def gradient(self, x: Any, y: Any) -> Floats:
        """Flat, over the held parameters."""
        return np.asarray(self._gradient(*self._values(), x, y))

    def hessian_product(self, x: Any, y: Any) -> Callable[[Floats], Floats]:
        """v ↦ Hessian times v."""
        values, frozen = self._values()
        x, y = jax.device_put((x, y))

        def product(v: Floats) -> Floats:
            return np.asarray(self._product(values, frozen, x, y, np.asarray(v, np.float32)))

        return product

    def _values(self) -> tuple[list[Any], list[Any]]:
        return (
            [v.value for v in self.network.variables],
            [v.value for v in self.network.others],
        )

    @cached_property
    def _look(self) -> Any:
        network, step = self.network, self.step

        def look(values: Any, frozen: Any, state: Any, delta: Any, x: Any, y: Any) -> Any:
            def loss(values: Any, delta: Any) -> Any:
                return network.run(values, frozen, x, y, delta=delta)

            (_, seen), (gradients, at_logits) = jax.value_and_grad(
                loss, argnums=(0, 1), has_aux=True
            )(values, delta)
            gradients = [g / network.scale for g in gradients]
            result = {"seen": seen, "gradients": gradients, "at_logits": at_logits}
            if step is not None:
                held = network.held
                new = step.pure(state, [gradients[i] for i in held], [values[i] for i in held])
                after = list(values)
                for i, value in zip(held, new, strict=True):
                    after[i] = value
                _, later = network.run(after, frozen, x, y, watch=False)
                result |= {"after": after, "loss_after": later["loss"]}
                result |= {"output_after": later["output"]}
            return result

        return self._compiled(look)

    @cached_property
    def _gradient(self) -> Any:
        def gradient(values: Any, frozen: Any, x: Any, y: Any) -> Any:
            slopes = jax.grad(self._loss)(values, frozen, x, y)
            return ravel_pytree([slopes[i] for i in self.network.held])[0].astype(jnp.float32)

        return self._compiled(gradient)

    @cached_property
    def _product(self) -> Any:
        held = self.network.held

        def product(values: Any, frozen: Any, x: Any, y: Any, v: Any) -> Any:
            def gradient(parts: Any) -> Any:
                full = list(values)
                for i, part in zip(held, parts, strict=True):
                    full[i] = part
                slopes = jax.grad(self._loss)(full, frozen, x, y)
                return [slopes[i] for i in held]

            parts = [values[i] for i in held]
            _, unravel = ravel_pytree(parts)
            return ravel_pytree(jax.jvp(gradient, (parts,), (unravel(v),))[1])[0]

        return self._compiled(product)

    def _compiled(self, function: Callable[..., Any]) -> Any:
        small = self.network.elements <= SMALL
        return jax.jit(function, compiler_options=quick() if small else None)

    def _loss(self, values: Any, frozen: Any, x: Any, y: Any) -> Any:
        return self.network.run(values, frozen, x, y, watch=False)[0] / self.network.scale
