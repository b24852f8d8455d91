"""A patch of the script: each verified fix where its training call stands, tried on a copy.

The copy lies beside the script while it runs, so that what the script reads and imports is found,
and is taken away afterwards. It does what the script does: what the script writes, it writes too.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unstuck.patch.caretaker import cared_for, scratch
from unstuck.patch.diffs import diff
from unstuck.patch.program import program
from unstuck.patch.source import decoded, encoded
from unstuck.patch.tree import NotPlaced
from unstuck.patch.write import Printer, Site, asked_otherwise, moved, patched

_RANK = {s: i for i, s in enumerate(("diverged", "stuck", "dying", "slow", "learning"))}
UNSAID = "unknown"  # what too few losses say


@dataclass(frozen=True)
class Cured:
    """A training of the script with a verified cure.

    Args:
        index: among all trainings of the record, in its order.
        says: which it is, in words.
        line: where it started in the script, from 1; None where that is in another file.
        framework: see `Site`.
        printer: of the cure.
        state: that the script's own run was seen in.
        snippet: the cure as code, for where it cannot be placed.
        names, through: see `Site`.
        least: prints a smaller cure, tried where the whole one cannot be placed or the copy does
            not learn with it; None for none.
    """

    index: int
    says: str
    line: int | None
    framework: str
    printer: Printer
    state: str
    snippet: str
    names: Mapping[str, str] | None = None
    through: tuple[int, ...] = ()
    least: Printer | None = None

    def put(self, source: str, base: str) -> str:
        """A source with it in its place.

        Args:
            base: the script's source, whose lines are known.

        Raises:
            NotPlaced: no place is safe, with the reason.
        """
        return patched(source, [self.site(source, base)])

    def site(self, source: str, base: str) -> Site:
        """Where it stands in a source that was made of the script's.

        Raises:
            NotPlaced: not in the script.
        """
        if self.line is None:
            raise NotPlaced("the training call does not stand in the script itself")
        line = moved(base, source, self.line)
        through = tuple(moved(base, source, n) for n in self.through)
        return Site(line, self.framework, self.printer, self.names, through)

    def fails(self, after: Mapping[str, Any]) -> str:
        """What is wrong with the training in the copy; "" if nothing is.

        Args:
            after: its record.
        """
        state = after["state"]
        fine = better(state, self.state) or state == self.state == UNSAID
        return "" if fine else f"{self.says} is {state}"


@dataclass(frozen=True)
class Asking(Cured):
    """A trained model that is to be asked otherwise.

    Args:
        cause: that spoils its answers.
        asks: the line where it is asked, from 1; None where that is in another file.
    """

    cause: str = ""
    asks: int | None = None

    def put(self, source: str, base: str) -> str:
        """See `Cured`."""
        if self.asks is None:
            raise NotPlaced("the model is not asked in the script itself")
        line = moved(base, source, self.asks)
        return asked_otherwise(source, self.site(source, base), self.cause, line)

    def fails(self, after: Mapping[str, Any]) -> str:
        """See `Cured`."""
        left = [e for e in after["evaluations"] if e["cause"] == self.cause]
        return f"its model is still asked so: {self.cause}" if left else super().fails(after)


@dataclass(frozen=True)
class Tried:
    """A patched copy that was run.

    Args:
        diff: from the script to it.
        content: the diff as a file: the script's lines in its encoding.
        after: a training's states and losses in the copy, by its index.
        learning: of these, those that were seen to learn; the others' losses say as little as
            the script's own.
    """

    diff: str
    content: bytes
    after: dict[int, dict[str, Any]]
    learning: frozenset[int]


def patch(
    trainings: Sequence[Cured],
    script: str,
    path: str,
    arguments: list[str],
    folder: Path,
    tell: Callable[[str], None],
    prepared: Callable[[str], str] = lambda source: source,
) -> Tried | None:
    """Puts every verified cure into a copy of the script, and runs it.

    Args:
        script: absolute path.
        path: of the script in the diff.
        arguments: of the script.
        folder: that it was started in.
        prepared: what else is done to the source, before.

    Returns:
        None where no cure could be placed, or where the copy fails or does not learn; told why,
        with the cure as a snippet.
    """
    if not trainings:
        tell("unstuck: no patch: no fix was verified; where nothing is wrong, none is needed")
        return None
    content = Path(script).read_bytes()
    base = prepared(decoded(content))
    tried = _Attempt(script, content, base, arguments, folder)
    found = tried(trainings)
    smaller = [replace(t, printer=t.least, least=None) if t.least else t for t in trainings]
    trouble = found.failed or "; ".join(says for says, _ in found.unplaced)
    if trouble and smaller != list(trainings):
        again = tried(smaller)
        if not again.failed and len(again.placed) >= max(1, len(found.placed)):
            tell(f"unstuck: the patch holds the repair alone; with what gains on top: {trouble}")
            found = again
    for says, training in found.unplaced:
        tell(f"unstuck: no patch of the {training.says}: {says}\n{_snippet(training)}")
    if not found.placed:
        return None
    if found.failed:
        tell(f"unstuck: no patch: the patched copy was run, and {found.failed}")
        for training in found.placed:
            tell(_snippet(training))
        return None
    text = diff(decoded(content), found.new, path)
    head, rest = text.split("@@", 1) if text else ("", "")
    as_file = head.encode("utf-8", "surrogateescape") + (
        encoded(f"@@{rest}", content) if text else b""
    )
    learning = {t.index for t in found.placed if better(found.after[t.index]["state"], t.state)}
    return Tried(text, as_file, found.after, frozenset(learning))


@dataclass(frozen=True)
class _Found:
    """What came of putting cures into a copy.

    Args:
        new: the copy's source.
        placed: trainings whose cure has a place.
        unplaced: the others, each with the reason.
        after: see `Tried`.
        failed: what is wrong with the copy's run; "" if nothing is.
    """

    new: str
    placed: tuple[Cured, ...]
    unplaced: tuple[tuple[str, Cured], ...]
    after: dict[int, dict[str, Any]]
    failed: str


@dataclass(frozen=True)
class _Attempt:
    """Puts cures into a copy of the script, and runs it.

    Args:
        content: of the script; base: its source, prepared.
    """

    script: str
    content: bytes
    base: str
    arguments: list[str]
    folder: Path

    def __call__(self, trainings: Sequence[Cured]) -> _Found:
        new = self.base
        placed: list[Cured] = []
        unplaced: list[tuple[str, Cured]] = []
        for training in trainings:
            try:
                made = training.put(new, self.base)
                encoded(made, self.content)
            except (NotPlaced, UnicodeEncodeError) as error:
                unplaced.append((str(error), training))
            else:
                new = made
                placed.append(training)
        if not placed:
            return _Found(new, (), tuple(unplaced), {}, "")
        record, failure = _run(self.script, encoded(new, self.content), self.arguments, self.folder)
        after = {t.index: record[t.index] for t in placed if t.index < len(record)}
        bad = []
        for t in placed:
            if t.index not in after:
                bad.append(f"{t.says} is not reached")
            elif says := t.fails(after[t.index]):
                bad.append(says)
        failed = failure or (f"it does not learn: {'; '.join(bad)}" if bad else "")
        return _Found(new, tuple(placed), tuple(unplaced), after, failed)


def better(after: str, before: str) -> bool:
    """Whether a copy in this state learns, and no less than the script does."""
    return _RANK.get(after, -1) >= max(_RANK["slow"], _RANK.get(before, -1))


def _snippet(training: Cured) -> str:
    return f"The fix, to be put before training:\n\n{training.snippet}"


def _run(
    script: str, content: bytes, arguments: list[str], folder: Path
) -> tuple[list[dict[str, Any]], str]:
    """The subjects of a run of the copy; why it failed, if it did."""
    with _beside(script, content) as copy, scratch() as place:
        record = place / "record.json"
        options = ["run", "--json", str(record), "--fail-on", "never"]
        command = program(*options, str(copy), *arguments)
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            return [], f"it failed with status {done.returncode}: {reason(done.stderr)}"
        subjects: list[dict[str, Any]] = json.loads(record.read_text("utf-8"))["subjects"]
        return subjects, ""


def reason(said: str) -> str:
    """The last line of a traceback, behind which may come our own words; else the last line."""
    lines = said.strip().splitlines() or [""]
    errors = [
        line
        for i, line in enumerate(lines)
        if line[:1].strip()
        and i
        and lines[i - 1].startswith("  ")
        and ("Error" in line.split(":")[0])
    ]
    return (errors or lines)[-1]


@contextmanager
def _beside(script: str, content: bytes) -> Iterator[Path]:
    """A file in the script's folder for as long as it takes, also where we are killed."""
    where = Path(script)
    handle, name = tempfile.mkstemp(where.suffix, f"{where.stem}_patched_", where.parent)
    with cared_for(Path(name)) as copy:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield copy
