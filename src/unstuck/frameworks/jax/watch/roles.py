"""Which arrays of a loss are inputs, which targets, and where between them the model's output is.

Followed through the loss's equations: an input meets parameters first, a target meets only what was
computed from both. The output is where everything passes on its way from the inputs to the loss.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from unstuck.frameworks.jax.flat import Equation, Flat, Operand
from unstuck.watching.unseen import Unseen


@dataclass(frozen=True)
class Roles:
    """What was found.

    Args:
        inputs, target: places among the arrays that were asked about; the target may be the one
            input.
        logits: the variable of the last pre-activation: the last of the output's that parameters
            go into.
        output: the variable of the model's output, which targets are compared with.
    """

    inputs: tuple[int, ...]
    target: int
    logits: int
    output: int


def roles(flat: Flat, parameters: Iterable[int], arrays: list[int]) -> Roles:
    """The roles of arrays in a loss.

    Args:
        flat: of the loss.
        parameters: variables that are trained.
        arrays: variables that may hold examples.

    Raises:
        Unseen: no input, or not one target; no single output.
    """
    parameters = set(parameters)
    found = _Sources(flat, parameters, arrays)
    inputs, meeting = found.kinds()
    if not inputs:
        raise Unseen("no array of examples was seen to meet its parameters")
    sizes = {flat.shapes[arrays[i]].shape[:1] for i in inputs}
    targets = [t for t in meeting if t not in inputs]
    if len(targets) > 1:  # weights of classes and what is known of positions are no examples
        targets = [t for t in targets if flat.shapes[arrays[t]].shape[:1] in sizes] or targets
    if not targets and len(own := inputs & set(meeting)) == 1:
        return _of_own_target(flat, parameters, arrays, *own)
    if len(targets) != 1:
        seen = "no array" if not targets else f"{len(targets)} arrays"
        raise Unseen(f"its outputs are compared with {seen} of examples; one can be followed")
    (target,) = targets
    cuts = found.cuts([arrays[i] for i in inputs], arrays[target])
    size = flat.shapes[arrays[target]].shape[:1]
    cuts = [v for v in cuts if flat.shapes[v].shape[:1] == size]
    if not cuts or found.goes_on(cuts[-1]):
        raise Unseen("its loss compares more than one output with the targets")
    last = max(found.joins(cuts[-1]), default=0)
    logits = next((v for v in cuts if v >= last), cuts[-1])
    return Roles(tuple(sorted(inputs)), target, logits, cuts[-1])


def _of_own_target(flat: Flat, parameters: set[int], arrays: list[int], own: int) -> Roles:
    """The roles where an input is what its output is compared with, as in an autoencoder."""
    apart, twin = with_own_target(flat, parameters, arrays[own])
    found = roles(apart, parameters, [*arrays, twin])
    return replace(found, target=own)


def with_own_target(
    flat: Flat, parameters: set[int], own: int, twin: int | None = None
) -> tuple[Flat, int]:
    """A program with another variable in place of an input wherever that meets what was computed
    from it and parameters.

    Args:
        own: the input.
        twin: the other variable; None for a new one.
    """
    made = flat.copied()
    twin = made.new(flat.shapes[own]) if twin is None else twin
    twins, learned, computed = {own: twin}, set(parameters), set[int]()
    for equation in flat.equations:
        takes = {o for o in equation.takes if isinstance(o, int)}
        bare = takes & set(twins)
        if takes & computed or (bare and takes & learned):
            computed |= set(equation.gives)
        elif bare:  # of the input alone: computed of the other one as well
            gives = tuple(made.new(flat.shapes[v]) for v in equation.gives)
            made.equations.append(equation)
            twins |= dict(zip(equation.gives, gives, strict=True))
            equation = replace(equation, takes=_put(equation.takes, twins), gives=gives)
        elif takes & learned:
            learned |= set(equation.gives)
        if bare and takes & computed:
            equation = replace(equation, takes=_put(equation.takes, twins))
        made.equations.append(equation)
    return made.lean(), twin


def _put(takes: tuple[Operand, ...], others: dict[int, int]) -> tuple[Operand, ...]:
    return tuple(others.get(o, o) if isinstance(o, int) else o for o in takes)


class _Sources:
    """What each variable was computed from: "p" the parameters, or the place of an array."""

    def __init__(self, flat: Flat, parameters: set[int], arrays: list[int]) -> None:
        self._flat = flat
        self._of: dict[int, frozenset[int | str]] = {v: frozenset({"p"}) for v in parameters}
        self._of |= {v: frozenset({i}) for i, v in enumerate(arrays)}
        for equation in flat.equations:
            every = frozenset[int | str]().union(*self._operands(equation))
            self._of.update(dict.fromkeys(equation.gives, every))

    def _operands(self, equation: Equation) -> list[frozenset[int | str]]:
        return [self._of.get(o, frozenset()) for o in equation.takes if isinstance(o, int)]

    def kinds(self) -> tuple[set[int], list[int]]:
        """Places of arrays that meet bare parameters, and of those that meet what others became."""
        inputs: set[int] = set()
        targets: dict[int, None] = {}
        for equation in self._flat.equations:
            operands = self._operands(equation)
            data = [s for s in operands if s and "p" not in s]
            if frozenset({"p"}) in operands:
                inputs |= {int(i) for s in data for i in s}
            elif any("p" in s and len(s) > 1 for s in operands):
                targets |= {int(i): None for s in data for i in s}
        return inputs, list(targets)

    def joins(self, until: int) -> list[int]:
        """Variables at which parameters alone go into what inputs became, up to one of them."""
        return [
            v
            for equation in self._flat.equations
            for v in equation.gives
            if v <= until and frozenset({"p"}) in self._operands(equation) and len(self._of[v]) > 1
        ]

    def goes_on(self, cut: int) -> bool:
        """Whether parameters go into the examples of a variable: it is no output."""
        size = self._flat.shapes[cut].shape[:1]
        behind = {cut}
        for equation in self._flat.equations:
            after = {o for o in equation.takes if o in behind}
            behind |= set(equation.gives) if after else set()
            rows = any(self._flat.shapes[v].shape[:1] == size for v in after)
            if rows and frozenset({"p"}) in self._operands(equation):
                return True
        return False

    def cuts(self, inputs: list[int], target: int) -> list[int]:
        """Variables that all ways from the inputs to the loss pass before any meets the target, in
        the order in which they are computed."""
        wanted = {o for o in self._flat.outputs if isinstance(o, int)}
        for equation in reversed(self._flat.equations):
            if wanted & set(equation.gives):
                wanted |= {o for o in equation.takes if isinstance(o, int)}
        place = next(iter(self._of[target]))
        found, open_ = [], set(inputs)  # variables of inputs that are still to be read
        last = {v: i for i, e in enumerate(self._flat.equations) for v in e.takes if v in wanted}
        for i, equation in enumerate(self._flat.equations):
            takes = {o for o in equation.takes if isinstance(o, int)}
            if not takes & open_ or not wanted & set(equation.gives):
                continue
            made = set(equation.gives) & wanted
            if any(place in self._of[v] for v in made):
                break
            open_ = {v for v in open_ | made if last.get(v, -1) > i}
            if len(open_) == 1 and "p" in self._of[next(iter(open_))]:
                found.append(next(iter(open_)))
        return found
