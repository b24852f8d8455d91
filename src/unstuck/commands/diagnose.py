"""`unstuck diagnose`: parse, call, print."""

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unstuck.commands.options import (
    DATA,
    DataDir,
    FailOn,
    FailOnOption,
    Format,
    FormatOption,
    HtmlFile,
    JsonFile,
    must_end,
    status,
)
from unstuck.commands.output import (
    UNWRITTEN,
    as_page,
    command_line,
    console,
    in_json,
    must_be_writable,
    write_all,
    write_before_trials,
)
from unstuck.commands.trials import proven
from unstuck.errors import TrialsFailed, UsageError, named
from unstuck.report.writing import is_stdout

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosed
    from unstuck.proofs.fix import Fixed
    from unstuck.records.proof import Proof


def diagnose(
    target: Annotated[
        str,
        typer.Argument(help="module:factory, path/to/file.py:factory, or a saved model.keras."),
    ],
    x: Annotated[Path | None, typer.Option(help="Inputs: .npy, .npz or .csv.")] = None,
    y: Annotated[Path | None, typer.Option(help="Targets: .npy, .npz or .csv.")] = None,
    data: Annotated[str | None, typer.Option(help=f"In place of --x and --y: {DATA}")] = None,
    data_dir: DataDir = None,
    loss: Annotated[str | None, typer.Option(help="A loss the framework knows.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="An optimizer it knows.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples a step.")] = None,
    shuffle: Annotated[
        bool | None, typer.Option("--shuffle/--no-shuffle", help="Whether training shuffles.")
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=2, help="Looked at, at most. Default: 2,048.")
    ] = None,
    prove: Annotated[
        float | None,
        typer.Option(min=1, help="Then decide by trials, for so many seconds, and fix it."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Of each trial. Default: what the seconds hold.")
    ] = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    fail_on: FailOnOption = FailOn.never,
    form: FormatOption = Format.full,
) -> None:
    """Say what keeps a model from learning, from measurements alone; nothing is trained.

    With --prove copies are trained, with and without each suspect, and the cause that is proven
    comes with a fix that was seen to work.

    A factory is called without arguments and returns a model, (model, x, y), or a dict of
    arguments of unstuck.diagnose; what is given here goes before what it returns.
    """
    if data is not None and (x or y):
        raise UsageError("both --data and --x or --y", "one of them")
    if epochs is not None and prove is None:
        raise UsageError("--epochs without --prove", "both: they are those of its trials")
    if data_dir is not None and data is None:
        raise UsageError("--data-dir without --data", "both: it is where that lies")
    must_end(prove)
    command = command_line()
    must_be_writable({"--json": json_file, "--html": html_file}, _inputs(target, x, y, data))
    options = {
        "loss": loss,
        "optimizer": optimizer,
        "batch_size": batch_size,
        "shuffle": shuffle,
        "examples": examples,
    }
    given = {name: value for name, value in options.items() if value is not None}
    # TensorFlow's greetings; to be set before it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # What the user's code prints must not come between the lines of a record on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        found = _diagnosed(target, x, y, data, data_dir, given)
    from unstuck.report.handed import run_record
    from unstuck.report.shown import renderable

    out = console(stderr=is_stdout(json_file) or is_stdout(html_file))
    full = form is Format.full
    if full:
        out.print(renderable(found.report))
    proof: Proof | None = None
    fix: Fixed | None = None
    interrupt: KeyboardInterrupt | None = None
    if prove is not None:
        alone = run_record(found.report, command=command)
        write_before_trials([(json_file, in_json(alone)), (html_file, as_page(alone))])
        try:
            with contextlib.redirect_stdout(sys.stderr):
                proved, fix = proven(found, prove, epochs)
            proof = proved.record
        except KeyboardInterrupt as told:  # the diagnosis stands, and is written
            interrupt = told
        except (ImportError, MemoryError, OSError) as error:
            raise TrialsFailed(
                f"no trial could be run: {named(error)}",
                "memory and room for them, and libraries that can be imported",
                "the diagnosis stands; give them more, or prove it on another machine",
            ) from error
        for shown in (proof, None if fix is None else fix.record):
            if shown is not None and full:
                out.print()
                out.print(renderable(shown))
    record = run_record(found.report, proof, None if fix is None else fix.record, command)
    if not full:
        from unstuck.report.compact import compact

        out.print(compact(record), markup=False, highlight=False, soft_wrap=True)
    written = write_all([(json_file, in_json(record)), (html_file, as_page(record))])
    if interrupt is not None:
        raise interrupt
    if not written:
        raise typer.Exit(UNWRITTEN)
    raise typer.Exit(status(record.subjects, fail_on))


def _inputs(target: str, x: Path | None, y: Path | None, data: str | None) -> list[str | Path]:
    """Files that are read."""
    return [
        target,
        target.rpartition(":")[0] or target,
        *(file for file in (x, y) if file is not None),
        *(data or "").split(","),
    ]


def _diagnosed(
    target: str,
    x: Path | None,
    y: Path | None,
    data: str | None,
    data_dir: Path | None,
    given: dict[str, Any],
) -> "Diagnosed":
    from unstuck.script.target import load

    with console(stderr=True).status("loading the model") as status:
        arguments = load(target, lambda says: print(says, file=sys.stderr)) | given
        from unstuck.data.sources import DataRef  # behind: files beside the target go before
        from unstuck.diagnosis import diagnosed
        from unstuck.script import arrays

        if data is not None:
            source = DataRef(data, str(data_dir) if data_dir else None)
            arguments |= arrays.from_source(source, arguments["model"])
        elif x or y:
            arguments |= arrays.from_files(x, y)
        if arguments.get("x") is None:
            raise UsageError(
                "no data were given", "a factory that returns (model, x, y), --data, or --x and --y"
            )
        status.update("looking at the model")
        return diagnosed(**arguments)
