"""A guard that failed, as the text of its assertion: the finding, what was measured, the report."""

from textwrap import fill

import numpy as np

from unstuck.records.guarded import Guarded
from unstuck.records.report import Report
from unstuck.report.diagnosis import WIDTH, heading, setup
from unstuck.report.diagnosis import text as report_text
from unstuck.report.levels import level, seeds

ASKED = {
    "learns": "learns clearly more than knowing nothing, and no less than a change of it would",
    "fits": "fits the few examples that it is trained on",
    "no_worse_than": "learns no less than the reference",
}


def text(guarded: Guarded, report: Report) -> str:
    """What failed, in the words of a report, 80 columns wide for the most part."""
    parts = [
        f"unstuck {guarded.guard}: {heading(report)}",
        finding(guarded),
        errors(guarded),
        "",
        report_text(report).partition("\n")[2],
    ]
    return "\n".join(fill(part, WIDTH) if i < 3 else part for i, part in enumerate(parts))


def finding(guarded: Guarded) -> str:
    """The finding in a sentence or two."""
    if not guarded.learnable:
        return (
            f"Nothing is learnt: {_values(guarded.values, guarded.measure)} after"
            f" {guarded.steps:,} steps, where knowing nothing gives"
            f" {level(guarded.trivial, guarded.measure)}, and neither a change of it, nor a forest"
            " of trees, nor a linear model does better. Look at how inputs and targets belong"
            " together."
        )
    told = (
        f"It {_FAILS[guarded.guard]}: {guarded.rows} {guarded.measure}"
        f" {_values(guarded.values, guarded.measure)} after {guarded.steps:,} steps"
        f" (knowing nothing: {level(guarded.trivial, guarded.measure)}; it falls short on"
        f" {guarded.wrong} of {seeds(len(guarded.values))})."
    )
    if not guarded.others:
        return f"{told} {_capital(guarded.against)} does better." if guarded.against else told
    better = _values(guarded.others, guarded.measure)
    if guarded.guard == "no_worse_than":
        return f"{told} The reference: {better}, on the same seeds."
    return f"{told} With {guarded.against} it is {better}, on the same seeds."


_FAILS = {
    "learns": "does not learn what it could",
    "fits": "does not fit even a few examples",
    "no_worse_than": "learns less than the reference",
}


def errors(guarded: Guarded) -> str:
    """The error rates of the test."""
    return (
        f"(What falls short on no more than {100 * guarded.sound:.0f} % of seeds fails this with a"
        f" chance of at most {100 * guarded.alpha:g} %.)"
    )


def undecided(guarded: Guarded) -> str:
    """A test that came to no end: it falls short on some seeds and not on others."""
    return (
        f"unstuck {guarded.guard}: not decided on {seeds(len(guarded.values))}: it falls short on"
        f" {guarded.wrong} of them ({guarded.measure}"
        f" {_values(guarded.values, guarded.measure)}). What it learns depends on the seed."
    )


def suspicious(report: Report) -> str:
    """Suspects where none are expected: the report itself."""
    return f"unstuck fits_together: {report_text(report).partition(': ')[2]}"


def passed(guarded: Guarded, report: Report) -> str:
    """One that passed, on one line."""
    return (
        f"{guarded.guard}: {heading(report)}, {setup(report)}: {guarded.measure}"
        f" {_values(guarded.values, guarded.measure)}"
    )


def _values(values: tuple[float, ...], measure: str) -> str:
    """ "96.4 %", "9.8 to 12.1 %": the smallest and the largest over seeds."""
    told = [level(v, measure) for v in (np.nanmin(values), np.nanmax(values))]
    if not np.isfinite(values).all():
        told[-1] = "not finite"
    return told[0] if told[0] == told[1] else " to ".join(told)


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]
