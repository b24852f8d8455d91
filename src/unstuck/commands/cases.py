"""`unstuck cases`: parse, call, print."""

import shlex
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.commands.executors import On, Workers, executor
from unstuck.commands.options import DataDir, DataOption, JsonFile, MarkdownFile
from unstuck.commands.output import UNWRITTEN, console, must_be_writable, write_all
from unstuck.errors import UsageError

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
    if html_folder is not None and html_folder.exists() and not html_folder.is_dir():
        raise UsageError(f"--html {html_folder}, which is a file", "a folder, there or to be made")
    pages = _pages(html_folder, [case.name for case in chosen])
    must_be_writable({"--json": json_file, "--markdown": markdown, **pages}, inputs)
    command = f"unstuck cases run {'--all' if all_ else ' '.join(names or ())}"
    command += f" --data {shlex.quote(data)} --seeds {seeds}"
    command += f" --epochs {epochs}" if epochs else ""
    from unstuck.cases.run import checked, run_cases, so_far
    from unstuck.data.sources import DataRef
    from unstuck.trials.pack_training import training
    from unstuck.trials.store import Store, default_path

    source = DataRef(data, str(data_dir) if data_dir else None)
    checked(source)  # first: what is wrong with the data is said before anything else is made
    where = executor(on, training(source), workers)
    with Store(store or default_path()) as opened:
        interrupt: KeyboardInterrupt | None = None
        try:
            reports = run_cases(chosen, source, seeds, opened, where, epochs)
        except KeyboardInterrupt as told:
            interrupt, reports = told, []
            if json_file or markdown or html_folder:  # what there is, is written
                reports = so_far(chosen, source, seeds, opened, epochs)
        written = not reports or _told(reports, json_file, markdown, html_folder, command)
    if interrupt is not None:
        raise interrupt
    if not written:
        raise typer.Exit(UNWRITTEN)


def _told(
    reports: "list[CaseReport]",
    json_file: Path | None,
    markdown: Path | None,
    pages: Path | None,
    command: str,
) -> bool:
    """Prints the reports and writes the files; whether all could be."""
    from unstuck.cases.run import provenance, to_json
    from unstuck.report.terminal import show

    show(reports, console())
    from unstuck.report import markdown as written
    from unstuck.report.as_json import as_text
    from unstuck.report.page.cases import page as drawn

    made = provenance()
    outputs: list[tuple[Path | None, Callable[[], str]]] = [
        (json_file, lambda: as_text(to_json(reports))),
        (markdown, lambda: written.page(reports, made, command)),
    ]
    if pages is not None:
        outputs.append((pages / "index.html", lambda: drawn.overview(reports, made, command)))
        outputs += [
            (pages / f"{r.case.name}.html", partial(drawn.page, r, made, command)) for r in reports
        ]
        with suppress(OSError):  # which each page then tells
            pages.mkdir(exist_ok=True)
    return write_all(outputs)


def _pages(folder: Path | None, names: list[str]) -> dict[str, Path]:
    """What is written into a folder of pages: the overview, and one a case; or, where it is not
    there yet, the folder itself."""
    if folder is None or not folder.is_dir():
        return {} if folder is None else {"--html": folder}
    return {f"--html, {name}": folder / f"{name}.html" for name in ("index", *names)}


def _cases(names: tuple[str, ...]) -> "list[Case]":
    from unstuck import cases

    return [cases.load(name) for name in dict.fromkeys(names or cases.NAMES)]
