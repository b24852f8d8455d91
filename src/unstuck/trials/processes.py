"""Worker processes with one thread each, by default one a core."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

from unstuck.trials.executor import Job, Pooled, Result, one_thread


def processes(work: Callable[[Job], Result], workers: int | None = None) -> Pooled[Job, Result]:
    """Does jobs in worker processes, which end with this one, however it ends.

    Args:
        work: job ↦ result.
        workers: processes; None for one per core that this process may use.
    """
    count = workers or cores()
    return Pooled(work, lambda: Workers(count), 2 * count)


def cores() -> int:
    """Cores that this process may use; where that is not told, those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(ProcessPoolExecutor):
    """A pool of spawned processes: a fork would copy XLA's locks.

    Args:
        count: processes; each is started when it is needed.
    """

    def __init__(self, count: int) -> None:
        super().__init__(count, mp_context=multiprocessing.get_context("spawn"), initializer=_start)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """As its base does; processes that it starts do not see Ctrl-C."""
        with _interrupts_kept_from_children():
            return super().submit(function, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """Kills the workers, busy or not; returns within a second."""
        # Killed, not asked: a worker may be minutes deep in compiled code. Python 3.14 has
        # `kill_workers` for this.
        for worker in list((self._processes or {}).values()):
            worker.kill()
        super().shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Processes started in here never see Ctrl-C, not even before their first line has run.

    A terminal sends it to every process of the group. A blocked signal stays blocked in the
    children. Here it waits until all have been started: one whose start was broken off half way
    would complain of it.
    """
    # Blocking it does not suffice: a thread of a library that does not block it would take it,
    # and Python would interrupt this one.
    with _noted(signal.SIGINT), _blocked(signal.SIGINT):
        yield


@contextmanager
def _noted(number: signal.Signals) -> Iterator[None]:
    """The signal's handler is called on leaving."""
    handler = signal.getsignal(number)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield  # Python calls handlers in the main thread alone
        return
    came: list[FrameType | None] = []
    signal.signal(number, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(number, handler)
    if came:
        handler(number, came[0])


@contextmanager
def _blocked(number: signal.Signals) -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


# Below: what runs in a worker.


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # one GPU is not for all workers at once


def _end_with_parent() -> None:
    """Ends this process when the parent has ended, however that came about."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
