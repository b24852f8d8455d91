"""A run's findings in SARIF 2.1.0, which code hosts show at the script's own lines."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any
from urllib.parse import quote

from unstuck.causes import load
from unstuck.records.quantity import quantity
from unstuck.records.report import Suspect
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import Status
from unstuck.records.where import Where
from unstuck.report.spelt import spelt

_LEVELS = {
    Status.PROVEN: "error",
    Status.SUSPECTED: "warning",
    Status.INCONCLUSIVE: "warning",
}


def sarif(record: RunRecord) -> dict[str, Any]:
    """The log of one run; what was refuted, or cured, is no finding."""
    results = [result for subject in record.subjects for result in _results(subject)]
    causes = [load(name) for name in dict.fromkeys(r["ruleId"] for r in results)]
    home = _home()
    rules = [
        {
            "id": cause.name,
            "shortDescription": {"text": cause.title},
            "fullDescription": {"text": cause.mechanism},
            "help": {"text": f"{cause.mechanism} More: unstuck causes {cause.name}"},
        }
        | ({"helpUri": f"{home}/blob/main/docs/causes.md#{cause.name}"} if home else {})
        for cause in causes
    ]
    driver = {
        "name": "unstuck",
        "version": record.unstuck,
        "rules": rules,
    } | ({"informationUri": home} if home else {})
    files = sorted({s.where.file for s in record.subjects if s.where is not None})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"unstuck/{'+'.join(files) or 'run'}/"},
                "results": results,
            }
        ],
    }
    return dict(spelt(log))


def _home() -> str:
    """Where this project is published, as its distribution says; "" where that says nothing."""
    try:
        urls = metadata("unstuck").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    named = {name: url for name, _, url in (str(told).partition(", ") for told in urls)}
    return named.get("Source", "").rstrip("/")


def _results(subject: SubjectRecord) -> Iterator[dict[str, Any]]:
    for suspect in subject.findings:
        yield _result(subject, subject.where, suspect.name, _LEVELS[suspect.status], _told(suspect))
    known = {suspect.name for suspect in subject.report.suspects} if subject.report else set()
    for sighting in subject.standing:
        if sighting.cause not in known:
            yield _result(subject, subject.where, sighting.cause, "warning", sighting.says)
    for asked in subject.evaluations:
        told = f"{asked.says}. Cure: {asked.cure}"
        yield _result(subject, asked.where, asked.cause, _LEVELS[Status.PROVEN], told)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _result(
    subject: SubjectRecord, where: Where | None, rule: str, level: str, says: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": says}}
    file, line, cell = ("", 1, None) if where is None else (where.file, where.line, where.cell)
    # The same finding in the next run, though lines above it were added: its rule, file, cell and
    # framework, not its line.
    same = "|".join((rule, file, str(cell or ""), subject.framework))
    found["partialFingerprints"] = {"unstuck/v1": _hash(same)}
    if where is not None:
        uri = quote(file, safe="/:", errors="surrogateescape")
        physical = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
        found["locations"] = [{"physicalLocation": physical}]
        if cell is not None:  # lines are counted within it
            found["message"]["text"] = f"Cell {cell}, line {line}: {says}"
    return found


def _told(suspect: Suspect) -> str:
    measured = "; ".join(
        f"{e.probe} {quantity(e.value)}, expected {e.expected}" for e in suspect.evidence
    )
    cure = f" Cure: {suspect.cure}" if suspect.cure else ""
    return f"{suspect.title} ({suspect.status.value}). {measured}.{cure}"
