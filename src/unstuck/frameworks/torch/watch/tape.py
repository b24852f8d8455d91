"""What a script does with a batch on its way to the loss, written down call by call.

A `TorchFunctionMode` sees the functions called outside modules (a view, a squeeze, the loss
function), global hooks see the outermost modules; what happens inside a module is not looked at,
and the mode is off there. The mode is on the stack only between a batch and its `backward`.
"""

import re
import sys
import threading
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.utils._device  # which torch imports with its optimizers only
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._pytree import tree_leaves
from torch.utils.data.dataloader import DataLoader, _BaseDataLoaderIter

from unstuck.frameworks.torch.watch.graph import leaves
from unstuck.watching.standing import Undo, put

LONGEST = 4096  # calls; more come from work that has nothing to do with a step
# torch.compile's warning that there are global hooks, which are ours.
_HOOKED = ("ignore", re.compile("Using `torch.compile.* global hooks"), UserWarning, None, 0)
_IN_PLACE = {"__setitem__", "__set__"}


def tensors(values: Any) -> list[Any]:
    """The tensors in a tree of values."""
    return [t for t in tree_leaves(values) if isinstance(t, torch.Tensor)]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an outermost module or of a function outside modules.

    Args:
        graded: whether gradients were followed.
        mixed: device type and dtype of automatic mixed precision; None where it was off.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any
    graded: bool
    mixed: tuple[str, Any] | None

    @property
    def is_module(self) -> bool:
        return isinstance(self.function, torch.nn.Module)

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    @property
    def changes(self) -> Any:
        """The tensor that is changed in place; None if none is."""
        name = self.name
        plain = name.endswith("_") and not name.endswith("__")
        augmented = name.startswith("__i") and name not in ("__invert__", "__index__", "__int__")
        if self.is_module or not (plain or augmented or name in _IN_PLACE):
            return self.kwargs.get("out")
        return self.args[0] if self.args else None

    @property
    def takes(self) -> list[Any]:
        return tensors((self.args, self.kwargs))


@dataclass(frozen=True, eq=False)
class Batch:
    """What a loader yielded, and the loader."""

    value: Any
    loader: Any


@dataclass(frozen=True, eq=False)
class Backward:
    """A loss that was differentiated, and all that was done until then."""

    loss: Any
    calls: tuple[Call, ...]
    batch: Batch | None


