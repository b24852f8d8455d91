"""What the watch costs a PyTorch loop: seconds a step with and without it, side by side.

    python benchmarks/watch.py [--rounds 200] [--json FILE]

One training in one process, in turns of a few steps with the hooks and as many without, so that
whatever else the machine does falls on both. Seconds are those of the processor, on one thread.
The *ratio* is the median over the turns of seconds with over seconds without; its spread is that of
the middle half of the turns, its interval that of the median (95 %). The training was found before
the first turn and nothing is diagnosed: only the watch is measured.
"""

import argparse
import json
import os
import statistics
import time
from typing import Any

from rich.console import Console
from rich.table import Table

LOOPS = {"784-128-10, batch 32": (784, 128, 10, 32), "2-8-1, batch 32": (2, 8, 1, 32)}
STEPS = 50  # a turn


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


def measured(name: str, rounds: int) -> dict[str, Any]:
    """Seconds a step of each turn, without and with the watch."""
    import torch

    from unstuck.script.torch import loops_of

    torch.set_num_threads(1)
    trainings = _Trainings()
    loops = loops_of(trainings)
    inputs, hidden, outputs, batch = LOOPS[name]
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    )
    x = torch.randn(32 * batch, inputs)
    y = torch.randint(0, outputs, (32 * batch,)) if outputs > 1 else torch.randn(32 * batch, 1)
    criterion = torch.nn.CrossEntropyLoss() if outputs > 1 else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters())

    def turn(count: int) -> float:
        began = time.process_time()
        for i in range(count):
            start = i % 32 * batch
            optimizer.zero_grad()
            loss = criterion(model(x[start : start + batch]), y[start : start + batch])
            loss.backward()
            optimizer.step()
        return (time.process_time() - began) / count

    turn(200)
    assert trainings.seen == 1
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for watched in (0, 1) if number % 2 else (1, 0):
            trainings.watch.values.clear()
            if not watched:
                loops.remove()
            seconds[watched].append(turn(STEPS))
            if not watched:
                loops.install()
            assert len(trainings.watch.values) == STEPS * watched
    loops.remove()
    ratios = sorted(b / a for a, b in zip(*seconds, strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4)
    off = int(0.98 * rounds**0.5)  # ranks of a median's 95 % interval
    interval = [ratios[max(0, rounds // 2 - off)], ratios[min(rounds - 1, rounds // 2 + off)]]
    return {
        "loop": name,
        "without": seconds[0],
        "with": seconds[1],
        "ratio": middle,
        "middle half": [low, high],
        "interval": interval,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json")
    options = parser.parse_args()
    table = Table(title=f"PyTorch loops, one thread, {os.cpu_count()} cores")
    for column in ("loop", "without, µs", "with, µs", "ratio", "95 %", "middle half"):
        table.add_column(column)
    results = [measured(name, options.rounds) for name in LOOPS]
    for found in results:
        without, watched = (statistics.median(found[k]) * 1e6 for k in ("without", "with"))
        spans = [f"{a:.3f} to {b:.3f}" for a, b in (found["interval"], found["middle half"])]
        table.add_row(
            found["loop"], f"{without:.1f}", f"{watched:.1f}", f"{found['ratio']:.3f}", *spans
        )
    Console().print(table)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
