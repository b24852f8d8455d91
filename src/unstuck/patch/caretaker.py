"""Files of ours for as long as they are needed: taken away also where we are killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Does it when nobody holds its standard input any more, however that came about.
_CARETAKER = """
import os, shutil, sys
sys.stdin.read()
if os.path.isdir(sys.argv[1]):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
elif os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
"""

# The same by a process that is no child of whoever starts it.
_APART = "import os\nif hasattr(os, 'fork') and os.fork():\n    os._exit(0)\n" + _CARETAKER
_held: list[object] = []  # what its standard input is held by


def outlived_by_none(path: Path) -> None:
    """Has a folder taken away once this process, and those that it forked, are gone.

    What does that is not a child of ours: a script may wait for all of its own.
    """
    caretaker = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _APART, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _held.append(caretaker.stdin)
    if hasattr(os, "fork"):
        caretaker.wait()


@contextmanager
def cared_for(path: Path) -> Iterator[Path]:
    """Has a file or folder taken away in the end."""
    caretaker = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _CARETAKER, str(path)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert caretaker.stdin is not None
    try:
        yield path
    finally:
        caretaker.stdin.close()
        caretaker.wait()


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder among the system's temporary ones, for as long as it takes."""
    with cared_for(Path(tempfile.mkdtemp(prefix="unstuck-"))) as folder:
        yield folder
