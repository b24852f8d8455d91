"""Where commands write to: refused before the work starts."""

import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstuck.errors import NotWritten, UnstuckError, UsageError, named
from unstuck.report.writing import file_at, is_stdout, write

if TYPE_CHECKING:
    from rich.console import Console

    from unstuck.records.run import RunRecord

# How what is written here begins, or what it says there: records, SARIF, pages, lists and diffs.
_REPORT = re.compile(
    rb'\A\s*\{\s*"(?:unstuck|size|worse)":|"name": "unstuck"|unstuck</title>'
    rb"|Made by `unstuck |\A--- a/|\A\s*\Z"
)
_HEAD = 1 << 16  # bytes of a file in which that is looked for
EXPECTED = "a file that is not there yet, or an earlier report"
UNWRITTEN = 3  # exit status where an output could not be written


def console(stderr: bool = False) -> "Console":
    """The terminal."""
    from unstuck.report.console import Console

    return Console(stderr=stderr)


def command_line() -> str:
    """The command as it was given, fit for a shell; to be asked before a script takes its place."""
    return shlex.join(["unstuck", *sys.argv[1:]])


def must_be_writable(
    outputs: Mapping[str, Path | None], inputs: Iterable[str | os.PathLike[str]] = ()
) -> None:
    """Refuses outputs before anything is done, not an hour later.

    Args:
        outputs: by the option that names each.
        inputs: files that must not be written over: the script, data, a model.

    Raises:
        UsageError: one cannot be written, is an input, code, data or a model, or is another
            output too.
    """
    read = [Path(i) for i in inputs]
    known: dict[str, Path] = {}
    for option, target in outputs.items():
        if target is None:
            continue
        for other, path in known.items():
            if _same(target, path):
                raise UsageError(
                    f"{other} and {option} both write {target}", "a file for each of them"
                )
        known[option] = target
        if is_stdout(target):
            continue
        for path in read:
            if _same(target, path):
                raise UsageError(
                    f"{option} would write over {target}, which is an input",
                    "another file",
                    "name another place",
                )
        _writable(target)
        if not _is_free(target):
            raise UsageError(
                f"{option} would write over {target}, which is no report",
                EXPECTED,
                "name another place",
            )


def _is_free(target: Path) -> bool:
    """Whether nothing that is not ours is lost where this is written."""
    if is_stdout(target) or not target.is_file():
        return True
    try:
        with open(target, "rb") as file:
            return _REPORT.search(file.read(_HEAD)) is not None
    except OSError:
        return False


def _same(a: Path, b: Path) -> bool:
    if is_stdout(a) or is_stdout(b):
        return is_stdout(a) and is_stdout(b)
    with suppress(OSError):
        if a.is_file() and b.is_file() and os.path.samefile(a, b):
            return True
        if stat.S_ISCHR(os.stat(a).st_mode):  # /dev/null takes all
            return False
    return a.resolve() == b.resolve()


def _writable(target: Path) -> None:
    target, folder = file_at(target), file_at(target).parent
    place = "a file in a folder that can be written to"
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", place, "make it, or name another place")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", place, "name a file in it")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"{target} cannot be written", place, "name another place")


def write_all(
    outputs: Iterable[tuple[Path | None, Callable[[], str | bytes]]],
    tell: Callable[[str], None] = lambda says: print(says, file=sys.stderr),
) -> bool:
    """Writes what was asked for: each is tried, whatever becomes of the others.

    Args:
        outputs: targets, None for what was not asked for, and what makes their contents.
        tell: called with why one could not be made or written.

    Returns:
        whether all could be.
    """
    done = [_written(target, make, tell) for target, make in outputs if target is not None]
    return all(done)


def write_before_trials(
    outputs: Iterable[tuple[Path | None, Callable[[], str | bytes]]],
) -> None:
    """Writes into files, and no streams, what is written again with what trials find: they may end
    the process, as where memory does not do. What goes wrong is told then.

    Args:
        outputs: see `write_all`.
    """
    files = [
        (target, make)
        for target, make in outputs
        if target is not None
        and not is_stdout(target)
        and (target.is_file() or not target.exists())
    ]
    write_all(files, tell=lambda says: None)


def _written(target: Path, make: Callable[[], str | bytes], tell: Callable[[str], None]) -> bool:
    try:
        if not _is_free(target):
            why = f"cannot write {target}: it is no report, and was made while this ran"
            raise NotWritten(why, EXPECTED, "give the command again with another place")
        write(target, make())
    except UnstuckError as error:
        tell(f"unstuck: {error}")
        return False
    except Exception as error:  # memory that is spent, a Python that a script has changed
        tell(f"unstuck: cannot write {target}: {named(error)}")
        return False
    return True


def in_json(record: Any) -> Callable[[], str]:
    """Makes a record's JSON, for `write_all`."""

    def made() -> str:
        from unstuck.report.as_json import text

        return text(record)

    return made


def as_page(record: "RunRecord") -> Callable[[], str]:
    """Makes a record's page, for `write_all`."""

    def made() -> str:
        from unstuck.report.page.page import page

        return page(record)

    return made


def working_folder() -> Path:
    """That names are told from; the root where it has been deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.sep)


def absolute(target: Path | None) -> Path | None:
    """A target that a script's change of folder does not move; none and stdout as they are."""
    return target if target is None or is_stdout(target) else target.absolute()
