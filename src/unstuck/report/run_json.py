"""A run as JSON, schema 1: see `docs/run.schema.json`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import unstuck
from unstuck.records.report import finite
from unstuck.script.trainings import Line
from unstuck.watching.place import Place

SCHEMA = 1


def run_record(lines: Sequence[Line], folder: Path) -> dict[str, Any]:
    """The record of all that was seen.

    Args:
        folder: that files are named from.
    """
    record = {
        "schema": SCHEMA,
        "unstuck": unstuck.__version__,
        "subjects": [_subject(line, folder) for line in lines],
    }
    clean: dict[str, Any] = finite(record)
    return clean


def file_name(place: Place, folder: Path) -> str:
    """A file as seen from a folder, with slashes; absolute where it lies elsewhere."""
    path = Path(place.file)
    return (path.relative_to(folder) if folder in path.parents else path).as_posix()


def _subject(line: Line, folder: Path) -> dict[str, Any]:
    where = line.where
    judged = line.proof or line.report
    record = {} if judged is None else judged.to_json()
    seconds = record.get("seconds", {})
    return {
        "where": None
        if where is None
        else {"file": file_name(where, folder), "line": where.line, "cell": where.cell},
        "framework": line.framework,
        "backend": None if line.report is None else line.report.backend,
        "state": line.state.value,
        "trainings": [watch.to_json() for watch in line.watches],
        "setup": record.get("setup", {}),
        "causes": record.get("causes", []),
        "fix": None if line.fix is None else line.fix.to_json() | {"diff": line.diff},
        "refused": line.refused or None,
        "seconds": {"static": seconds.get("static"), "proof": seconds.get("proof")},
    }
