"""A run in at most 2,000 characters, as a coding assistant needs it: the verdict, the evidence, the
diff, and how to verify it."""

from collections.abc import Iterator
from math import ceil

from unstuck.records.quantity import quantity
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import State
from unstuck.report.run import verdict, worst

MOST = 2_000  # characters
EVIDENCE = 3  # lines a suspect
SUSPECTS = 3


def compact(record: RunRecord, script: str = "") -> str:
    """The whole run, at most 2,000 characters long.

    Args:
        script: as it is named on the command line, for what to run next; "" for a model that was
            handed over.
    """
    if not record.subjects:
        return (
            "verdict: no training was seen. Hand the model over: unstuck.diagnose(model, x, y, …)\n"
        )
    subjects = sorted(record.subjects, key=urgency)
    parts = [part for subject in subjects for part in _parts(subject)]
    verify = f"verify: {verification(subjects, script)}"
    left = MOST - len(verify) - 1
    kept: list[str] = []
    for part in parts:
        if len(part) + 1 > left:
            kept += _cut(part, left)
            break
        kept.append(part)
        left -= len(part) + 1
    return "\n".join([*kept, verify])


def urgency(subject: SubjectRecord) -> int:
    """What was proven first, then what is suspected, then what could be better."""
    found = (subject.proven or subject.cured, subject.suspected, subject.fix is not None)
    return found.index(True) if True in found else len(found)


def _parts(subject: SubjectRecord) -> Iterator[str]:
    where = "" if subject.where is None else f"{subject.where.file}:{subject.where.line} "
    yield f"verdict: {where}({subject.framework}) {subject.state.value}; {verdict(subject)}"
    yield f"  {subject.says}"
    seen = worst(subject)
    if seen is not None:
        yield f"  its losses: {seen.says}"
    for sighting in subject.sightings:
        yield f"evidence: {sighting.cause}: {sighting.says}"
    for asked in subject.evaluations:
        yield f"evidence: {asked.cause} (proven): {asked.says}"
        yield f"  to do: {asked.cure}"
    for suspect in subject.findings[:SUSPECTS]:
        told = [
            f"{e.probe}{f' ({e.where})' if e.where else ''} {quantity(e.value)}, expected"
            f" {e.expected}"
            for e in suspect.evidence[:EVIDENCE]
        ]
        yield f"evidence: {suspect.name} ({suspect.status.value}): {'; '.join(told)}"
        if suspect.cure and subject.fix is None:
            yield f"  to try: {suspect.cure}"
    if subject.patch:
        yield f"diff (tried on a copy, which learns):\n{subject.patch.rstrip()}"
    elif subject.fix is not None:
        yield f"code of the repair (verified: {'yes' if subject.fix.verified else 'no'}):"
        yield subject.fix.code.rstrip()


def _cut(part: str, left: int) -> list[str]:
    """As many whole lines as fit, and that there are more."""
    lines, kept = part.splitlines(), list[str]()
    note = "… (more: see the full record)"
    left -= len(note) + 1
    for line in lines:
        if len(line) + 1 > left:
            break
        kept.append(line)
        left -= len(line) + 1
    return [*kept, note] if left >= 0 else []


def verification(subjects: list[SubjectRecord], script: str) -> str:
    """What to run next: it decides what is open, or shows that the fix works.

    Args:
        script: see `compact`.
    """
    if any(subject.cured for subject in subjects):
        return f"apply the diff, then: unstuck run {script or 'SCRIPT'} (exit status 0)"
    if any(subject.suspected and not subject.judges for subject in subjects):
        if script:
            return f"unstuck run --prove 60 --patch fix.patch {script}"
        return "the same command with --prove 60"
    if any(s.fix is not None or s.proven or s.improvable for s in subjects):
        return f"make the change, then: unstuck run --prove 60 {script or 'SCRIPT'}"
    open_ones = [s.proof for s in subjects if s.proof is not None and s.proof.more >= 1]
    if open_ones:
        wanted = max(ceil((proof.budget + proof.more) / 10) * 10 for proof in open_ones)
        return f"unstuck run --prove {wanted} {script or 'SCRIPT'}; it may decide what is open"
    states = {subject.state for subject in subjects if subject.judges}
    if State.NOTHING in states:
        return "look at how inputs and targets belong together"
    undecided = any(s.proof and s.proof.state is State.UNKNOWN for s in subjects)
    if states and states <= {State.LEARNING, State.IMPROVABLE} and not undecided:
        return "nothing needs to be done"
    if states:
        return f"unstuck run --prove 300 {script or 'SCRIPT'}; more trials may decide"
    return f"unstuck run --prove 60 {script or 'SCRIPT'}; whether it learns, only training tells"
