"""A fault of how a trained model is asked for answers, tested on these very answers."""

from dataclasses import dataclass

from unstuck.records.where import Where


@dataclass(frozen=True)
class Answers:
    """Answers of a trained model to the same examples, asked in two ways.

    Args:
        measure: "accuracy", or "R²" of numbers, 1 at best, 0 for their mean.
        value: of the answers that the script got.
        mended: of the answers to the same examples after the change.
        trained: of the answers to examples that it learnt from.
        n: examples that it was asked about.
        better, worse: of these, how many the change answers better, and how many worse.
        p: of so many being better, if the change did not matter: one-sided sign test, times the
            number of changes that were tried.
    """

    measure: str
    value: float
    mended: float
    trained: float
    n: int
    better: int
    worse: int
    p: float


@dataclass(frozen=True)
class Evaluation(Answers):
    """Answers that one change of how the model is asked makes clearly better.

    Args:
        cause: name, of `unstuck.causes`.
        where: the line at which it is asked; null where no line of the user's files was on the
            stack.
        says: all of it, in a sentence.
        cure: what to do.
    """

    cause: str
    where: Where | None
    says: str
    cure: str
