"""The end of a run on the terminal: each line at which training started, in a few lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from unstuck.records.quantity import quantity
from unstuck.records.run import RunRecord, SubjectRecord, Watched
from unstuck.report import diagnosis, fix, proof

# States of a training by its own losses, the worst first.
_WORST = ("diverged", "dying", "stuck", "slow", "learning", "unknown")


SEEN = (
    "Keras's fit, train_on_batch and loops over a GradientTape; PyTorch's backward and"
    " optimizer.step, Lightning, skorch, transformers; scikit-learn's MLPs; jax.grad and"
    " jax.value_and_grad as the script calls them, Flax's and Equinox's"
)

BY_HAND = (
    "Anything else can be handed over: unstuck.diagnose(model, x, y, …), or a loop's loss, to be"
    " watched: unstuck.noted(loss)"
)


def summary(subjects: Sequence[SubjectRecord], imported: Sequence[str] = ()) -> Text:
    """What was found: a sentence a training, what it was seen to do, and in a few words the
    rest.

    Args:
        imported: libraries that train and that the script imported, for where nothing was seen.
    """
    if not subjects and not imported:
        return Text(
            "unstuck: no training seen, and no library imported that trains. A program that the"
            f" script starts is seen where that is run itself: unstuck run THAT.py. {BY_HAND}"
        )
    if not subjects:
        were = "was" if len(imported) == 1 else "were"
        return Text(
            f"unstuck: no training seen, though {', '.join(imported)} {were} imported. Seen are:"
            f" {SEEN}. {BY_HAND}"
        )
    told = Text("\nunstuck: ")
    for i, subject in enumerate(subjects):
        told.append("\n" if i else "")
        told.append(f"{subject}: ", "bold")
        count = len(subject.watched)
        seen = worst(subject)
        says = "unknown: no loss was seen" if seen is None else seen.says
        told.append(f"{count} trainings, the worst {says}" if count > 1 else says)
        told.append(f"\n  {subject.says}")
        told.append(f"\n  {verdict(subject)}", "dim")
    return told


def renderable(record: RunRecord) -> RenderableType:
    """All that a record holds, a subject after the other, for a rich console of any width."""
    if not record.subjects:
        return Text("unstuck: no training was seen")
    shown: list[RenderableType] = []
    for subject in record.subjects:
        if subject.where is not None:
            shown.append(Text(f"{subject}\n", "bold"))
        if subject.proof is not None:
            shown.append(proof.renderable(subject.proof))
        elif subject.report is not None:
            shown.append(diagnosis.renderable(subject.report))
        else:
            shown.append(Text(subject.says))
        if subject.fix is not None:
            shown += [Text(), fix.renderable(subject.fix)]
        if subject.patch:
            shown += [Text(), Text(subject.patch.rstrip())]
        shown.append(Text())
    made = record.origin.command or "made from Python"
    shown.append(Text(f"unstuck {record.unstuck} · {record.origin.date} · {made}", "dim"))
    return Group(*shown)


def losses(training: Watched) -> str:
    """What its losses did, without the state that is made of it."""
    state, _, told = training.says.partition(": ")
    return told or state


def worst(subject: SubjectRecord) -> Watched | None:
    """The training that went worst, by its own losses."""
    return min(subject.watched, key=lambda seen: _WORST.index(seen.state), default=None)


def verdict(subject: SubjectRecord) -> str:
    """In a few words: "suspected: input-spread; no proof: interrupted"."""
    asked = ", ".join(dict.fromkeys(e.cause for e in subject.evaluations))
    return f"proven where it is asked: {asked}; {_verdict(subject)}" if asked else _verdict(subject)


def _verdict(subject: SubjectRecord) -> str:
    if subject.proof is not None:
        return subject.proof.outcome + ("; cured in the patched copy" if subject.cured else "")
    if subject.report is None:
        return f"not looked at: {subject.refused or 'see above'}"
    seen = [sighting.cause for sighting in subject.sightings]
    names = ", ".join(dict.fromkeys([*seen, *(s.name for s in subject.report.suspects)]))
    told = f"suspected: {names}" if names else subject.report.verdict
    return f"{told}; no proof: {subject.unproven}" if subject.unproven else told


def tried(subjects: Sequence[SubjectRecord], after: Mapping[int, Mapping[str, Any]]) -> Text:
    """What the script did as it is, and what its patched copy did.

    Args:
        after: the copy's records of these subjects, as JSON, by their number.
    """
    told = Text("unstuck: the patched copy was run")
    for i, record in after.items():
        seen = worst(subjects[i])
        told.append(f"\n{subjects[i]}\n", "bold")
        told.append(f"  as it is  {'not seen' if seen is None else seen.says}\n")
        first, last = (
            next((t[k] for t in record["watched"] if t[k] is not None), None)
            for k in ("first", "last")
        )
        losses = "" if first is None or last is None else f"{quantity(first)} → {quantity(last)}"
        told.append("  patched   ")
        told.append(f"{record['state']}: loss {losses}", "bold green")
    return told
