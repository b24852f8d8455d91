"""What many attempts came to: counts by kind, and one example of each finding."""

import hashlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any


class Tally:
    """Of one run.

    Args:
        folder: where findings are written, one file each.

    Attributes:
        found: (kind, promise that was broken) -> its shortest example, and how often; the example
            is written when it is found.
    """

    def __init__(self, folder: Path) -> None:
        self.found: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
        self._folder, self._counts = folder, defaultdict(Counter)
        self._seconds: dict[str, float] = defaultdict(float)

    def adds(self, kind: str, made: dict[str, Any]) -> None:
        """One attempt, as `python -m fuzz` tells of it."""
        self._counts[kind][made["said"]] += 1
        self._seconds[kind] += made["seconds"]
        if not made["broken"]:
            return
        self._counts[kind]["broken"] += 1
        key = (kind, made["broken"])
        shortest, times = self.found.get(key, (made, 0))
        if len(made["text"]) < len(shortest["text"]) or not times:
            shortest = made
            self._file(*key).parent.mkdir(parents=True, exist_ok=True)
            told = f"# {key[1]}\n{made['text']}\n\n# seen:\n{made['seen']}\n"
            self._file(*key).write_text(told, "utf-8")
        self.found[key] = shortest, times + 1

    def __str__(self) -> str:
        """The table, and where the findings are."""
        columns = ("attempts", "accepted", "refused", "void", "findings", "seconds")
        lines = [f"{'':16}" + "".join(f"{c:>10}" for c in columns)]
        rows = [(k, self._counts[k], self._seconds[k]) for k in self._counts]
        rows.append(("all", sum((c for _, c, _ in rows), Counter()), sum(s for *_, s in rows)))
        for kind, counts, seconds in rows:
            said = [counts[s] for s in ("accepted", "refused", "void")]
            cells = (sum(said), *said, counts["broken"], f"{seconds:.0f}")
            lines.append(f"{kind:16}" + "".join(f"{c:>10}" for c in cells))
        for (kind, broken), (_, times) in sorted(self.found.items()):
            lines.append(f"{kind}: {broken} ({times}×): {self._file(kind, broken)}")
        return "\n".join(lines)

    def _file(self, kind: str, broken: str) -> Path:
        name = hashlib.sha256(broken.encode()).hexdigest()[:8]
        return self._folder / f"{kind}-{name}.txt"
