"""A compiled loop for trials of a Keras set-up; see `tensorflow_loop` for that backend's.

A trial's copy is made, changed, drawn and judged in Keras; only its steps are taken elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.engine import optimizers
from unstuck.engine.loop import Around, Gradient, Trained, TrainingLoop
from unstuck.engine.optimizers import Optimizer
from unstuck.frameworks.keras.changes import Plan
from unstuck.frameworks.keras.copies import Copy
from unstuck.frameworks.keras.starts import all_variables, values_of
from unstuck.setups.compiled import Untranslatable
from unstuck.setups.compiling import lasting
from unstuck.setups.order import factors

NAMES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop", "Adagrad": "adagrad"}
# Of an optimizer: what has to have this value, lest its steps are of another kind.
PLAIN = {
    "amsgrad": False,
    "centered": False,
    "clipnorm": None,
    "use_ema": False,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
TAKEN = ("float32", "int64", "int32", "uint8", "bool")  # dtypes of data


class Loop(Protocol):
    """A compiled training loop for one copy.

    Attributes:
        trained: its variables that the optimizer steps.
        random: whether a step draws numbers.
    """

    trained: list[Any]
    random: bool

    def train(
        self,
        plan: Plan,
        data: Sequence[NDArray[Any]],
        rows: NDArray[np.int64],
        seed: int,
        until: float = float("inf"),
        looks: Sequence[int] = (),
        look: Callable[[int], None] = lambda step: None,
    ) -> Trained:
        """Trains the copy.

        Args:
            plan: what it was made of.
            data: inputs, then targets.
            rows: (steps, batch).
            looks: steps after which `look` is called, with the copy as it is then.
        """
        ...


@dataclass(eq=False)
class Compiled:
    """A loop made of the traced loss.

    Args:
        copy: compiled, trained again and again.
        loop: its steps.
        trained, rest: its variables that the optimizer steps, and all others of the model.
        random: whether a step draws numbers.
    """

    copy: Copy
    loop: TrainingLoop
    trained: list[Any]
    rest: list[Any]
    random: bool

    def train(
        self,
        plan: Plan,
        data: Sequence[NDArray[Any]],
        rows: NDArray[np.int64],
        seed: int,
        until: float = float("inf"),
        looks: Sequence[int] = (),
        look: Callable[[int], None] = lambda step: None,
    ) -> Trained:
        """See `Loop`."""

        def looked(step: int, params: Any, state: Any) -> None:
            self._write(params, state)
            look(step)

        spec = spec_of(self.copy.model.optimizer, plan)
        done = self.loop.train(
            values_of(self.trained),
            values_of(self.rest),
            [spec.numbers()],
            [standardized(a) for a in data],
            rows[:, None, :],
            factors(plan.routine, len(rows)),
            seed=seed,
            until=until,
            looks=looks,
            look=looked,
        )
        self._write(done.params, done.state)
        return done

    def _write(self, params: Sequence[Any], state: Sequence[Any]) -> None:
        for variable, value in zip((*self.trained, *self.rest), (*params, *state), strict=True):
            variable.assign(np.array(value))


def compiled_of(
    copy: Copy, plan: Plan, pack: Callable[[Any], Any], batch: Sequence[NDArray[Any]]
) -> Loop:
    """The compiled loop for a copy, not yet tested.

    Args:
        pack: inputs as the model takes them.
        batch: inputs of one step, then its targets.

    Raises:
        Untranslatable: it has none.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from unstuck.frameworks.keras.tensorflow_loop import graph_loop

        return graph_loop(copy, plan, pack)
    if backend not in ("jax", "torch"):
        raise Untranslatable(f"on {backend} Keras trains by itself")
    model = copy.model
    spec = spec_of(model.optimizer, plan)
    trained = list(model.trainable_variables)
    inside = {id(v) for v in trained}
    rest = [v for v in all_variables(model) if id(v) not in inside]
    values = [values_of(trained), values_of(rest), [standardized(a) for a in batch]]
    if any(str(v.dtype) != "float32" for v in trained):
        raise Untranslatable(f"it computes in {trained[0].dtype}")

    def compute(params: Any, state: Any, batch: Any) -> tuple[Any, list[Any]]:
        given = list(zip((*trained, *rest), (*params, *state), strict=True))
        *x, y = batch
        with keras.StatelessScope(state_mapping=given) as scope:
            packed = pack(tuple(x))
            output = model(packed, training=True)
            loss = model.compute_loss(x=packed, y=y, y_pred=output, sample_weight=None)
            after = [scope.get_current_value(v) for v in rest]
        return loss, [old if new is None else new for old, new in zip(state, after, strict=True)]

    gradient, reached, random = _gradient(backend, compute, values)
    groups = [0 if r else None for r in reached]
    most, norm = model.optimizer.clipvalue, model.optimizer.global_clipnorm
    optimizer = partial(optimizers.grouped, (spec.structure(),), groups)
    size = sum(int(np.prod(v.shape)) for v in trained)
    loop = TrainingLoop(gradient, optimizer, Around(norm, most), lasting(size))
    return Compiled(copy, loop, trained, rest, random)


