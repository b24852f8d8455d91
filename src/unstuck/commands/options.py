"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DATA = "digits (bundled), fashion-mnist, or a path: FILE.npz, FILE.csv, X.npy,Y.npy."
DataOption = Annotated[str, typer.Option(help=DATA)]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder with the data set's files. Default: UNSTUCK_DATA.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the record here; - for stdout.")
]
MarkdownFile = Annotated[Path | None, typer.Option(help="Write a page here.")]

SUSPECTED, PROVEN = 10, 11  # exit statuses, with --fail-on


class FailOn(StrEnum):
    """When a finding is a failure."""

    suspected = "suspected"
    proven = "proven"
    never = "never"


FailOnOption = Annotated[
    FailOn,
    typer.Option(
        help=f"suspected: exit with {SUSPECTED} if a cause is suspected, {PROVEN} if one is"
        f" proven; proven: only with {PROVEN}."
    ),
]
