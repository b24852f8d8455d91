"""What a command does where it is told to end: Ctrl-C, and SIGTERM, as schedulers send it."""

import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

_INTERRUPTED, _TERMINATED = 130, 143  # exit statuses
_HOOKS = ("excepthook", "unraisablehook")
_hooks = sys.excepthook, sys.unraisablehook  # as they were before the command line's own
_scripts: tuple[Any, Any] = _hooks  # as a script left them
_told_to_end = threading.Event()  # by SIGTERM: libraries make interruptions of their own of ours


def how_it_ended(interrupt: KeyboardInterrupt) -> tuple[str, int]:
    """What is said of an interruption, and the exit status."""
    says = str(interrupt) or "interrupted"
    if _told_to_end.is_set():
        more = says.removeprefix("interrupted") if says.startswith("interrupted") else ""
        return f"told to end (SIGTERM){more}", _TERMINATED
    return says, _INTERRUPTED


@contextmanager
def interruptible() -> Iterator[None]:
    """Takes SIGTERM for an interruption, and repeats one that Python would lose.

    One that arrives while a finalizer or a callback of the garbage collector runs is printed and
    ignored (`sys.unraisablehook`); it is sent again a moment later, when that has ended.
    """
    before = sys.unraisablehook

    def told(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(0.01, interrupt_main).start()
        else:
            before(unraisable)

    def ended(number: int, frame: object) -> None:
        _told_to_end.set()
        raise KeyboardInterrupt

    sys.unraisablehook = told
    try:
        with _on_sigterm(ended):
            yield
    finally:
        if sys.unraisablehook is told:  # not a script's own
            sys.unraisablehook = before


@contextmanager
def as_python(write: Callable[[], None] | None) -> Iterator[None]:
    """Leaves Python's hooks to a script, and ends at SIGTERM as it does under python: at once, by
    the signal.

    Args:
        write: called before, where what was found is to be written; None, and nothing of ours is
            there while the script runs.
    """
    process = os.getpid()

    def ended(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        with suppress(Exception):
            if write is not None and os.getpid() == process:  # not one that the script forked
                write()
        os.kill(os.getpid(), number)

    global _scripts
    kept = _hooked()
    _hook(_hooks)
    try:
        with _on_sigterm(signal.SIG_DFL if write is None else ended):
            yield
    finally:
        _scripts = _hooked()
        _hook(kept)


def leave_to_the_script() -> None:
    """Python's hooks are as a script left them: what it does at exit is still to come."""
    _hook(_scripts)


def _hooked() -> tuple[Any, Any]:
    """Python's hooks; None for one that a script took away."""
    return getattr(sys, _HOOKS[0], None), getattr(sys, _HOOKS[1], None)


def _hook(hooks: tuple[Any, Any]) -> None:
    for name, hook in zip(_HOOKS, hooks, strict=True):
        if hook is not None:
            setattr(sys, name, hook)
        elif hasattr(sys, name):
            delattr(sys, name)


@contextmanager
def _on_sigterm(handler: Any) -> Iterator[None]:
    """A handler of ours, unless we are in a thread or whoever started us ignores the signal."""
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