class Tape:
    """Writes down the calls of one thread while it is on.

    Attributes:
        hears_all: whether calls of ours are written down as well.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet, self.hears_all = is_quiet, False
        self._calls: list[Call] = []
        self._batch: Batch | None = None
        self._entered: list[Any] = []
        self._loaders: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._undo: list[Callable[[], Any]] = []
        self._thread = 0

    @property
    def is_on(self) -> bool:
        return bool(self._undo)

    def switch_on(self) -> None:
        """Starts to write down what the current thread does."""
        self._thread = threading.get_ident()
        if self.is_on:
            return
        before = hooks.register_module_forward_pre_hook(self._entering)
        after = hooks.register_module_forward_hook(
            self._leaving, with_kwargs=True, always_call=True
        )
        # Into the list itself: the functions of `warnings` would show again what was shown once.
        filters: Any = warnings.filters
        filters.insert(0, _HOOKED)
        self._undo = [
            before.remove,
            after.remove,
            # which torch's handle forgets
            lambda: hooks._global_forward_hooks_with_kwargs.pop(after.id, None),
            _unfilter,
            *self._see_loaders(),
        ]

    def switch_off(self) -> None:
        """Takes every hook off and lets go of all that was written down."""
        self.pause()
        _MODE.tapes.discard(self)
        for undo in self._undo:
            undo()
        self._undo = []
        self._entered.clear()
        self._loaders.clear()
        self.clear()

    def clear(self) -> None:
        self._calls, self._batch = [], None

    def until(self, loss: Any) -> Backward:
        """What was done until this loss was differentiated."""
        return Backward(loss, tuple(self._calls), self._batch)

    def number(self, held: set[int]) -> Any:
        """The last tensor of one number that was computed and depends on one of these parameters;
        None for none."""
        for call in reversed(self._calls):
            value = call.output
            graded = isinstance(value, torch.Tensor) and value.grad_fn is not None
            if graded and value.numel() == 1 and any(id(p) in held for p in leaves(value)):
                return value
        return None

    def write(self, function: Any, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        call = Call(function, args, kwargs, output, torch.is_grad_enabled(), _mixed())
        if not (call.is_module or tensors(output) or call.changes is not None):
            return
        if len(self._calls) >= LONGEST:
            self._calls.clear()
        self._calls.append(call)

    # -- the mode -------------------------------------------------------------------------------

    def pause(self) -> None:
        """Takes the mode off the stack, if it is on top and nobody else wants it."""
        stack = _get_current_function_mode_stack()
        if _MODE.within or _MODE not in stack:
            return
        _MODE.tapes.discard(self)
        if not _MODE.tapes and stack[-1] is _MODE:
            _MODE.__exit__(None, None, None)

    def resume(self) -> None:
        """Puts the mode on the stack, unless there is one whose place it would take."""
        stack = _get_current_function_mode_stack()
        default = torch.utils._device.CURRENT_DEVICE is not None
        if _MODE.within:
            return
        if _MODE in stack:
            _MODE.tapes.add(self)
        elif len(stack) == int(default and bool(stack)):
            _MODE.tapes.add(self)
            _MODE.__enter__()

    def _deaf(self) -> bool:
        ours = self._is_quiet() and not self.hears_all
        return ours or threading.get_ident() != self._thread

    # -- modules and loaders --------------------------------------------------------------------

    def _entering(self, module: Any, args: Any) -> None:
        if torch.compiler.is_compiling() or self._deaf():
            return
        self._entered.append(module)
        if len(self._entered) == 1:
            self.pause()

    def _leaving(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or self._deaf():
            return
        while self._entered and self._entered.pop() is not module:
            pass
        if self._entered:
            return
        if output is not None and not _MODE.within:
            self.write(module, args, kwargs, output)
        self.resume()

    def _see_loaders(self) -> list[Undo]:
        def making(made: Any) -> Any:
            def __init__(iterator: Any, loader: Any, *args: Any, **kwargs: Any) -> None:
                made(iterator, loader, *args, **kwargs)
                self._loaders[iterator] = loader

            return __init__

        def yielding(following: Any) -> Any:
            def __next__(iterator: Any) -> Any:
                if self._deaf():
                    return following(iterator)
                self.pause()
                value = following(iterator)
                loader = self._loaders.get(iterator)
                self._calls = []
                self._batch = Batch(value, _loader(iterator) if loader is None else loader)
                self._entered.clear()
                self.resume()
                return value

            return __next__

        return [
            put(_BaseDataLoaderIter, "__init__", making),
            put(_BaseDataLoaderIter, "__next__", yielding),
        ]


class _Mode(TorchFunctionMode):  # type: ignore[misc]
    """Of all tapes of this process, since of two modes one would be in the other's way."""

    def __init__(self) -> None:
        super().__init__()
        self.tapes: set[Tape] = set()  # that write down what is called now
        self.within = 0  # functions that are running

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        self.within += 1
        try:
            output = func(*args, **kwargs)
        finally:
            self.within -= 1
        for tape in tuple(self.tapes):
            if tape.is_on and not tape._deaf():
                tape.write(func, args, kwargs, output)
        return output


_MODE = _Mode()


def _unfilter() -> None:
    filters: Any = warnings.filters
    if _HOOKED in filters:
        filters.remove(_HOOKED)


def _mixed() -> tuple[str, Any] | None:
    for device in ("cuda", "cpu"):
        if torch.is_autocast_enabled(device):
            return device, torch.get_autocast_dtype(device)
    return None


def _loader(iterator: Any) -> Any:
    """The loader of an iterator that was made before anything was looked at."""
    frame = sys._getframe(2)
    while frame is not None:
        for found in (*frame.f_locals.values(), *frame.f_globals.values()):
            if issubclass(type(found), DataLoader) and found.dataset is iterator._dataset:
                return found
        frame = frame.f_back  # type: ignore[assignment]
    return None
