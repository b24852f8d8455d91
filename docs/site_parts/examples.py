"""Pictures of the causes' own examples, from what `python docs/causes.py` measured."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from site_parts import signs
from unstuck.records.origin import Origin
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import Status
from unstuck.report.page.drawing import Picture
from unstuck.report.page.page import pictures as of_subject
from unstuck.report.reading import record

FILE = Path(__file__).parents[1] / "causes.json.gz"


@cache
def _measured() -> dict[str, Any]:
    return dict(json.loads(gzip.decompress(FILE.read_bytes())))


def names() -> list[str]:
    """Of all causes that have an example."""
    return list(_measured())


def run(name: str) -> RunRecord:
    """Of a cause's example."""
    return record(json.dumps(_measured()[name]["run"]), f"{FILE.name}: {name}")


def origin() -> Origin:
    """Where and when the first of them was made."""
    return run(names()[0]).origin


def pictures(name: str) -> list[Picture]:
    """What a cause is suspected by, what its cut does, what trials with and without it did; [] for
    one without an example."""
    if name not in _measured():
        return []
    (subject,) = run(name).subjects
    report = subject.report
    suspect = None if report is None else next((s for s in report.suspects if s.name == name), None)
    if report is None or suspect is None:
        return []
    wanted = {"cloud"} | ({"chain"} if any(d.cut for d in report.distributions) else set())
    if _decided(subject, name):
        wanted |= {"seeds", "curves"} | ({"rate"} if name.startswith("learning-rate") else set())
    drawn = [p for p in of_subject(subject) if p.name in wanted]
    first = signs.picture(suspect, report, _measured()[name]["sound"])
    return drawn if first is None else [first, *drawn]


def _decided(subject: SubjectRecord, name: str) -> bool:
    """Whether trials proved a repair that takes this cause away."""
    proof = subject.proof
    if proof is None or proof.repair is None or not proof.trusted:
        return False
    proven = proof.repair.effect.status is Status.PROVEN
    return proven and any(name in part.causes for part in proof.repair.parts)
