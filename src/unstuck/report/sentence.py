"""The finding in one sentence or two: what is wrong, how sure that is, and what to do."""

from dataclasses import replace
from math import isfinite

from unstuck.records.proof import OTHERS_KNOW, Proof, Repair
from unstuck.records.quantity import quantity
from unstuck.records.report import Report, Suspect
from unstuck.records.run import SubjectRecord
from unstuck.records.states import State, Status
from unstuck.report.levels import level, seeds

_FAILS = {
    State.STUCK: "It does not learn",
    State.SLOW: "It learns far less than it could",
    State.DIVERGED: "Its numbers grow beyond all bounds",
}


def of_subject(subject: SubjectRecord) -> SubjectRecord:
    """The subject's record with its sentence."""
    return replace(subject, says=_of_subject(subject))


def _of_subject(subject: SubjectRecord) -> str:
    told = _of_training(subject)
    if not subject.evaluations:
        return told
    asked = " ".join(f"{_sentence(e.says)} To do: {e.cure}." for e in subject.evaluations)
    return f"{asked} Of its training: {told[:1].lower()}{told[1:]}"


def _of_training(subject: SubjectRecord) -> str:
    if subject.proof is not None:
        told = of_proof(subject.proof)
        if subject.proof.state is State.UNKNOWN:  # what was seen of the loop was seen for certain
            told = "".join(f"{_sentence(s.says)} " for s in subject.standing) + told
        return f"{told} The patched copy learns." if subject.cured else told
    seen = "".join(f"{_sentence(sighting.says)} " for sighting in subject.sightings)
    if subject.report is None:
        why = subject.refused or "see above"
        return f"{seen}It could not be looked at: {why}."
    suspicious = subject.report.suspects or not seen
    told = f"{seen}{of_report(subject.report)}" if suspicious else seen.rstrip()
    return f"{told} No proof was made: {subject.unproven}." if subject.unproven else told


def of_report(report: Report) -> str:
    """What a diagnosis alone can say."""
    if not report.suspects:
        return (
            "Nothing suspicious was measured before training; whether it learns, only training"
            " tells."
        )
    first, *others = report.suspects
    more = f" (and {len(others)} more)" if others else ""
    try_this = f" To try: {first.cure}." if first.cure else ""
    return f"Suspected, not tested yet: {_wrong(report, first)}{more}.{try_this}"


def of_proof(proof: Proof) -> str:
    """What trials say."""
    if proof.agreement.agrees is False:
        suspects = ", ".join(s.title for s in proof.report.suspects)
        left = f" Suspected, not tested: {suspects}." if suspects else ""
        return f"Not judged: {proof.agreement.says or 'the trials differ from the script'}.{left}"
    if proof.state is State.NOTHING:
        return _sentence(State.NOTHING.sentence)
    if proof.state is State.UNKNOWN:
        undecided = "Undecided: the trials do not tell whether it learns what it could."
        others = f" {_sentence(OTHERS_KNOW)}" if OTHERS_KNOW in proof.notes else ""
        return undecided + others + _more(proof)
    repair = proof.repair
    proven = repair is not None and repair.effect.status is Status.PROVEN and proof.trusted
    if proof.state in _FAILS:
        return _fails(proof, repair if proven else None)
    if proof.state is State.IMPROVABLE and repair is not None and proven:
        return (
            f"It learns, and can do clearly better, which is proven on"
            f" {seeds(repair.effect.n)}. To do: {repair.says}. {_with_and_without(proof, repair)}"
            f"{_on_top(proof)}"
        )
    if not isfinite(proof.value):
        return "It was seen to learn; there was no time for a trial that tells more."
    value, trivial, best = (
        level(v, proof.measure) for v in (proof.value, proof.trivial, proof.best)
    )
    told = (
        f"Nothing is wrong: it learns as well as anything that was tried"
        f" ({_measured(proof)} {value}; knowing nothing is {trivial})."
    )
    if proof.outdone:
        told = (
            f"Nothing is proven to be wrong: it learns. In trials of {proof.setup['steps']} steps"
            f" {_measured(proof)} is {value}, knowing nothing {trivial}, the best that was tried"
            f" {best}."
        )
    open_ones = [s.title for s in proof.report.suspects if s.status is Status.INCONCLUSIVE]
    return f"{told} Undecided: {', '.join(open_ones)}." if open_ones else told


def _fails(proof: Proof, repair: Repair | None) -> str:
    fails = _FAILS[proof.state]
    if proof.origin:
        fails = f"{fails}: first in {proof.origin}"
    if repair is None:
        if not proof.trusted:
            return f"{fails}, but {_doubt(proof)}: these trials prove nothing.{_more(proof)}"
        best = level(proof.best, proof.measure)
        told = (
            f"{fails} ({_measured(proof)} {level(proof.value, proof.measure)}; the best that was"
            f" tried: {best}), and no cause is proven."
        )
        return told + _more(proof)
    causes = dict.fromkeys(name for part in repair.parts for name in part.causes)
    known = [s for s in proof.report.suspects if s.name in causes]
    known = [s for s in known if s.status is Status.PROVEN] or known
    why = "; ".join(_wrong(proof.report, s) for s in known)
    told = f"{fails}. The reason: {why}" if why else f"{fails}, and what mends it was found"
    return (
        f"{told}: proven on {seeds(repair.effect.n)}. To do: {repair.says}."
        f" {_with_and_without(proof, repair)}{_on_top(proof)}"
    )


def _doubt(proof: Proof) -> str:
    """Why the trials are not to be trusted, after "but"."""
    placebo = proof.placebo
    if placebo is not None and placebo.n > 1 and not placebo.low <= 0 <= placebo.high:
        return "a change that cannot matter seemed to matter as well"
    return "seeds were too few to tell a change that matters from one that cannot"


def _more(proof: Proof) -> str:
    return f" About {proof.more:.0f} s more may decide it." if proof.more >= 1 else ""


def _on_top(proof: Proof) -> str:
    """What gains beside the repair, after it."""
    if not proof.left:
        return ""
    says = ", then ".join(more.says for more in proof.left)
    return f" On top of it {says}: {level(proof.left[-1].effect.value, proof.measure)}."


def _with_and_without(proof: Proof, repair: Repair) -> str:
    base, value = (level(v, proof.measure) for v in (repair.effect.base, repair.effect.value))
    told = f"Without it {_measured(proof)} is {base}, with it {value}."
    _, rough, fine = proof.beside.get("rmse", (0.0, float("nan"), float("nan")))
    if not (isfinite(rough) and isfinite(fine)) or proof.measure == "rmse":
        return told
    return (
        f"{told} In the targets' units, the error is {level(rough, 'rmse')} without and"
        f" {level(fine, 'rmse')} with it (rmse)."
    )


def _measured(proof: Proof) -> str:
    """The measure, and on what: "held-out accuracy"."""
    return (
        f"{proof.rows} {proof.measure}"
        if proof.measure == "accuracy"
        else (f"{proof.rows} loss ({proof.measure})")
    )


def _wrong(report: Report, suspect: Suspect) -> str:
    """A cause with the first number that points to it."""
    if not suspect.evidence:
        return suspect.title
    first = suspect.evidence[0]
    value = quantity(first.value, report.units.get(first.probe, ""))
    return f"{suspect.title} ({first.probe.replace('_', ' ')} {value}; expected {first.expected})"


def _sentence(told: str) -> str:
    told = told.strip()
    told = told[:1].upper() + told[1:]
    return told if told.endswith((".", "!", "?")) else f"{told}."
