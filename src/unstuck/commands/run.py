"""`unstuck run`: a script, unchanged, with its trainings diagnosed."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from unstuck.commands.options import PROVEN, SUSPECTED, FailOn, FailOnOption, JsonFile
from unstuck.commands.output import is_stdout, must_be_writable, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from unstuck.script.running import Script
    from unstuck.script.trainings import Line, Trainings

SECONDS = "60"  # of --prove without a number


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
    sarif_file: Annotated[
        Path | None, typer.Option("--sarif", help="Write findings at the script's lines here.")
    ] = None,
    fail_on: FailOnOption = FailOn.suspected,
) -> None:
    """Run a script as python would, and say of each training in it what keeps it from learning.

    The script is not changed, and neither is what it computes, prints and writes. Each training is
    looked at before its first step; with --prove, copies are trained after the script has ended.
    What is said goes to stderr. What follows SCRIPT belongs to the script.

    Exit status: the script's own if it fails; else 10 if a cause is suspected, 11 if one is
    proven and not cured by a patch, 0 otherwise.
    """
    from unstuck.commands.trials import proven
    from unstuck.script import hooks
    from unstuck.script.compat import explained
    from unstuck.script.running import INTERRUPTED
    from unstuck.script.running import script as found
    from unstuck.script.trainings import Trainings

    folder = Path.cwd()
    for target in (json_file, sarif_file, patch):
        must_be_writable(target)
    json_file, sarif_file, patch = map(_absolute, (json_file, sarif_file, patch))
    if patch is not None and prove is None:
        prove = float(SECONDS)
    tell = _teller()
    rewritten = _renamed(tell) if compat else None
    running = found(script, module, rewritten)
    trainings = Trainings(running.file, tell, stop=stop, prove=prove is not None)
    hooks.install(trainings)

    def failed(error: BaseException) -> None:
        with trainings.guard("explain the error"):
            told = explained(error, _source(running.file), running.file)
            if told:
                how = (
                    "" if compat else "\nunstuck run --compat does what Keras 3 renamed for a run."
                )
                tell(f"\nunstuck: Keras 3 has this no more.\n{told}{how}")

    status = running.run(ctx.args, failed)
    if not trainings.is_ours():  # a process that the script forked, and that came to its end
        raise typer.Exit(status)
    with trainings.guard("end the run"):
        for ending in trainings.endings:
            ending()
        try:
            if prove is not None:
                trainings.prove(lambda report: proven(report, prove, also=False))
            if patch is not None and trainings.lines:
                _patch(trainings, running, ctx.args, folder, patch, compat)
        except KeyboardInterrupt:
            tell("\nunstuck: interrupted; what was found until then")
            status = status or INTERRUPTED
        _write(trainings, json_file, sarif_file, folder)
        status = status or _status(trainings.lines, fail_on)
    raise typer.Exit(status)


def _source(file: str) -> str:
    from unstuck.patch.source import decoded

    return decoded(Path(file).read_bytes())


def _renamed(tell: "Callable[[str], None]") -> "Callable[[str], str]":
    """Renames for one run, and says so."""
    from unstuck.script.compat import renamed

    def rewritten(source: str) -> str:
        new, found = renamed(source)
        for rename in found:
            tell(f"unstuck: for this run, {rename}")
        return new

    return rewritten


def _teller() -> Any:
    """Prints for the user on what is stderr now, whatever the script makes of it."""
    stream = sys.stderr

    def tell(shown: Any) -> None:
        if stream is None:  # closed before Python started: nobody listens
            return
        if isinstance(shown, str):
            print(shown, file=stream, flush=True)
            return
        from rich.console import Console

        Console(file=stream).print(shown)
        stream.flush()

    return tell


def _absolute(target: Path | None) -> Path | None:
    return target if target is None or is_stdout(target) else target.absolute()


def _patch(
    trainings: "Trainings",
    running: "Script",
    arguments: list[str],
    folder: Path,
    target: Path,
    compat: bool,
) -> None:
    """The diff, once a copy with it was seen to learn."""
    from unstuck.patch.trying import patch
    from unstuck.report.run import tried
    from unstuck.report.run_json import file_name
    from unstuck.script.compat import renamed
    from unstuck.watching.place import Place

    if not running.is_plain:
        trainings.tell("unstuck: no patch: only a script that is one file is patched")
        return
    made = patch(
        trainings.lines,
        running.file,
        file_name(Place(running.file, 1), folder),
        arguments,
        folder,
        trainings.tell,
        (lambda source: renamed(source)[0]) if compat else (lambda source: source),
    )
    if made is not None:
        write(target, made.diff)
        trainings.tell(tried(trainings.lines, made.after))
        trainings.tell(f"unstuck: the patch is in {target}: git apply {target}\n{made.diff}")


def _write(
    trainings: "Trainings", json_file: Path | None, sarif_file: Path | None, folder: Path
) -> None:
    """What was found: told, and written."""
    from unstuck.report.run import summary

    lines = trainings.lines
    trainings.tell(summary(lines))
    if json_file:
        from unstuck.report.run_json import run_record

        write(json_file, _text(run_record(lines, folder)))
    if sarif_file:
        from unstuck.report.sarif import sarif

        write(sarif_file, _text(sarif(lines, folder)))


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _status(lines: "list[Line]", fail_on: FailOn) -> int:
    from unstuck.records.states import Status

    causes = {status for line in lines for status in line.statuses}
    if Status.PROVEN in causes and fail_on is not FailOn.never:
        return PROVEN
    if causes & {Status.SUSPECTED, Status.INCONCLUSIVE} and fail_on is FailOn.suspected:
        return SUSPECTED
    return 0
