"""`unstuck cases`: parse, call, print."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.commands.executors import On, Workers, executor
from unstuck.commands.options import DataDir, DataOption, JsonFile, MarkdownFile
from unstuck.commands.output import console, must_be_writable
from unstuck.errors import UsageError
from unstuck.report.writing import write

if TYPE_CHECKING:
    from unstuck.cases.case import Case
    from unstuck.cases.run import CaseReport

cases_app = typer.Typer(no_args_is_help=True, help="Published questions, answered by experiment.")

StoreOption = Annotated[
    Path | None, typer.Option(help="File of finished trials. Default: the user's data folder.")
]


@cases_app.command("list")
def cases_list() -> None:
    """Name the published cases."""
    from rich.table import Table

    table = Table("name", "question", "published")
    for case in _cases(()):
        table.add_row(case.name, case.title, case.source)
    console().print(table)


@cases_app.command("show")
def cases_show(name: str) -> None:
    """What a case asks, what was published and offered, and how it is tested."""
    from rich.text import Text

    from unstuck.report.terminal import outline

    (case,) = _cases((name,))
    console().print(Text(outline(case)))


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
    json_file: JsonFile = None,
    markdown: MarkdownFile = None,
    html_folder: Annotated[
        Path | None,
        typer.Option("--html", help="Write a page a case, and an overview, into this folder."),
    ] = None,
    store: StoreOption = None,
    on: On = "processes",
    workers: Workers = None,
) -> None:
    """Train a case's networks as published and decide each explanation.

    Finished trials are stored: an interrupted run goes on where it stopped, and several starts at
    one store share the work.
    """
    if bool(names) == all_:
        raise UsageError(
            "both case names and --all" if names else "no case named",
            "one or more names, or --all",
            "see them with: unstuck cases list",
        )
    inputs = [data_dir / data if data_dir else data, *data.split(","), *([store] if store else [])]
    chosen = _cases(tuple(names or ()))
    pages = _pages(html_folder, [case.name for case in chosen])
    must_be_writable({"--json": json_file, "--markdown": markdown, **pages}, inputs)
    command = f"unstuck cases run {'--all' if all_ else ' '.join(names or ())}"
    command += f" --data {shlex.quote(data)} --seeds {seeds}"
    command += f" --epochs {epochs}" if epochs else ""
    from unstuck.cases.run import checked, run_cases
    from unstuck.data.sources import DataRef
    from unstuck.trials.pack_training import training
    from unstuck.trials.store import Store, default_path

    source = DataRef(data, str(data_dir) if data_dir else None)
    checked(source)  # first: what is wrong with the data is said before anything else is made
    where = executor(on, training(source), workers)
    with Store(store or default_path()) as opened:
        reports = run_cases(chosen, source, seeds, opened, where, epochs)
        _told(reports, json_file, markdown, pages, command)


def _told(
    reports: "list[CaseReport]",
    json_file: Path | None,
    markdown: Path | None,
    pages: dict[str, Path],
    command: str,
) -> None:
    """Prints the reports and writes the files."""
    from unstuck.cases.run import provenance, to_json
    from unstuck.report.terminal import show

    show(reports, console())
    if json_file:
        write(json_file, json.dumps(to_json(reports), indent=2, ensure_ascii=False) + "\n")
    if markdown:
        from unstuck.report.markdown import page

        write(markdown, page(reports, provenance(), command))
    if pages:
        from unstuck.report.page.cases import page as drawn

        made = provenance()
        told = [drawn.page(r, made, command) for r in reports]
        for target, text in zip(
            pages.values(), [drawn.overview(reports, made, command), *told], strict=True
        ):
            write(target, text)


def _pages(folder: Path | None, names: list[str]) -> dict[str, Path]:
    """The files of a folder that pages go into: the overview, and one a case."""
    if folder is None:
        return {}
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder {folder}: {error.strerror or error}",
            "a folder, or a place where one can be made",
        ) from error
    return {f"--html, {name}": folder / f"{name}.html" for name in ("index", *names)}


def _cases(names: tuple[str, ...]) -> "list[Case]":
    from unstuck import cases

    return [cases.load(name) for name in dict.fromkeys(names or cases.NAMES)]
