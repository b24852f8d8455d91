"""`unstuck demo`: a stuck network diagnosed, proven and fixed, on bundled data, offline."""

from typing import TYPE_CHECKING

import typer

from unstuck.commands.options import HtmlFile
from unstuck.commands.output import (
    UNWRITTEN,
    as_page,
    command_line,
    console,
    must_be_writable,
    write_all,
)

if TYPE_CHECKING:
    from unstuck.records.fix import Fix
    from unstuck.records.proof import Proof

BUDGET = 60.0  # seconds for the proof
NETWORK = (
    "A dense network that does not learn: 64-128-10, ReLU, Adam, sparse cross-entropy on softmax"
    " probabilities, on scikit-learn's handwritten digits as pixels 0 to 255. It was asked about"
    " on Cross Validated in July 2019.\n"
)


def demo(html_file: HtmlFile = None) -> None:
    """See a stuck network diagnosed, proven and fixed: bundled digits, offline, a minute."""
    must_be_writable({"--html": html_file})
    from unstuck.causes.examples import CLIPPED, digits
    from unstuck.commands.trials import proven
    from unstuck.diagnosis import diagnosed
    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import Setup
    from unstuck.report.shown import renderable

    out = console()
    out.print(NETWORK, style="italic", highlight=False)
    x, y = digits()
    setup = Setup(mlp([128], 10, output="softmax"), CLIPPED, keras("adam"))
    found = diagnosed(setup, x, y)
    out.print(renderable(found.report), highlight=False)
    out.print()
    proof: Proof | None = None
    fix: Fix | None = None
    interrupt: KeyboardInterrupt | None = None
    try:
        proved, fixed = proven(found, BUDGET)
        proof, fix = proved.record, None if fixed is None else fixed.record
    except KeyboardInterrupt as told:  # the diagnosis stands, and is written
        interrupt = told
    if proof is not None:
        out.print(renderable(proof), highlight=False)
    if fix is not None:
        out.print()
        out.print(renderable(fix), highlight=False)
    from unstuck.report.handed import run_record

    record = run_record(found.report, proof, fix, command_line())
    written = write_all([(html_file, as_page(record))])
    if interrupt is not None:
        raise interrupt
    if not written:
        raise typer.Exit(UNWRITTEN)
