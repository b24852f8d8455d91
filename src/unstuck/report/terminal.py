"""A case's report on the terminal."""

from collections.abc import Iterable, Sequence

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from unstuck.cases.case import Case
from unstuck.cases.results import Met
from unstuck.cases.run import CaseReport
from unstuck.judging.verdict import Verdict
from unstuck.report import wording
from unstuck.report.chart import curves

_STYLE = {
    Verdict.SUPPORTED: "bold green",
    Verdict.REFUTED: "bold red",
    Verdict.CONDITIONAL: "bold yellow",
    Verdict.INCONCLUSIVE: "dim",
}


def show(reports: Iterable[CaseReport], console: Console) -> None:
    """Prints each report: figures, staircases, curves, claims, answers."""
    for report in reports:
        console.print(Group(*_parts(report, console)))


def _parts(report: CaseReport, console: Console) -> Iterable[RenderableType]:
    case = report.case
    yield Rule(Text(case.name, "bold"))
    yield Text(f"{case.title}\n{case.source}. {case.story}\n")
    yield Text(f"{report.data}, {wording.seeds(len(report.results.seeds))}\n", "dim")
    for arm, seed, reason in report.failed:
        yield Text(f"Seed {seed} is left out: the trial of {arm} failed: {reason}\n", "yellow")
    if report.met:
        yield _figures(report.met, report)
        yield from (Text(f"Outside: {note}") for note in report.notes)
    if report.staircases:
        yield Text("\nWhere the seeds ended (held-out accuracy: share of seeds)", "bold")
        for arm, shares in report.staircases.items():
            yield Text(f"  {arm}: {wording.steps(dict(shares), report.results.classes)}")
    if report.case.chart:
        yield Text()
        yield Text.from_ansi(chart(report, min(console.width - 12, 72)))
    yield Text("\nExplanations, put to the experiment", "bold")
    yield _claims(report)
    yield Text("\nAnswers", "bold")
    for question, answer in report.answers:
        yield Text(question, "italic")
        yield Padding(Text(answer), (0, 0, 1, 2))


def _figures(met: Sequence[Met], report: CaseReport) -> Table:
    table = Table(title="Published figures", title_justify="left", title_style="bold")
    for name in ("network", "figure", "published", "median", "99 % of runs", ""):
        table.add_column(name, justify="left" if name in ("network", "figure", "") else "right")
    for m in met:
        of = m.figure.of
        table.add_row(
            of.arm,
            of.metric + (f", epoch {of.epoch}" if of.epoch else ", at the end"),
            m.figure.wording,
            wording.number(m.median, of.metric),
            f"{wording.number(m.low, of.metric)} … {wording.number(m.high, of.metric)}",
            Text(
                wording.inside(m, report.comparable),
                "green" if m.inside and not report.comparable else "dim",
            ),
        )
    if report.comparable:
        table.caption = Text(f"Not compared: {report.comparable}.")
    return table


def _claims(report: CaseReport) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for d in report.decided:
        body = Text(d.claim.question)
        for t in d.tested:
            mark = {Verdict.SUPPORTED: "yes", Verdict.REFUTED: "no"}.get(t.verdict, "open")
            body.append(f"\n  {mark}: ", _STYLE[t.verdict])
            body.append(f"{t.prediction.says}: {wording.effect(t)}", "dim")
        table.add_row(Text(d.verdict.value, _STYLE[d.verdict]), body)
    return table


def chart(report: CaseReport, width: int = 72) -> str:
    """The case's curves: median held-out accuracy over seeds, an ended run keeping its last."""
    lines = {}
    for arm in report.case.chart:
        runs = [record["val_accuracy"] for record in report.results.records[arm]]
        longest = max(len(run) for run in runs)
        padded = [[*run, *[run[-1]] * (longest - len(run))] for run in runs]
        lines[arm] = np.median(padded, axis=0).tolist()
    return curves(lines, "held-out accuracy in %, median over seeds", width)


def outline(case: Case) -> str:
    """What a case asks and how it is tested, as plain text, before anything is run."""
    lines = [case.name, case.title, f"{case.source}. {case.story}", "", "Asked:"]
    lines += [f"  {q.asked}" for q in case.questions]
    lines += ["", "Published:"]
    lines += [
        f"  {f.of.arm}: {f.of.metric}{f' epoch {f.of.epoch}' if f.of.epoch else ''} {f.wording}"
        for f in case.figures
    ] or ["  no figures"]
    lines += ["", "Explanations and what each predicts:"]
    for claim in case.claims:
        lines += [
            f"  {claim.id}: {claim.question}",
            *(f"    {p.says}" for p in claim.predictions),
        ]
    lines += ["", "Arms: " + "; ".join(case.arms(10))]
    return "\n".join(lines)
