"""Pictures of the causes' own examples, from what `python docs/causes.py` measured."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from site_parts import curves, signs
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
    """Of all causes."""
    return list(_measured())


def loop(name: str) -> dict[str, Any] | None:
    """The learning curves of a cause that only a loop shows, see docs/loops.py; else None."""
    found: dict[str, Any] | None = _measured()[name].get("loop")
    return found


@cache
def run(name: str) -> RunRecord:
    """Of a cause's own example."""
    return record(json.dumps(_measured()[name]["run"]), f"{FILE.name}: {name}")


def origin() -> Origin:
    """Where and when the first of the runs was made."""
    return run(next(name for name in names() if loop(name) is None)).origin


def dates() -> list[str]:
    """On which the runs were made."""
    return sorted({run(name).origin.date for name in names() if loop(name) is None})


def torch() -> str:
    """The version that the loops were trained with."""
    return str(next(told["torch"] for told in map(loop, names()) if told is not None))


def pictures(name: str) -> list[Picture]:
    """What a cause is suspected by, what its cut does, what trials with and without it did; of one
    that only a loop shows, its learning curves."""
    told = loop(name)
    if told is not None:
        return [curves.picture(told)]
    (subject,) = run(name).subjects
    report = subject.report
    if report is None:
        return []
    (suspect,) = [s for s in report.suspects if s.name == name]
    wanted = {"cloud"} | ({"chain"} if any(d.cut for d in report.distributions) else set())
    if _decided(subject, name):
        wanted |= {"seeds", "curves"} | ({"rate"} if name.startswith("learning-rate") else set())
    drawn = [p for p in of_subject(subject) if p.name in wanted]
    return [signs.picture(suspect, report, _measured()[name]["sound"]), *drawn]


def _decided(subject: SubjectRecord, name: str) -> bool:
    """Whether trials proved a repair that takes this cause away."""
    proof = subject.proof
    if proof is None or proof.repair is None or not proof.trusted:
        return False
    proven = proof.repair.effect.status is Status.PROVEN
    return proven and any(name in part.causes for part in proof.repair.parts)
