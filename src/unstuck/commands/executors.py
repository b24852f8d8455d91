"""Where trials run, by what `--on` says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.errors import UsageError

if TYPE_CHECKING:
    from unstuck.trials.executor import Executor, Job, Result

FORM = (
    "processes; ray, ray://HOST:PORT; or cluster.py:FUNCTION, which returns a "
    "concurrent.futures.Executor (dask, loky, submitit, MPI)"
)
On = Annotated[str, typer.Option(metavar="WHERE", help=f"Where trials run: {FORM}.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Packs of trials at a time. Default: one per core.")
]


def executor(
    on: str, work: "Callable[[Job], Result]", workers: int | None
) -> "Executor[Job, Result]":
    """The executor that `--on` and `--workers` name.

    Raises:
        UsageError: there is none, or what it needs is not installed.
    """
    if on == "processes":
        from unstuck.trials.processes import processes

        return processes(work, workers)
    if on == "ray" or on.startswith("ray://"):
        from unstuck.trials.ray import on_ray

        return on_ray(work, on if "://" in on else None, workers)
    if ":" not in on:
        raise UsageError(f"--on {on}", FORM)
    if workers is None:
        raise UsageError(f"--on {on} alone", "--workers too: how many it has")
    from unstuck.script.target import function
    from unstuck.trials.executor import Pooled

    return Pooled(work, function(on, FORM), 2 * workers)
