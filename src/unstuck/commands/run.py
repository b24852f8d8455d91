"""`unstuck run`: a script, unchanged, with its trainings diagnosed."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from unstuck.commands.afterwards import Afterwards
from unstuck.commands.ending import as_python, how_it_ended, leave_to_the_script
from unstuck.commands.options import (
    FailOn,
    FailOnOption,
    Format,
    FormatOption,
    HtmlFile,
    JsonFile,
    must_end,
)
from unstuck.commands.options import status as found_status
from unstuck.commands.output import (
    UNWRITTEN,
    absolute,
    as_page,
    command_line,
    in_json,
    must_be_writable,
    working_folder,
    write_all,
    write_before_trials,
)
from unstuck.commands.telling import Telling

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosed
    from unstuck.patch.trying import Cured
    from unstuck.proofs.fix import Fixed
    from unstuck.records.proof import Proof
    from unstuck.records.run import RunRecord
    from unstuck.records.training import Sighting, Witness
    from unstuck.script.line import Line
    from unstuck.script.running import Script
    from unstuck.script.trainings import Trainings

SECONDS = "60"  # of --prove without a number
_WATCHED_BY = {"lightning": "torch", "skorch": "torch", "tape": "keras"}  # whose cures are printed


class RunCommand(TyperCommand):
    """Lets --prove stand without its seconds; what follows the script is the script's."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        valued = {o for p in self.params if not getattr(p, "is_flag", True) for o in p.opts}
        i = 0
        while i < len(args) and args[i].startswith("-"):
            if args[i] == "--prove" and not _is_number(args[i + 1 : i + 2]):
                args = [*args[: i + 1], SECONDS, *args[i + 1 :]]
            i += 2 if args[i] in valued else 1
        return super().parse_args(ctx, args)


def _is_number(args: list[str]) -> bool:
    try:
        float(*args)
    except ValueError:
        return False
    return bool(args)


