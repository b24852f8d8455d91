"""The shell that a notebook's cells run in: IPython's own, without its history and its folder."""

import sys
import tempfile
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty
from traitlets.config import Config

from unstuck.script.cells import run_cell

_RUN = {"time", "capture"}  # cell magics whose cell is run as any other: in lines of its own


def shell(names: dict[str, Any]) -> "Shell":
    """The shell of a namespace, which `get_ipython` gives from now on.

    Args:
        names: of the module `__main__`.
    """
    config = Config()
    config.HistoryManager.enabled = False
    with tempfile.TemporaryDirectory() as folder:  # else profiles are made in the user's home
        made: Shell = Shell.instance(
            config=config, ipython_dir=folder, user_module=sys.modules["__main__"], user_ns=names
        )
    return made


class Shell(InteractiveShell):  # type: ignore[misc]
    """See the module."""

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """As in Jupyter, but for a cell whose trainings' lines would not be known."""
        if name not in _RUN:
            return super().run_cell_magic(name, line, cell)
        caller = sys._getframe(1)
        # On its own lines, which start below that of the magic.
        run_cell("\n" * caller.f_lineno + cell, caller.f_code.co_filename, self.user_ns, show)
        return None

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window's loop of events."""


def show(value: Any) -> None:
    """A cell's last value, as text."""
    if value is not None:
        print(pretty(value))
