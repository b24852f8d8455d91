"""A Jupyter notebook as a script: its code cells one after another, in one namespace.

Lines with `%` and `!` go to IPython, as they do in Jupyter, and a cell's last value is shown.
"""

from collections.abc import Callable
from typing import Any

from unstuck.errors import UsageError
from unstuck.script.cells import run_cell
from unstuck.watching.place import cell_name


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

        from unstuck.script.shell import shell, show
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
        names |= {"get_ipython": shell(names).get_ipython}
        for i, source in sources:
            run_cell(source, cell_name(file, i), names, show)

    return execute