def run(
    ctx: typer.Context,
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT [ARGUMENTS]...", help="A .py file, notebook or module.")
    ],
    module: Annotated[
        bool, typer.Option("--module", "-m", help="SCRIPT is a module's name, as with python -m.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="End the script after the first diagnosis.")
    ] = False,
    prove: Annotated[
        float | None,
        typer.Option(
            min=1,
            metavar="[SECONDS]",
            help="Afterwards decide by trials, for so many seconds a training, and fix it."
            f" Default: {SECONDS}.",
        ),
    ] = None,
    patch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a diff of the script with the proven fix in it here; a copy with it is run"
            f" first. Proves, for {SECONDS} s if --prove says nothing else.",
        ),
    ] = None,
    compat: Annotated[
        bool, typer.Option("--compat", help="Run an old Keras script with what Keras 3 renamed.")
    ] = False,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    sarif_file: Annotated[
        Path | None, typer.Option("--sarif", help="Write findings at the script's lines here.")
    ] = None,
    fail_on: FailOnOption = FailOn.suspected,
    form: FormatOption = Format.full,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Tell all that was found, not one screen of it.")
    ] = False,
) -> None:
    """Run a script as python would, and say of each training in it what keeps it from learning.

    The script is not changed, and neither is what it computes, prints and writes. Each training is
    looked at before its first step; with --prove, copies are trained after the script has ended.
    What is said goes to stderr, one screen at the end. What follows SCRIPT belongs to the script.

    Exit status: the script's own if it fails; 3 if an output could not be written; else 10 if a
    cause is suspected, 11 if one is proven and not cured by a patch, 12 (with --fail-on
    improvable) if it learns and a repair gains much, 0 otherwise.
    """
    from unstuck.commands.trials import proven
    from unstuck.script import hooks
    from unstuck.script.at_exit import AtExit
    from unstuck.script.children import Children
    from unstuck.script.running import script as found
    from unstuck.script.shadows import ours
    from unstuck.script.trainings import Trainings

    must_end(prove)
    folder, command = working_folder(), command_line()
    outputs = {"--json": json_file, "--html": html_file, "--sarif": sarif_file, "--patch": patch}
    given = [argument.rpartition("=")[2] for argument in ctx.args]
    must_be_writable(outputs, [*([] if module else [script]), *given])
    telling = Telling(form, verbose, stop)
    tell = telling.tell
    running = found(script, module, _renamed(tell) if compat else None)
    must_be_writable(outputs, [running.file])
    json_file, html_file, sarif_file, patch = map(
        absolute, (json_file, html_file, sarif_file, patch)
    )
    if patch is not None and prove is None:
        prove = float(SECONDS)
    trainings = Trainings(running.file, telling.at_once, stop=stop, prove=prove is not None)
    hooks.install(trainings)
    children, at_exit, after = Children(trainings, running.file), AtExit(), Afterwards(tell)

    def decided(
        diagnosed: "Diagnosed", witness: "Witness", sightings: "tuple[Sighting, ...]"
    ) -> "tuple[Proof, Fixed | None]":
        assert prove is not None
        proof, fix = proven(diagnosed, prove, witness=witness, sightings=sightings)
        return proof.record, fix

    def finished() -> "tuple[RunRecord | None, bool]":
        """What was found, told and written; whether all of it could be."""
        record = None
        with after.part("draw up what was found"):
            record = _record(trainings, folder, command)
        if record is not None:
            again = shlex.join([*(["-m"] if module else []), script, *ctx.args])
            with after.part("tell what was found"):
                telling.at_the_end(record, again, html_file or json_file, at_exit.is_awaited)
        written = False
        with after.part("write what was found"):
            written = _write(record, json_file, html_file, sarif_file, tell)
        trainings.is_recorded = True
        return record, written

    def ended() -> None:
        tell("\nunstuck: told to end (SIGTERM); what was found until then")
        with ours():
            with after.part("end the run"):
                children.join()
            finished()

    with as_python(ended if any((json_file, html_file, sarif_file)) else None):
        status = running.run(ctx.args, _explainer(trainings, running, compat), tell)
    if not trainings.is_ours():  # a process that the script forked, and that came to its end
        leave_to_the_script()
        raise typer.Exit(status)
    written = True
    with after.part("end the run"):
        for ending in trainings.endings:
            ending()
        children.join()
    try:
        with after.part("prove what was found"):
            if prove is not None:
                alone = _record(trainings, folder, command)
                write_before_trials(_outputs(alone, json_file, html_file, sarif_file))
                trainings.prove(decided, telling.decided)
            if patch is not None and trainings.lines:
                written = _patch(trainings, running, ctx.args, folder, patch, compat)
    except KeyboardInterrupt as interrupt:
        says, how = how_it_ended(interrupt)
        tell(f"\nunstuck: {says}; what was found until then")
        status = status or how
    record, all_written = finished()
    written = written and all_written and after.is_whole
    if record is not None:
        status = status or (found_status(record.subjects, fail_on) if written else UNWRITTEN)
    leave_to_the_script()
    raise typer.Exit(status if written else status or UNWRITTEN)


def _explainer(
    trainings: "Trainings", running: "Script", compat: bool
) -> Callable[[BaseException], None]:
    """Explains what Keras 3 has no more, where a script fails of it."""
    from unstuck.script.compat import explained

    def failed(error: BaseException) -> None:
        with trainings.guard("explain the error"):
            told = explained(error, _source(running.file), running.file)
            if told:
                how = ""
                if not compat and "\nwrite: " in told:
                    how = "\nunstuck run --compat does what Keras 3 renamed for a run."
                trainings.tell(f"\nunstuck: this is there no more.\n{told}{how}")

    return failed


def _source(file: str) -> str:
    """Of the script; "" of one that Python cannot read either, and says so."""
    from unstuck.patch.source import decoded

    with suppress(UnicodeDecodeError, SyntaxError):
        return decoded(Path(file).read_bytes())
    return ""


