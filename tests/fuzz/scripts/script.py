"""A script, run as it is and under `unstuck run`: all that it does must be the same."""

import hashlib
import json
import re
import runpy
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..apart import Ended, apart, warm
from ..attempt import Outcome, traced, unfit

NAME = "train.py"
LINES = 30
LOGGED = re.compile(r"[IWE]\d{4} |.*tensorflow")  # of what is imported in passing, with the time
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")  # in memory, which differs from run to run
FAILED = "the script goes on"  # what is told of an error of ours


@dataclass(frozen=True)
class Script:
    """A training script.

    Args:
        framework: that is imported before it is run, in the parent of its process.
        source: its text.
        options: of `unstuck run`, beside --json.
    """

    framework: str
    source: str
    options: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command, and the script."""
        command = " ".join(("unstuck run --json record.json", *self.options, NAME))
        return f"# {command}\n{self.source}"

    def tried(self) -> Outcome:
        """Run twice, each in a child and a folder of its own."""
        warm(self.framework)
        with tempfile.TemporaryDirectory() as home:
            folders = [Path(home, name) for name in ("as_it_is", "seen")]
            for folder in folders:
                folder.mkdir()
                (folder / NAME).write_text(self.source, "utf-8")
            # In one place one after the other: what they print may hold its name.
            place = Path(home, "here")
            plain = self._ended(folders[0], place, _python)
            if plain.status not in (0, 3) or "Traceback" in plain.err:
                return Outcome("void", "", f"{plain.status}: {plain.err[-1_500:]}")
            record = Path(home, "record.json")
            seen = self._ended(folders[1], place, lambda: _unstuck(record, self.options))
            broken = self._broken(plain, seen, *folders, record)
        told = f"{seen.err[-3_000:]}\n-- python:\n{plain.out}\n-- unstuck run:\n{seen.out}"
        return Outcome("accepted", broken, told if broken else "")

    def _ended(self, folder: Path, place: Path, work) -> Ended:
        folder.rename(place)
        ended = apart(work, place)
        place.rename(folder)
        return ended

    def _broken(self, plain: Ended, seen: Ended, a: Path, b: Path, record: Path) -> str:
        if seen.crashed:
            return f"ended by {seen.crashed}"
        for line in seen.err.splitlines():
            if FAILED in line:
                return line.split("train.py")[0] + " …" + line.split(": ", 2)[-1]
        if "Traceback" in seen.err:
            return traced(seen.err)
        if ADDRESS.sub("", seen.out) != ADDRESS.sub("", plain.out):
            return "other words on stdout"
        files = [_files(folder) for folder in (a, b)]
        if files[0] != files[1]:
            return f"other files: {sorted(set(files[0].items()) ^ set(files[1].items()))[0][0]}"
        told = [line for line in plain.err.splitlines() if not LOGGED.match(line)]
        missing = [line for line in told if line not in seen.err]
        if missing:
            return f"missing on stderr: {missing[0][:100]}"
        if not record.exists():
            return "no record"
        made = json.loads(record.read_text("utf-8"))
        wanted = plain.status or (10 if _suspected(made) else 0)
        if seen.status != wanted:
            return f"exit status {seen.status} for {wanted}"
        return unfit(made)


def _suspected(record) -> bool:
    """As the README tells of status 10, from the record alone."""
    subjects = record["subjects"]
    return any(
        s["sightings"] or (s["report"] is not None and s["report"]["suspects"]) for s in subjects
    )


def _files(folder: Path) -> dict[str, str]:
    """Digests by name; of logs, but for how long things took."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(_content(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return re.sub(rb"[\d.e-]+ ?s(ec)?\b", b"", content) if path.suffix == ".txt" else content


def _python() -> int:
    sys.argv = [NAME]
    sys.path[0] = str(Path.cwd())
    runpy.run_path(NAME, run_name="__main__")
    return 0


def _unstuck(record: Path, options: tuple[str, ...]) -> int:
    from unstuck.cli import main

    sys.argv = ["unstuck", "run", "--json", str(record), *options, NAME]
    main()
    return 0
