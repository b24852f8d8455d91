"""A jaxpr as one list of the equations that its outputs need, with what is jitted within opened."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.extend import core

DRAWS = "random_bits"
RANDOM = ("random_", "threefry", "rng_")  # how the names of what draws or makes keys begin
KEYS = ("random_wrap", "random_unwrap", "random_seed", "random_split", "random_fold_in")
OPENED = ("jit", "pjit", "closed_call", "core_call", "remat2", "checkpoint")


@dataclass(frozen=True, eq=False)
class Constant:
    """A value that stands in the program.

    Args:
        value: an array or a number.
    """

    value: Any


Operand = int | Constant  # a variable's number, or a value


@dataclass(frozen=True, eq=False)
class Equation:
    """One operation.

    Args:
        source: the jaxpr's equation.
        takes: operands.
        gives: variables' numbers.
    """

    source: Any
    takes: tuple[Operand, ...]
    gives: tuple[int, ...]

    def carry_out(self, values: Sequence[Any]) -> Sequence[Any]:
        """What it gives for these operands' values."""
        atoms = zip(self.source.invars, values, strict=True)
        known = {atom: v for atom, v in atoms if not isinstance(atom, core.Literal)}
        alone = core.Jaxpr((), list(known), self.source.outvars, [self.source], self.source.effects)
        given: Sequence[Any] = core.jaxpr_as_fun(core.ClosedJaxpr(alone, ()))(*known.values())
        return given

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers by a key that is its first operand."""
        return bool(self.source.primitive.name == DRAWS)

    @property
    def draws_within(self) -> bool:
        """Whether it draws random numbers otherwise, as in a loop of JAX's own."""
        drawing = (n for n in _names(self.source) if n not in KEYS)
        return not self.draws and any(n.startswith(RANDOM) for n in drawing)


class Flat:
    """A function's equations in the order in which they are carried out.

    Args:
        closed: its jaxpr.

    Attributes:
        inputs: variables of its arguments, in their order.
        outputs: operands that it returns.
        shapes: variable -> its shape and dtype.
    """

    def __init__(self, closed: core.ClosedJaxpr) -> None:
        self.shapes: list[Any] = []
        self.equations: list[Equation] = []
        self.inputs = [self.new(v.aval) for v in closed.jaxpr.invars]
        known: dict[Any, Operand] = dict(zip(closed.jaxpr.invars, self.inputs, strict=True))
        self.outputs = self._opened(closed, known)
        self.lean()

    def is_key(self, variable: int) -> bool:
        """Whether it is numbers that become a key of what is drawn."""
        wraps = (e for e in self.equations if e.source.primitive.name == "random_wrap")
        return any(
            variable in self._needed({o for o in e.takes if isinstance(o, int)}, set())
            for e in wraps
        )

    def copied(self) -> "Flat":
        """The same, without its equations."""
        made = copy.copy(self)
        made.shapes, made.equations = list(self.shapes), []
        return made

    def lean(self) -> "Flat":
        """Itself, without equations that its outputs do not need."""
        needed = self._needed({o for o in self.outputs if isinstance(o, int)}, set())
        self.equations = [e for e in self.equations if needed & set(e.gives)]
        return self

    def new(self, aval: Any) -> int:
        """A new variable of this shape and dtype."""
        self.shapes.append(aval)
        return len(self.shapes) - 1

    def evaluate(
        self,
        arguments: Sequence[Any],
        added: tuple[int, Any] | None = None,
        draw: Any = None,
    ) -> dict[int, Any]:
        """Every variable's value.

        Args:
            arguments: one an input.
            added: a variable, and what is added to its value before anything reads it.
            draw: a number: what is drawn is another for each; None for what it draws as it is.
        """
        values: dict[int, Any] = dict(zip(self.inputs, arguments, strict=True))
        for equation in self.equations:
            if all(v in values for v in equation.gives):
                continue
            operands = [read(values, o) for o in equation.takes]
            if draw is not None and equation.draws:
                operands[0] = _another(operands[0], draw)
            given = equation.carry_out(operands)
            values.update(zip(equation.gives, given, strict=True))
            if added is not None and added[0] in equation.gives:
                values[added[0]] = values[added[0]] + added[1]
        return values

    def resumed(self, known: dict[int, Any], wanted: Operand) -> Any:
        """The value of an operand, from values of which nothing behind is computed again."""
        values = dict(known)
        needed = self._needed({wanted} if isinstance(wanted, int) else set(), set(known))
        for equation in self.equations:
            if needed & set(equation.gives):
                given = equation.carry_out([read(values, o) for o in equation.takes])
                values.update(zip(equation.gives, given, strict=True))
        return read(values, wanted)

    def depends(self, variables: set[int]) -> bool:
        """Whether what it gives depends on one of these."""
        wanted = {o for o in self.outputs if isinstance(o, int)}
        return bool(self._needed(wanted, set()) & variables)

    def _needed(self, wanted: set[int], known: set[int]) -> set[int]:
        """Variables to compute."""
        needed = set(wanted)
        for equation in reversed(self.equations):
            if needed & set(equation.gives) - known:
                needed |= {o for o in equation.takes if isinstance(o, int)}
        return needed - known

    def _opened(self, closed: core.ClosedJaxpr, known: dict[Any, Operand]) -> list[Operand]:
        constants = zip(closed.jaxpr.constvars, closed.consts, strict=True)
        known |= {v: Constant(value) for v, value in constants}

        def operand(atom: Any) -> Operand:
            return Constant(atom.val) if isinstance(atom, core.Literal) else known[atom]

        for equation in closed.jaxpr.eqns:
            takes = tuple(operand(atom) for atom in equation.invars)
            inner = next(_jaxprs(equation), None)
            if inner is not None:
                inside = dict(zip(inner.jaxpr.invars, takes, strict=True))
                given = self._opened(inner, inside)
                known.update(zip(equation.outvars, given, strict=True))
                continue
            gives = tuple(self.new(v.aval) for v in equation.outvars)
            known.update(zip(equation.outvars, gives, strict=True))
            self.equations.append(Equation(equation, takes, gives))
        return [operand(atom) for atom in closed.jaxpr.outvars]


def _jaxprs(equation: Any) -> Iterator[core.ClosedJaxpr]:
    """The program within an equation that does nothing but carry it out."""
    if equation.primitive.name not in OPENED:
        return
    for name in ("jaxpr", "call_jaxpr"):
        inner = equation.params.get(name)
        if isinstance(inner, core.ClosedJaxpr):
            yield inner
        elif isinstance(inner, core.Jaxpr):
            yield core.ClosedJaxpr(inner, ())


def _names(equation: Any) -> Iterator[str]:
    """Of an operation, and of all within it."""
    yield equation.primitive.name
    for inner in core.jaxprs_in_params(equation.params):
        for one in inner.eqns:
            yield from _names(one)


def _another(keys: Any, draw: Any) -> Any:
    """Other keys of the same shape; equal ones for equal ones."""
    fold = jax.random.fold_in
    for _ in keys.shape:
        fold = jax.vmap(fold, (0, None))
    return fold(keys, draw)


def read(values: dict[int, Any], operand: Operand) -> Any:
    """An operand's value."""
    return operand.value if isinstance(operand, Constant) else values[operand]


def flattened(function: Any, *arguments: Any) -> Flat:
    """The equations of a function of arrays or pytrees of them, of which shapes alone count."""
    return Flat(jax.make_jaxpr(function)(*arguments))