def _renamed(tell: Callable[[str], None]) -> Callable[[str], str]:
    """Renames for one run, and says so."""
    from unstuck.script.compat import renamed

    def rewritten(source: str) -> str:
        new, found = renamed(source)
        for rename in found:
            tell(f"unstuck: for this run, {rename}")
        return new

    return rewritten


def _patch(
    trainings: "Trainings",
    running: "Script",
    arguments: list[str],
    folder: Path,
    target: Path,
    compat: bool,
) -> bool:
    """The diff, once a copy with it was seen to learn; False if it could not be written."""
    from unstuck.patch.trying import patch
    from unstuck.report.run import tried
    from unstuck.script.compat import renamed
    from unstuck.script.record import file_name
    from unstuck.watching.place import Place

    if not running.is_plain:
        trainings.tell("unstuck: no patch: only a script that is one file is patched")
        return True
    lines = trainings.lines
    made = patch(
        [cured for i, line in enumerate(lines) for cured in _cures(i, line, running.file)],
        running.file,
        file_name(Place(running.file, 1), folder),
        arguments,
        folder,
        trainings.tell,
        (lambda source: renamed(source)[0]) if compat else (lambda source: source),
    )
    if made is None:
        return True
    trainings.tell(tried(_record(trainings, folder).subjects, made.after))
    if not write_all([(target, lambda: made.content)], trainings.tell):
        trainings.tell(f"unstuck: this is the patch:\n{made.diff}")
        return False
    for i in made.after:
        lines[i].diff, lines[i].cured = made.diff, i in made.learning
    trainings.tell(f"unstuck: the patch is in {target}: git apply {target}")
    return True


def _cures(index: int, line: "Line", script: str) -> "Iterator[Cured]":
    """A line's verified fix, and how its model is to be asked, as a patch takes them."""
    from unstuck.causes import load
    from unstuck.patch.trying import Asking, Cured

    where = line.where
    here = where is not None and where.file == script and where.cell is None
    known: dict[str, Any] = {
        "index": index,
        "says": str(line),
        "line": where.line if where is not None and here else None,
        "framework": _WATCHED_BY.get(line.framework, line.framework),
        "state": line.worst.state,
        "names": line.names,
        "through": where.through if where is not None and here else (),
    }
    if line.fix is not None and line.fix.record.verified:
        fix = line.fix
        yield Cured(**known, printer=fix.printer, snippet=fix.record.code, least=fix.least)
    for place, cause in line.evaluations:
        asks = place.line if place is not None and place.file == script else None
        cure = load(cause).cure(known["framework"])
        yield Asking(**known, printer=lambda names: (), snippet=cure, cause=cause, asks=asks)


def _record(trainings: "Trainings", folder: Path, command: str = "") -> "RunRecord":
    from unstuck.script.record import run_record

    return run_record(trainings.lines, folder, command)


def _write(
    record: "RunRecord | None",
    json_file: Path | None,
    html_file: Path | None,
    sarif_file: Path | None,
    tell: Callable[[str], None],
) -> bool:
    """Writes what was asked for; whether all of it could be."""
    if record is None:
        return json_file is None and html_file is None and sarif_file is None
    return write_all(_outputs(record, json_file, html_file, sarif_file), tell)


def _outputs(
    record: "RunRecord", json_file: Path | None, html_file: Path | None, sarif_file: Path | None
) -> "list[tuple[Path | None, Callable[[], str | bytes]]]":
    """What is written where."""

    def findings() -> str:
        from unstuck.report.as_json import as_text
        from unstuck.report.sarif import sarif

        return as_text(sarif(record))

    return [
        (json_file, in_json(record)),
        (html_file, lambda: _page(record)),
        (sarif_file, findings),
    ]


def _page(record: "RunRecord") -> str:
    from unstuck.setups.unmoved import unmoved

    with unmoved():
        return as_page(record)()
