"""What the watch costs a PyTorch loop: seconds a step with and without it, side by side.

    python benchmarks/watch.py [--rounds 15] [--json FILE]

Two processes, one with the hooks and one without, take turns of equally many steps, so that what
else the machine does falls on both. The *ratio* is the median over the turns of seconds with
over seconds without; its spread is that of the middle half of the turns. The training is diagnosed
before the first turn (by nothing here, since only the watch is measured).
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
from typing import Any

from rich.console import Console
from rich.table import Table

LOOPS = {"784-128-10, batch 32": (784, 128, 10, 32), "2-8-1, batch 32": (2, 8, 1, 32)}
STEPS = {"784-128-10, batch 32": 1000, "2-8-1, batch 32": 3000}


class _Watch:
    """Keeps every loss, as any watch must at least."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def loss(self, value: float) -> None:
        self.values.append(value)


class _Trainings:
    """A list of trainings that diagnoses nothing."""

    is_quiet = False
    seen = 0

    def __init__(self) -> None:
        self.watch = _Watch()

    def quiet(self) -> Any:
        import contextlib

        return contextlib.nullcontext()

    def says(self, line: str) -> None:
        raise RuntimeError(line)

    def starts(self, framework: str, arguments: dict[str, Any], where: Any = None) -> Any:
        self.seen += 1
        return self

    def ends(self) -> None:
        pass


def _turns(name: str, watched: bool, pipe: Any) -> None:
    """Takes turns when told to; sends the seconds a step of each."""
    import torch

    torch.set_num_threads(1)
    trainings = _Trainings()
    if watched:
        from unstuck.script.torch import install

        install(trainings)
    inputs, hidden, outputs, batch = LOOPS[name]
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    )
    x = torch.randn(32 * batch, inputs)
    y = torch.randint(0, outputs, (32 * batch,)) if outputs > 1 else torch.randn(32 * batch, 1)
    criterion = torch.nn.CrossEntropyLoss() if outputs > 1 else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters())

    def steps(count: int) -> None:
        for i in range(count):
            start = i % 32 * batch
            optimizer.zero_grad()
            loss = criterion(model(x[start : start + batch]), y[start : start + batch])
            loss.backward()
            optimizer.step()

    steps(200)
    assert trainings.seen == watched
    pipe.send(0.0)
    while pipe.recv():
        trainings.watch.values.clear()
        began = time.perf_counter()
        steps(STEPS[name])
        pipe.send((time.perf_counter() - began) / STEPS[name])
        assert len(trainings.watch.values) == STEPS[name] * watched


def measured(name: str, rounds: int) -> dict[str, Any]:
    """Seconds a step of each turn, without and with the watch."""
    context = multiprocessing.get_context("spawn")
    sides = []
    for watched in (False, True):
        ours, theirs = context.Pipe()
        process = context.Process(target=_turns, args=(name, watched, theirs))
        process.start()
        ours.recv()
        sides.append((ours, process))
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 else (1, 0):
            sides[side][0].send(True)
            seconds[side].append(sides[side][0].recv())
    for ours, process in sides:
        ours.send(False)
        process.join()
    ratios = [b / a for a, b in zip(*seconds, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {"loop": name, "without": seconds[0], "with": seconds[1], "ratio": [low, middle, high]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json")
    options = parser.parse_args()
    table = Table(title=f"PyTorch loops, one thread, {os.cpu_count()} cores")
    for column in ("loop", "without, µs a step", "with, µs a step", "ratio (middle half)"):
        table.add_column(column)
    results = [measured(name, options.rounds) for name in LOOPS]
    for found in results:
        without, watched = (statistics.median(found[k]) * 1e6 for k in ("without", "with"))
        low, middle, high = found["ratio"]
        table.add_row(
            found["loop"],
            f"{without:.1f}",
            f"{watched:.1f}",
            f"{middle:.3f} ({low:.3f} to {high:.3f})",
        )
    Console().print(table)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
