"""`unstuck compare`: two scripts, one of which learns: which difference makes it."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.commands.options import JsonFile
from unstuck.commands.output import UNWRITTEN, console, in_json, must_be_writable, write_all
from unstuck.errors import UsageError
from unstuck.report.writing import is_stdout

if TYPE_CHECKING:
    from unstuck.records.comparison import Comparison

LONGEST = 10**7  # seconds of a budget, about four months: beyond, systems cannot wait
SCRIPT = "A Python file, or COMMIT:FILE as git names it."


def compare(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(help=SCRIPT)],
    second: Annotated[
        str,
        typer.Argument(metavar="SECOND [ARGUMENTS]...", help="Another, run in the same folder."),
    ],
    budget: Annotated[float, typer.Option(min=1, help="Seconds, for all runs.")] = 300.0,
    json_file: JsonFile = None,
) -> None:
    """Find which of two scripts' differences makes one of them learn.

    Scripts with some of the differences are run again and again on the same seeds, in copies of the
    first one's folder, and judged by their own loss. What follows SECOND are arguments of both.
    """
    if not budget < LONGEST:
        raise UsageError(f"--budget {budget:g}", f"seconds, fewer than {LONGEST:,}")
    must_be_writable({"--json": json_file}, [first, second])
    texts = _text(first), _text(second)
    script = Path(first.rpartition(":")[2] if not Path(first).is_file() else first).absolute()
    from unstuck.comparing.compare import compare as compared

    made, interrupt = compared(
        (first, second),
        texts,
        script,
        ctx.args,
        Path.cwd(),
        budget,
        lambda says: print(f"unstuck: {says}", file=sys.stderr),
    )
    written = _show(made, json_file)
    if interrupt is not None:
        raise interrupt
    if not written:
        raise typer.Exit(UNWRITTEN)


def _text(name: str) -> str:
    """A script's text.

    Raises:
        UsageError: there is none, or it is none of Python's.
    """
    if name.lower().endswith(".ipynb"):
        raise UsageError(
            f"{name} is a notebook",
            "two Python scripts",
            f"make one of it: jupyter nbconvert --to script {shlex.quote(name)}",
        )
    if Path(name).is_file():
        return _decoded(name, Path(name).read_bytes())
    commit, colon, path = name.partition(":")
    if not colon or not commit or not Path(path).is_file():
        raise UsageError(f"no file {name}", "a Python file, or COMMIT:FILE of one that is there")
    command = ["git", "show", f"{commit}:./{path}"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
        raise UsageError(f"cannot read {name}: {said[-1]}", "COMMIT:FILE as git names it")
    return _decoded(name, done.stdout)


def _decoded(name: str, content: bytes) -> str:
    from unstuck.patch.source import decoded

    try:
        return decoded(content)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} is no text of Python: {error}", "two Python scripts") from error


def _show(made: "Comparison", json_file: Path | None) -> bool:
    """Whether it could be written, too."""
    from unstuck.report.comparison import renderable

    console(stderr=is_stdout(json_file)).print(renderable(made), highlight=False)
    return write_all([(json_file, in_json(made))])
