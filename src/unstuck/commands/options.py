"""Options that several commands have, and how they end."""

from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unstuck.records.run import SubjectRecord

DATA = "digits (bundled), fashion-mnist, or a path: FILE.npz, FILE.csv, X.npy,Y.npy."
DataOption = Annotated[str, typer.Option(help=DATA)]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder with the data set's files. Default: UNSTUCK_DATA.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the record here; - for stdout.")
]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write a page to look at here.")]
MarkdownFile = Annotated[Path | None, typer.Option(help="Write a page here.")]

SUSPECTED, PROVEN, IMPROVABLE = 10, 11, 12  # exit statuses, with --fail-on


class FailOn(StrEnum):
    """When a finding is a failure; each holds what those after it hold."""

    improvable = "improvable"
    suspected = "suspected"
    proven = "proven"
    never = "never"


class Format(StrEnum):
    """How what was found is told."""

    full = "full"
    compact = "compact"


FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        help="compact: at most 2,000 characters at the end, for a coding assistant: verdict,"
        " evidence, diff, how to verify.",
    ),
]
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        help=f"suspected: exit with {SUSPECTED} if a cause is suspected, {PROVEN} if one is"
        f" proven; improvable: also with {IMPROVABLE} if a repair gains much on what learns;"
        f" proven: only with {PROVEN}."
    ),
]


def must_end(prove: float | None) -> None:
    """Sees whether a proof's seconds do.

    Raises:
        UsageError: they are infinite.
    """
    if prove is not None and not isfinite(prove):
        raise UsageError(f"--prove {prove:g}", "seconds")


def status(subjects: "Sequence[SubjectRecord]", fail_on: FailOn) -> int:
    """The exit status that the findings give."""
    order = [FailOn.never, FailOn.proven, FailOn.suspected, FailOn.improvable]
    asked = order.index(fail_on)
    if asked >= 1 and any(s.proven for s in subjects):
        return PROVEN
    if asked >= 2 and any(s.suspected for s in subjects):
        return SUSPECTED
    if asked >= 3 and any(s.improvable for s in subjects):
        return IMPROVABLE
    return 0
