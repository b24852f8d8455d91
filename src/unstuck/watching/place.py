"""Where in the user's own files something stands."""

import re
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType

_OURS = Path(__file__).absolute().parents[1]
_STANDARD = {Path(sysconfig.get_path(name)).absolute() for name in ("stdlib", "platstdlib")}
_PACKAGES = {"site-packages", "dist-packages"}
GENERATED = "__autograph_generated_file"  # TensorFlow's rewriting of a script's function
_CELL = re.compile(r"(?P<file>.+\.ipynb), cell (?P<cell>\d+)")


@dataclass(frozen=True)
class Place:
    """A line of a file of the user's.

    Args:
        file: its absolute path.
        line: from 1; in a notebook, of the cell.
        cell: of a notebook, from 1; None in a script.
        through: lines of the same file that call what the line stands in, the innermost first.
    """

    file: str
    line: int
    cell: int | None = None
    through: tuple[int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell {self.cell}, "
        return f"{Path(self.file).name}, {cell}line {self.line}"


def cell_name(file: str, cell: int) -> str:
    """What a notebook's cell is compiled as."""
    return f"{file}, cell {cell}"


@cache
def is_ours(file: str) -> bool:
    """Whether a file is of this package."""
    return not file.startswith("<") and _OURS in Path(file).absolute().parents


@cache
def is_users(file: str) -> bool:
    """Whether a file is of no installed package, not Python's and not ours."""
    path = Path(file).absolute()
    if file.startswith("<") or path.name.startswith(GENERATED):
        return False
    return _PACKAGES.isdisjoint(path.parts) and not {_OURS, *_STANDARD} & set(path.parents)


def current(script: str = "") -> Place | None:
    """The innermost line of the user's files that is being executed in this thread.

    Args:
        script: a file that is the user's wherever it lies.
    """
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file == script or is_users(file):
            path, cell = _path_and_cell(file)
            return Place(path, frame.f_lineno, cell, _callers(frame))
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _callers(frame: FrameType) -> tuple[int, ...]:
    """Lines of a frame's own file that are being executed around it."""
    found, outer = [], frame.f_back
    while outer is not None:
        if outer.f_code.co_filename == frame.f_code.co_filename:
            found.append(outer.f_lineno)
        outer = outer.f_back
    return tuple(found)


@cache
def _path_and_cell(file: str) -> tuple[str, int | None]:
    """What a compiled file's name stands for."""
    cell = _CELL.fullmatch(file)
    return (cell["file"], int(cell["cell"])) if cell else (str(Path(file).absolute()), None)
