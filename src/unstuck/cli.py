"""The command line: parses, calls, prints. No logic lives here."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import unstuck
from unstuck.errors import UnstuckError, UsageError

if TYPE_CHECKING:
    from unstuck.cases.case import Case
    from unstuck.cases.run import CaseReport


class _Commands(TyperGroup):
    """Tells of an interruption before Typer, which would end without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            print(f"unstuck: {str(interrupt) or 'interrupted'}", file=sys.stderr)
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find out why a neural network isn't learning, prove it, fix it.",
)
cases_app = typer.Typer(no_args_is_help=True, help="Published questions, answered by experiment.")
app.add_typer(cases_app, name="cases")

DataOption = Annotated[
    str,
    typer.Option(
        help="digits (bundled), fashion-mnist, or a path: FILE.npz, FILE.csv, X.npy,Y.npy."
    ),
]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder with the data set's files. Default: UNSTUCK_DATA.")
]
StoreOption = Annotated[
    Path | None, typer.Option(help="File of finished trials. Default: the user's data folder.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one per core.")]


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


@app.command()
def demo(workers: Workers = None) -> None:
    """See a stuck network explained and cured: bundled digits, offline, half a minute."""
    import tempfile

    from unstuck.cases.demo import DEMO

    # A store of its own: a demonstration that only reads what it stored shows nothing.
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "demo.sqlite"
        try:
            _print(_run([DEMO], "digits", None, 8, None, store, workers))
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # nothing stays stored from which to go on


@cases_app.command("list")
def cases_list() -> None:
    """Name the published cases."""
    from rich.table import Table

    table = Table("name", "question", "published")
    for case in _cases(()):
        table.add_row(case.name, case.title, case.source)
    _console().print(table)


@cases_app.command("show")
def cases_show(name: str) -> None:
    """What a case asks, what was published and offered, and how it is tested."""
    from rich.text import Text

    from unstuck.report.terminal import outline

    (case,) = _cases((name,))
    _console().print(Text(outline(case)))


@cases_app.command("run")
def cases_run(
    names: Annotated[list[str] | None, typer.Argument(help="Cases by name.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All cases.")] = False,
    data: DataOption = "digits",
    data_dir: DataDir = None,
    seeds: Annotated[int, typer.Option(min=1, help="Independent seeds an arm.")] = 8,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most so many epochs. Default: the case's own.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the record here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a page here.")] = None,
    store: StoreOption = None,
    workers: Workers = None,
) -> None:
    """Train a case's networks as published and decide each explanation.

    Finished trials are stored: an interrupted run goes on where it stopped.
    """
    if bool(names) == all_:
        raise UsageError(
            "both case names and --all" if names else "no case named",
            "one or more names, or --all",
            "see them with: unstuck cases list",
        )
    for target in (json_file, markdown):
        _must_be_writable(target)
    chosen = _cases(tuple(names or ()))
    reports = _run(chosen, data, data_dir, seeds, epochs, store, workers)
    _print(reports)
    from unstuck.cases.run import provenance, to_json

    if json_file:
        _write(json_file, json.dumps(to_json(reports), indent=2, ensure_ascii=False) + "\n")
    if markdown:
        from unstuck.report.markdown import page

        command = f"unstuck cases run {'--all' if all_ else ' '.join(names or ())}"
        command += f" --data {shlex.quote(data)} --seeds {seeds}"
        command += f" --epochs {epochs}" if epochs else ""
        _write(markdown, page(reports, provenance(), command))


def _cases(names: tuple[str, ...]) -> "list[Case]":
    from unstuck import cases

    return [cases.load(name) for name in dict.fromkeys(names or cases.NAMES)]


def _run(
    chosen: "list[Case]",
    data: str,
    data_dir: Path | None,
    seeds: int,
    epochs: int | None,
    store: Path | None,
    workers: int | None,
) -> "list[CaseReport]":
    from unstuck.cases.run import checked, run_cases
    from unstuck.data.sources import DataRef
    from unstuck.studies.executor import ProcessExecutor
    from unstuck.studies.store import Store, default_path

    source = DataRef(data, str(data_dir) if data_dir else None)
    checked(source)  # first: what is wrong with the data is said before anything else is made
    with Store(store or default_path()) as opened:
        return run_cases(chosen, source, seeds, opened, ProcessExecutor(source, workers), epochs)


def _console() -> Any:
    from rich.console import Console

    return Console()


def _print(reports: "list[CaseReport]") -> None:
    from unstuck.report.terminal import show

    show(reports, _console())


def _must_be_writable(target: Path | None) -> None:
    """Said before anything is trained, not an hour later."""
    if target is None:
        return
    folder, place = target.absolute().parent, "a file in a folder that can be written to"
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", place, "make it, or name another place")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", place, "name a file in it")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"{target} cannot be written", place, "name another place")


def _write(target: Path, text: str) -> None:
    """Writes the whole file or, if that fails, nothing."""
    part = target.with_name(target.name + ".part")
    try:
        if target.exists() and not target.is_file():  # such as /dev/stdout: not to be replaced
            target.write_text(text, encoding="utf-8")
            return
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"cannot write {target}: {error.strerror}") from error


def main() -> None:
    """The entry point: a user's mistake is explained on stderr with exit status 2, all else 1."""
    try:
        app()
    except UnstuckError as error:
        print(f"unstuck: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
