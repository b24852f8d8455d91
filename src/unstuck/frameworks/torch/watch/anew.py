"""Another training at a line where one was seen: of the same model, with other parameters.

A head that is exchanged and a body that is frozen make fine-tuning a training of its own, though
the same lines do it. What trains the same parameters again, or another model, does not: searches
and cross-validation are looked at once.
"""

import weakref
from collections.abc import Sequence
from typing import Any

from unstuck.frameworks.torch.watch.tape import Backward

MOST = 2  # of one line that are looked at beside its first


class Anew:
    """What was trained where."""

    def __init__(self) -> None:
        self._optimizers: weakref.WeakSet[Any] = weakref.WeakSet()  # that go on with others
        # by line: the modules called there last, the parameters reached, times anew
        self._trained: dict[Any, tuple[weakref.WeakSet[Any], list[Any], int]] = {}

    def goes_on(self, optimizer: Any) -> None:
        """An optimizer's next step is the first that trains other parameters than before."""
        self._optimizers.add(optimizer)

    def begins(
        self, optimizer: Any, where: Any, backwards: Sequence[Backward], reached: Sequence[Any]
    ) -> bool:
        """Whether the training that is about to begin is another one than that before it.

        Args:
            where: the line; any hashable.
            backwards: what led to its first step.
            reached: parameters that its loss depends on; none where another optimizer's step came
                between, which shares the loss.
        """
        modules = {c.function for b in backwards[-1:] for c in b.calls if c.is_module}
        before, then, times = self._trained.get(where, (weakref.WeakSet(), [], 0))
        kept = [p for ref in then if (p := ref()) is not None]  # an id may be that of one gone
        same = len(kept) == len(then) and {id(p) for p in kept} == {id(p) for p in reached}
        changed = bool(reached) and not same and any(m in before for m in modules)
        another = times < MOST and (optimizer in self._optimizers or changed)
        self._optimizers.discard(optimizer)
        refs = [weakref.ref(p) for p in reached] or then
        self._trained[where] = weakref.WeakSet(modules), refs, times + another
        return another
