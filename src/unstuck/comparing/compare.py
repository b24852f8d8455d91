"""Two scripts compared: the record."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from unstuck.comparing.bench import Bench
from unstuck.comparing.differences import pair
from unstuck.comparing.plan import Failed, Found, compared
from unstuck.errors import UsageError
from unstuck.records.comparison import Comparison, Difference
from unstuck.records.effect import Effect
from unstuck.records.quantity import quantity

MEASURE = "skill: 1 − loss at the end over that of knowing nothing, by the script's own loss"


def compare(
    names: tuple[str, str],
    texts: tuple[str, str],
    script: Path,
    arguments: Sequence[str],
    folder: Path,
    budget: float,
    told: Callable[[str], None] = lambda says: None,
) -> tuple[Comparison, KeyboardInterrupt | None]:
    """Says which of two scripts' differences makes one learn more than the other.

    Both, and scripts with some of the differences, are run in copies of the script's folder, under
    the watch of `unstuck run`, on the same seeds.

    Args:
        names: of the scripts.
        texts: of the scripts.
        script: the first one's file: its folder is copied.
        arguments: of both.
        folder: that they are started in.
        budget: seconds.
        told: called with what is being tried.

    Returns:
        the record; and what interrupted it, where it holds what was seen until then.

    Raises:
        UsageError: they do not differ, or one of them does not run.
        KeyboardInterrupt: before both had been run once.
    """
    began = time.monotonic()
    both = pair(*texts)
    if not both.parts:
        raise UsageError(
            f"{names[0]} and {names[1]} differ in nothing but comments and layout",
            "two scripts that do something else",
        )
    bench = Bench(both, script, arguments, folder, began + budget, told)
    try:
        found = compared(len(both.parts), bench.run)
    except Failed as reason:
        if bench.interrupt is not None:
            raise bench.interrupt from None
        raise UsageError(str(reason), "two scripts that run and train") from None
    towards = both.reversed() if found.swapped else both
    differences = tuple(
        Difference(
            tuple(span[0] + 1 for span, _ in part.spans),
            towards.diff(i),
            found.role(i),
            found.alone.get(i),
            found.without.get(i),
        )
        for i, part in enumerate(towards.parts)
    )
    worse, better = reversed(names) if found.swapped else names
    made = Comparison(
        worse,
        better,
        _says(found, differences, worse, better),
        MEASURE,
        found.total,
        found.together,
        differences,
        bench.runs,
        bench.failed,
        time.monotonic() - began,
        budget,
    )
    return made, bench.interrupt


def _says(found: Found, differences: Sequence[Difference], worse: str, better: str) -> str:
    apart = effect_says(found.total)
    if found.kept is None:
        if found.same:
            return f"{worse} and {better} learn alike: {apart}"
        return f"No difference between {worse} and {better} is beyond chance: {apart}"
    made = [differences[i] for i in found.kept]
    lines = ", ".join(str(line) for d in made for line in d.at)
    at = f"line{'s' if ',' in lines else ''} {lines}"
    if not found.confirmed or found.together is None:
        return (
            f"{better} learns more than {worse} ({apart}); what stands at {at} of {worse} may make"
            " it, but there was no time to see that on other seeds"
        )
    return f"What stands at {at} of {worse} makes it: as in {better}, {effect_says(found.together)}"


def effect_says(effect: Effect) -> str:
    """ "skill 0.02 → 0.93, +0.91 (95 % CI 0.88 to 0.94, 5 seeds)"."""
    told = f"skill {quantity(effect.base)} → {quantity(effect.value)}"
    seeds = f"{effect.n} seed{'s' * (effect.n > 1)}"
    if effect.n < 2:
        return f"{told}, {effect.effect:+.2f} ({seeds})".replace("-", "−")
    interval = f"95 % CI {effect.low:.2f} to {effect.high:.2f}, {seeds}"
    return f"{told}, {effect.effect:+.2f} ({interval})".replace("-", "−")
