"""A Jupyter notebook as a script: its code cells one after another, in one namespace.

Magics are left out, with a line on stderr; of `%%time` and `%%capture` the cell is run.
"""

import linecache
import sys
from collections.abc import Callable
from typing import Any

from unstuck.errors import UsageError
from unstuck.watching.place import cell_name

_RUN = {"time", "capture"}  # cell magics whose cell is run all the same


def body(file: str) -> Callable[[dict[str, Any]], None]:
    """What executes a notebook in a namespace.

    Args:
        file: its absolute path.

    Raises:
        UsageError: nbformat or IPython are not installed, or it is no notebook.
    """
    try:
        import nbformat
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError as error:
        raise UsageError(
            f"a notebook needs {error.name}",
            "nbformat and IPython",
            "pip install unstuck[notebook]",
        ) from error
    try:
        cells = nbformat.read(file, as_version=4).cells
    except Exception as error:
        raise UsageError(f"{file} cannot be read: {error}", "a notebook") from error
    transformed = TransformerManager().transform_cell
    sources = [
        (i, transformed(cell.source))
        for i, cell in enumerate((c for c in cells if c.cell_type == "code"), 1)
    ]

    def execute(names: dict[str, Any]) -> None:
        names |= {"get_ipython": lambda: _Magics(names), "display": print}
        for i, source in sources:
            _execute(source, cell_name(file, i), names)

    return execute


def _execute(source: str, name: str, names: dict[str, Any]) -> None:
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)  # for tracebacks
    exec(compile(source, name, "exec", dont_inherit=True), names)


class _Magics:
    """Stands for the shell that cells hand their magics to."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name not in _RUN:
            return _left_out(f"%%{name} {line}")
        caller = sys._getframe(1)
        # On its own lines, which start below that of the magic.
        _execute("\n" * caller.f_lineno + cell, caller.f_code.co_filename, self._names)
        return None

    def run_line_magic(self, name: str, line: str, *rest: Any) -> None:
        _left_out(f"%{name} {line}")

    def system(self, command: str) -> None:
        _left_out(f"!{command}")

    getoutput = system


def _left_out(magic: str) -> None:
    print(f"unstuck: left out: {magic.strip()}", file=sys.stderr)
