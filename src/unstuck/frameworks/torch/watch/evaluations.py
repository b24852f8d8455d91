"""What a model is asked about when it has learnt: calls of it without gradients.

While gradients are on, nothing of it costs anything: only within a block that switches them off
(`torch.no_grad`, `torch.inference_mode`, `torch.set_grad_enabled`) a hook is called with each
module's outputs.
"""

import copy
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.modules import module as modules

from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.watch.data import beside, read
from unstuck.frameworks.torch.watch.follower import Follower
from unstuck.setups.untouched import untouched
from unstuck.watching.question import LAGS, Question
from unstuck.watching.standing import Undo, put


class Evaluations:
    """Sees trained models asked.

    Args:
        trainings: of the run.
        followers: what follows the trainings under way, by whatever key.
    """

    def __init__(self, trainings: Any, followers: Mapping[int, Follower]) -> None:
        self._trainings, self._followers = trainings, followers
        self._within = threading.local()

    def see(self) -> Iterator[Undo]:
        """Puts itself around what switches gradients off; yields what takes it off again."""
        for kind in (torch.no_grad, torch.inference_mode, torch.set_grad_enabled):
            for name, after in (("__enter__", self._entered), ("__exit__", self._left)):
                yield put(kind, name, functools.partial(_followed, after))

    def _entered(self) -> None:
        held: list[Any] = self._within.__dict__.setdefault("held", [])
        wanted = not (torch.is_grad_enabled() or any(held))
        wanted = wanted and not (self._trainings.is_quiet or self._trainings.is_within)
        held.append(modules.register_module_forward_hook(self._called) if wanted else None)

    def _left(self) -> None:
        held: list[Any] = self._within.__dict__.get("held", [])
        hook = held.pop() if held else None
        if hook is not None:
            hook.remove()

    def _called(self, module: Any, args: Any, output: Any) -> None:
        follower = next((f for f in self._followers.values() if f.model() is module), None)
        if follower is None or self._trainings.is_quiet:
            return
        with self._trainings.guard("follow an evaluation"):
            self._asked(module, args, output, follower)

    def _asked(self, module: Any, args: Any, output: Any, follower: Follower) -> None:
        if len(args) != 1 or follower.training is None:
            return
        x = args[0]
        if not all(isinstance(t, torch.Tensor) and t.ndim for t in (x, output)):
            return
        if len(x) != len(output):
            return

        def asked(*several: Any, renews: bool = False) -> list[Any]:
            given = [torch.from_numpy(rows).to(x.device, x.dtype) for rows in several]
            with self._trainings.quiet(), untouched(), torch.no_grad():
                model = copy.deepcopy(module)
                if renews:
                    for norm in _moving(model):
                        norm.momentum = 1.0
                    switched(model, True)(given[0])
                model = switched(model, False)
                return [_numbers(model(rows)) for rows in given]

        question = Question(
            len(x),
            lambda: _numbers(x),
            lambda: _numbers(output),
            lambda: beside(_numbers(x)),
            lambda rows: asked(rows)[0],
            follower.steps,
            bool(module.training and follower.switches),
            (lambda *both: (*asked(*both, renews=True),)) if _lags(module) else None,
        )
        follower.training.asked(question, self._trainings.here())


def _moving(module: Any) -> list[Any]:
    """Layers that keep moving statistics; a mean of all batches is none."""
    kind = torch.nn.modules.batchnorm._BatchNorm
    norms = [m for m in module.modules() if isinstance(m, kind) and m.running_mean is not None]
    return [m for m in norms if m.momentum is not None]


def _lags(module: Any) -> bool:
    """Whether moving statistics still hold some of what they began with."""
    norms = _moving(module)
    return any((1 - m.momentum) ** int(m.num_batches_tracked) > LAGS for m in norms)


def _numbers(tensor: Any) -> NDArray[Any]:
    """As an array; of none where NumPy has no such numbers."""
    found = read(tensor)
    return np.empty(len(tensor), object) if found is None else found


def _followed(after: Callable[[], None], original: Any) -> Any:
    def method(self: Any, *args: Any) -> Any:
        result = original(self, *args)
        after()
        return result

    return method