def _gradient(backend: str, compute: Any, values: list[Any]) -> tuple[Gradient, list[bool], bool]:
    """The gradient, which parameters have one, and whether it draws numbers."""
    if backend == "torch":
        import torch

        from unstuck.frameworks.keras.recurrent import as_pytorchs
        from unstuck.frameworks.torch.graph import traced

        with as_pytorchs():
            graph = traced(compute, *([torch.as_tensor(a) for a in part] for part in values))
        return graph, list(graph.reached), graph.random
    import jax

    def gradient(params: Any, state: Any, batch: Any, key: Any) -> Any:
        del key
        (loss, after), found = jax.value_and_grad(compute, has_aux=True)(params, state, batch)
        return loss, found, after

    random = any(a.dtype == np.uint32 for a in values[1])  # the seeds of what draws
    return gradient, [True] * len(values[0]), random


def standardized(array: NDArray[Any]) -> NDArray[Any]:
    """Data as `fit` hands them on.

    Raises:
        Untranslatable: they are of another kind.
    """
    found = array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
    if str(found.dtype) not in TAKEN:
        raise Untranslatable(f"its data are {array.dtype}")
    return found


def spec_of(optimizer: Any, plan: Plan) -> Optimizer:
    """A Keras optimizer in the engine's terms.

    Raises:
        Untranslatable: it steps in another way.
    """
    name = type(optimizer).__name__
    known = type(optimizer).__module__.startswith("keras.") and name in NAMES
    if not known or any(getattr(optimizer, k, v) != v for k, v in PLAIN.items()):
        raise Untranslatable(f"{name} of this kind")
    if plan.scheduled or plan.routine.weights:
        raise Untranslatable("a schedule, or weights of classes")
    momentum = float(getattr(optimizer, "momentum", 0.0))
    if momentum and plan.routine.rates:
        raise Untranslatable("momentum holds the rates of the steps before")
    decay = float(optimizer.weight_decay or 0.0)
    if decay and getattr(optimizer, "_exclude_from_weight_decay", None):
        raise Untranslatable("a decay that leaves weights out")
    return optimizers.keras(
        NAMES[name],
        learning_rate=float(plan.rate),
        momentum=momentum,
        nesterov=bool(getattr(optimizer, "nesterov", False)),
        beta_1=float(getattr(optimizer, "beta_1", 0.9)),
        beta_2=float(getattr(optimizer, "beta_2", 0.999)),
        rho=float(getattr(optimizer, "rho", 0.9)),
        epsilon=float(getattr(optimizer, "epsilon", 0.0)),
        initial_accumulator=float(getattr(optimizer, "initial_accumulator_value", 0.0)),
        weight_decay=decay,
    )
