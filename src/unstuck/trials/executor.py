"""An executor does jobs somewhere: in this process, or on any `concurrent.futures.Executor`.

It knows nothing of trials, stores, progress or verdicts.
"""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from unstuck import __version__
from unstuck.errors import TrialsFailed, UnstuckError, UsageError

Job = TypeVar("Job")
Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)

TRIES = 3  # times that a job is sent beside others before it is sent alone
POLL_S = 0.2  # between two looks at futures that cannot be waited for


@dataclass(frozen=True)
class Lost(Generic[Job]):
    """A job whose workers ended before it did, the last one while it was the only job."""

    job: Job
    reason: str


class Executor(Protocol[Job, Given]):
    """Does jobs; what is done to one, the executor was made with."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Given | Lost[Job]]:
        """Yields each job's result as it is there, in any order.

        Jobs are taken from the iterable in the caller's thread, as there is room for them:
        however many there are, few are held at a time.

        Raises:
            UnstuckError: as the work raises it.
            TrialsFailed: the work raised something else, or no job comes to an end at all.
        """
        ...

    def stop(self) -> None:
        """Ends all work at once; what has not been yielded is lost. May be called twice."""
        ...


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


class Pool(Protocol):
    """What is asked of a `concurrent.futures.Executor`: a subclass, or whatever looks like one."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """A future of function(*arguments): with `done`, `result` and `cancel`."""
        ...


class Pooled(Generic[Job, Result]):
    """Does jobs on a `concurrent.futures.Executor`: processes, Ray, dask, loky, submitit, MPI.

    What `work` raises comes back as a value; so what a future raises means that its worker has
    ended, and the job is sent again. A job that was lost `TRIES` times beside others is at last
    sent when nothing else is under way: whoever is lost then has only itself to blame.

    Args:
        work: job ↦ result; like both, something that can be pickled.
        pool: makes the executor; called again when that one is broken.
        ahead: at most so many jobs are under way; twice the workers keeps them busy. A function
            where the number of workers may change.
    """

    def __init__(
        self,
        work: Callable[[Job], Result],
        pool: Callable[[], Pool],
        ahead: int | Callable[[], int],
    ) -> None:
        self._work, self._make = work, pool
        self._ahead = ahead if callable(ahead) else lambda: ahead
        self._pool: Pool | None = None
        self._under_way: dict[Any, tuple[Job, int]] = {}  # future -> job, times it was lost
        self._in_a_row = 0  # losses since a job came to an end

    def run(self, jobs: Iterable[Job]) -> Iterator[Result | Lost[Job]]:
        """See `Executor`."""
        self._in_a_row, suspects = 0, list[Job]()
        for job, result, reason in self._sent(jobs, self._ahead, TRIES):
            if reason is None:
                yield result
            else:
                suspects.append(job)
        for job, result, reason in self._sent(suspects, lambda: 1, 1):
            yield result if reason is None else Lost(job, reason)

    def _sent(
        self, jobs: Iterable[Job], ahead: Callable[[], int], tries: int
    ) -> Iterator[tuple[Job, Any, str | None]]:
        """Each job with its result, or with why it was lost the last time."""
        fresh, again = iter(jobs), list[tuple[Job, int]]()
        for job in islice(fresh, 1):  # which makes the pool: then its size can be told
            self._send(job, 0)
        while True:
            room = ahead() - len(self._under_way)
            while again and room > 0:
                self._send(*again.pop())
                room -= 1
            for job in islice(fresh, max(room, 0)):
                self._send(job, 0)
            if not self._under_way:
                return
            for future in _first_done(self._under_way):
                job, lost = self._under_way.pop(future)
                try:
                    result = future.result()
                except Exception as error:
                    reason = _in_a_line(error)
                    self._count(reason)
                    if lost + 1 < tries:
                        again.append((job, lost + 1))
                    else:
                        yield job, None, reason
                    continue
                self._in_a_row = 0
                if isinstance(result, _Raised):
                    raise result.error
                yield job, result, None

    def _send(self, job: Job, lost: int) -> None:
        sender, reason = (platform.node(), os.getpid(), __version__), ""
        for pool in (self._pool, None):
            if pool is None:  # none yet, or a broken one
                self._close()
                pool = self._pool = self._make()
            try:
                self._under_way[pool.submit(_answer, self._work, job, sender)] = (job, lost)
                return
            except Exception as error:
                reason = _in_a_line(error)
        raise _no_worker(reason)

    def _count(self, reason: str) -> None:
        """A job was lost: where all are, something else than a job is wrong."""
        self._in_a_row += 1
        if self._in_a_row > TRIES * max(TRIES + 1, self._ahead()):
            raise _no_worker(reason)

    def stop(self) -> None:
        """See `Executor`."""
        self._close()
        self._under_way.clear()

    def _close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for future in self._under_way:
            future.cancel()
        if callable(shutdown := getattr(pool, "shutdown", None)):
            with suppress(Exception):  # one that is broken or closed may refuse
                shutdown(wait=False)


def _in_a_line(error: Exception) -> str:
    """Type and last line: before it some libraries put a whole traceback."""
    *_, last = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {last}".rstrip(": ")


def _no_worker(reason: str) -> TrialsFailed:
    return TrialsFailed(
        f"workers were lost one after the other, the last with: {reason}",
        "workers that live, and can import what they are sent; trials that had finished are stored",
        "they may have run out of memory: give the same command again, with fewer workers; "
        "it goes on from there",
    )


def _first_done(futures: Iterable[Any]) -> list[Any]:
    """Those that have come to an end, once there are any."""
    futures = list(futures)
    if all(isinstance(future, Future) for future in futures):
        return list(wait(futures, return_when=FIRST_COMPLETED).done)
    while not (done := [future for future in futures if future.done()]):
        time.sleep(POLL_S)
    return done


# Below: what runs in a worker.


@dataclass(frozen=True)
class _Raised:
    error: UnstuckError


def _answer(work: Callable[[Job], Result], job: Job, sender: tuple[str, int, str]) -> Any:
    """What the work gives, or an exception that it raised, as a value."""
    *process, version = sender
    if version != __version__:
        return _Raised(
            UsageError(
                f"a worker has unstuck {__version__}, who sent it trials has {version}",
                "the same version",
                f"install unstuck {version} where the workers run",
            )
        )
    if process != [platform.node(), os.getpid()]:  # not a thread of the sender's
        one_thread()
    try:
        return work(job)
    except UnstuckError as error:
        return _Raised(error)
    except Exception as error:
        return _Raised(TrialsFailed(f"{type(error).__name__}: {error}"))


def one_thread() -> None:
    """Has XLA and BLAS use one thread in this process, if they have not begun yet.

    Workers of one thread finish more trials an hour than one process of many threads does.
    """
    # The flag alone leaves products on as many threads as NPROC says, by default one per core
    # (seen with jaxlib 0.10.2).
    flags = os.environ.get("XLA_FLAGS", "")
    if "--xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    os.environ["NPROC"] = os.environ["OMP_NUM_THREADS"] = "1"
