"""Who runs packs: this process, or one worker process per core. A cluster can join as another.

An executor turns packs into records and knows nothing of stores, progress or verdicts.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from unstuck.errors import DataError, TrialsFailed, UnstuckError
from unstuck.trials.design import Pack, summary

if TYPE_CHECKING:
    from unstuck.data.dataset import Dataset

Job = TypeVar("Job")
Result = TypeVar("Result")


class Source(Protocol):
    """Where data come from: picklable, loads in any process. `unstuck.data.DataRef` is one."""

    def load(self) -> "Dataset":
        """The data set; quick when asked again in the same process."""
        ...


@dataclass(frozen=True)
class Finished:
    """A pack that was run: one record a trial in the pack's order, and wall-clock seconds."""

    pack: Pack
    records: list[dict[str, Any]]
    seconds: float


class Executor(Protocol):
    """Runs packs."""

    def run(self, packs: Sequence[Pack]) -> Iterator[Finished]:
        """Yields each pack as it finishes, in any order; starts them in the order given.

        Raises:
            UnstuckError: a trial cannot be run as it is specified, or its data cannot be had.
            TrialsFailed: a trial raised something else, or a worker died.
        """
        ...

    def stop(self) -> None:
        """Ends all work at once; what has not been yielded is lost. May be called twice."""
        ...


def train_pack(pack: Pack, source: Source) -> Finished:
    """Runs a pack in this process.

    Raises:
        DataError: the data are not those that the trials were made for.
        TrialsFailed: whatever was raised that is not an UnstuckError, explained.
    """
    started = time.perf_counter()
    try:
        from unstuck.engine.training import (
            train,
        )  # here, so that a worker's settings come first

        data, wanted = source.load(), pack.trials[0].data
        if data.fingerprint != wanted:
            raise DataError(
                f"the data set {data.name} has changed: its fingerprint is {data.fingerprint[:12]}",
                f"{wanted[:12]}, as when the study began",
                "give the command again: trials on the new data are stored beside the old",
            )

        setups = [trial.setup for trial in pack.trials]
        records = train(setups, [trial.seed for trial in pack.trials], data)
    except UnstuckError:
        raise
    except Exception as error:
        raise TrialsFailed(
            f"{type(error).__name__}: {error} (in {summary(pack.trials[0].setup)})",
            todo="this is likely a mistake in unstuck: please report it with these lines",
        ) from error
    return Finished(pack, [asdict(r) for r in records], time.perf_counter() - started)


class InLine(Generic[Job, Result]):
    """Does jobs one after the other in this process; cases' packs and proofs' trials alike.

    Args:
        work: job ↦ result.
    """

    name = "in line"

    def __init__(self, work: Callable[[Job], Result]) -> None:
        self._work = work

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yields each job's result as it is there."""
        for job in jobs:
            yield self._work(job)

    def stop(self) -> None:
        """Nothing runs between jobs."""


def in_line(source: Source) -> InLine[Pack, Finished]:
    """Runs packs in this process: for tests and tiny jobs."""
    return InLine(lambda pack: train_pack(pack, source))


class ProcessExecutor:
    """Runs packs in worker processes with one thread each, by default one process per core.

    Workers of one thread finish more trials an hour than one process of many threads does.

    Args:
        source: loaded by each worker for itself.
        workers: processes; None for one per core that this process may use.
    """

    def __init__(self, source: Source, workers: int | None = None) -> None:
        self._source = source
        self._workers = workers or cores()
        self._pool: ProcessPoolExecutor | None = None

    def run(self, packs: Sequence[Pack]) -> Iterator[Finished]:
        """See `Executor`."""
        if not packs:
            return
        self.stop()
        self._pool = ProcessPoolExecutor(
            min(self._workers, len(packs)),
            mp_context=multiprocessing.get_context("spawn"),  # a fork would copy XLA's locks
            initializer=_start_worker,
            initargs=(self._source,),
        )
        try:
            with _interrupts_kept_from_children():
                futures = [self._pool.submit(_work, pack) for pack in packs]
            for future in as_completed(futures):
                yield _result(future)
        finally:
            self.stop()

    def stop(self) -> None:
        """Kills the workers; returns within a second."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # Killed, not asked: a worker may be minutes deep in compiled code. Python 3.14 has
        # `kill_workers` for this.
        for worker in list((pool._processes or {}).values()):
            worker.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use; where that is not told, those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _result(future: Future[Finished]) -> Finished:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise TrialsFailed(
            "a worker process died; trials that had finished are stored",
            todo="it may have run out of memory: give the same command again, with fewer "
            "workers; it goes on from there",
        ) from error


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Processes started in here never see Ctrl-C, not even before their first line has run.

    A terminal sends it to every process of the group. A blocked signal stays blocked in the
    children; here it arrives on leaving.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


# Below: what runs in a worker.

_source: Source


def _start_worker(source: Source) -> None:
    global _source
    _source = source
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The flag alone leaves products on as many threads as NPROC says, by default one per core
    # (seen with jaxlib 0.10.2).
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    os.environ["NPROC"] = os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


def _end_with_parent() -> None:
    """Ends this process when the parent has ended, however that came about."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(pack: Pack) -> Finished:
    return train_pack(pack, _source)
