"""What a page says first: what is wrong, how sure that is, and what to do."""

from dataclasses import dataclass, replace
from math import ceil, isfinite, nan

from unstuck.causes import load
from unstuck.records.evaluation import Evaluation
from unstuck.records.proof import Proof
from unstuck.records.quantity import quantity
from unstuck.records.run import SubjectRecord
from unstuck.records.states import State, Status
from unstuck.report.diagnosis import NO_PROMISE, NO_PROOF
from unstuck.report.levels import gain, level, seeds
from unstuck.report.page.arms import PLACEBO
from unstuck.report.page.scale import CONSTANT, scale
from unstuck.report.page.snippet import place
from unstuck.report.run import losses, worst

GOOD, BAD, OPEN = "good", "bad", "open"
_HEADLINES = {
    State.STUCK: ("It does not learn", BAD),
    State.SLOW: ("It learns far less than it could", BAD),
    State.DIVERGED: ("Its numbers grow beyond all bounds", BAD),
    State.IMPROVABLE: ("It learns, and can do clearly better", OPEN),
    State.LEARNING: ("Nothing is wrong: it learns as well as anything that was tried", GOOD),
    State.NOTHING: ("There is nothing to learn in these data as they are handed over", OPEN),
    State.UNKNOWN: ("Undecided: the trials do not tell whether it learns what it could", OPEN),
}


_OPEN = (Status.SUSPECTED, Status.INCONCLUSIVE)


@dataclass(frozen=True)
class Verdict:
    """The first screen in words.

    Args:
        headline: in a sentence.
        mood: "good", "bad" or "open".
        sure: how sure that is.
        numbers: (what, value, "before" or "after" or "") to be seen from afar.
        todo: in words; "" where nothing is to be done.
        code: a diff or a snippet; "" where there is none.
        use: how to use the code, and what was seen of it.
        proven: whether what is to be done was seen to work.
        seen: what was measured before training, and how the script's own training went; "" where
            neither is known.
    """

    headline: str
    mood: str
    sure: str
    numbers: tuple[tuple[str, str, str], ...] = ()
    todo: str = ""
    code: str = ""
    use: str = ""
    proven: bool = True
    seen: str = ""


def verdict(subject: SubjectRecord) -> Verdict:
    """Of a subject."""
    found = _verdict(subject)
    if subject.evaluations and found.mood != BAD:
        found = _of_evaluation(subject.evaluations[0], found)
    return replace(found, seen=_seen(subject), use=_use(subject) if found.code else "")


def _of_evaluation(asked: Evaluation, training: Verdict) -> Verdict:
    """Of answers that are spoilt by how the trained model is asked."""
    numbers = (
        (f"{asked.measure} as it is asked", f"{asked.value:.3g}", "before"),
        (f"{asked.measure} of the same examples, asked otherwise", f"{asked.mended:.3g}", "after"),
        (f"{asked.measure} on examples it learnt from", f"{asked.trained:.3g}", ""),
    )
    there = "" if asked.where is None else f" ({asked.where})"
    sure = (
        f"Proven on the model's own answers to {asked.n} examples: {asked.better} become better,"
        f" {asked.worse} worse. Of its training: {training.headline}."
    )
    headline = _capital(f"{load(asked.cause).title}{there}")
    return replace(
        training, headline=headline, mood=BAD, sure=sure, numbers=numbers, todo=asked.cure
    )


def _use(subject: SubjectRecord) -> str:
    """How to use the diff, or else the snippet."""
    if subject.patch:
        return "To apply it, save it as fix.diff: git apply fix.diff"
    fix = subject.fix
    assert fix is not None
    learns = f"On {seeds(fix.after.n).replace(' ', ' more ')}, run as it stands, it learns."
    tried = learns if fix.verified else "It is not verified."
    return f"{place(fix.code)} {tried}"


def _seen(subject: SubjectRecord) -> str:
    """What was measured, where no number above says so, and how the script's own training went."""
    told, proof, training = list[str](), subject.proof, worst(subject)
    if proof is not None:
        suspects = proof.proven or subject.findings
        for e in suspects[0].evidence[:1] if suspects else ():
            value = quantity(e.value, proof.report.units.get(e.probe, ""))
            name = e.probe.replace("_", " ")
            told.append(f"Measured before training: {name} {value}; expected {e.expected}.")
    if training is not None:
        told.append(f"The script's own training: {losses(training)}.")
    return " ".join(told)


def _verdict(subject: SubjectRecord) -> Verdict:
    code = subject.patch or ("" if subject.fix is None else subject.fix.code)
    if subject.proof is not None:
        return _of_proof(subject.proof, code, subject.cured)
    report = subject.report
    if report is None:
        return Verdict("It could not be looked at", OPEN, subject.refused or subject.says)
    unproven = f" No proof was made: {subject.unproven}." if subject.unproven else ""
    seen = subject.sightings[0].says if subject.sightings else ""
    if not report.suspects:
        sure = NO_PROMISE + unproven
        headline = seen or "Nothing suspicious was measured before training"
        return Verdict(headline, BAD if seen else GOOD, sure)
    first, *others = report.suspects
    more = f", and {len(others)} more" if others else ""
    numbers = tuple(
        (
            f"{e.probe.replace('_', ' ')}; expected {e.expected}",
            quantity(e.value, report.units.get(e.probe, "")),
            "before",
        )
        for e in first.evidence[:1]
    )
    sure = NO_PROOF + unproven
    return Verdict(f"Suspected: {first.title}{more}", OPEN, sure, numbers, first.cure, proven=False)


