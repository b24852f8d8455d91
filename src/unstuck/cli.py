"""The command line: what `unstuck` is as a program. Its commands live in `unstuck.commands`."""

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import unstuck
from unstuck.commands.batch import batch
from unstuck.commands.cases import cases_app
from unstuck.commands.causes import causes
from unstuck.commands.compare import compare
from unstuck.commands.demo import demo
from unstuck.commands.diagnose import diagnose
from unstuck.commands.ending import how_it_ended, interruptible
from unstuck.commands.mcp import mcp
from unstuck.commands.output import UNWRITTEN
from unstuck.commands.run import RunCommand, run
from unstuck.commands.schema import schema
from unstuck.commands.show import show
from unstuck.errors import NotWritten, UnstuckError, UsageError, printable


class _Commands(TyperGroup):
    """Tells of an interruption before Typer, which would end without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            with interruptible():
                return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            says, status = how_it_ended(interrupt)
            print(f"unstuck: {says}", file=sys.stderr)
            raise typer.Exit(status) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find out why a neural network isn't learning, prove it, fix it.",
)
# What follows the script is the script's.
_BEFORE = {"allow_extra_args": True, "allow_interspersed_args": False}
app.command(cls=RunCommand, context_settings=_BEFORE)(run)
app.command(context_settings=_BEFORE)(batch)
app.command(context_settings=_BEFORE)(compare)
app.command()(demo)
app.command()(diagnose)
app.command()(causes)
app.command()(show)
app.command()(schema)
app.command()(mcp)
app.add_typer(cases_app, name="cases")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unstuck {unstuck.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


def _is_somewhere() -> bool:
    """Whether the working folder is there still."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


_NO_NAME = {errno.ENAMETOOLONG, errno.ELOOP}
# What writing fails with where there is no place: what is printed is an output too.
_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def main() -> None:
    """The entry point: a user's mistake is explained on stderr with exit status 2, an output that
    could not be written with 3, all else with 1."""
    try:
        app()
    except UnstuckError as error:
        print(f"unstuck: {error}", file=sys.stderr)
        written = UNWRITTEN if isinstance(error, NotWritten) else 1
        sys.exit(2 if isinstance(error, UsageError) else written)
    except OSError as error:
        if error.errno in _NO_NAME:
            print(
                f"unstuck: {printable(str(error))}\nexpected: the name of a file", file=sys.stderr
            )
            sys.exit(2)
        if error.errno == errno.ENOENT and not _is_somewhere():
            print(
                "unstuck: the working folder is no longer there\nexpected: one that is\n"
                "to do: change to another folder, and give the command again",
                file=sys.stderr,
            )
            sys.exit(2)
        if error.errno not in _NO_PLACE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left is not tried again at the end
        print(f"unstuck: cannot write what was found: {error.strerror}", file=sys.stderr)
        sys.exit(UNWRITTEN)
