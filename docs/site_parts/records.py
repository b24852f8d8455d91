"""The real runs that the site shows: of scripts, and of the published cases."""

import gzip
import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from unstuck import cases
from unstuck.cases.results import Met
from unstuck.records.run import RunRecord
from unstuck.report.reading import record

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "tests" / "report" / "records"
CASES_JSON = ROOT / "docs" / "cases.json"
CLASSES = 10  # of Fashion-MNIST, which cases.json was measured on


@cache
def run(name: str) -> RunRecord:
    """A run of one of the repository's examples, with its proof."""
    file = RECORDS / f"{name}.json.gz"
    return record(gzip.decompress(file.read_bytes()).decode(), file.name)


@cache
def case(name: str) -> dict[str, Any]:
    """A published case as docs/cases.json has it."""
    (found,) = [c for c in json.loads(CASES_JSON.read_text("utf-8"))["cases"] if c["name"] == name]
    return dict(found)


def drawable(name: str) -> Any:
    """A case's report, as far as its pictures of ends and figures look at it."""
    found = case(name)
    published = {(f.of.arm, f.of.metric, f.of.epoch): f for f in cases.load(name).figures}
    met = [
        Met(
            published[f["arm"], f["metric"], f["epoch"]],
            f["measured"]["n"],
            f["measured"]["median"],
            f["measured"]["low"],
            f["measured"]["high"],
            f["inside"],
        )
        for f in found["figures"]
    ]
    ends = {
        arm: {int(k): share for k, share in shares.items()}
        for arm, shares in found["staircases"].items()
    }
    results = SimpleNamespace(classes=CLASSES, seeds=range(found["seeds"]))
    return SimpleNamespace(met=met, comparable="", staircases=ends, results=results)
