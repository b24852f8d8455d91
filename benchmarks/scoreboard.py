"""How often diagnosis, proof and fix are right: programs drawn at random, healthy and faulty.

    python benchmarks/scoreboard.py run --half report [--workers 2] [--only torch] [--first 100]
    python benchmarks/scoreboard.py show --half report [--json FILE]
    python benchmarks/scoreboard.py one SLOT_NUMBER [--half report] [--keep FOLDER]

Programs are drawn by `board/draw.py` from seeds; odd seeds are opened only to report. A sound one
counts as healthy when it was run and reaches at least 0.8 of a reference; a fault counts when, run
with it alone, the program loses more than a fifth of that skill, and so must all of them together.
Draws that are neither are drawn anew, at most four times, and counted. All these runs are of the
bare program, on seeds that no proof uses. Then it is put to the test as users do it: half of them
and more by `unstuck run --compat --prove 60 --patch …` on the script, the others by
`unstuck.diagnose`. A repair is one that, trained on two more seeds, gains at least 80 % of what
taking the faults away gains, by the program's own held-out measure. Random search gets as many
seconds as the proof took.

Results go to a file of lines as they end; a run that is interrupted goes on where it stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections import defaultdict
from pathlib import Path
from typing import Any

from board.draw import Slot, slots

CHUNK = 24  # slots among which those of one framework share a process


def work(chosen: list[Slot], target: Path, every: int, options: list[str]) -> None:
    """A process's share: one line a slot as it ends.

    Args:
        every: slots of which one has baselines, too.
    """
    from board.examined import examined

    for slot in chosen:
        began = time.perf_counter()
        try:
            compared = every and slot.number // 100 % every == 0
            record = examined(slot, [*options, *["--baselines"] * bool(compared)])
        except Exception as error:
            record = {"slot": slot.name, "error": f"{type(error).__name__}: {error}"[:300],
                      "trace": traceback.format_exc(limit=-6)}  # fmt: skip
        record["wall"] = time.perf_counter() - began
        with target.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def read(target: Path) -> list[dict[str, Any]]:
    """Finished slots, the last line of each."""
    if not target.exists():
        return []
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines() if line]
    return list({r["slot"]: r for r in lines}.values())


def environment(framework: str) -> dict[str, str]:
    """Of a process that works in a framework: one thread, one backend."""
    made = os.environ | {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    made["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    made["KERAS_BACKEND"] = framework.split("-")[1] if "-" in framework else "torch"
    return made


def run(todo: list[Slot], workers: int, target: Path, options: list[str]) -> None:
    """All these slots, in their order, in processes of one framework each."""
    chunks: list[tuple[str, list[Slot]]] = []
    for i in range(0, len(todo), CHUNK):
        by_framework: dict[str, list[Slot]] = defaultdict(list)
        for slot in todo[i : i + CHUNK]:
            by_framework[slot.framework].append(slot)
        chunks += by_framework.items()
    running: list[subprocess.Popen[bytes]] = []
    try:
        while chunks or running:
            while chunks and len(running) < workers:
                framework, chosen = chunks.pop(0)
                command = [sys.executable, __file__, "work", "--file", str(target), *options,
                           "--slots", json.dumps([vars(s) for s in chosen])]  # fmt: skip
                running.append(subprocess.Popen(command, env=environment(framework)))
            time.sleep(1)
            running = [p for p in running if p.poll() is None]
    finally:
        for process in running:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("run", "show", "one", "work"))
    parser.add_argument("number", type=int, nargs="?", help="of a slot, for one")
    parser.add_argument("--half", choices=("development", "report"), default="development")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="framework")
    parser.add_argument("--first", type=int, help="so many slots, in the order of the half")
    told = "count processor seconds, for a machine that does other work"
    parser.add_argument("--processor", action="store_true", help=told)
    parser.add_argument("--baselines", type=int, default=1, metavar="N",
                        help="on every Nth slot alone; 0 for none")  # fmt: skip
    parser.add_argument("--file", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="folder to leave the program and its record in")
    parser.add_argument("--slots", help=argparse.SUPPRESS)
    given = parser.parse_args()
    target = given.file or Path(__file__).with_name(f"scoreboard-{given.half}.jsonl")
    options = ["--processor"] * given.processor
    if given.what == "work":
        work([Slot(**s) for s in json.loads(given.slots)], target, given.baselines, options)
        os._exit(0)  # TensorFlow was seen to hang at the end of a process
    known = slots(given.half)
    if given.what == "one":
        _one(
            [s for s in known if s.number == given.number],
            given,
            [*options, *["--baselines"] * bool(given.baselines)],
        )
        return
    if given.what == "run":
        done = {r["slot"] for r in read(target) if "error" not in r}
        todo = [s for s in known[: given.first] if s.name not in done]
        todo = [s for s in todo if s.framework.startswith(given.only)]
        run(todo, given.workers, target, [*options, "--baselines", str(given.baselines)])
    from board.summary import show, summary

    from unstuck.cases.run import provenance

    record = summary(read(target))
    show(record)
    if given.json:
        whole = {"half": given.half, "unstuck": provenance(), **record}
        given.json.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def _one(chosen: list[Slot], given: argparse.Namespace, options: list[str]) -> None:
    """One slot of the development half, told in full."""
    (slot,) = [s for s in chosen if s.framework.startswith(given.only)]
    os.environ.update(environment(slot.framework))
    from board.examined import examined

    print(json.dumps(examined(slot, options, given.keep), indent=1))


if __name__ == "__main__":
    main()
