"""Makes docs/causes.json.gz, what the site draws the causes' pictures from:

    python docs/causes.py [NAME ...]

Each cause's own example (`unstuck causes NAME` tells what it is) is looked at and put to the proof
for a quarter of a minute, and what only looks like it is looked at; a fault that only a loop shows
is trained with and without (`loops.py`): ten minutes on two cores. With names, only these are made
anew, and those that are not there yet. The figures on docs/causes.md are `unstuck causes
--markdown`'s.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import loops

import unstuck
from unstuck.causes import causes
from unstuck.causes.cause import Cause
from unstuck.errors import UsageError
from unstuck.records.proof import Proof, Trial
from unstuck.report.as_json import to_json
from unstuck.report.handed import run_record

FILE = Path(__file__).parent / "causes.json.gz"
SECONDS = 15  # of each proof


def made(cause: Cause) -> dict[str, Any]:
    """The run of its example, and what the same probes are where it only looks like it; for a
    cause without an example, a loop's learning curves."""
    if cause.shows is None or cause.look_alike is None:
        return {"loop": loops.measured(cause.name)}
    example, other = cause.shows(), cause.look_alike()
    session = unstuck.diagnose(example.model, **example.arguments)
    sound = unstuck.diagnose(other.model, **other.arguments).record.probes
    try:
        proof = _light(session.prove(budget=SECONDS).record)
    except UsageError:  # a set-up that no trial can judge
        proof = None
    run = run_record(session.record, proof, command=f"python docs/causes.py {cause.name}")
    suspects = [s for s in session.record.suspects if s.name == cause.name]
    probes = {e.probe for s in suspects for e in s.evidence}
    return {"run": to_json(run), "sound": {name: sound.get(name) for name in sorted(probes)}}


def _light(proof: Proof) -> Proof:
    """Without the losses, and the ways, of what no picture draws."""
    parts = () if proof.repair is None else proof.repair.parts
    drawn = (set(), {part.change for part in parts})

    def light(trial: Trial) -> Trial:
        losses = () if trial.finite else trial.losses
        ways = trial.skills if set(trial.changes) in drawn else trial.skills[-1:]
        return replace(trial, losses=losses, skills=ways)

    return replace(proof, trials=tuple(light(trial) for trial in proof.trials))


def _all(names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    kept = json.loads(gzip.decompress(FILE.read_bytes())) if names else {}
    for cause in causes():
        anew = cause.name in names or cause.name not in kept
        told = made(cause) if anew else kept[cause.name]
        if anew:
            print(cause.name, flush=True)
        yield cause.name, told


if __name__ == "__main__":
    text = json.dumps(dict(_all(sys.argv[1:])), ensure_ascii=False, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{FILE.name}: {FILE.stat().st_size // 1_000} KB")
