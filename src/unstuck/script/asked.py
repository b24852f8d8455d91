"""What a model that was trained is asked about, and whether how it is asked spoils its answers."""

from dataclasses import dataclass, field

import numpy as np

from unstuck.judging.answers import FEWEST, Compared, Learnt, compared
from unstuck.script.shadows import ours
from unstuck.setups.subject import Sample
from unstuck.setups.unmoved import unmoved
from unstuck.watching.place import Place
from unstuck.watching.question import MOST, Array, Question

NUMBERS = 1 << 20  # in the examples that are held
MARKED = 16  # questions of either kind whose targets are looked for, to be marked
EACH = 64  # passes; of more, each whose number is a power of 2, where they are of a few rows
SCALES = "split-mismatch"
MODE = "training-mode"
LAG = "statistics-lag"


@dataclass
class Asked:
    """What a model is asked about at one line.

    A pass is all that it is asked there without having learnt more meanwhile.

    Args:
        learnt: examples that it learns from.

    Attributes:
        found: the faults of the pass that was seen last, by the names of their causes.
        alike, unlike: marks of targets that it was asked about with inputs like those learnt from,
            and with others.
    """

    learnt: Learnt
    found: dict[str, Compared] = field(default_factory=dict)
    alike: set[int] = field(default_factory=set)
    unlike: set[int] = field(default_factory=set)
    _passes: int = 0
    _rows: int = 0  # of the pass, whether they are held or not
    _most: int = 0  # of any pass
    _steps: int = -1
    _screened: list[Array] = field(default_factory=list)
    _unlike: bool | None = None  # None until `FEWEST` rows were screened
    _held: list[tuple[Array, Array, list[Array]]] = field(default_factory=list)
    _judged: int = 0
    _marked: list[int] = field(default_factory=lambda: [0, 0])  # questions, alike and unlike
    _sampled: bool = False

    def about(self, question: Question) -> None:
        """One more question; judged as soon as there are examples enough."""
        if question.steps != self._steps:
            self._passes, self._rows, self._steps = self._passes + 1, 0, question.steps
            if self._is_due:
                self.found, self._held, self._judged, self._sampled = {}, [], 0, False
                self._screened, self._unlike = [], None
        self._rows += question.rows
        self._most = max(self._most, self._rows)
        few, anyway = question.rows < FEWEST, question.trains or question.renewed is not None
        if not self._is_due or (few and self._unlike is False and not anyway):
            return
        room, marks = self._room(question.rows), min(self._marked) < MARKED and not few
        if not room and not question.trains and not marks:
            return
        x = question.x()
        if x.dtype.kind not in "iufb":
            return
        if marks:
            self._mark(x, question)
        if self._repeats(x):
            return
        some = spaced(len(x), room)
        x = x[some].astype(np.float64)
        if len(x) and np.isfinite(x).all() and (self._is_unlike(x) or anyway):
            self._hold(x, question, some)

    @property
    def _is_due(self) -> bool:
        """Whether a pass is looked at: not each of a policy's, which is asked a row a step."""
        return self._passes <= EACH or self._most >= FEWEST or not self._passes & (self._passes - 1)

    def _is_unlike(self, x: Array) -> bool:
        """Whether inputs are unlike those learnt from; of less than `FEWEST`, whether the first so
        many of the pass are."""
        if len(x) >= FEWEST:
            return self.learnt.is_unlike(x)
        if self._unlike is None:
            self._screened.append(x)
            if sum(map(len, self._screened)) >= FEWEST:
                self._unlike = self.learnt.is_unlike(np.concatenate(self._screened))
        return bool(self._unlike)

    def _room(self, rows: int) -> int:
        """Rows that are still to be held."""
        most = min(MOST, NUMBERS // max(1, self.learnt.x[:1].size))
        return max(0, min(rows, most - sum(len(x) for x, _, _ in self._held)))

    def _repeats(self, x: Array) -> bool:
        """Whether the same is asked again in one pass, as where answers are averaged over dropout
        on purpose."""
        first = x[:1].astype(np.float64)
        if not any(np.array_equal(first, held[:1]) for held, _, _ in self._held):
            return False
        self._sampled = True
        self.found.pop(MODE, None)
        return True

    def _mark(self, x: Array, question: Question) -> None:
        """Of the targets that a question is about, where these are to be seen."""
        x = x[spaced(len(x), MOST)].astype(np.float64)
        unlike = self.learnt.is_unlike(x)
        marked = self.unlike if unlike else self.alike
        self._marked[unlike] += 1
        if self._marked[unlike] > MARKED:
            return
        several = (t for t in question.targets() if len(t) == question.rows)
        answers = np.empty(0) if self.learnt.of_classes else question.answers()
        y = next((t for t in several if self.learnt.are_targets(t, answers)), None)
        if y is not None:
            marked.add(hash(np.ascontiguousarray(y).tobytes()))

    def _hold(self, x: Array, question: Question, some: Array) -> None:
        targets = [t[some] for t in question.targets() if len(t) == question.rows]
        if self._held and len(targets) < len(self._held[0][2]):
            return
        self._held.append((x, question.answers()[some], targets))
        rows = sum(len(x) for x, _, _ in self._held)
        if rows >= max(FEWEST, 2 * self._judged):
            self._judged = rows
            self._judge(question)

    @ours()
    @unmoved()
    def _judge(self, question: Question) -> None:
        x = np.concatenate([x for x, _, _ in self._held])
        got = np.concatenate([answers for _, answers, _ in self._held])
        learnt, answer = self.learnt, question.answer
        at_home, renewed = answer(learnt.x), None
        if question.renewed is not None and not question.trains:
            at_home, renewed = question.renewed(learnt.x, x)
        settled = answer(x) if question.trains else got
        others = [answer(a) for a in learnt.matched(x)] if learnt.is_unlike(x) else []
        y = self._targets([settled, *others, *([] if renewed is None else [renewed])])
        self.found = {}
        if y is None or (self.learnt.of_classes is False and y.ndim > 1 and y.size > len(y)):
            return
        if question.trains:
            mode = compared(learnt, at_home, y, got, settled)
            if mode.is_proven and not self._sampled:
                self.found[MODE] = mode
        if renewed is not None:
            lag = compared(learnt, at_home, y, got, renewed)
            if lag.is_proven:
                self.found[LAG] = lag
        elif others:
            tried = [compared(learnt, at_home, y, settled, other, len(others)) for other in others]
            best = max(tried, key=lambda c: c.mended)
            if best.is_proven:
                self.found[SCALES] = best

    def _targets(self, answers: list[Array]) -> Array | None:
        """The first of the arrays beside the inputs that can be their targets."""
        for several in zip(*(targets for _, _, targets in self._held), strict=False):
            if len({a.shape[1:] for a in several}) == 1:
                y = np.concatenate(several)
                if any(self.learnt.are_targets(y, given) for given in answers):
                    return y
        return None


def spaced(rows: int, most: int) -> Array:
    """Which of so many rows are held: evenly spaced ones, since the first may be sorted ones."""
    return np.linspace(0, max(0, rows - 1), min(rows, most)).astype(int)


def learnt(sample: Sample | None) -> Learnt | None:
    """What a training learns from, held small; None where it is not one array of numbers with
    targets."""
    if sample is None or sample.y is None or len(sample.x) != 1 or sample.kinds != ("values",):
        return None
    x, y = sample.x[0], sample.y
    rows = min(len(x), MOST, NUMBERS // max(1, x[:1].size))
    if rows < FEWEST or len(y) != len(x) or x.dtype.kind not in "iufb":
        return None
    some = spaced(len(x), rows)
    x, y = x[some].astype(np.float64), y[some]
    return Learnt(x, y) if np.isfinite(x).all() else None


def cure(cause: str, usual: str) -> str:
    """What to do.

    Args:
        usual: the cause's cure.
    """
    if cause != SCALES:
        return usual
    return f"{usual}; where that was done, the data themselves have moved: train on the like of it"


def says(cause: str, seen: Compared, where: Place | None) -> str:
    """What was seen, in a sentence."""
    there = "" if where is None else f" ({where})"
    what, how = _WORDS[cause]
    return (
        f"{what}{there}: {seen.measure} {_level(seen.value)} there, {_level(seen.mended)} {how}"
        f" ({seen.n} examples, {seen.better} answered better and {seen.worse} worse,"
        f" p = {seen.p:.1g}; {_level(seen.trained)} on examples it learnt from)"
    )


_WORDS = {
    SCALES: (
        "the trained model is asked about inputs of another mean or spread than it learnt from",
        "once the same inputs are brought to the training inputs' mean and spread",
    ),
    MODE: (
        "the trained model is asked in training mode, with dropout or batch statistics at work",
        "in evaluation mode",
    ),
    LAG: (
        "the trained model is asked while the moving statistics of its batch normalization still"
        " hold what they began with",
        "with the statistics of the examples it learnt from",
    ),
}


def _level(value: float) -> str:
    return f"{value:.3g}"
