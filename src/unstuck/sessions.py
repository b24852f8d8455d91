"""What Python users hold: a record, how it is shown, and what can be done next.

report = unstuck.diagnose(model, x, y)
proof = report.prove(budget=60)
fix = proof.fix()
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from unstuck.diagnosis import Diagnosed, diagnosed
from unstuck.errors import UsageError
from unstuck.probes.batch import batch
from unstuck.records.batch import Batch
from unstuck.records.fix import Fix
from unstuck.records.proof import Proof
from unstuck.records.report import Report
from unstuck.setups.sample import EXAMPLES
from unstuck.setups.unmoved import unmoved
from unstuck.setups.untouched import untouched

if TYPE_CHECKING:
    from unstuck.proofs.fix import Fixed
    from unstuck.proofs.prove import Proven
    from unstuck.records.run import RunRecord

TRAINED_ON = 4_096  # examples of a trial, at most

R = TypeVar("R", Batch, Report, Proof, Fix)


@dataclass(frozen=True, eq=False, repr=False)
class Session(Generic[R]):
    """A record that shows itself, on a console and in a notebook, with its fields by name.

    Args:
        record: frozen; what can be saved, sent and compared.
    """

    record: R

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "record":
            raise AttributeError(name)
        return getattr(self.record, name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Records alone are pickled: model and data stay where they are."""
        records = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = {n: r for n, r in records.items() if isinstance(r, Batch | Report | Proof | Fix)}
        return _unpickled, (type(self), kept)

    def __copy__(self) -> Self:
        return self  # nothing of it changes

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.record)})

    @unmoved()
    def __str__(self) -> str:
        from unstuck.report.shown import text

        return text(self.record)

    __repr__ = __str__

    @unmoved()
    def __rich__(self) -> Any:
        from unstuck.report.shown import renderable

        return renderable(self.record)

    @unmoved()
    def _repr_html_(self) -> str:
        return self._fragment()

    @unmoved()
    def html(self, path: "str | os.PathLike[str]") -> None:
        """Writes all that was found as a page: one file that needs no other and fetches nothing.

        Args:
            path: of the file; one that is there is written over.

        Raises:
            UsageError: no name of a file.
            NotWritten: it cannot be written.
        """
        from unstuck.report.writing import write

        if not isinstance(path, str | os.PathLike):
            raise UsageError(f"path={path!r}", "the name of a file")
        write(Path(path), self._page())

    def _fragment(self) -> str:
        from unstuck.report.page.page import fragment

        return fragment(self._run_record())

    def _page(self) -> str:
        from unstuck.report.page.page import page

        return page(self._run_record())

    def _run_record(self) -> "RunRecord":
        from unstuck.report.handed import run_record

        if isinstance(self.record, Proof):
            return run_record(self.record.report, self.record)
        assert isinstance(self.record, Report)
        return run_record(self.record)

    @unmoved()
    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values; numbers that are not finite are None."""
        from unstuck.report.as_json import to_json

        return to_json(self.record)


class _Gone:
    """What does not come with a pickled record."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self()

    def __call__(self) -> NoReturn:
        raise UsageError(
            "the model and its data did not come with what was pickled",
            "what unstuck.diagnose returned, in its own process",
            "diagnose again; its record, to_json() and html() are whole",
        )


def _unpickled(kind: type[Session[R]], kept: dict[str, Any]) -> Session[R]:
    return kind(**{f.name: kept.get(f.name, _Gone()) for f in fields(kind)})


@dataclass(frozen=True, eq=False, repr=False)
class BatchSession(Session[Batch]):
    """What a step's batch holds; `record` is a `Batch`."""

    def _fragment(self) -> str:
        from unstuck.report.page.batch import fragment

        return fragment(self.record)

    def _page(self) -> str:
        from unstuck.report.page.batch import page

        return page(self.record)


