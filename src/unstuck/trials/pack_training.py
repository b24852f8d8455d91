"""What is done to a pack, wherever it is done: its trials are trained, and what fails is told."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from unstuck.errors import DataError, UnstuckError
from unstuck.trials.design import Pack, Trial, summary
from unstuck.trials.executor import InLine

if TYPE_CHECKING:
    from unstuck.data.dataset import Dataset


class Source(Protocol):
    """Where data come from: picklable, loads in any process. `unstuck.data.DataRef` is one."""

    def load(self) -> "Dataset":
        """The data set; quick when asked again in the same process."""
        ...


@dataclass(frozen=True)
class Failed:
    """A trial that came to no end, and why."""

    trial: Trial
    reason: str


@dataclass(frozen=True)
class Finished:
    """A pack that was run: what came of each trial, in the pack's order, and seconds in all."""

    pack: Pack
    records: list[dict[str, Any] | Failed]
    seconds: float


def training(source: Source) -> Callable[[Pack], Finished]:
    """The work on a pack: trains it, and where that raises, each of its trials alone.

    It raises DataError if the data cannot be had, or are not those that the trials were made for.

    Args:
        source: loaded where the work is done, once a process.
    """
    return partial(_finished, source=source)


def in_line(source: Source) -> InLine[Pack, Finished]:
    """Runs packs in this process: for tests and tiny jobs."""
    return InLine(training(source))


def _finished(pack: Pack, source: Source) -> Finished:
    started = time.perf_counter()
    data, wanted = source.load(), pack.trials[0].data
    if data.fingerprint != wanted:
        raise DataError(
            f"the data set {data.name} has changed: its fingerprint is {data.fingerprint[:12]}",
            f"{wanted[:12]}, as when the study began",
            "give the command again: trials on the new data are stored beside the old",
        )
    return Finished(pack, _records(pack.trials, data), time.perf_counter() - started)


def _records(trials: tuple[Trial, ...], data: "Dataset") -> list[dict[str, Any] | Failed]:
    from unstuck.engine.training import train  # here, so that a worker's settings come first

    try:
        trained = train([trial.setup for trial in trials], [trial.seed for trial in trials], data)
    except Exception as error:  # whatever it is, it is this pack's own
        if len(trials) > 1:
            return [record for trial in trials for record in _records((trial,), data)]
        (trial,) = trials
        said = error.seen if isinstance(error, UnstuckError) else f"{type(error).__name__}: {error}"
        return [Failed(trial, f"{said} (in {summary(trial.setup)})")]
    return [asdict(record) for record in trained]
