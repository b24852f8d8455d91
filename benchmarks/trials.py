"""Trials a minute, natively and with compiled loops, compilation included.

    python benchmarks/trials.py [--seconds 20] [--repeats 3] [--json FILE]

A trial is a copy of the set-up, drawn anew from a seed, trained and judged on held-out examples:
what a proof makes. Each measurement is a fresh process that makes trials for so many seconds after
the framework's import. Natively is how the framework itself trains, `fit` or an eager loop, which
is also what a person would write to compare seeds. Native and compiled take turns.

- table: 2,000 rows of 20 features, 20-64-64-1, ReLU, Adam, mean squared error, batches of 32,
  1,000 steps;
- images: the bundled digits, 64-128-10, ReLU, Adam, cross-entropy, batches of 32, 1,000 steps.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ROUTES = ("torch", "keras on torch", "keras on jax", "keras on tensorflow", "sklearn")
SETUPS = {"table": ((64, 64), 1), "images": ((128,), 10)}
STEPS, BATCH = 1_000, 32


def main() -> None:
    options = _options()
    if options.one:
        print(json.dumps(measured(*options.one, options.seconds)))
        return
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(options.repeats):
        for route in ROUTES:
            for setup in SETUPS:
                for how in ("native", "compiled"):
                    result = _process(route, setup, how, options.seconds)
                    row = found.setdefault(f"{setup}, {route}", {})
                    row.setdefault(how, []).append(result["trials_a_minute"])
                    row.setdefault("ran", []).append(result["ran"])
    record = {
        "command": "python benchmarks/trials.py " + " ".join(sys.argv[1:]),
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
        "versions": {p: importlib.metadata.version(p) for p in ("jax", "keras", "torch")},
        "trials_a_minute": found,
    }
    if options.json:
        with open(options.json, "w") as file:
            json.dump(record, file, indent=1)
    _shown(found)


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="of trials, a measurement")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", help="file for the record")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def _process(route: str, setup: str, how: str, seconds: float) -> Any:
    environment = {**os.environ, "KERAS_BACKEND": route.split()[-1]}
    command = [sys.executable, __file__, "--one", route, setup, how, "--seconds", str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measured(route: str, setup: str, how: str, seconds: float) -> dict[str, Any]:
    """Trials in this process."""
    from unstuck.setups.split import split
    from unstuck.setups.untouched import untouched

    subject = _subject(route, setup)
    trainer, data = subject.trainer(), split(subject.sample)
    if how == "native" and hasattr(trainer, "_loops"):
        trainer._loops.of = lambda *_: None
    with untouched():  # as all trials of a proof are
        began, made, ran = time.perf_counter(), 0, ""
        trainer.train(data, (), 0, 10)  # what a proof does first: how long a step takes
        trainer.foresee(20 * STEPS)
        while time.perf_counter() - began < seconds:
            run = trainer.train(data, (), made, STEPS)
            assert run.steps == STEPS
            made, ran = made + 1, run.executor
    return {"trials_a_minute": made * 60 / (time.perf_counter() - began), "ran": ran}


def _subject(route: str, setup: str) -> Any:
    from unstuck.frameworks.recognize import recognize
    from unstuck.setups.subject import Given

    hidden, outputs = SETUPS[setup]
    x, y = _data(setup)
    if route == "sklearn":
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        kind = MLPRegressor if outputs == 1 else MLPClassifier
        network = kind(hidden_layer_sizes=hidden, batch_size=BATCH, max_iter=5).fit(x, y.ravel())
        return recognize(network, Given(x, y.ravel()))
    if route == "torch":
        import torch

        sizes = [x.shape[1], *hidden, outputs]
        layers = []
        for a, b in pairwise(sizes):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        loss = torch.nn.MSELoss() if outputs == 1 else torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters())
        return recognize(model, Given(x, y, loss=loss, optimizer=optimizer, batch_size=BATCH))
    import keras

    dense = [keras.layers.Dense(n, "relu") for n in hidden]
    last = keras.layers.Dense(outputs, None if outputs == 1 else "softmax")
    net = keras.Sequential([keras.Input((x.shape[1],)), *dense, last])
    net.compile("adam", "mse" if outputs == 1 else "sparse_categorical_crossentropy")
    return recognize(net, Given(x, y, batch_size=BATCH))


def _data(setup: str) -> tuple[Any, Any]:
    if setup == "images":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return (x / 16).astype(np.float32), y
    draw = np.random.default_rng(0)
    x = draw.standard_normal((2_000, 20)).astype(np.float32)
    return x, np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3]


def _shown(found: dict[str, dict[str, list[Any]]]) -> None:
    table = Table(
        "set-up", "native", "compiled", "times", title=f"trials of {STEPS:,} steps a minute"
    )
    for name, row in found.items():
        native, compiled = (statistics.median(row[how]) for how in ("native", "compiled"))
        said = [
            f"{statistics.median(row[how]):.0f} ({min(row[how]):.0f} to {max(row[how]):.0f})"
            for how in ("native", "compiled")
        ]
        how = row["ran"][-1].partition(", ")[2]
        times = f"{compiled / native:.1f}" if how == "compiled" else how or "native"
        table.add_row(name, *said, times)
    Console().print(table)


if __name__ == "__main__":
    main()
