"""Runs of scripts made of two, each in a scratch copy of their folder; nothing of it stays."""

import json
import math
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from unstuck.comparing.differences import Pair
from unstuck.errors import UsageError
from unstuck.patch.caretaker import scratch
from unstuck.patch.program import program
from unstuck.patch.source import encoded
from unstuck.patch.trying import reason

MOST = 1 << 30  # bytes of a folder that are copied for each run that is under way
SEEDED = "from unstuck.comparing.seeded import moved_on; moved_on({})"
DIVERGED = -1.0  # skill of what is not finite any more, and of what is worse
LEFT = (".git", ".hg", "__pycache__", "node_modules", ".ipynb_checkpoints")

Chosen = frozenset[int]  # parts of the second script
Request = tuple[Chosen, int]  # with a seed


@dataclass(frozen=True)
class Outcome:
    """One run.

    Args:
        skill: by the script's own loss; NaN where it broke off.
        failed: why it broke off; "" if it did not.
    """

    skill: float
    failed: str = ""


@dataclass(eq=False)
class Bench:
    """Runs what is asked for, as many at a time as there are cores, until time is up.

    An interruption is the end of time: what came out by then stands, and `interrupt` is it.

    Args:
        pair: the scripts.
        script: path of the first one, whose bytes tell the encoding.
        arguments: of the script.
        folder: that it is started in.
        ends: by `time.monotonic`.
        told: called before runs with what is tried.
    """

    pair: Pair
    script: Path
    arguments: Sequence[str]
    folder: Path
    ends: float
    told: Callable[[str], None] = lambda says: None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    runs: int = 0
    failed: int = 0
    interrupt: KeyboardInterrupt | None = None
    _under_way: "set[subprocess.Popen[str]]" = field(default_factory=set)

    def __post_init__(self) -> None:
        size = _size(self.script.parent)
        if size > MOST:
            raise UsageError(
                f"the script's folder holds {size / 1e9:.1f} GB",
                f"at most {MOST / 1e9:.0f} GB: each run is made in a copy of it",
                "put the scripts and what they read in a folder of their own",
            )

    def run(self, wanted: Sequence[Request], says: str) -> list[Outcome | None]:
        """One outcome a request; None where time was up."""
        self.told(says)
        futures = []
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                futures += [pool.submit(self._one, request) for request in wanted]
                wait(futures)
            except KeyboardInterrupt as told:
                self.interrupt, self.ends = told, -math.inf
                for process in list(self._under_way):
                    _end(process)
        outcomes = [future.result() for future in futures]
        outcomes += [None] * (len(wanted) - len(futures))
        made = [o for o in outcomes if o is not None]
        self.runs += len(made)
        self.failed += sum(bool(o.failed) for o in made)
        return outcomes

    def _one(self, request: Request) -> Outcome | None:
        left = self.ends - time.monotonic()
        if left <= 0:
            return None
        chosen, seed = request
        content = encoded(self.pair.text(chosen), self.script.read_bytes())
        with copied(self.script.parent) as copy:
            (copy / self.script.name).write_bytes(content)
            record = copy.parent / "record.json"
            inside = self.script.parent == self.folder or self.script.parent in self.folder.parents
            start = copy / self.folder.relative_to(self.script.parent) if inside else self.folder
            run = ["run", "--json", str(record), "--fail-on", "never"]
            own = [str(copy / self.script.name), *self.arguments]
            command = program(*run, *own, before=SEEDED.format(seed))
            done = self._ran(command, start)
            if done is None:
                return None
            status, said = done
            seen = json.loads(record.read_text("utf-8")) if record.exists() else {"subjects": ()}
            found = outcome(seen)
            if status and found.skill != DIVERGED:  # some fail as soon as a loss is NaN
                return Outcome(math.nan, reason(said))
            return found

    def _ran(self, command: list[str], folder: Path) -> tuple[int, str] | None:
        """Exit status and stderr; None where time was up, and it and all it started was ended."""
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            self._under_way.add(process)
            try:
                _, said = process.communicate(timeout=max(0.0, self.ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                return None
            finally:
                _end(process)
                self._under_way.discard(process)
        return None if self.interrupt is not None else (process.returncode, said)


def _end(process: "subprocess.Popen[str]") -> None:
    """At once, with all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()


def outcome(record: dict[str, Any]) -> Outcome:
    """Of a run's record: skill of the last training whose loss says something."""
    told = [s["witness"] for s in record["subjects"] if s["witness"] is not None]
    told = [w for w in told if w["count"] and not w["meaningless"]]
    if not told:
        return Outcome(math.nan, "no training was seen whose loss says whether it learns")
    witness = told[-1]
    if witness["broken"]:
        return Outcome(DIVERGED)
    losses = [loss for _, loss in witness["losses"]]
    last = losses[-max(1, len(losses) // 10) :]
    start = witness["nothing"] or witness["start"] or losses[0]  # null where it is not known
    if not start > 0:
        return Outcome(math.nan, "its loss is not above 0, so that it cannot be told as skill")
    return Outcome(min(1.0, max(DIVERGED, 1 - sum(last) / len(last) / start)))


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of a folder, and a place beside it, for as long as it takes."""
    with scratch() as place:
        copy = place / folder.name
        shutil.copytree(folder, copy, ignore=partial(_left_out, own=str(place)), symlinks=True)
        yield copy


def _left_out(folder: str, names: list[str], own: str = "") -> list[str]:
    """What is not copied; `own` is where the copy goes, which may lie in the folder itself."""
    inside, target = Path(folder), Path(own)
    return [
        n
        for n in names
        if n in LEFT
        or (inside / n / "pyvenv.cfg").exists()
        or (n == target.name and (inside / n).samefile(target))
    ]


def _size(folder: Path) -> int:
    total = 0
    for where, folders, files in os.walk(folder):
        folders[:] = [n for n in folders if n not in _left_out(where, folders)]
        for name in files:
            path = Path(where, name)
            total += 0 if path.is_symlink() else path.stat().st_size
            if total > 2 * MOST:
                return total
    return total
