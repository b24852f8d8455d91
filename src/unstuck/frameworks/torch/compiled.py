"""A compiled loop for trials of a PyTorch set-up, made of its traced loss.

A trial's copy is made, changed, drawn and judged in PyTorch; only its steps are taken elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.engine import optimizers
from unstuck.engine.loop import Around, Trained, TrainingLoop
from unstuck.engine.optimizers import Optimizer
from unstuck.frameworks.torch.graph import Graph, traced
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.settings import LOW, PEAK
from unstuck.frameworks.torch.setup import Setup
from unstuck.setups.compiled import Untranslatable
from unstuck.setups.compiling import lasting
from unstuck.setups.order import factors, looks
from unstuck.setups.routine import Routine, Zeroing

Loss = Callable[[list[Any]], Any]  # the tensors of a batch -> its loss

LOOKS = 4  # how many times less one outputs are looked at on the way
# Of an optimizer's group: what has to have this value, lest its steps are of another kind.
PLAIN = {"maximize": False, "amsgrad": False, "dampening": 0, "centered": False, "lr_decay": 0}
NAMES = {
    torch.optim.SGD: "sgd",
    torch.optim.Adam: "adam",
    torch.optim.AdamW: "adamw",
    torch.optim.RMSprop: "rmsprop",
    torch.optim.Adagrad: "adagrad",
}


@dataclass(frozen=True, eq=False)
class Compiled:
    """A compiled training loop for copies of one structure.

    Args:
        graph: their loss.
        loop: their steps.
    """

    graph: Graph
    loop: TrainingLoop

    def train(
        self,
        setup: Setup,
        loss: Loss,
        tensors: list[Any],
        rows: Any,
        routine: Routine,
        epoch: int,
        until: float = float("inf"),
        look: Callable[[int], None] = lambda step: None,
    ) -> tuple[list[float], float]:
        """As `training.replayed`; the loss has been traced."""
        del loss
        parts = Parts.of(setup, routine)

        def looked(step: int, params: Any, state: Any) -> None:
            parts.write(params, state)
            look(step)

        steps = len(rows)
        with self.graph.precision():
            done: Trained = self.loop.train(
                [_array(p) for p in parts.trained],
                [_array(p) for p in parts.rest],
                parts.numbers,
                [_array(t) for t in tensors],
                rows.numpy(),
                factors(routine, steps),
                seed=int(torch.randint(2**31, ())),
                zeroes=_zeroed(routine, steps, epoch),
                until=until,
                looks=looks(steps, LOOKS),
                look=looked,
            )
        parts.write(done.params, done.state)
        return done.losses, done.step_seconds


@dataclass(frozen=True, eq=False)
class Parts:
    """A copy taken apart.

    Args:
        trained, rest: parameters that its optimizer steps; other parameters and buffers.
        names: of both, as the whole names them.
        whole: a module that holds model and loss.
        groups: the optimizer's group of each trained parameter.
        specs: of the groups.
    """

    trained: list[Any]
    rest: list[Any]
    names: list[str]
    whole: Any
    groups: tuple[int, ...]
    specs: tuple[Optimizer, ...]

    @classmethod
    def of(cls, setup: Setup, routine: Routine) -> "Parts":
        """Takes a copy apart.

        Raises:
            Untranslatable: its optimizer is of another kind.
        """
        group_of = {
            id(p): i for i, g in enumerate(setup.optimizer.param_groups) for p in g["params"]
        }
        modules = [m for m in (setup.model, setup.loss) if isinstance(m, torch.nn.Module)]
        whole = torch.nn.ModuleList(modules)
        trained = {
            name: p for name, p in whole.named_parameters() if p.requires_grad and id(p) in group_of
        }
        rest = {
            name: p
            for name, p in (*whole.named_parameters(), *whole.named_buffers())
            if name not in trained
        }
        specs = tuple(
            spec_of(type(setup.optimizer), group, routine) for group in setup.optimizer.param_groups
        )
        return cls(
            list(trained.values()),
            list(rest.values()),
            [*trained, *rest],
            whole,
            tuple(group_of[id(p)] for p in trained.values()),
            specs,
        )

    @property
    def numbers(self) -> list[dict[str, float]]:
        """Of the optimizer, a group each."""
        return [spec.numbers() for spec in self.specs]

    def traced(self, loss: Loss, batch: list[Any]) -> Graph:
        """The loss with its gradients; see `graph.traced`."""
        whole, names = _Called(self.whole, loss), self.names

        def compute(params: list[Any], state: list[Any], batch: list[Any]) -> Any:
            named = {f"whole.{n}": t for n, t in zip(names, [*params, *state], strict=True)}
            return torch.func.functional_call(whole, named, (batch,)), state

        return traced(compute, self.trained, self.rest, batch)

    def write(self, params: Sequence[Any], state: Sequence[Any]) -> None:
        """Puts arrays into the copy."""
        with torch.no_grad():
            for tensor, array in zip((*self.trained, *self.rest), (*params, *state), strict=True):
                tensor.copy_(torch.from_numpy(np.array(array)))


class _Called(torch.nn.Module):  # type: ignore[misc]
    """A loss as a module's forward pass, so that its parameters can be exchanged in it."""

    def __init__(self, whole: Any, loss: Loss) -> None:
        super().__init__()
        self.whole, self.loss = whole, loss

    def forward(self, batch: list[Any]) -> Any:
        return self.loss(batch)


