"""What `unstuck run` tells, when, and how much of it: a screen, all, or what an assistant needs."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstuck.commands.options import Format
from unstuck.errors import UsageError, printable
from unstuck.report.writing import is_stdout
from unstuck.script.shadows import ours
from unstuck.setups.unmoved import unmoved

if TYPE_CHECKING:
    from unstuck.records.run import RunRecord
    from unstuck.script.line import Line

Tell = Callable[[Any], None]
LIBRARIES = ("keras", "tensorflow", "torch", "sklearn", "jax", "xgboost", "lightgbm")


class Telling:
    """Tells what is found, while a script runs and once it has ended.

    Args:
        form: compact tells at the end alone.
        verbose: all of it, not one screen at the end.
        stop: whether the script ends after the first diagnosis: then the end tells of it.

    Raises:
        UsageError: compact and verbose.
    """

    def __init__(self, form: Format, verbose: bool, stop: bool) -> None:
        self._compact, self._verbose, self._stop = form is Format.compact, verbose, stop
        if self._compact and verbose:
            raise UsageError("both --verbose and --format compact", "one of them")
        self.tell = _teller()

    @unmoved()
    @ours()
    def at_once(self, shown: Any) -> None:
        """Tells what is seen while the script runs: text, or a record."""
        from unstuck.records.report import Report

        if self._compact:
            return
        if self._verbose or not isinstance(shown, Report):
            self.tell(shown)
        elif not self._stop:
            from unstuck.report.sentence import of_report

            self.tell(f"  {of_report(shown)}")

    @unmoved()
    def decided(self, line: "Line") -> None:
        """Tells a proof and its fix; on one screen the end does."""
        if self._verbose:
            self.tell(f"unstuck: {line}")
            self.tell(line.proof)
            if line.fix is not None:
                self.tell(line.fix.record)

    @unmoved()
    @ours()
    def at_the_end(
        self, record: "RunRecord", again: str, written: Path | None, goes_on: bool = False
    ) -> None:
        """Tells what was found.

        Args:
            again: what stands behind `unstuck run`, less its options.
            written: a page or a record with all of it; None where there is none.
            goes_on: whether the script has Python do something at exit.
        """
        from unstuck.report.run import summary

        if self._compact:
            from unstuck.report.compact import compact

            self.tell(compact(record, again))
        elif goes_on and not record.subjects:
            self.tell(
                "unstuck: no training seen before the script's end; what it trains at exit (atexit)"
                " is told then, and is not in the record"
            )
        elif self._verbose or not record.subjects:
            self.tell(summary(record.subjects, [n for n in LIBRARIES if n in sys.modules]))
            for patch in dict.fromkeys(s.patch for s in record.subjects if s.patch):
                self.tell(f"unstuck: this is the patch:\n{patch.rstrip()}")
        else:
            from unstuck.report.short import Short

            there = "" if written is None or is_stdout(written) else f"unstuck show {written}"
            self.tell(Short(record, again, there))


def _teller() -> Tell:
    """Prints for the user on what is stderr now, whatever the script makes of it and of `print`.

    Drawing takes numbers from Python's generator, which is put back: it is the script's.
    """
    stream = sys.stderr

    def tell(shown: Any) -> None:
        if stream is None:  # closed before Python started: nobody listens
            return
        with suppress(OSError, ValueError):  # a full disk, a limit, a script that closed it
            if isinstance(shown, str):
                stream.write(f"{printable(shown)}\n")
            else:
                with unmoved(), ours():
                    from unstuck.report.console import Console

                    Console(file=stream).print(_drawn(shown), highlight=False, crop=False)
            stream.flush()

    return tell


def _drawn(shown: Any) -> Any:
    """What rich can render of a record."""
    from unstuck.report.shown import Shown, renderable

    return renderable(shown) if isinstance(shown, Shown) else shown
