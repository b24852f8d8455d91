"""How far a study is, on stderr: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY_S = 30.0  # where there is no terminal


class Advance(Protocol):
    """Called with how many trials have come to an end, and their cost."""

    def __call__(self, trials: int, cost: float) -> None: ...


@contextmanager
def shown(console: "Console | None", total: int, cost: float, stored: int) -> Iterator[Advance]:
    """Shows progress while the block runs; the block calls what it is given as trials end.

    Time left is by cost, not by number: the costly packs run first.

    Args:
        console: where to; None for nowhere.
        total: trials of the study.
        cost: of those that will be run.
        stored: trials that came from the store and need not be run.
    """
    if console is None:
        yield lambda trials, cost: None
    elif console.is_terminal:
        with _bar(console, total, cost, stored) as advance:
            yield advance
    else:
        yield _Lines(console, total, cost, stored)


def _state(done: int, stored: int, total: int) -> str:
    note = f" ({stored} from the store)" if stored else ""
    return f"{done + stored} of {total} trials{note}"


@contextmanager
def _bar(console: "Console", total: int, cost: float, stored: int) -> Iterator[Advance]:
    from rich import progress as rich

    done = 0
    columns = (
        rich.TextColumn("training"),
        rich.BarColumn(),
        rich.TextColumn("{task.description}"),
        rich.TimeElapsedColumn(),
        rich.TextColumn("left"),
        rich.TimeRemainingColumn(),
    )
    # The speed is taken over the whole run: packs may be minutes apart.
    with rich.Progress(*columns, console=console, speed_estimate_period=1e9) as bar:
        task = bar.add_task(_state(0, stored, total), total=cost)
        bar.advance(task, 0)  # the clock starts now, not with the first pack

        def advance(trials: int, cost: float) -> None:
            nonlocal done
            done += trials
            bar.update(task, advance=cost, description=_state(done, stored, total))

        yield advance


class _Lines:
    """A plain line at the start, after that at most one every 30 s, and one at the end."""

    def __init__(self, console: "Console", total: int, cost: float, stored: int) -> None:
        self._console, self._total, self._stored = console, total, stored
        self._cost, self._cost_done, self._done = cost, 0.0, 0
        self._started = self._last = time.monotonic()
        self._print(_state(0, stored, self._total))

    def __call__(self, trials: int, cost: float) -> None:
        self._done += trials
        self._cost_done += cost
        now = time.monotonic()
        ended = self._done + self._stored == self._total
        if now - self._last < LINE_EVERY_S and not ended:
            return
        self._last = now
        elapsed = now - self._started
        line = f"{_state(self._done, self._stored, self._total)}, {elapsed:.0f} s"
        if not ended:
            left = elapsed * (self._cost - self._cost_done) / self._cost_done
            line += f", about {left:.0f} s left"
        self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
