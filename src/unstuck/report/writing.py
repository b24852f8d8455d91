"""The one writer: a file is written whole or not at all, and stays what it was."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from unstuck.errors import NotWritten

_STDOUT = (Path("-"), Path("/dev/stdout"))


def is_stdout(target: Path | None) -> bool:
    """Whether this stands for what is printed."""
    return target in _STDOUT


def file_at(target: Path) -> Path:
    """The file itself, where a link stands for it; a pipe or device as it is named."""
    device = target.exists() and not target.is_file() and not target.is_dir()
    return target.resolve() if target.is_symlink() and not device else target.absolute()


def write(target: Path, content: str | bytes) -> None:
    """Writes the whole file or, if that fails, nothing; its mode is kept, and a link to it.

    Args:
        content: text, written in UTF-8, or bytes.

    Raises:
        NotWritten: it cannot be written.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        if is_stdout(target):
            _print(data)
            return
        file = file_at(target)
        if file.exists() and not file.is_file():  # a device: not to be replaced
            with open(file, "wb") as device:
                device.write(data)
            return
        _replace(file, data)
    except ValueError as error:
        raise NotWritten(
            f"cannot write {str(target)!r:.300}: {error}", "the name of a file"
        ) from error
    except OSError as error:
        raise NotWritten(
            f"cannot write {target!s:.300}: {error.strerror or error}",
            "a place that can be written to",
            "what was found is told above; give the command again with another place",
        ) from error


def _print(data: bytes) -> None:
    """In UTF-8 whatever the terminal's encoding, as JSON and pages are."""
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        sys.stdout.write(data.decode())
    sys.stdout.flush()


def _replace(file: Path, data: bytes) -> None:
    """Written beside, then moved to where it belongs; in place where nothing can be made beside."""
    part = file.with_name(f".{os.urandom(8).hex()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except PermissionError:
        if not file.exists():
            raise
        file.write_bytes(data)
        return
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        if file.exists():
            before = file.stat()
            with suppress(OSError, AttributeError):  # another's, or a system without owners
                os.chown(part, before.st_uid, before.st_gid)
            os.chmod(part, stat.S_IMODE(before.st_mode))
        os.replace(part, file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
