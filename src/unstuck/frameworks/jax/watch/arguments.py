"""What `unstuck.diagnose` is handed for a loss that a script was seen to differentiate."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from unstuck.frameworks.jax.flat import Flat, flattened
from unstuck.frameworks.jax.traced import Cut, Program, Traced
from unstuck.frameworks.jax.watch.closure import Call
from unstuck.frameworks.jax.watch.roles import roles, with_own_target
from unstuck.frameworks.jax.watch.updates import Update
from unstuck.watching import rows
from unstuck.watching.unseen import Independent, Unseen

DRAWS = "its loss draws random numbers in a loop of JAX's own, which trials would draw alike"
ONE_BATCH = "one batch of the data was seen"


@dataclass(frozen=True)
class Found:
    """A set-up as `unstuck.diagnose` takes it.

    Args:
        arguments: of that.
        unproven: why trials would not tell of it; "" if they would.
        names: of the script's variables that hold x, y and optimizer, where there are such.
    """

    arguments: dict[str, Any]
    unproven: str
    names: dict[str, str]


def found(call: Call, update: Update, devices: int = 0) -> Found:
    """The set-up of a loss and what updates its parameters.

    Args:
        devices: that have a batch like this one each, and average their gradients.

    Raises:
        Unseen: it cannot be told what are inputs, targets and outputs.
    """
    opened, params = call.opened(), call.params
    arrays = opened.arrays
    flat = flattened(lambda p, a: opened(p, a), params, arrays)
    count = len(jax.tree.leaves(params))
    if len(flat.shapes[_first_output(flat)].shape):
        raise Unseen("its loss is not one number")
    if not flat.depends(set(flat.inputs[:count])):
        raise Independent("its loss depends on none of its parameters")
    where = [
        i for i, v in enumerate(flat.inputs[count:]) if np.ndim(arrays[i]) and not flat.is_key(v)
    ]
    by_role = roles(flat, flat.inputs[:count], [flat.inputs[count:][i] for i in where])
    places = [where[i] for i in (*by_role.inputs, by_role.target)]
    own = by_role.target in by_role.inputs
    batch = [np.asarray(arrays[i]) for i in places]
    sizes = {len(a) for a in batch}
    if len(sizes) > 1:
        raise Unseen("its inputs and targets have no axis of examples in common")

    def whole(params: Any, x: tuple[Any, ...], y: Any) -> Any:
        given = list(arrays)
        for place, array in zip(places, x if own else (*x, y), strict=not own):
            given[place] = array
        return opened(params, given)

    target = batch[-1].shape[1:], jnp.result_type(arrays[places[-1]])
    name = getattr(call.of, "__name__", "loss")
    model = Traced(whole, _of_own_target if own else _program, target, params, name)
    data = rows.whole(batch, _read)
    x = tuple(data.arrays[:-1])
    alike = any(e.draws_within for e in flat.equations)
    arguments = {
        "model": (model, params),
        "loss": model.loss,
        "optimizer": update.optimizer or optax.sgd(update.rate),
        "x": x[0] if len(x) == 1 else x,
        "y": data.arrays[-1],
        "batch_size": len(batch[0]) * max(1, devices),
        "shuffle": data.drawn,
    }
    plain = len(data.names) == 2 and not own  # what scales its inputs would scale its targets
    names = dict(zip(("x", "y"), data.names, strict=True)) if plain else {}
    names["model"] = rows.name_of(params)
    names["optimizer"] = rows.name_of(update.optimizer) if update.optimizer else ""
    why = DRAWS if alike else (ONE_BATCH if data.one_batch else "")
    return Found(arguments, why, {role: n for role, n in names.items() if n})


def _first_output(flat: Flat) -> int:
    (output,) = flat.outputs
    if not isinstance(output, int):
        raise Unseen("its loss does not depend on anything")
    return output


def _program(flat: Flat, parameters: list[int], arrays: list[int]) -> Program:
    by_role = roles(flat, parameters, arrays)
    return Program(flat, Cut(by_role.logits, by_role.output))


def _of_own_target(flat: Flat, parameters: list[int], arrays: list[int]) -> Program:
    own, twin = arrays
    apart, _ = with_own_target(flat, set(parameters), own, twin)
    return _program(apart, parameters, arrays)


def _read(value: Any) -> NDArray[Any] | None:
    if isinstance(value, jax.core.Tracer):
        return None
    if isinstance(value, jax.Array):
        plain = not jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
        return np.asarray(value) if plain and not value.is_deleted() else None
    return rows.numbers(value)
