"""A run's findings in SARIF 2.1.0, which code hosts show at the script's own lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import unstuck
from unstuck.causes import load
from unstuck.records.report import Suspect
from unstuck.report.run_json import file_name
from unstuck.report.wording import quantity
from unstuck.script.trainings import Line

_LEVELS = {"proven": "error", "suspected": "warning", "inconclusive": "warning"}


def sarif(lines: Sequence[Line], folder: Path) -> dict[str, Any]:
    """The log of one run; what was refuted is no finding.

    Args:
        folder: that files are named from.
    """
    results = [result for line in lines for result in _results(line, folder)]
    causes = [load(name) for name in dict.fromkeys(r["ruleId"] for r in results)]
    rules = [
        {
            "id": cause.name,
            "shortDescription": {"text": cause.title},
            "fullDescription": {"text": cause.mechanism},
        }
        for cause in causes
    ]
    driver = {"name": "unstuck", "version": unstuck.__version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _results(line: Line, folder: Path) -> Iterator[dict[str, Any]]:
    report = line.proof.report if line.proof else line.report
    for suspect in report.suspects if report else ():
        if suspect.status in _LEVELS:
            found: dict[str, Any] = {
                "ruleId": suspect.name,
                "level": _LEVELS[suspect.status],
                "message": {"text": _told(suspect)},
            }
            if line.where is not None:
                region = {} if line.where.cell else {"region": {"startLine": line.where.line}}
                artifact = {"artifactLocation": {"uri": file_name(line.where, folder)}}
                found["locations"] = [{"physicalLocation": artifact | region}]
            yield found


def _told(suspect: Suspect) -> str:
    measured = "; ".join(
        f"{e.probe} {quantity(e.value)}, expected {e.expected}" for e in suspect.evidence
    )
    cure = f" Cure: {suspect.cure}" if suspect.cure else ""
    return f"{suspect.title} ({suspect.status}). {measured}.{cure}"
