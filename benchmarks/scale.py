"""What it costs to send trials away and to keep them: executors, store, memory.

    python benchmarks/scale.py [--repeats 3] [--trials 2000] [--json FILE]

A study of case 3's network is run as `unstuck cases run` runs it, in packs of four, from claim to
store, but for the training: a worker gives back at once a record of the size of a real one (20
epochs). What is left is overhead. Executors have two workers; those that are not installed are left
out. Each measurement is a fresh process; they take turns.

- *first pack*: seconds from nothing to the first pack that is stored, workers' imports included.
- *a trial*: milliseconds by the wall clock, and of the starting process, after the first.
- *memory*: how far the starting process's peak lies above what it was before, by number of trials.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from unstuck.cases.run import provenance
from unstuck.trials.design import Arm, Pack, Study
from unstuck.trials.executor import InLine, Pooled
from unstuck.trials.pack_training import Finished

WORKERS, EPOCHS = 2, 20
GROWTH = (1_000, 5_000, 20_000)  # trials


def made_up(pack: Pack) -> Finished:
    """What a worker gives back without training."""
    import jax  # noqa: F401  # what a worker that trains imports, too

    curve = [0.123456789] * EPOCHS
    probes = {name: [0.123456789] * 2 for name in map(str, range(11))}
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    record = dict.fromkeys(names, curve) | {"start": probes, "end": probes}
    return Finished(pack, [dict(record) for _ in pack.trials], 1.0)


def in_line() -> Any:
    """No workers: what claims and store cost alone."""
    return InLine(made_up)


def processes() -> Any:
    """Our own."""
    from unstuck.trials.processes import processes

    return processes(made_up, WORKERS)


def ray() -> Any:
    """A local Ray."""
    from unstuck.trials.ray import on_ray

    return on_ray(made_up, workers=WORKERS)


def loky() -> Any:
    """As joblib has it."""
    from joblib.externals.loky import get_reusable_executor

    return Pooled(made_up, lambda: get_reusable_executor(max_workers=WORKERS), 2 * WORKERS)


def dask() -> Any:
    """A local cluster."""
    from distributed import Client

    client = Client(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0")
    return Pooled(made_up, client.get_executor, 2 * WORKERS)


EXECUTORS: dict[str, tuple[str, Callable[[], Any]]] = {
    "in line": ("", in_line),
    "processes": ("", processes),
    "loky": ("joblib", loky),
    "dask": ("distributed", dask),
    "ray": ("ray", ray),
}


def study(trials: int) -> Study:
    """Case 3's network."""
    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import Setup

    setup = Setup(
        mlp([128], 10),
        "sparse_categorical_crossentropy_clipped",
        keras("adam"),
        epochs=EPOCHS,
    )
    return Study((Arm("as published", setup),), range(trials), "f" * 64)


class Timed:
    """An executor whose first result is noted."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def run(self, jobs: Any) -> Iterator[Any]:
        """As the executor's own, clocks read when the second result is asked for."""
        for count, outcome in enumerate(self._executor.run(jobs)):
            yield outcome
            if count == 0:
                self.first = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Does nothing: what an executor needs to end is no trial's."""


def measured(name: str, trials: int) -> dict[str, float]:
    """One executor, in this process."""
    from unstuck.trials.runner import WIDTH, run
    from unstuck.trials.store import Store

    todo = study(trials)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "trials.sqlite") as store:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        timed = Timed(EXECUTORS[name][1]())
        failed = run(todo, store, timed, progress=False)
        wall, cpu = time.perf_counter(), time.process_time()
        assert not failed
        assert len(store) == trials
        timed._executor.stop()
        rest = trials - WIDTH
        return {
            "first": timed.first[0] - started,
            "wall_ms": 1e3 * (wall - timed.first[0]) / rest,
            "cpu_ms": 1e3 * (cpu - timed.first[1]) / rest,
            "memory_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        }


def _fresh(name: str, trials: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", name, "--trials", str(trials)]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def installed(package: str) -> bool:
    """Whether it can be imported."""
    from importlib.util import find_spec

    return not package or find_spec(package) is not None


def run(repeats: int, trials: int) -> dict[str, Any]:
    """All executors in turn, then memory by number of trials."""
    names = [name for name, (package, _) in EXECUTORS.items() if installed(package)]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    load = os.getloadavg()[0]
    for _ in range(repeats):
        for name in names:
            found[name].append(_fresh(name, trials))
    memory = {count: _fresh("in line", count)["memory_mb"] for count in GROWTH}
    return {**provenance(), "load": load, "trials": trials, "executors": found, "memory": memory}


def show(report: dict[str, Any], console: Console) -> None:
    """The report as tables."""
    versions = ", ".join(f"{k} {v}" for k, v in report["versions"].items())
    console.print(
        f"{report['date']}, {report['machine']}, load average {report['load']:.1f} before;"
        f" {versions}"
    )

    def spread(values: list[float], digits: int) -> str:
        low, high = min(values), max(values)
        return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"

    n = len(next(iter(report["executors"].values())))
    title = f"{report['trials']} trials in packs of 4, nothing trained; median (range) of {n}"
    table = Table("executor", "first pack, s", "a trial, ms", "of it starter's processor, ms")
    table.title = title
    for name, runs in report["executors"].items():
        columns = {key: [run[key] for run in runs] for key in runs[0]}
        table.add_row(
            name,
            spread(columns["first"], 1),
            spread(columns["wall_ms"], 1),
            spread(columns["cpu_ms"], 1),
        )
    console.print(table)
    for count, megabytes in report["memory"].items():
        console.print(f"{count} trials: the starting process's peak grew by {megabytes:.1f} MB")


def main() -> None:
    """Reads the command line; `--worker` is how the script calls itself."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="fresh processes of each")
    parser.add_argument("--trials", type=int, default=2000, help="of a study")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here, too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measured(options.worker, options.trials)))
        return
    report = run(options.repeats, options.trials)
    show(report, Console())
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
