"""Options that several commands have."""

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
