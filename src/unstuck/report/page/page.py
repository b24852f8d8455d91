"""A record as one page, and as a fragment for a notebook."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from unstuck.records.quantity import quantity
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import Status
from unstuck.report import diagnosis, proof
from unstuck.report.levels import gain, level
from unstuck.report.page import chain, cloud, curves, embedded, parts, rate, seeds, tried
from unstuck.report.page.drawing import Picture
from unstuck.report.page.verdict import verdict
from unstuck.report.templates import template

UNDRAWN = "Pictures are drawn by matplotlib, which is not installed: pip install matplotlib"
_OF_PROOF: tuple[Callable[[Any], Picture | None], ...] = (
    seeds.picture,
    tried.picture,
    curves.picture,
)
_OF_REPORT = (chain.picture, cloud.picture)
_OF_REPAIR = (parts.picture, rate.picture)


def page(record: RunRecord) -> str:
    """One file that needs no other: no script, nothing fetched, all that is foreign escaped."""
    return template("page.html.j2").render(**_shown(record), record=Markup(embedded.block(record)))


def fragment(record: RunRecord) -> str:
    """The same for a notebook's cell, without the record."""
    return template("fragment.html.j2").render(**_shown(record))


def pictures(subject: SubjectRecord) -> list[Picture]:
    """In the order of the chain: at most six, each only where the record says enough."""
    if find_spec("matplotlib") is None:
        return []
    judged = subject.proof if subject.judges else None
    made: list[Picture | None] = []
    if judged is not None:
        made += [draw(judged) for draw in _OF_PROOF]
    if subject.report is not None:
        made += [draw(subject.report) for draw in _OF_REPORT]
    if judged is not None:
        made += [draw(judged) for draw in _OF_REPAIR]
    return [one for one in made if one is not None]


def _shown(record: RunRecord) -> dict[str, Any]:
    return {
        "run": record,
        "shown": [(s, verdict(s), pictures(s)) for s in record.subjects],
        "undrawn": "" if find_spec("matplotlib") else UNDRAWN,
        "d": diagnosis,
        "quantity": quantity,
        "against": proof.against,
        "part_says": proof.part_says,
        "level": level,
        "gain": gain,
        "facts": _facts,
        "open_ones": (Status.PROVEN, Status.SUSPECTED, Status.INCONCLUSIVE),
        "svg": Markup,
    }


def _facts(record: RunRecord, subject: SubjectRecord) -> list[tuple[str, str]]:
    """What it takes to do it again."""
    origin, proof = record.origin, subject.proof
    versions = {"unstuck": record.unstuck, "Python": origin.python} | dict(origin.versions)
    made = [
        ("versions", ", ".join(f"{name} {told}" for name, told in versions.items() if told)),
        ("machine", origin.machine),
        ("data", f"SHA-256 {subject.report.fingerprint}…" if subject.report else ""),
        ("looked at", subject.report.setup.get("looked at", "") if subject.report else ""),
        ("seeds", _seeds(subject)),
    ]
    if proof is not None:
        made += proof.setup.items()
        made.append(("took", f"{proof.seconds:.0f} of {proof.budget:.0f} s"))
    return [(says, value) for says, value in made if value]


def _seeds(subject: SubjectRecord) -> str:
    """The seeds of its trials, as ranges: "1000–1004, 2000–2047"."""
    if subject.proof is None:
        return ""
    ranges: list[list[int]] = []
    for seed in sorted({t.seed for t in subject.proof.trials}):
        if ranges and seed == ranges[-1][1] + 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in ranges)
