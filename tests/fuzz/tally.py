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
        found: (kind, promise that was broken) -> its shortest example, and how often.
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
        if len(made["text"]) < len(shortest["text"]):
            shortest = made
        self.found[key] = shortest, times + 1

    def __str__(self) -> str:
        """The table, and where the findings are; writes them."""
        columns = ("attempts", "accepted", "refused", "void", "findings", "CPU s")
        lines = [f"{'':16}" + "".join(f"{c:>10}" for c in columns)]
        rows = [(k, self._counts[k], self._seconds[k]) for k in self._counts]
        rows.append(("all", sum((c for _, c, _ in rows), Counter()), sum(s for *_, s in rows)))
        for kind, counts, seconds in rows:
            said = [counts[s] for s in ("accepted", "refused", "void")]
            cells = (sum(said), *said, counts["broken"], f"{seconds:.0f}")
            lines.append(f"{kind:16}" + "".join(f"{c:>10}" for c in cells))
        for (kind, broken), (made, times) in sorted(self.found.items()):
            lines.append(f"{kind}: {broken} ({times}×): {self._written(kind, broken, made)}")
        return "\n".join(lines)

    def _written(self, kind: str, broken: str, made: dict[str, Any]) -> Path:
        name = hashlib.sha256(broken.encode()).hexdigest()[:8]
        file = self._folder / f"{kind.replace(' ', '-')}-{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {broken}\n{made['text']}\n\n# seen:\n{made['seen']}\n", "utf-8")
        return file
