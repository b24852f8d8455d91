"""A patch of the script: each verified fix where its training call stands, tried on a copy.

The copy lies beside the script while it runs, so that what the script reads and imports is found,
and is taken away afterwards. It does what the script does: what the script writes, it writes too.
"""

import difflib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unstuck.script.source import decoded, encoded
from unstuck.script.trainings import STATES, Line

_GOOD = ("learning", "slow")
_COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()", "run"]


@dataclass(frozen=True)
class Tried:
    """A patched copy that was run.

    Args:
        diff: from the script to it.
        after: a line's states and losses in the copy, by the line's number among all lines.
    """

    diff: str
    after: dict[int, dict[str, Any]]


def patch(
    lines: Sequence[Line],
    script: str,
    path: str,
    arguments: list[str],
    folder: Path,
    tell: Callable[[str], None],
    prepared: Callable[[str], str] = lambda source: source,
) -> Tried | None:
    """Puts every verified fix into a copy of the script, and runs it.

    Args:
        lines: of the script, with fixes.
        script: absolute path.
        path: of the script in the diff.
        arguments: of the script.
        folder: that it was started in.
        prepared: what else is done to the source, before.

    Returns:
        None where no fix could be placed, or where the copy fails or does not learn; told why,
        with the fix as a snippet.
    """
    from unstuck.patch import NotPlaced, diff, patched

    fixed = [i for i, line in enumerate(lines) if line.fix is not None and line.fix.verified]
    if not fixed:
        tell("unstuck: no patch: there is no verified fix")
        return None
    content = Path(script).read_bytes()
    old = new = decoded(content)
    new = base = prepared(new)
    placed = []
    for i in fixed:
        line = lines[i]
        assert line.fix is not None
        try:
            number = _number(line, script)
            new = patched(new, _moved(base, new, number), _kind(line), line.fix.code)
            placed.append(i)
        except NotPlaced as error:
            tell(f"unstuck: no patch of the {line}: {error}\n{_snippet(line)}")
    if not placed:
        return None
    record, failure = _run(script, encoded(new, content), arguments, folder)
    after = {i: s for i, s in enumerate(record) if i in placed}
    bad = [i for i in placed if i not in after or not _better(after[i]["state"], lines[i])]
    if failure or bad:
        told = failure or "it does not learn: " + "; ".join(
            f"{lines[i]} is {after[i]['state']}" if i in after else f"{lines[i]} is not reached"
            for i in bad
        )
        tell(f"unstuck: no patch: the patched copy was run, and {told}")
        for i in placed:
            tell(_snippet(lines[i]))
        return None
    told_diff = diff(old, new, path)
    for i in placed:
        lines[i].diff, lines[i].cured = told_diff, True
    return Tried(told_diff, after)


def _better(state: str, line: Line) -> bool:
    """Whether a copy in this state learns, and no less than the script does."""
    rank = {name: i for i, name in enumerate(STATES)} | {"unknown": -1}
    return state in _GOOD and rank[state] >= rank[line.worst.state]


def _kind(line: Line) -> str:
    return {"lightning": "torch", "skorch": "torch"}.get(line.framework, line.framework)


def _number(line: Line, script: str) -> int:
    """Of the line in the script."""
    from unstuck.patch import NotPlaced

    if line.where is None or line.where.file != script or line.where.cell is not None:
        raise NotPlaced("the training call does not stand in the script itself")
    return line.where.line


def _moved(old: str, new: str, number: int) -> int:
    """Where a line of the old text stands in the new one."""
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    for block in matcher.get_matching_blocks():
        if block.a <= number - 1 < block.a + block.size:
            return block.b + number - block.a
    return number


def _snippet(line: Line) -> str:
    assert line.fix is not None
    return f"The fix, to be put before training:\n\n{line.fix.code}"


def _run(
    script: str, content: bytes, arguments: list[str], folder: Path
) -> tuple[list[dict[str, Any]], str]:
    """The subjects of a run of the copy; why it failed, if it did."""
    with _beside(script, content) as copy, tempfile.TemporaryDirectory() as place:
        record = Path(place) / "record.json"
        command = [*_COMMAND, "--json", str(record), "--fail-on", "never", str(copy), *arguments]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            return [], f"it failed with status {done.returncode}: {last}"
        subjects: list[dict[str, Any]] = json.loads(record.read_text("utf-8"))["subjects"]
        return subjects, ""


@contextmanager
def _beside(script: str, content: bytes) -> Iterator[Path]:
    """A file in the script's folder for as long as it takes."""
    where = Path(script)
    handle, name = tempfile.mkstemp(f"{where.suffix}", f"{where.stem}_patched_", where.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