def compiled_of(
    setup: Setup, loss: Loss, tensors: list[Any], rows: Any, routine: Routine
) -> Compiled:
    """The compiled loop for copies like this one, not yet tested.

    Raises:
        Untranslatable: it has none.
    """
    if routine.autocast or routine.norm_type != 2.0 or rows.device.type != "cpu":
        raise Untranslatable("mixed precision, another norm or another device")
    if routine.zeroing.unmoved:
        raise Untranslatable("its steps find no gradients")
    switched(setup.model, not routine.evaluating)
    parts = Parts.of(setup, routine)
    graph = parts.traced(loss, [t.index_select(0, rows[0, 0]) for t in tensors])
    # A parameter without a gradient is left alone, by weight decay too.
    groups = [g if r else None for g, r in zip(parts.groups, graph.reached, strict=True)]
    around = Around(routine.clip_norm, routine.clip_value, routine.zeroing is not Zeroing.STEP)
    size = sum(p.numel() for p in parts.trained)
    optimizer = partial(optimizers.grouped, tuple(s.structure() for s in parts.specs), groups)
    return Compiled(graph, TrainingLoop(graph, optimizer, around, lasting(size)))


def spec_of(kind: type[Any], group: dict[str, Any], routine: Routine) -> Optimizer:
    """A group of a PyTorch optimizer, in the engine's terms.

    Raises:
        Untranslatable: it steps in another way.
    """
    if kind not in NAMES or any(group.get(k, v) != v for k, v in PLAIN.items()):
        raise Untranslatable(f"{kind.__name__} of this kind")
    rate = base_rate(dict(group), routine)
    if not isinstance(rate, float | int):
        raise Untranslatable("its learning rate is a tensor")
    betas = group.get("betas", (0.9, 0.999))
    decay = "weight_decay" if NAMES[kind] == "adamw" else "l2"
    return optimizers.torch(
        NAMES[kind],
        learning_rate=float(rate),
        momentum=float(group.get("momentum", 0.0)),
        nesterov=bool(group.get("nesterov", False)),
        beta_1=float(betas[0]),
        beta_2=float(betas[1]),
        rho=float(group.get("alpha", 0.9)),
        epsilon=float(group.get("eps", 0.0)),
        initial_accumulator=float(group.get("initial_accumulator_value", 0.0)),
        **{"weight_decay": 0.0, decay: float(group.get("weight_decay", 0.0))},
    )


def base_rate(group: dict[str, Any], routine: Routine) -> Any:
    """The rate of a group's first step, which a routine's factors are of."""
    low = group.pop(LOW, None)
    if routine.rates and low is not None and PEAK in group:
        return group["lr"] * low / group[PEAK]
    return group.get("lr")


def _zeroed(routine: Routine, steps: int, epoch: int) -> NDArray[np.bool_]:
    """(steps,) whether gradients are set to zero before each step."""
    at = np.arange(steps)
    match routine.zeroing:
        case Zeroing.STEP:
            return np.ones(steps, bool)
        case Zeroing.EPOCH:
            return np.equal(at % epoch, 0)
    return np.zeros(steps, bool)


def _array(tensor: Any) -> NDArray[Any]:
    found: NDArray[Any] = tensor.detach().numpy()
    return found.astype(np.int32) if found.dtype == np.int64 else np.array(found)