@dataclass(frozen=True, eq=False, repr=False)
class ReportSession(Session[Report]):
    """A diagnosis; `record` is a `Report`.

    Args:
        diagnosed: what a proof goes on from.
    """

    diagnosed: Diagnosed

    @property
    @unmoved()
    def batch(self) -> BatchSession:
        """What reaches the network in a step: shapes, dtypes, ranges, classes, first examples."""
        with untouched():
            subject = self.diagnosed.again(EXAMPLES)
            return BatchSession(batch(subject.about, subject.sample))

    @unmoved()
    def prove(
        self,
        budget: float = 60.0,
        *,
        epochs: int | None = None,
        examples: int = TRAINED_ON,
        told: Callable[[str], None] = lambda says: None,
    ) -> "ProofSession":
        """Decides each suspect by trials on copies, and finds the smallest repair.

        Args:
            budget: seconds.
            epochs: of each trial; None for as many as people train.
            examples: trained on, at most.
            told: called with what is being tried.

        Raises:
            UsageError: nothing can be trained or judged.
        """
        from unstuck.proofs.prove import prove

        proven = prove(self.diagnosed, budget, epochs=epochs, examples=examples, told=told)
        return ProofSession(proven.record, proven)


@dataclass(frozen=True, eq=False, repr=False)
class ProofSession(Session[Proof]):
    """A proof; `record` is a `Proof`.

    Args:
        of: what a fix goes on from.
    """

    of: "Proven"

    @unmoved()
    def fix(self, budget: float | None = None) -> "FixSession":
        """The repair, built and verified on fresh seeds.

        Args:
            budget: seconds for verification; None for as many as it takes.

        Raises:
            UsageError: nothing is to be repaired, or nothing was proven to.
        """
        from unstuck.proofs.fix import fix

        fixed = fix(self.of, budget)
        return FixSession(fixed.record, fixed, self.record)


@dataclass(frozen=True, eq=False, repr=False)
class FixSession(Session[Fix]):
    """A fix; `record` is a `Fix`.

    Args:
        fixed: what is alive of it.
        proof: that it follows from.
    """

    fixed: "Fixed"
    proof: Proof

    @property
    def model(self) -> Any:
        """A new object with the cure in it, ready to train; your own is untouched."""
        return self.fixed.model

    def _run_record(self) -> "RunRecord":
        from unstuck.report.handed import run_record

        return run_record(self.proof.report, self.proof, self.record)

    @property
    def arguments(self) -> dict[str, Any]:
        """What goes with the model where it does not hold it: loss, optimizer."""
        return self.fixed.arguments


@unmoved()
def diagnose(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    validation_data: Any = None,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int | None = None,
    shuffle: bool | None = None,
    step: Callable[..., Any] | None = None,
    examples: int = EXAMPLES,
) -> ReportSession:
    """Says what keeps a set-up from learning, from measurements alone.

    Nothing is trained, and everything is left as it was: weights, optimizer, random states, data.

    Args:
        model: a Keras 3 model, torch module, Lightning module, skorch net, scikit-learn estimator
            with a neural network in it, or (apply function, parameters) for plain JAX.
        x, y: arrays or tensors, one row an example; or x alone, a data set or loader that yields
            batches (x, y).
        validation_data: (x, y), or a data set or loader.
        loss, optimizer: what a compiled Keras model or a scikit-learn estimator brings along and
            a torch module or JAX function does not; objects or names of the framework.
        batch_size: examples a step. Default: the data set's or estimator's, else 32.
        shuffle: whether training shuffles. Default: what the framework or loader does.
        step: (model, batch) ↦ loss, for torch training loops that are not loss(model(x), y).
        examples: looked at, at most; fewer where the activations would not fit into 256 MB.

    Returns:
        the report, which shows itself, and whose `prove(budget=60)` decides by trials.

    Raises:
        UsageError: a model, loss, optimizer or option that cannot be used.
        DataError: data that cannot be trained on.
    """
    found = diagnosed(
        model,
        x,
        y,
        validation_data=validation_data,
        loss=loss,
        optimizer=optimizer,
        batch_size=batch_size,
        shuffle=shuffle,
        step=step,
        examples=examples,
    )
    return ReportSession(found.report, found)