def _of_proof(proof: Proof, code: str, cured: bool) -> Verdict:
    if proof.agreement.agrees is False:
        return Verdict("Not judged: the trials do not do what the script does", OPEN,
                       _capital(proof.agreement.says) + ".")  # fmt: skip
    headline, mood = _HEADLINES[proof.state]
    if proof.state is State.LEARNING and proof.outdone:
        headline = "Nothing is proven to be wrong: it learns"
    if proof.state is State.UNKNOWN and not proof.trials:
        headline = "Undecided: there was no time for a trial"
    on = scale(proof)
    repair = proof.repair
    proven = repair is not None and repair.effect.status is Status.PROVEN and proof.trusted
    if repair is None or not proven or proof.state in (State.LEARNING, State.NOTHING):
        role = "after" if proof.state is State.LEARNING else "before"
        numbers = []
        if isfinite(proof.value) or any(not t.changes for t in proof.trials):
            numbers.append((f"{on.name()}, as it is", _level(proof.value, proof), role))
        if isfinite(proof.trivial) and numbers:
            numbers.append((CONSTANT, _level(proof.trivial, proof), ""))
        if isfinite(proof.best) and (
            proof.outdone or proof.state in (State.STUCK, State.SLOW, State.UNKNOWN)
        ):
            numbers.append(("the best that was tried", _level(proof.best, proof), "after"))
        first = next((s for s in proof.report.suspects if s.status in _OPEN), None)
        todo = first.cure if first and proof.state not in (State.LEARNING, State.NOTHING) else ""
        return Verdict(headline, mood, _unproven(proof), tuple(numbers), todo, proven=False)
    causes = [s.title for s in proof.proven] or [
        s.title
        for s in proof.report.suspects
        if any(s.name in part.causes for part in repair.parts)
    ]
    why = f": {'; '.join(causes)}" if causes and proof.state is not State.IMPROVABLE else ""
    sure = f"Proven on {seeds(repair.effect.n)}: {gain(repair.effect, proof.measure)}"
    sure = sure.replace(f"; {seeds(repair.effect.n)})", ")") + "."
    sure = sure.replace("(95 %: ", "(95 % interval: ")
    if proof.placebo is not None:
        sure += " A placebo, a change that cannot matter, made no difference."
    base, value = (_level(v, proof) for v in (repair.effect.base, repair.effect.value))
    numbers = [(f"{on.name()}, as it is", base, "before"), ("repaired", value, "after")]
    rough, fine = proof.beside.get("rmse", (0.0, nan, nan))[1:]
    if proof.measure != "rmse" and isfinite(rough) and isfinite(fine):  # in the targets' units
        sure = f"{on.name()[:1].upper() + on.name()[1:]}: {base} → {value}. {sure}"
        numbers = [
            (f"{proof.rows} rmse, as it is", level(rough, "rmse"), "before"),
            ("repaired", level(fine, "rmse"), "after"),
        ]
    sure += " The patched copy was run, and learns." if cured else ""
    return Verdict(f"{headline}{why}", mood, sure, tuple(numbers), repair.says, code)


def _level(value: float, proof: Proof) -> str:
    return level(value, proof.measure)


def _unproven(proof: Proof) -> str:
    tried = len(proof.trials)
    changes = len({t.changes for t in proof.trials} - {(), PLACEBO})
    of = f"{tried} trials of {changes} change{'' if changes == 1 else 's'}"
    more = _more(proof)
    open_ones = "; ".join(s.title for s in proof.report.suspects if s.status in _OPEN)
    if not tried:
        told = f" Suspected, not tested: {open_ones}." if open_ones else ""
        return f"{told}{more}".strip()
    if proof.state is State.LEARNING:
        left = f" Undecided: {open_ones}." if open_ones else ""
        return f"{_compared(proof)}, judged on {proof.rows} examples.{left}"
    if proof.state is State.NOTHING:
        return f"{proof.state.sentence}"
    if not proof.trusted:
        return f"Not proven: seeds were too few, or a change that cannot matter seemed to.{more}"
    left = f" Suspected, not proven: {open_ones}." if open_ones else ""
    return f"No cause is proven by {of}.{left}{more}"


def _compared(proof: Proof) -> str:
    """What stands against what, where nothing is wrong."""
    made = [t for t in proof.trials if t.changes != PLACEBO]
    own = sum(not t.changes for t in made)
    told = f"Compared: {own} trial{'' if own == 1 else 's'} as it is"
    says = list(dict.fromkeys(t.says for t in made if t.changes))
    if not says:
        return told
    what = says[0] if len(says) == 1 else f"{len(says)} changes"
    return f"{told} and {len(made) - own} with {what}"


def _more(proof: Proof) -> str:
    if proof.more < 1:
        return ""
    wanted = ceil((proof.budget + proof.more) / 10) * 10
    return f" About {proof.more:.0f} s more may decide it (--prove {wanted})."


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]
