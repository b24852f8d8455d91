"""A line of the user's files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """A line of the user's files.

    Args:
        file: from the folder that the run was started in; absolute if it lies elsewhere.
        line: from 1; in a notebook, of the cell.
        cell: of a notebook, from 1; null in a script.
    """

    file: str
    line: int
    cell: int | None = None

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell {self.cell}, "
        return f"{self.file.rsplit('/', 1)[-1]}, {cell}line {self.line}"
