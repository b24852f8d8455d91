"""`unstuck demo`: a stuck network diagnosed, proven and fixed, on bundled data, offline."""

from unstuck.commands.options import HtmlFile
from unstuck.commands.output import command_line, console, must_be_writable
from unstuck.report.writing import write

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
    proof, fix = proven(found, BUDGET)
    out.print(renderable(proof.record), highlight=False)
    if fix is not None:
        out.print()
        out.print(renderable(fix.record), highlight=False)
    if html_file:
        from unstuck.report.handed import run_record
        from unstuck.report.page.page import page

        told = None if fix is None else fix.record
        write(html_file, page(run_record(found.report, proof.record, told, command_line())))
