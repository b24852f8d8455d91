"""Runs a study: takes from the store what is there, runs the rest, stores it as it ends."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstuck.trials.design import Trial, packs
from unstuck.trials.progress import shown

if TYPE_CHECKING:
    from rich.console import Console

    from unstuck.engine.setup import Setup
    from unstuck.trials.executor import Executor
    from unstuck.trials.store import Store

WIDTH = 4  # trials a pack: more do not pay for 784-128-10 on a CPU (its state leaves the cache)


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
    trials: Sequence[Trial],
    store: "Store",
    executor: "Executor",
    *,
    width: "Callable[[Setup], int] | int" = WIDTH,
    progress: "bool | Console" = True,
) -> dict[str, dict[str, Any]]:
    """The records of all trials by key; only those that are not stored yet are run.

    Args:
        trials: what the study consists of.
        store: where records are looked for, and put as each pack ends.
        executor: runs the packs.
        width: trials a pack, or a function of the set-up (see `design.packs`).
        progress: a console to show progress on; True for stderr, False for none.

    Raises:
        Interrupted: Ctrl-C; what was running is lost, all that had finished is stored.
        UnstuckError: as the store and the executor raise it.
    """
    wanted = {trial.key: trial for trial in trials}
    records = store.get_many(wanted)
    stored = len(records)
    todo = packs([trial for key, trial in wanted.items() if key not in records], width)
    try:
        with shown(_console(progress), todo, stored) as advance:
            for finished in executor.run(todo):
                done = finished.pack.trials
                for trial, record in zip(done, finished.records, strict=True):
                    store.put(trial, record, finished.seconds / len(done))
                    records[trial.key] = record
                advance(finished.pack)
    except KeyboardInterrupt:
        # Counted in the store: the interruption may have come between putting and noting.
        raise Interrupted(len(store.get_many(wanted)), len(wanted), store.path) from None
    finally:
        executor.stop()
    return records


def _console(progress: "bool | Console") -> "Console | None":
    if not isinstance(progress, bool):
        return progress
    if not progress:
        return None
    from rich.console import Console

    return Console(stderr=True)
