"""A script's loss with all arrays in its reach as arguments: those it finds around it too."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from unstuck.setups.stand_ins import is_stand_in
from unstuck.watching.place import is_users

DEPTH = 4  # functions that call each other


@dataclass(frozen=True, eq=False)
class Holder:
    """Something by which a function finds a value: a cell of its closure, a global name."""

    owner: Any
    name: str

    @property
    def value(self) -> Any:
        """What is there."""
        if isinstance(self.owner, CellType):
            return self.owner.cell_contents
        return self.owner[self.name]

    def put(self, value: Any) -> None:
        """Puts something else there."""
        if isinstance(self.owner, CellType):
            self.owner.cell_contents = value
        else:
            self.owner[self.name] = value


@dataclass(frozen=True, eq=False)
class Call:
    """A call of a function that the script differentiates, with values.

    Args:
        function: pure, of parameters that are arrays.
        args, kwargs: of the call.
        wrt: places among `args` of what it is differentiated with respect to.
        has_aux: whether it returns the loss and something else.
        source: the script's function, where it is another one.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    wrt: int | tuple[int, ...]
    has_aux: bool
    source: Callable[..., Any] | None = None

    @property
    def of(self) -> Callable[..., Any]:
        """The script's function."""
        return self.source or self.function

    @property
    def params(self) -> Any:
        """What it is differentiated with respect to."""
        return (
            self.args[self.wrt] if isinstance(self.wrt, int) else [self.args[i] for i in self.wrt]
        )

    def opened(self) -> "Opened":
        """The loss as a function of its parameters and of every array in reach."""
        return Opened(self)


class Opened:
    """See `Call.opened`.

    Attributes:
        arrays: values of the arrays in reach, parameters left out.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._holders = list(_holders(call.of))
        params = {id(leaf) for leaf in jax.tree.leaves(call.params)}
        values = (self._rest(), call.kwargs, [h.value for h in self._holders])
        self._leaves, self._tree = jax.tree.flatten(values)
        self._places = [
            i for i, a in enumerate(self._leaves) if id(a) not in params and _is_array(a)
        ]
        self.arrays = [self._leaves[i] for i in self._places]

    def __call__(self, params: Any, arrays: list[Any]) -> Any:
        """The loss, with other parameters and arrays; what holds them is as it was afterwards."""
        leaves = list(self._leaves)
        for place, array in zip(self._places, arrays, strict=True):
            leaves[place] = array
        rest, kwargs, held = jax.tree.unflatten(self._tree, leaves)
        args = list(rest)
        wrt = (self._call.wrt,) if isinstance(self._call.wrt, int) else self._call.wrt
        for place, given in zip(
            wrt, [params] if isinstance(self._call.wrt, int) else params, strict=True
        ):
            args[place] = given
        with _put(self._holders, held):
            result = self._call.function(*args, **kwargs)
        return result[0] if self._call.has_aux else result

    def _rest(self) -> list[Any]:
        """Arguments, with nothing where the parameters are."""
        wrt = (self._call.wrt,) if isinstance(self._call.wrt, int) else self._call.wrt
        return [None if i in wrt else a for i, a in enumerate(self._call.args)]


@contextmanager
def _put(holders: list[Holder], values: list[Any]) -> Iterator[None]:
    before = [h.value for h in holders]
    try:
        for holder, value in zip(holders, values, strict=True):
            holder.put(value)
        yield
    finally:
        for holder, value in zip(holders, before, strict=True):
            holder.put(value)


def _holders(function: Any, depth: int = DEPTH, seen: set[Any] | None = None) -> Iterator[Holder]:
    """Where a function and those of the user's that it calls find arrays."""
    seen = set() if seen is None else seen
    for plain in _functions(function):
        if id(plain) in seen or not is_users(plain.__code__.co_filename):
            continue
        seen.add(id(plain))
        for holder in _names(plain):
            value, key = holder.value, (id(holder.owner), holder.name)
            if is_stand_in(value):
                continue
            if any(_is_array(leaf) for leaf in _leaves(value)):
                if key not in seen:
                    seen.add(key)
                    yield holder
            elif depth and callable(value):
                yield from _holders(value, depth - 1, seen)


def _names(function: FunctionType) -> Iterator[Holder]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            cell.cell_contents  # noqa: B018
        except ValueError:  # not bound yet
            continue
        yield Holder(cell, name)
    codes, names = [code], dict[str, None]()
    while codes:  # functions and comprehensions within it read the same globals
        one = codes.pop()
        names |= dict.fromkeys(one.co_names)
        codes += [c for c in one.co_consts if isinstance(c, type(code))]
    yield from (Holder(function.__globals__, n) for n in names if n in function.__globals__)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The plain functions behind something that can be called."""
    while value is not None:
        if isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, MethodType):
            value = value.__func__
        elif isinstance(value, FunctionType):
            if not hasattr(value, "__wrapped__") or is_users(value.__code__.co_filename):
                yield value
            value = getattr(value, "__wrapped__", None)
        else:
            value = getattr(value, "__wrapped__", None)


def _leaves(value: Any) -> list[Any]:
    """Arrays of a value, if it is one or a plain structure of them."""
    if isinstance(value, type) or callable(value):
        return []
    try:
        return jax.tree.leaves(value)
    except Exception:  # what JAX takes for no tree, such as keys that cannot be sorted
        return []


def _is_array(value: Any) -> bool:
    if is_stand_in(value):
        return False
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    plain = isinstance(value, jax.Array) and not jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    return plain
