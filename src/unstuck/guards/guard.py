"""What a test asks of a set-up: each guard passes, or fails with what was found and what to do."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from unstuck.names import unknown
from unstuck.records.guarded import Guarded
from unstuck.records.report import Report
from unstuck.setups.unmoved import unmoved

STEPS = 1_000
BUDGET = 60.0  # seconds
FEW = 32  # examples that any network can fit


OPTIONS = (
    *("model", "x", "y", "loss", "optimizer", "batch_size", "validation_data", "shuffle", "step"),
    *("examples", "within", "seed", "margin"),
)


class Failed(AssertionError):
    """A guard that failed: the finding, as a report has it on its first screen."""


class UndecidedWarning(UserWarning):
    """A set-up falls short on some seeds and not on others; the guard passed."""


@dataclass(frozen=True)
class Guard:
    """The guards of one test; a set-up is given as to `unstuck.diagnose`.

    Copies are trained, from seeds that are always the same: the model, its optimizer, the data and
    all random states stay as they are, and equal code and data pass or fail alike, however the
    model's own weights were drawn. Each guard that trains is a sequential test over seeds with
    both its errors stated (`Guarded.alpha`, `Guarded.beta`).

    Args:
        budget: seconds for one guard, which fails undecided where they do not do.

    Raises:
        UsageError: no such time.
    """

    budget: float = BUDGET

    def __post_init__(self) -> None:
        from unstuck.setups.admission import seconds

        with unmoved():
            seconds("budget", self.budget)

    def learns(
        self, model: Any, x: Any, y: Any = None, *, within: int = STEPS, seed: int = 0, **given: Any
    ) -> Guarded:
        """It learns clearly more than knowing nothing, and no less than a change of it would.

        On held-out examples; where a change of it (data standardized, usual loss, start and
        optimizer, or what takes a suspected cause away) does far better on a first seed, further
        seeds decide. A seed on which it has less than 80 % of the change's skill counts against
        it, and so does one whose skill luck may give. A set-up of which that is true on at most
        one seed in ten fails with a chance of at most 0.1 %; one of which it is true on 96 in a
        hundred or more passes with one of at most 5 %, and what the first seed lets pass: at most
        4 %.

        Args:
            model, x, y: as for `unstuck.diagnose`; shapes and dtypes as it takes them.
            within: steps of the optimizer. Default 1,000.
            seed: the first of those that draw weights and orders. Default 0.
            given: `loss`, `optimizer`, `batch_size`, `validation_data`, `shuffle`, `step`.

        Returns:
            what was seen.

        Raises:
            Failed: it does not.
            UsageError: it cannot be trained or judged, or the budget ended first.
            DataError: data that cannot be trained on.
        """
        __tracebackhide__ = True

        def learning(mine: Any) -> Guarded:
            from unstuck.guards.falling_short import learning

            return learning(mine)

        return self._asked(learning, given | {"model": model, "x": x, "y": y}, within, seed)

    def fits(
        self,
        model: Any,
        x: Any,
        y: Any = None,
        *,
        examples: int = FEW,
        within: int = STEPS,
        seed: int = 0,
        **given: Any,
    ) -> Guarded:
        """It fits a few examples when it is trained on them alone ("overfits a batch").

        A seed counts against it where its skill on these examples ends below 0.9 (0: the best
        constant answer, 1: perfect); errors as in `learns`.

        Args:
            examples: how many, spread over the data. Default 32.
            model, x, y, within, seed, given, Returns, Raises: see `learns`.
        """
        __tracebackhide__ = True

        def fitting(mine: Any) -> Guarded:
            from unstuck.guards.falling_short import fitting

            return fitting(mine)

        arguments = given | {"model": model, "x": x, "y": y}
        return self._asked(fitting, arguments, within, seed, examples)

    def fits_together(self, model: Any, x: Any, y: Any = None, **given: Any) -> Report:
        """Nothing is suspicious before training: data, network, loss and optimizer fit together.

        Static, and a function of the model as it stands: how often healthy set-ups are suspected,
        and faulty ones are not, is measured in docs/accuracy.md.

        Args:
            model, x, y, given: see `learns`.

        Returns:
            the report.

        Raises:
            Failed: something is suspected.
        """
        __tracebackhide__ = True
        _check_names(given)
        with unmoved():
            from unstuck.diagnosis import diagnosed

            report = diagnosed(model, x, y, **given).report
            if report.suspects:
                from unstuck.report.guarded import suspicious

                raise Failed(suspicious(report))
        return report

    def no_worse_than(
        self,
        reference: Any,
        model: Any,
        x: Any,
        y: Any = None,
        *,
        margin: float = 0.05,
        within: int = STEPS,
        seed: int = 0,
        **given: Any,
    ) -> Guarded:
        """It learns no less than a reference on the same data, by more than a margin.

        A seed counts against it where its held-out skill is more than the margin below that of the
        reference, trained as long from the same seed. As two that are alike fall short of each
        other on half of the seeds at most, one that is as good as the reference fails with a
        chance of at most 0.1 %, however much luck there is; eleven seeds in a row are needed.

        Args:
            reference: a model that takes the place of `model`, or a dict of all that is different:
                {"model": …, "optimizer": …}.
            margin: in skill. Default 0.05.
            model, x, y, within, seed, given, Returns, Raises: see `learns`.
        """
        __tracebackhide__ = True
        with unmoved():
            from unstuck.setups.admission import share

        share("margin", margin)
        arguments = given | {"model": model, "x": x, "y": y}
        other = reference if isinstance(reference, dict) else {"model": reference}
        _check_names(other)

        def compared(mine: Any) -> Guarded:
            from unstuck.guards.falling_short import comparison
            from unstuck.guards.trials import trials

            theirs = trials(arguments | other, within, seed, self.budget)
            return comparison(mine, theirs, margin)

        return self._asked(compared, arguments, within, seed)

    def _asked(
        self,
        asked: Callable[[Any], Guarded],
        arguments: dict[str, Any],
        within: int,
        seed: int,
        batch: int | None = None,
    ) -> Guarded:
        __tracebackhide__ = True
        with unmoved():
            from unstuck.guards.trials import trials
            from unstuck.report import guarded as told
            from unstuck.setups.admission import whole_number
            from unstuck.setups.untouched import untouched

        _check_names(arguments)
        whole_number("within", within, 1)
        whole_number("seed", seed, 0)
        if batch is not None:
            whole_number("examples", batch, 2)
        with unmoved(), untouched():
            made = trials(arguments, within, seed, self.budget, batch)
            found = asked(made)
            says = told.text(found, made.report) if found.failed else ""
        if found.failed:
            raise Failed(says)
        if not found.decided:
            warnings.warn(told.undecided(found), UndecidedWarning, stacklevel=3)
        return found


def _check_names(given: Iterable[str]) -> None:
    """Sees whether each is an option's.

    Raises:
        UsageError: one is not.
    """
    for name in given:
        if name not in OPTIONS:
            raise unknown("option", str(name), OPTIONS)
