"""Where commands write to."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from unstuck.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

_STDOUT = (Path("-"), Path("/dev/stdout"))


def console(stderr: bool = False) -> "Console":
    """The terminal."""
    from rich.console import Console

    return Console(stderr=stderr)


def is_stdout(target: Path | None) -> bool:
    """Whether this stands for what is printed."""
    return target in _STDOUT


def must_be_writable(target: Path | None) -> None:
    """Said before anything is trained, not an hour later."""
    if target is None or is_stdout(target):
        return
    folder, place = target.absolute().parent, "a file in a folder that can be written to"
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", place, "make it, or name another place")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", place, "name a file in it")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"{target} cannot be written", place, "name another place")


def write(target: Path, text: str) -> None:
    """Writes the whole file or, if that fails, nothing."""
    if is_stdout(target):
        sys.stdout.write(text)
        return
    part = target.with_name(target.name + ".part")
    try:
        if target.exists() and not target.is_file():  # such as /dev/stdout: not to be replaced
            target.write_text(text, encoding="utf-8")
            return
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
