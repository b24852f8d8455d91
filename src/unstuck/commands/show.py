"""`unstuck show`: a record or a page, told again."""

from pathlib import Path
from typing import Annotated

import typer

from unstuck.commands.output import console
from unstuck.errors import UsageError


def show(
    file: Annotated[
        Path, typer.Argument(help="A page, or what --json wrote: of run, diagnose, batch, compare.")
    ],
) -> None:
    """Tell again, in the terminal, what a page or a record says."""
    from unstuck.report.reading import WANTED, readable
    from unstuck.report.shown import renderable

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"cannot read {file}: {why}", WANTED) from None
    console().print(renderable(readable(text, str(file))), highlight=False)
