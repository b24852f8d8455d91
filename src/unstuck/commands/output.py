"""Where commands write to: refused before the work starts, written whole, or said to be missing."""

import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from unstuck.errors import NotWritten, UsageError

if TYPE_CHECKING:
    from rich.console import Console

_STDOUT = (Path("-"), Path("/dev/stdout"))
UNWRITTEN = 3  # exit status where an output could not be written


def console(stderr: bool = False) -> "Console":
    """The terminal."""
    from rich.console import Console

    return Console(stderr=stderr)


def command_line() -> str:
    """The command as it was given, fit for a shell; to be asked before a script takes its place."""
    return shlex.join(["unstuck", *sys.argv[1:]])


def is_stdout(target: Path | None) -> bool:
    """Whether this stands for what is printed."""
    return target in _STDOUT


def must_be_writable(
    outputs: Mapping[str, Path | None], inputs: Iterable[str | os.PathLike[str]] = ()
) -> None:
    """Refuses outputs before anything is done, not an hour later.

    Args:
        outputs: by the option that names each.
        inputs: files that must not be written over: the script, data, a model.

    Raises:
        UsageError: one cannot be written, is an input, or is another output too.
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
    target, folder = _at(target), _at(target).parent
    place = "a file in a folder that can be written to"
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", place, "make it, or name another place")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", place, "name a file in it")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"{target} cannot be written", place, "name another place")


def _at(target: Path) -> Path:
    """The file itself, where a link stands for it."""
    return target.resolve() if target.is_symlink() else target.absolute()


def write(target: Path, content: str | bytes) -> None:
    """Writes the whole file or, if that fails, nothing; its mode is kept, and a link to it.

    Args:
        content: text, written in UTF-8, or bytes.

    Raises:
        NotWritten: it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if is_stdout(target):
            _print(content)
            return
        file = _at(target)
        if file.exists() and not file.is_file():  # a device: not to be replaced
            with open(file, "wb") as device:
                device.write(data)
            return
        _replace(file, data)
    except OSError as error:
        raise NotWritten(
            f"cannot write {target}: {error.strerror or error}",
            "a place that can be written to",
            "what was found is told above; give the command again with another place",
        ) from error


def _print(content: str | bytes) -> None:
    if isinstance(content, str):
        sys.stdout.write(content)
    else:
        sys.stdout.buffer.write(content)
    sys.stdout.flush()


def _replace(file: Path, data: bytes) -> None:
    """Written beside, then moved to where it belongs."""
    handle, name = tempfile.mkstemp(".part", f".{file.name}.", file.parent)
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        os.chmod(name, stat.S_IMODE(file.stat().st_mode) if file.exists() else _new_mode())
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _new_mode() -> int:
    """What a new file's mode is here."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
