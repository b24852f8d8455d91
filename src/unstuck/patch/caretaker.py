"""Files of ours for as long as they are needed: taken away also where we are killed."""

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
