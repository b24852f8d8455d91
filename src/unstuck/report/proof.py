"""A proof on the terminal: the finding in a sentence, the repair, what else was found, suspects."""

from collections.abc import Iterable, Iterator
from math import isfinite

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from unstuck.records.effect import Effect
from unstuck.records.proof import Interaction, Part, Proof, Repair
from unstuck.records.quantity import quantity
from unstuck.records.report import Suspect
from unstuck.records.states import State, Status
from unstuck.report.diagnosis import UNCHANGED, heading, setup
from unstuck.report.levels import gain, level, seeds, signed, unit
from unstuck.report.sentence import of_proof

_COLOURS = {Status.PROVEN: "bold red", Status.REFUTED: "green", Status.HARMFUL: "yellow"}
_SOUND = (State.LEARNING, State.IMPROVABLE)


def renderable(proof: Proof) -> RenderableType:
    """The proof for a rich console of any width."""
    return Group(*_parts(proof))


def _parts(proof: Proof) -> Iterable[RenderableType]:
    yield Text.assemble(("unstuck proof", "bold"), f": {heading(proof.report)}")
    good = proof.state in _SOUND and proof.agreement.agrees is not False
    yield Text(of_proof(proof) + "\n", "bold green" if good else "bold red")
    facts = " · ".join(f"{k} {v}" for k, v in proof.setup.items())
    yield Text(setup(proof.report), "dim")
    yield Text(f"{facts}; {proof.seconds:.0f} of {proof.budget:.0f} s\n", "dim")
    if proof.agreement.agrees is not False:
        learns = proof.state is State.LEARNING and proof.outdone
        told = "It was seen to learn." if learns else proof.state.sentence
        yield Text(f"{proof.outcome}. {told}")
        yield _levels(proof)
        if proof.repair is not None:
            yield from _repair(proof, proof.repair)
        yield from _listed("Other repairs that were seen", _others(proof, proof.others))
        yield from _listed(
            "On top of the repair, one after the other (proven)", _others(proof, proof.left)
        )
        for suspect in proof.report.suspects:
            yield _suspect(proof, suspect)
        certain = [i for i in proof.interactions if not i.low <= 0 <= i.high]
        yield from _listed("Interactions", (_interaction(proof, i) for i in certain))
        if proof.agreement.agrees:
            yield Text(f"The trials do what the script does: {proof.agreement.says}.", "dim")
        if proof.placebo is not None:
            null = "null, as it must" if proof.trusted else "NOT clearly null: nothing is proven"
            yield Text(
                f"Placebo (a change that cannot matter): {gain(proof.placebo, proof.measure)}:"
                f" {null}.",
                "dim",
            )
    if proof.more >= 1:
        yield Text(f"What is inconclusive may be decided in {proof.more:.0f} s more.")
    for note in proof.notes:
        yield Text(f" - {note}", "dim")


def _levels(proof: Proof) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    beside = [name for name, values in proof.beside.items() if name != proof.measure and values]
    measures = {proof.measure: (proof.trivial, proof.value, proof.best)}
    measures |= {name: proof.beside[name] for name in beside}
    if beside:
        grid.add_row(Text(proof.rows), *(Text(name, "italic") for name in measures))
    best = "repaired" if proof.repair is not None else "the best that was tried"
    for i, says in enumerate(("knowing nothing", "as it is", best)):
        told = says if beside else f"{says}: {proof.rows} {proof.measure}"
        values = [
            level(v[i], name) if name == proof.measure or isfinite(v[i]) else "–"
            for name, v in measures.items()
        ]
        grid.add_row(Text(told), *(Text(value, "bold") for value in values))
    return Padding(grid, (0, 0, 1, 2))


def _repair(proof: Proof, repair: Repair) -> Iterator[RenderableType]:
    status = repair.effect.status
    head = Text.assemble(
        ("The repair", "bold"), f": {repair.says}  ",
        (status.value.upper(), "bold green" if status is Status.PROVEN else "yellow"),
    )  # fmt: skip
    body: list[RenderableType] = [Text(against(repair.effect, proof.measure))]
    if len(repair.parts) > 1:
        for part in repair.parts:
            body.append(Text.assemble(("· ", "dim"), (part.says, "bold"), _causes(part)))
            body += [Padding(Text(says), (0, 0, 0, 2)) for says in part_says(part, proof.measure)]
    yield Group(head, Padding(Group(*body), (0, 0, 1, 3), expand=False))


