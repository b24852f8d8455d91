"""The record of a script's run, from what was seen at each line where training starts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import unstuck
from unstuck.causes import load
from unstuck.records.evaluation import Evaluation
from unstuck.records.origin import here
from unstuck.records.run import RunRecord, SubjectRecord, Watched
from unstuck.records.where import Where
from unstuck.report.sentence import of_subject
from unstuck.script.asked import cure, says
from unstuck.script.line import Line
from unstuck.watching.losses import Watch
from unstuck.watching.place import Place


def run_record(lines: Sequence[Line], folder: Path, command: str = "") -> RunRecord:
    """The record of all that was seen.

    Args:
        folder: that files are named from.
        command: as it was given.
    """
    subjects = tuple(subject(line, folder) for line in lines)
    return RunRecord(unstuck.__version__, subjects, here(command))


def subject(line: Line, folder: Path) -> SubjectRecord:
    """The record of one line."""
    proof, report = line.proof, line.report
    if report is not None and line.meaningless:  # nothing says whether it learns
        report = replace(report, suspects=())
    judges = proof is not None and proof.agreement.agrees is not False
    unit = line.witness.unit
    return of_subject(
        SubjectRecord(
            where(line.where, folder),
            line.framework,
            None if report is None else report.backend,
            line.state,
            "",
            proof.report if proof is not None and judges else report,
            line.refused,
            tuple(_watched(watch, unit) for watch in line.watches),
            line.witness if line.watches else None,
            line.routine,
            tuple(line.sightings),
            tuple(_evaluations(line, folder)),
            proof,
            line.unproven,
            None if line.fix is None else line.fix.record,
            line.diff,
            line.cured,
            {
                "static": None if report is None else report.seconds.get("static"),
                "proof": None if proof is None else proof.seconds,
            },
        )
    )


def _evaluations(line: Line, folder: Path) -> Iterator[Evaluation]:
    """Faults of how the trained model is asked, one a line and cause."""
    for (place, cause), answers in line.evaluations.items():
        yield Evaluation(
            **asdict(answers),
            cause=cause,
            where=where(place, folder),
            says=says(cause, answers, place),
            cure=cure(cause, load(cause).cure(line.framework)),
        )


def where(place: Place | None, folder: Path) -> Where | None:
    """A place as a record."""
    return None if place is None else Where(file_name(place, folder), place.line, place.cell)


def file_name(place: Place, folder: Path) -> str:
    """A file as seen from a folder, with slashes; absolute where it lies elsewhere."""
    path = Path(place.file)
    return (path.relative_to(folder) if folder in path.parents else path).as_posix()


def _watched(watch: Watch, unit: str) -> Watched:
    best = min(watch.bins, default=math.nan)
    return Watched(
        watch.state,
        str(watch),
        watch.first,
        None if math.isnan(best) else best,
        watch.last,
        watch.witness(unit),
    )
