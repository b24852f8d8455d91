"""A proof on the terminal and in a notebook."""

import html as _html
from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from unstuck.records.report import Suspect, Trial
from unstuck.report.diagnosis import UNCHANGED, heading, plain, setup
from unstuck.report.wording import quantity

if TYPE_CHECKING:
    from unstuck.proofs.aside import Interaction
    from unstuck.proofs.fix import Fix
    from unstuck.proofs.proof import Proof

_COLOURS = {"proven": "bold red", "refuted": "green", "harmful": "yellow"}


def text(proof: "Proof") -> str:
    """The proof as plain text."""
    parts = [renderable(proof)]
    if proof.proven:
        parts.append(Text("\nNext: fix = proof.fix(), verified on fresh seeds."))
    return plain(Group(*parts))


def html(proof: "Proof") -> str:
    """The proof as a fragment for a notebook."""
    return f'<pre style="white-space: pre-wrap">{_html.escape(text(proof))}</pre>'


def renderable(proof: "Proof") -> RenderableType:
    """The proof for a rich console of any width."""
    return Group(*_parts(proof))


def fix_text(fix: "Fix") -> str:
    """The fix as plain text."""
    return plain(fix_renderable(fix))


def fix_renderable(fix: "Fix") -> RenderableType:
    """The fix for a rich console of any width."""
    state = ("verified", "bold green") if fix.verified else ("NOT verified", "bold red")
    lines: list[RenderableType] = [
        Text.assemble(("unstuck fix", "bold"), f": {fix.change}  ", state),
        Text(f"{fix.why}\n"),
        Padding(_code(fix.code), (0, 0, 1, 2)),
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    for says, interval in (("before", fix.before), ("after", fix.after)):
        low, high = (metric(v, fix.metric) for v in (interval.low, interval.high))
        told = f"(95 %: {low} to {high}; {interval.n} fresh seeds)"
        grid.add_row(Text(says), Text(metric(interval.median, fix.metric), "bold"), Text(told))
    lines.append(Padding(grid, (0, 0, 0, 2)))
    return Group(*lines)


def _code(code: str) -> Syntax:
    """Long lines go on in the next one: nothing is cut off where the terminal ends."""
    return Syntax(code.rstrip(), "python", background_color="default", word_wrap=True)


def metric(value: float, name: str) -> str:
    """An accuracy in percent, an error with three digits."""
    if name == "accuracy":
        return f"{100 * value:.1f} %" if isfinite(value) else "not finite"
    return quantity(value) if isfinite(value) else "not finite"


def gain(trial: Trial) -> str:
    """The effect with its interval: "+86.6 points better (95 %: +85.9 to +87.4; 6 seeds)"."""
    unit = "points" if trial.metric == "accuracy" else trial.metric
    if trial.n < 2:
        return f"{_signed(trial.effect, trial.metric)} {unit} better (1 seed: no interval)"
    effect, low, high = (_signed(v, trial.metric) for v in (trial.effect, trial.low, trial.high))
    return f"{effect} {unit} better (95 %: {low} to {high}; {trial.n} seeds)"


def _signed(value: float, name: str) -> str:
    if name == "accuracy":
        return f"{100 * value:+.1f}"
    return ("+" if value >= 0 else "") + quantity(value)


def _interaction(found: "Interaction") -> str:
    """ "input-spread: taking it away gains +41.3 points with SGD …, +2.1 as it is"."""
    there, here, *rest = (
        _signed(v, found.metric)
        for v in (found.there, found.here, found.difference, found.low, found.high)
    )
    unit = "points" if found.metric == "accuracy" else found.metric
    told = "difference {}; 95 %: {} to {}".format(*rest)
    return (
        f"{found.cause}: taking it away gains {there} {unit} with {found.context},"
        f" {here} as it is ({told}; {found.n} seeds)"
    )


def _parts(proof: "Proof") -> Iterable[RenderableType]:
    yield Text.assemble(("unstuck proof", "bold"), f": {heading(proof.report)}")
    yield Text(setup(proof.report), "dim")
    facts = " · ".join(f"{k} {v}" for k, v in proof.setup.items())
    yield Text(f"{facts}; {proof.seconds:.0f} of {proof.budget:.0f} s\n", "dim")
    good = proof.outcome.startswith("nothing wrong")
    yield Text(proof.outcome + "\n", "bold green" if good else "bold red")
    yield Text(proof.state.sentence)
    yield _levels(proof)
    for suspect in proof.report.suspects:
        yield _suspect(proof, suspect)
    certain = [i for i in proof.interactions if i.certain]
    if certain:
        yield Text("Interactions", "bold")
        yield Padding(Group(*(Text(_interaction(i)) for i in certain)), (0, 0, 1, 3))
    if proof.alternatives:
        yield Text("Also tried", "bold")
        told = (
            Text(f"{t.change}: {metric(t.value, t.metric)}, {gain(t)}") for t in proof.alternatives
        )
        yield Padding(Group(*told), (0, 0, 1, 3))
    if proof.placebo is not None:
        null = "null, as it must" if proof.trusted else "NOT null: these trials cannot be trusted"
        yield Text(f"Placebo ({proof.placebo.change}): {gain(proof.placebo)}: {null}.", "dim")
    if proof.more:
        yield Text(f"What is inconclusive may be decided in {proof.more:.0f} s more.")
    for note in proof.notes:
        yield Text(f" - {note}", "dim")


def _levels(proof: "Proof") -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    best = next((a.change for a in proof.arms), "")
    rows = [
        (f"held-out {proof.metric}, knowing nothing", proof.trivial),
        ("as it is", proof.value),
        (f"best change: {best}", proof.best),
    ]
    for says, value in rows:
        grid.add_row(Text(says), Text(metric(value, proof.metric), "bold"))
    return Padding(grid, (0, 0, 1, 2))


def _suspect(proof: "Proof", suspect: Suspect) -> RenderableType:
    style = _COLOURS.get(suspect.status, "yellow")
    title = Text.assemble(
        f"{suspect.rank}. ", (suspect.title, "bold"), f"  {suspect.name}  ",
        (suspect.status.upper(), style),
    )  # fmt: skip
    body: list[RenderableType] = []
    trial = suspect.trial
    if trial is None:
        untried = suspect.status == "inconclusive"
        says = "There was no time for a trial." if untried else "No trial could be made of it."
        body.append(Text(says))
    else:
        others = f" (together with {', '.join(trial.together)})" if trial.together else ""
        body.append(
            Text(f"{trial.change}: {metric(trial.value, trial.metric)}, {gain(trial)}{others}")
        )
        chain = Table.grid(padding=(0, 2, 0, 0))
        for link in trial.chain:
            after = link.cut if link.cut is not None else link.value
            if abs(link.value - after) > UNCHANGED * max(abs(link.value), abs(after)):
                unit = proof.report.units.get(link.probe, "")
                told = f"{quantity(link.value, unit)} → {quantity(after, unit)}"
                chain.add_row(Text(link.says), Text(told))
        if chain.row_count:
            body.append(Padding(chain, (0, 0, 0, 2)))
        if suspect.status == "proven" and suspect.cure:
            body.append(Text.assemble("Cure: ", (suspect.cure, "green")))
    return Group(title, Padding(Group(*body), (0, 0, 1, 3), expand=False))
