"""Runs trials: leaves out what the store has, runs the rest, stores each pack as it ends."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from unstuck.errors import TrialsFailed
from unstuck.trials.claims import Claims
from unstuck.trials.design import BLOCK, Pack, Trial, cost, packs
from unstuck.trials.executor import Lost
from unstuck.trials.pack_training import Failed
from unstuck.trials.progress import Advance, shown

if TYPE_CHECKING:
    from rich.console import Console

    from unstuck.engine.setup import Setup
    from unstuck.trials.executor import Executor
    from unstuck.trials.pack_training import Finished
    from unstuck.trials.store import Store

WIDTH = 4  # trials a pack: more do not pay for 784-128-10 on a CPU (its state leaves the cache)
POLL_S = 0.5  # between two looks at what another start is running
HOPELESS = 20  # failed trials, and none that finished: what fails is not the trials


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a study; its message says how to go on.

    Args:
        done: trials of the study that are stored.
        total: trials of the study.
        path: the store.
    """

    def __init__(self, done: int, total: int, path: Path) -> None:
        self.done, self.total, self.path = done, total, path
        super().__init__(
            f"interrupted: {done} of {total} trials are stored in {path}\n"
            "to do: give the same command again, and it goes on from there"
        )

    def __reduce__(self) -> tuple[type["Interrupted"], tuple[int, int, Path]]:
        return type(self), (self.done, self.total, self.path)


def run(
    trials: Collection[Trial],
    store: "Store",
    executor: "Executor[Pack, Finished]",
    *,
    width: "Callable[[Setup], int] | int" = WIDTH,
    progress: "bool | Console" = True,
) -> tuple[Failed, ...]:
    """Has a record of each trial in the store; only those that it lacks are run.

    Starts that share a store share the work. However many trials there are, few are held.

    Args:
        trials: what the study consists of, each once.
        store: where records are looked for, and put as each pack ends.
        executor: runs the packs.
        width: trials a pack, or a function of the set-up (see `design.packs`).
        progress: a console to show progress on; True for stderr, False for none.

    Returns:
        The trials that came to no end, and why; they end nothing else, and are tried again by the
        next start.

    Raises:
        Interrupted: Ctrl-C; what was running is lost, all that had finished is stored.
        TrialsFailed: one after the other failed, and none came to its end.
        UnstuckError: as the store and the executor raise it.
    """
    count, work = _amount(_missing(trials, store))
    if not count:
        return ()
    stored = len(trials) - count
    try:
        with (
            Claims(store) as claims,
            shown(_console(progress), len(trials), work, stored) as advance,
        ):
            running = _Running(store, claims, advance)
            todo: Iterable[Pack] = packs(_missing(trials, store), width)
            while todo := running.left(executor, todo):
                pass
            return tuple(running.failed)
    except KeyboardInterrupt:
        # Counted in the store: the interruption may have come between putting and noting.
        left, _ = _amount(_missing(trials, store))
        raise Interrupted(len(trials) - left, len(trials), store.path) from None
    finally:
        executor.stop()


class _Running:
    """One start's part of a study."""

    def __init__(self, store: "Store", claims: Claims, advance: Advance) -> None:
        self._store, self._claims, self._advance = store, claims, advance
        self.failed: list[Failed] = []
        self._finished = False

    def left(self, executor: "Executor[Pack, Finished]", todo: Iterable[Pack]) -> list[Pack]:
        """Runs packs; returns what is left for a next turn: packs that another start runs, and
        the single trials of packs that were lost."""
        later: list[Pack] = []
        idle = True
        for outcome in executor.run(self._claimed(todo, later)):
            idle = False
            if not isinstance(outcome, Lost):
                self._keep(outcome)
                continue
            lost = outcome.job.trials
            self._claims.drop(trial.key for trial in lost)
            if len(lost) > 1:
                later += [Pack((trial,)) for trial in lost]
            else:
                self._give_up(Failed(lost[0], f"its worker died: {outcome.reason}"))
                self._advance(1, outcome.job.cost)
        if idle and later:
            time.sleep(POLL_S)
        return later

    def _claimed(self, todo: Iterable[Pack], later: list[Pack]) -> Iterator[Pack]:
        """What is this start's to run of each pack; what another start has goes to `later`."""
        for pack in todo:
            ours = self._claims.take(trial.key for trial in pack.trials)
            others = [trial for trial in pack.trials if trial.key not in ours]
            missing = self._store.missing(trial.key for trial in others)
            if waiting := tuple(trial for trial in others if trial.key in missing):
                later.append(Pack(waiting))
            for trial in others:
                if trial.key not in missing:  # another start stored it
                    self._advance(1, cost(trial.setup))
            if ours:
                yield Pack(tuple(trial for trial in pack.trials if trial.key in ours))

    def _keep(self, finished: "Finished") -> None:
        done = finished.pack.trials
        for trial, record in zip(done, finished.records, strict=True):
            if isinstance(record, Failed):
                self._give_up(record)
            else:
                self._store.put(trial, record, finished.seconds / len(done))
                self._finished = True
        self._claims.drop(trial.key for trial in done)
        self._advance(len(done), finished.pack.cost)

    def _give_up(self, failed: Failed) -> None:
        self._store.fail(failed.trial, failed.reason)
        self.failed.append(failed)
        if len(self.failed) >= HOPELESS and not self._finished:
            raise TrialsFailed(
                f"{len(self.failed)} trials failed and none came to its end, the last with: "
                f"{failed.reason}",
                "trials that can be run",
                "if it is no mistake in what was asked for, please report it with these lines",
            )


def _missing(trials: Iterable[Trial], store: "Store") -> Iterator[Trial]:
    """Those that are not stored; looked up in blocks."""
    trials = iter(trials)
    while block := list(islice(trials, BLOCK)):
        missing = store.missing(trial.key for trial in block)
        yield from (trial for trial in block if trial.key in missing)


def _amount(trials: Iterable[Trial]) -> tuple[int, float]:
    """How many, and their cost."""
    count, work = 0, 0.0
    for trial in trials:
        count, work = count + 1, work + cost(trial.setup)
    return count, work


def _console(progress: "bool | Console") -> "Console | None":
    if not isinstance(progress, bool):
        return progress
    if not progress:
        return None
    from rich.console import Console

    return Console(stderr=True)
