"""A script, run in this process as `python` would run it.

A new `__main__` module, `sys.argv`, `sys.path[0]`; the exit status; tracebacks without our frames.
"""

import builtins
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from unstuck.errors import UsageError
from unstuck.patch.source import decoded
from unstuck.script.shadows import given_way
from unstuck.watching.place import is_ours

INTERRUPTED = 130


@dataclass(frozen=True)
class Script:
    """What is to be run.

    Args:
        file: its absolute path.
        name: as given; `sys.argv[0]`.
        folder: becomes `sys.path[0]`.
        spec: of a module that is run with -m; None for a file.
        body: executes it in the namespace of `__main__`.
        is_plain: whether the file is the whole of what is run, so that a copy of it can be.
    """

    file: str
    name: str
    folder: str
    spec: ModuleSpec | None
    body: Callable[[dict[str, Any]], None]
    is_plain: bool = False

    def run(
        self,
        arguments: list[str],
        failed: Callable[[BaseException], None] = lambda error: None,
        tell: Callable[[str], None] = lambda says: None,
    ) -> int:
        """Runs it to its end, and to that of the threads it leaves running.

        Args:
            failed: called with what it raises, after that was told.
            tell: called with what is odd about its surroundings.

        Returns:
            the status that `python` would exit with.
        """
        main = ModuleType("__main__")
        loader = self.spec.loader if self.spec else SourceFileLoader("__main__", self.file)
        names: dict[str, Any] = {
            "__annotations__": {},
            "__builtins__": builtins,
            "__file__": self.file,
            "__cached__": self.spec.cached if self.spec else None,
            "__loader__": loader,
            "__spec__": self.spec,
            "__package__": self.spec.parent if self.spec else None,
        }
        vars(main).update(names)
        sys.modules["__main__"] = main
        sys.argv = [self.name, *arguments]

        def body() -> None:
            self.body(vars(main))
            for thread in threading.enumerate():
                own = thread is threading.current_thread() or _of_a_pool(thread)
                if not own and not thread.daemon:
                    thread.join()

        with _first(self.folder, tell):
            return as_python(body, failed)


def _first(folder: str, tell: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
    """Has a folder in the place of `sys.path` that python gives the script's, unless it was told
    not to."""
    return nullcontext() if getattr(sys.flags, "safe_path", False) else given_way(folder, tell)


# Where pools keep their threads: these end only when Python itself does, which tells them to.
_POOLS = (
    ("concurrent.futures.thread", "_threads_queues"),
    ("concurrent.futures.process", "_threads_wakeups"),
    ("joblib.externals.loky.process_executor", "_threads_wakeups"),
)


def _of_a_pool(thread: threading.Thread) -> bool:
    """Whether it waits for work of a pool that was left open, and would wait for ever."""
    return any(thread in getattr(sys.modules.get(module), name, ()) for module, name in _POOLS)


def script(
    target: str, module: bool = False, rewritten: Callable[[str], str] | None = None
) -> Script:
    """The script that a name stands for.

    Args:
        target: a Python file, a notebook, or the name of a module.
        module: whether it is a module's name.
        rewritten: what is done to a Python file's text before it is run.

    Raises:
        UsageError: nothing is there that could be run.
    """
    if module:
        return _module(target)
    path = Path(target)
    if not path.is_file():
        seen = f"{path.absolute()} is a folder" if path.is_dir() else f"no file {path.absolute()}"
        raise UsageError(seen, "a Python file or notebook", "a module is run with -m package.name")
    file = str(path.absolute())
    folder = str(path.resolve().parent)
    if path.suffix == ".ipynb":
        from unstuck.script.notebook import body

        return Script(file, target, folder, None, body(file))

    def execute(names: dict[str, Any]) -> None:
        content: bytes | str = Path(file).read_bytes()
        if rewritten is not None:
            content = rewritten(decoded(content)).removeprefix("\ufeff")  # type: ignore[arg-type]
        exec(compile(content, file, "exec", dont_inherit=True), names)

    return Script(file, target, folder, None, execute, is_plain=True)


def _module(name: str) -> Script:
    folder = os.getcwd()
    try:
        with _first(folder):
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.submodule_search_locations is not None:
                spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise UsageError(f"no module {name}: {error}", "an importable module's name") from error
    if spec is None or not isinstance(spec.loader, SourceFileLoader) or spec.origin is None:
        raise UsageError(
            f"no module {name} that can be run",
            f"a module in {folder} or an installed one; a package needs a __main__.py",
        )
    found, loader = spec, spec.loader

    def execute(names: dict[str, Any]) -> None:
        code = loader.get_code(found.name)
        assert code is not None
        exec(code, names)

    return Script(spec.origin, spec.origin, folder, spec, execute)


def as_python(
    body: Callable[[], None], failed: Callable[[BaseException], None] = lambda error: None
) -> int:
    """Runs something; tells of what it raises as `python` does.

    Args:
        failed: called with what it raises, after that was told.

    Returns:
        the exit status.
    """
    status, raised = 0, None
    try:
        body()
    except SystemExit as end:
        status = _exited(end)
    except BaseException as error:
        status, raised = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1, error
    if raised is not None:  # handled no longer: what a hook raises does not come of it
        try:
            _excepted(without_ours(raised))
        except SystemExit as end:
            status = _exited(end)
        failed(raised)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # closed, or nobody reads on
            stream.flush()
    return status


def _exited(end: SystemExit) -> int:
    """The exit status that a script asks for; told on stderr where it is no number."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF if abs(end.code) < 2**63 else 0xFF  # what a C long holds
    with suppress(BaseException):  # no stream, or no words for it
        sys.stderr.write(str(end.code))
    with suppress(BaseException):
        sys.stderr.write("\n")
    return 1


def _excepted(error: BaseException) -> None:
    """Tells of what a script raised, by its own hook where that can."""
    told = type(error), error, error.__traceback__
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        sys.stderr.write("sys.excepthook is missing\n")
        return sys.__excepthook__(*told)
    try:
        hook(*told)
    except SystemExit:
        raise
    except BaseException as of_hook:
        sys.stderr.write("Error in sys.excepthook:\n")
        sys.__excepthook__(type(of_hook), of_hook, without_ours(of_hook).__traceback__)
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(*told)


def without_ours(error: BaseException) -> BaseException:
    """The error with our frames taken out of its traceback and of those it came from."""
    left, seen = [error], set[int]()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _cut(one.__traceback__)
        left += [e for e in (one.__cause__, one.__context__) if e is not None]
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
    return error


def _cut(traceback: TracebackType | None) -> TracebackType | None:
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    hooked = any(_is_importer(f.tb_frame.f_code.co_filename) for f in frames)
    cut = None
    for f in reversed(frames):
        file = f.tb_frame.f_code.co_filename
        imports = hooked and (_is_importer(file) or file.startswith("<frozen importlib"))
        if not imports and not is_ours(file):
            cut = TracebackType(cut, f.tb_frame, f.tb_lasti, f.tb_lineno)
    return cut


def _is_importer(file: str) -> bool:
    """Whether it is what calls us when a framework is imported; Python cuts its own such frames."""
    return Path(file).parent.name == "wrapt"
