"""From symptoms to ranked suspects: what is explained by an earlier cause is not a second one.

Some symptoms are harms: they say that training is kept from working, whatever the reason. A cause
of the data is suspected when one of its signs is present and some harm goes away once just that
thing about the data is changed (`what_if`), looked at again without training. Harms that go away
so are accounted for: a step that overshoots only because pixels are 0..255 does not make the
learning rate a suspect. Causes that come later in the chain answer for what is left.

Source: explaining away, Pearl 1988, "Probabilistic Reasoning in Intelligent Systems".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from unstuck.causes import causes
from unstuck.causes.cause import Cause
from unstuck.changes.change import Change, Part
from unstuck.changes.input_scaling import PER_FEATURE
from unstuck.symptoms import symptoms
from unstuck.symptoms.symptom import Evidence, Finding

Relook = Callable[[Change], Evidence]

# All that is about the inputs at once, for harms that no single change removes.
_TOGETHER = PER_FEATURE


@dataclass(frozen=True)
class Suspicion:
    """A cause, what speaks for it, and what its cut removes."""

    cause: Cause
    findings: tuple[Finding, ...]
    removes: tuple[str, ...]
    cut: Evidence | None = None
    what_if: Change | None = None


@dataclass
class _Case:
    """What has been found so far."""

    evidence: Evidence
    present: Mapping[str, Finding]
    harms: frozenset[str]
    open: set[str] = field(default_factory=set)  # harms not yet accounted for
    found: list[Suspicion] = field(default_factory=list)

    def signs(self, cause: Cause) -> tuple[Finding, ...]:
        """Those present; one that is a harm counts as long as nothing accounts for it."""
        spent = self.harms - self.open if cause.accounts else frozenset()
        names = (s.name for s in cause.signs if s.name in self.present and s.name not in spent)
        return tuple(self.present[name] for name in names)

    def add(
        self,
        cause: Cause,
        removed: Iterable[str],
        cut: Evidence | None = None,
        what_if: Change | None = None,
    ) -> None:
        names = tuple(name for name in self.present if name in set(removed))
        signs = self.signs(cause)
        findings = signs + tuple(self.present[n] for n in names if self.present[n] not in signs)
        self.found.append(Suspicion(cause, findings, names, cut, what_if))
        if cause.accounts:
            self.open -= set(names)


def judged(evidence: Evidence, harms_alone: bool = False) -> dict[str, Finding]:
    """The symptoms that are present, by name, in the order of the flow."""
    findings = ((s.name, s(evidence)) for s in symptoms() if s.harm or not harms_alone)
    return {name: finding for name, finding in findings if finding is not None}


def harms(present: Mapping[str, Finding]) -> tuple[str, ...]:
    """Those of the symptoms present that are harms."""
    return tuple(s.name for s in symptoms() if s.harm and s.name in present)


def suspects(
    evidence: Evidence, present: Mapping[str, Finding], relook: Relook
) -> tuple[Suspicion, ...]:
    """The causes suspected, most important first.

    Args:
        evidence: the look at the set-up as it stands.
        present: the symptoms `judged` on it.
        relook: looks again with the data changed.
    """
    at_stake = frozenset(harms(present))
    case = _Case(evidence, present, at_stake, set(at_stake))
    known = causes()
    plain = [c for c in known if c.cut is None]
    broken = {"non-finite-data", "constant-input"}
    for cause in (c for c in plain if c.name in broken):
        _by_signs(case, cause)
        if case.found:  # nothing measured beyond this means anything
            return tuple(case.found)
    cuts = [c for c in known if c.cut is not None]
    first = min(known.index(c) for c in cuts)
    for cause in plain:
        if cause.name not in broken and known.index(cause) < first:
            _by_signs(case, cause)
    _by_cuts(case, cuts, relook)
    for cause in plain:
        if known.index(cause) > first:
            _by_signs(case, cause)
    return _ranked(case.found, first)


def _by_signs(case: _Case, cause: Cause) -> None:
    signs = case.signs(cause)
    at_stake = case.open if cause.accounts else case.harms
    removed = at_stake & set(cause.harms)
    decided = bool(removed) or (signs and set(cause.harms) & set(case.present) - case.harms)
    if signs and decided and cause.fits(case.evidence):
        case.add(cause, removed)


def _by_cuts(case: _Case, cuts: list[Cause], relook: Relook) -> None:
    at_stake = set(case.open)
    marked = [c for c in cuts if case.signs(c)]
    if not at_stake or not marked:
        return
    tried = []
    for cause in marked:
        assert cause.cut is not None
        seen, left = _relooked(relook, cause.cut)
        tried.append((cause, {h for h in at_stake if h not in left}, seen, cause.cut))
    left_over = at_stake.intersection(*(at_stake - removed for _, removed, _, _ in tried))
    by_inputs = [c for c in marked if c.cut and c.cut.part is not Part.TARGETS]
    together: set[str] = set()
    if left_over and by_inputs:
        seen, left = _relooked(relook, _TOGETHER)
        together = {h for h in left_over if h not in left}
        if left_over == at_stake:
            tried = [(c, together, seen, _TOGETHER) for c in by_inputs]
    # The cut that removes the most first: another is only suspected for what it adds.
    tried.sort(key=lambda t: -len(t[1]))
    for cause, removed, seen, cut in tried:
        if removed & case.open or (cut is _TOGETHER and removed):
            case.add(cause, removed, seen, cut)
    if case.found and any(s.cause in by_inputs for s in case.found):
        case.open -= together


def _relooked(relook: Relook, what_if: Change) -> tuple[Evidence, dict[str, Finding]]:
    seen = relook(what_if)
    return seen, judged(seen, harms_alone=True)


def _ranked(found: list[Suspicion], first: int) -> tuple[Suspicion, ...]:
    """Broken wiring first, then by how many harms a cut removes, then in the chain's order."""
    order = {cause.name: i for i, cause in enumerate(causes())}

    def key(s: Suspicion) -> tuple[int, int, int]:
        place = order[s.cause.name]
        return (0, 0, place) if place < first else (1, -len(s.removes), place)

    return tuple(sorted(found, key=key))
