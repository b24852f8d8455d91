"""Every command with its arguments and options, as `typer utils docs` writes them."""

from typer.cli import get_docs_for_click
from typer.main import get_command

from unstuck.cli import app

NAME = "unstuck"


def markdown() -> str:
    """A section a command, from the commands themselves; without their common title."""
    command = get_command(app)
    context = command.make_context(NAME, [], resilient_parsing=True)
    told = get_docs_for_click(obj=command, ctx=context, name=NAME)
    return told[told.index("\n") :]
