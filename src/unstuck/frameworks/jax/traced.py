"""A script's own loss as a function of parameters, inputs and targets, cut at its output."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from unstuck.frameworks.jax.flat import Flat, flattened, read
from unstuck.frameworks.jax.subject import Seen

# (parameters, inputs, targets) -> loss
Loss = Callable[[Any, tuple[Any, ...], Any], Any]


ACTIVATIONS = {"logistic": "sigmoid", "tanh": "tanh"}  # primitive -> as an output's is called


class Cut(NamedTuple):
    """Where a loss's program is cut: variables of the last pre-activation and of the output."""

    logits: int
    output: int


class Program(NamedTuple):
    """A loss's equations, and where they are cut."""

    flat: Flat
    cut: Cut


@dataclass(eq=False)
class Traced:
    """The model within a loss: called, it gives the output.

    Args:
        whole: the loss.
        find: (its equations, variables of the parameters, of inputs and target) ↦ the program.
        target: shape and dtype of one example's target: what the model is traced with.
        params: of the beginning: those of a loss that is judged by its output alone.
        name: of the loss.
        linear: whether the output's activation is left out.
        sign: −1 for the loss with its other sign.
    """

    whole: Loss
    find: Callable[[Flat, list[int], list[int]], Program]
    target: tuple[tuple[int, ...], Any]
    params: Any
    name: str = "loss"
    linear: bool = False
    sign: float = 1.0
    _programs: dict[Any, Program] = field(default_factory=dict)

    def __call__(self, params: Any, x: Any) -> Array:
        """The output for inputs: an array, or a tuple of several."""
        inputs = x if isinstance(x, tuple) else (x,)
        shape, dtype = self.target
        y = jnp.zeros((len(inputs[0]), *shape), dtype)
        return jnp.asarray(self._values(params, inputs, y, 0.0)[1])

    def forward(
        self, params: Any, x: tuple[Array, ...], y: Array | None, delta: Array | float
    ) -> tuple[Array, Seen]:
        """See `subject.Forward`; what is added to logits goes through to the loss."""
        loss, output, logits = self._values(params, x, y, delta)
        n = len(x[0])
        return loss, Seen(None, output.reshape(n, -1), logits.reshape(n, -1), ())

    def training(self, params: Any, x: tuple[Array, ...], y: Array | None, key: Array) -> Array:
        """The loss with what it draws drawn anew.

        Args:
            key: other draws for each.
        """
        return jnp.asarray(self._values(params, x, y, 0.0, jax.random.bits(key))[0])

    def loss(self, output: Array, y: Array) -> Array:
        """The loss of these outputs; what of it rests on parameters is that of the beginning."""
        x = tuple(jnp.zeros((len(y), *shape), dtype) for shape, dtype in self._inputs)
        program = self._program(self.params, x, y)
        leaves = jax.tree.leaves((self.params, x, y))
        known = dict(zip(program.flat.inputs, leaves, strict=True))
        known[program.cut.output] = output
        return jnp.asarray(program.flat.resumed(known, program.flat.outputs[0]))

    def fans(self, x: tuple[Any, ...]) -> dict[int, tuple[int, int | None]]:
        """Of the parameters that inputs are multiplied with, by their place among the leaves: the
        terms of a pre-activation, and the axis that counts units.

        Args:
            x: inputs, of which shapes alone count.
        """
        flat = self._traced(self.params, x).flat
        places = {v: i for i, v in enumerate(flat.inputs[: len(jax.tree.leaves(self.params))])}
        found: dict[int, tuple[int, int | None]] = {}
        for equation in flat.equations:
            if equation.source.primitive.name != "dot_general":
                continue
            summed = equation.source.params["dimension_numbers"][0]
            for operand, axes in zip(equation.takes, summed, strict=True):
                if operand in places:
                    shape = flat.shapes[operand].shape
                    units = [i for i in range(len(shape)) if i not in axes]
                    fan = math.prod(shape[i] for i in axes)
                    found[places[operand]] = fan, units[0] if len(units) == 1 else None
        return found

    def draws(self, x: tuple[Any, ...]) -> bool:
        """Whether it draws random numbers.

        Args:
            x: inputs, of which shapes alone count.
        """
        return any(e.draws for e in self._traced(self.params, x).flat.equations)

    def activation(self, x: tuple[Any, ...]) -> str:
        """Of the output, as far as it is known: "linear" where nothing follows the last layer."""
        flat, cut = self._traced(self.params, x)
        if cut.logits == cut.output:
            return "linear"
        last = next(e for e in flat.equations if cut.output in e.gives)
        return ACTIVATIONS.get(last.source.primitive.name, "unknown")

    def _traced(self, params: Any, x: tuple[Any, ...]) -> Program:
        shape, dtype = self.target
        return self._program(params, x, jnp.zeros((len(x[0]), *shape), dtype))

    @property
    def _inputs(self) -> list[tuple[Any, Any]]:
        """Shape and dtype of an example of each input it was last traced with."""
        shapes = next(reversed(self._programs))[0]
        return [(shape[1:], dtype) for shape, dtype in shapes[:-1]]

    def _values(
        self, params: Any, x: tuple[Any, ...], y: Any, delta: Array | float, draw: Any = None
    ) -> tuple[Any, Any, Any]:
        flat, cut = self._program(params, x, y)
        shape = flat.shapes[cut.logits].shape
        added = jnp.reshape(
            jnp.asarray(delta, flat.shapes[cut.logits].dtype), _fitting(delta, shape)
        )
        leaves = jax.tree.leaves((params, x, y))
        values = flat.evaluate(leaves, (cut.logits, added), draw)
        logits = values[cut.logits]
        if self.linear and logits.shape == values[cut.output].shape:
            known = dict(zip(flat.inputs, leaves, strict=True)) | {cut.output: logits}
            return self.sign * flat.resumed(known, flat.outputs[0]), logits, logits
        return self.sign * read(values, flat.outputs[0]), values[cut.output], logits

    def _program(self, params: Any, x: tuple[Any, ...], y: Any) -> Program:
        leaves = jax.tree.leaves((x, y))
        key = tuple((a.shape, jnp.result_type(a)) for a in leaves), jax.tree.structure(params)
        if key not in self._programs:
            flat = flattened(self.whole, params, x, y)
            count = len(jax.tree.leaves(params))
            self._programs[key] = self.find(flat, flat.inputs[:count], flat.inputs[count:])
        return self._programs[key]


def _fitting(delta: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if getattr(delta, "ndim", 0) else ()
