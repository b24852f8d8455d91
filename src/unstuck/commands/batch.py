"""`unstuck batch`: what reaches the network, just before it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.commands.ending import as_python, leave_to_the_script
from unstuck.commands.options import HtmlFile, JsonFile
from unstuck.commands.output import (
    UNWRITTEN,
    absolute,
    console,
    in_json,
    must_be_writable,
    write_all,
)
from unstuck.errors import UsageError
from unstuck.report.writing import is_stdout

if TYPE_CHECKING:
    from unstuck.records.batch import Batch


def batch(
    ctx: typer.Context,
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT [ARGUMENTS]...", help="A .py file, notebook or module.")
    ],
    module: Annotated[
        bool, typer.Option("--module", "-m", help="SCRIPT is a module's name, as with python -m.")
    ] = False,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
) -> None:
    """Show the batch as the network gets it: shapes, ranges, classes, first rows, images.

    The script is run until its first training begins, and ended there: its own lines before that
    are run as python would. Beside the training data stand the validation data, where it has any.
    """
    from unstuck.script import hooks
    from unstuck.script.running import script as found
    from unstuck.script.trainings import Trainings

    outputs = {"--json": json_file, "--html": html_file}
    must_be_writable(outputs, [] if module else [script])
    running = found(script, module, None)
    must_be_writable(outputs, [running.file])
    json_file, html_file = map(absolute, (json_file, html_file))
    trainings = Trainings(running.file, lambda shown: None, stop=True, prove=True)
    hooks.install(trainings)
    with as_python(None):
        status = running.run(ctx.args, tell=lambda says: print(says, file=sys.stderr))
    leave_to_the_script()
    if not trainings.is_ours():
        raise typer.Exit(status)
    line = next((line for line in trainings.lines if line.start is not None), None)
    if line is None or line.start is None:
        if status:
            raise typer.Exit(status)
        why = [
            f"{line} is not looked at: {line.refused}" for line in trainings.lines if line.refused
        ]
        raise UsageError(
            why[0] if why else "no training was seen in the script",
            "a training whose data can be looked at",
            "unstuck run says what it sees and why not",
        )
    _show(line.start.batch(), json_file, html_file)


def _show(made: "Batch", json_file: Path | None, html_file: Path | None) -> None:
    from unstuck.report.batch import renderable

    console(stderr=is_stdout(json_file) or is_stdout(html_file)).print(
        renderable(made), highlight=False
    )
    if not write_all([(json_file, in_json(made)), (html_file, lambda: _page(made))]):
        raise typer.Exit(UNWRITTEN)


def _page(made: "Batch") -> str:
    from unstuck.report.page.batch import page

    return page(made)
