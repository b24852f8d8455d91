"""A run's findings in SARIF 2.1.0, which code hosts show at the script's own lines."""

from collections.abc import Iterator
from typing import Any

from unstuck.causes import load
from unstuck.records.quantity import quantity
from unstuck.records.report import Suspect
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import Status

_LEVELS = {
    Status.PROVEN: "error",
    Status.SUSPECTED: "warning",
    Status.INCONCLUSIVE: "warning",
}


def sarif(record: RunRecord) -> dict[str, Any]:
    """The log of one run; what was refuted, or cured, is no finding."""
    results = [result for subject in record.subjects for result in _results(subject)]
    causes = [load(name) for name in dict.fromkeys(r["ruleId"] for r in results)]
    rules = [
        {
            "id": cause.name,
            "shortDescription": {"text": cause.title},
            "fullDescription": {"text": cause.mechanism},
        }
        for cause in causes
    ]
    driver = {"name": "unstuck", "version": record.unstuck, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _results(subject: SubjectRecord) -> Iterator[dict[str, Any]]:
    for suspect in subject.findings:
        yield _result(subject, suspect.name, _LEVELS[suspect.status], _told(suspect))
    known = {suspect.name for suspect in subject.report.suspects} if subject.report else set()
    for sighting in () if subject.clear else subject.sightings:
        if sighting.cause not in known:
            yield _result(subject, sighting.cause, "warning", sighting.says)


def _result(subject: SubjectRecord, rule: str, level: str, says: str) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": says}}
    where = subject.where
    if where is not None:
        region = {} if where.cell else {"region": {"startLine": where.line}}
        artifact = {"artifactLocation": {"uri": where.file}}
        found["locations"] = [{"physicalLocation": artifact | region}]
    return found


def _told(suspect: Suspect) -> str:
    measured = "; ".join(
        f"{e.probe} {quantity(e.value)}, expected {e.expected}" for e in suspect.evidence
    )
    cure = f" Cure: {suspect.cure}" if suspect.cure else ""
    return f"{suspect.title} ({suspect.status.value}). {measured}.{cure}"