def against(effect: Effect, measure: str) -> str:
    """ "10.5 % → 83.1 %: +72.6 points better (95 %: …)": the two add up."""
    return (
        f"{level(effect.base, measure)} → {level(effect.value, measure)}: {gain(effect, measure)}"
    )


def _causes(part: Part) -> tuple[str, str]:
    return (f"  {', '.join(part.causes)}" if part.causes else "", "dim cyan")


def part_says(part: Part, measure: str) -> Iterator[str]:
    """What was found of a part: whether it is necessary, and whether it is sufficient alone."""
    if part.necessary is not None:
        word = {
            Status.PROVEN: "necessary: the repair without it against all of it",
            Status.REFUTED: "not necessary: the repair without it against all of it",
        }.get(part.necessary.status, "whether it is necessary is not decided: without, with")
        yield f"{word}: {against(part.necessary, measure)}"
    if part.sufficient is not None:
        word = {
            Status.PROVEN: "sufficient alone",
            Status.REFUTED: "not sufficient alone",
            Status.HARMFUL: "alone it makes things worse",
        }.get(part.sufficient.status, "whether it is sufficient alone is not decided")
        yield f"{word}: {against(part.sufficient, measure)}"


def _others(proof: Proof, repairs: tuple[Repair, ...]) -> Iterator[str]:
    return (f"{r.says}: {against(r.effect, proof.measure)}" for r in repairs)


def _listed(title: str, told: Iterable[str]) -> Iterator[RenderableType]:
    lines = [Text(says) for says in told]
    if lines:
        yield Text(title, "bold")
        yield Padding(Group(*lines), (0, 0, 1, 3), expand=False)


def _interaction(proof: Proof, found: Interaction) -> str:
    there, here, *rest = (
        signed(v, proof.measure)
        for v in (found.there, found.here, found.difference, found.low, found.high)
    )
    told = "difference {}; 95 %: {} to {}".format(*rest)
    return (
        f"{found.cause}: taking it away gains {there} {unit(proof.measure)} with {found.context},"
        f" {here} as it is ({told}; {seeds(found.n)})"
    )


def _suspect(proof: Proof, suspect: Suspect) -> RenderableType:
    title = Text.assemble(
        f"{suspect.rank}. ", (suspect.title, "bold"), f"  {suspect.name}  ",
        (suspect.status.value.upper(), _COLOURS.get(suspect.status, "yellow")),
    )  # fmt: skip
    tested = suspect.tested
    if tested is None:
        untried = suspect.status is Status.INCONCLUSIVE
        says = "It was not put to the test on fresh seeds." if untried else suspect.status.sentence
        return Group(title, Padding(Text(says), (0, 0, 1, 3)))
    others = f" (together with {', '.join(tested.together)})" if tested.together else ""
    told = Text(f"{tested.change}: {against(tested.effect, proof.measure)}{others}")
    if suspect.status in (Status.REFUTED, Status.HARMFUL):
        return Group(title, Padding(told, (0, 0, 1, 3), expand=False))
    body: list[RenderableType] = [told]
    chain = Table.grid(padding=(0, 2, 0, 0))
    for link in tested.chain:
        after = link.cut if link.cut is not None else link.value
        if abs(link.value - after) > UNCHANGED * max(abs(link.value), abs(after)):
            name = proof.report.units.get(link.probe, "")
            chain.add_row(
                Text(link.says), Text(f"{quantity(link.value, name)} → {quantity(after, name)}")
            )
    if chain.row_count:
        body.append(Padding(chain, (0, 0, 0, 2)))
    if suspect.status is Status.PROVEN and suspect.cure:
        body.append(Text.assemble("Cure: ", (suspect.cure, "green")))
    return Group(title, Padding(Group(*body), (0, 0, 1, 3), expand=False))
