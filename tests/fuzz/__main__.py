"""python -m fuzz [--attempts N] [--seed N] [--kind NAME]... [--workers N] [--findings FOLDER]

Makes attempts of each kind, prints how many there were and what came of them, writes the shortest
example of each finding into a folder, and exits with 1 if there is any. Equal seeds draw equal
attempts, whatever the number of processes.
"""

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from .kinds import KINDS, SHARES
from .tally import Tally

LOT = 250  # attempts of one process, so that what one leaves behind is few others'
SEEDS_APART = 100_000


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser("python -m fuzz", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--attempts", type=int, default=2_000, help="in all; default 2,000")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw others")
    parser.add_argument("--kind", action="append", choices=KINDS, help="default: all, by share")
    parser.add_argument("--workers", type=int, default=2, help="processes; default 2")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="a folder")
    parser.add_argument("--lot", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.lot:
        kind, number, size = asked.lot.rsplit(":", 2)
        _lot(kind, int(number), int(size))
        return 0
    return _all(asked)


def _lot(kind: str, number: int, size: int) -> None:
    """Attempts of one kind, one line of JSON each; in a process of its own."""

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def attempts(attempt) -> None:
        began = time.perf_counter()
        outcome = attempt.tried()
        took = time.perf_counter() - began
        told = {
            "said": outcome.said,
            "how": outcome.seen[:200],
            "broken": outcome.broken,
            "seconds": took,
        }
        if outcome.broken:
            told |= {"seen": outcome.seen, "text": attempt.text}
        print(json.dumps(told), flush=True)

    attempts()


def _all(asked: argparse.Namespace) -> int:
    kinds = asked.kind or list(KINDS)
    whole = sum(SHARES[kind] for kind in kinds)
    lots = []
    for kind in kinds:
        left, number = round(asked.attempts * SHARES[kind] / whole), asked.seed * SEEDS_APART
        while left > 0:
            lots.append((kind, number, min(LOT, left)))
            left, number = left - LOT, number + 1
    print(f"{asked.attempts} attempts, seed {asked.seed}, {asked.workers} processes", flush=True)
    tally, began = Tally(asked.findings), time.perf_counter()
    with ThreadPoolExecutor(asked.workers) as pool:
        for done in pool.map(partial(_ended), lots):
            kind, *_ = done.args[-1].rsplit(":", 2)
            made = [json.loads(line) for line in done.stdout.splitlines()]
            for one in made:
                tally.adds(kind, one)
            print(f"  {len(made)} {kind}", *sorted({m["broken"] for m in made} - {""}), flush=True)
            if done.returncode:
                failed = {"said": "void", "broken": "the fuzzer itself failed", "seconds": 0}
                tally.adds(
                    kind, failed | {"text": " ".join(done.args), "seen": done.stderr[-3000:]}
                )
    print(tally)
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if tally.found else 0


def _ended(lot: tuple[str, int, int]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "fuzz", "--lot", ":".join(map(str, lot))]
    return subprocess.run(command, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
