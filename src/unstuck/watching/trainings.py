"""What those who see a framework's trainings are handed: `unstuck.script.trainings` behind it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from unstuck.records.training import Sighting
from unstuck.setups.routine import Routine
from unstuck.watching.losses import Watch
from unstuck.watching.place import Place

if TYPE_CHECKING:
    from unstuck.watching.question import Question


class Training(Protocol):
    """One training under way."""

    watch: Watch

    def cannot_be_proven(self, why: str) -> None:
        """Trials would not tell of it; why in a few words."""
        ...

    def routine(self, routine: Routine) -> None:
        """What its loop was seen to do around a step so far; the last call stands."""
        ...

    def saw(self, sighting: Sighting) -> None:
        """A fault of the loop itself; told once a cause."""
        ...

    def asked(self, question: "Question", where: Place | None) -> None:
        """Its model is asked for answers, outside of training, at this line of the user's."""
        ...

    def says_nothing(self, why: str) -> None:
        """Its loss does not say whether it learns: it gets no state, for this reason."""
        ...

    def ends(self) -> None:
        """It is over; to be called once, in the thread it started in."""
        ...


class Trainings(Protocol):
    """All trainings of one run."""

    endings: list[Callable[[], None]]

    def starts(
        self,
        framework: str,
        arguments: dict[str, Any],
        where: Place | None = None,
        names: Mapping[str, str] | None = None,
        anew: bool = False,
    ) -> Training | None:
        """A training is about to take its first step: looks at it, and tells what it sees.

        Args:
            framework: "keras", "torch", "lightning", "skorch", "sklearn", …
            arguments: of `unstuck.diagnose`, "model" among them; none where the training is only
                watched, which has been said already.
            where: the user's line; None for the innermost one that is being executed.
            names: of the script's variables there that hold model, x, y, loss and optimizer, as
                far as that was seen; None where its code is read for them.
            anew: whether it is another training than the one seen there before, and no repetition.

        Returns:
            None if it is part of another training, is ours, or runs in a child process.
        """
        ...

    def says(self, line: str) -> None:
        """Tells one line, once."""
        ...

    def here(self) -> Place | None:
        """The innermost line of the user's files that is being executed in this thread."""
        ...

    def was_here(self) -> bool:
        """Whether training has started before at the line that is being executed."""
        ...

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be seen now: we train ourselves, or a child process does."""
        ...

    @property
    def is_within(self) -> bool:
        """Whether this thread is within a training of a library's, of which all that happens is
        part."""
        ...

    def quiet(self) -> AbstractContextManager[None]:
        """Nothing that this thread trains is seen: we train ourselves."""
        ...

    def guard(self, doing: str) -> AbstractContextManager[None]:
        """An error of ours is reported once, and goes no further; `doing` is what, after "could
        not"."""
        ...
