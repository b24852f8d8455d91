"""Seconds per epoch and run: our engine, Keras 3 on JAX and TensorFlow, PyTorch, scikit-learn.

    python benchmarks/engine.py [--repeats 3] [--epochs 5] [--json FILE]

All train the case 3 network, 784-128-10, ReLU, Adam, batches of 32, reshuffled each epoch, on the
60,000 training images of Fashion-MNIST, each as its users write it:

- ours and Keras: softmax, sparse cross-entropy on the probabilities, accuracy counted along;
- PyTorch: an eager loop over float32 tensors in memory, cross-entropy from logits;
- scikit-learn: `MLPClassifier.partial_fit`, one call an epoch, no L2.

Every measurement is a fresh process, with the threads that each takes by default, on the CPU. The
contenders take turns, so that a drift of the machine hits them all. An epoch in which something
was compiled (the first) is kept apart.

The arithmetic bound is the multiplications and additions of the matrix products that training
cannot do without (forward, gradients of the kernels, gradients of the hidden units; those of the
inputs are not needed), at the highest sgemm rate that this machine's BLAS reached in this run.
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from unstuck.trials.processes import cores

if TYPE_CHECKING:
    from unstuck.data import Dataset

EXAMPLES, FEATURES, UNITS, CLASSES, BATCH = 60_000, 784, 128, 10, 32
PACK = 4  # runs that are stacked in one program

PRODUCTS = (  # (rows, inner, columns) of the matrix products of a step
    (BATCH, FEATURES, UNITS),  # forward
    (BATCH, UNITS, CLASSES),
    (UNITS, BATCH, CLASSES),  # gradients of the kernels
    (FEATURES, BATCH, UNITS),
    (BATCH, CLASSES, UNITS),  # gradients of the hidden units
)
FLOP_STEP = sum(2 * a * b * c for a, b, c in PRODUCTS)
FLOP_EPOCH = FLOP_STEP * EXAMPLES // BATCH


@dataclass(frozen=True)
class Data:
    """What is trained on, by name; a worker process is sent this."""

    name: str  # "fashion-mnist" or "synthetic"

    def load(self) -> "Dataset":
        """The data set, once a process."""
        return _load(self.name)


@lru_cache
def _load(name: str) -> "Dataset":
    from unstuck.data import DataRef, Dataset

    if name != "synthetic":
        return DataRef(name).load()
    rng = np.random.default_rng(0)

    def part(count: int) -> tuple[Any, Any]:
        images = rng.integers(0, 256, (count, FEATURES), dtype=np.uint8)
        return images, rng.integers(0, CLASSES, count, dtype=np.int32)

    return Dataset(name, *part(EXAMPLES), *part(EXAMPLES // 6), (28, 28), CLASSES)


def _scaled(data: Data) -> tuple[Any, Any]:
    found = data.load()
    return found.x_train.astype(np.float32) / np.float32(255), found.y_train


# --- contenders: each yields the seconds of every epoch and run, the first one first ----------


def _setup(epochs: int) -> Any:
    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import Setup
    from unstuck.scalers import scaler

    loss = "sparse_categorical_crossentropy_clipped"
    return Setup(mlp([UNITS], CLASSES), loss, keras("adam"), scaler("/255"), epochs, BATCH)


def ours(data: Data, epochs: int, runs: int) -> Iterator[float]:
    """The engine's own loop without validation, from the epoch's order to its loss."""
    import jax
    import jax.numpy as jnp

    from unstuck.engine.program import compile_program, numbers, stack
    from unstuck.engine.training import data_order

    setup, found = _setup(epochs), data.load()
    program = compile_program(setup.structure(), FEATURES, CLASSES)
    own = numbers(setup, setup.scaler.fit(found.x_train), FEATURES)
    n = stack([own] * runs)
    state = program.init(jax.vmap(jax.random.key)(jnp.arange(runs, dtype=jnp.uint32)), n)
    x, y = jnp.asarray(found.x_train), jnp.asarray(found.y_train)
    jax.block_until_ready((state, x, y))
    for epoch in range(epochs):
        started = time.perf_counter()
        order = np.stack([data_order(seed, epoch, len(x)) for seed in range(runs)])
        state, loss, _ = program.epoch(state, n, jnp.asarray(order), x, y)
        np.asarray(loss)
        yield (time.perf_counter() - started) / runs


def ours_study(data: Data, epochs: int) -> Iterator[float]:
    """A study: every worker runs two packs at the same time as the others; the first compiles.

    As many runs as there are workers share a second: its cost to one is that much less.
    """
    from unstuck.trials.design import Pack, Trial
    from unstuck.trials.pack_training import training
    from unstuck.trials.processes import processes

    workers = cores()
    fingerprint = data.load().fingerprint
    packs = [
        Pack(tuple(Trial(_setup(epochs), PACK * p + i, fingerprint) for i in range(PACK)))
        for p in range(2 * workers)
    ]
    executor = processes(training(data), workers)
    seconds = {f.pack: f.seconds for f in executor.run(packs)}
    executor.stop()
    shared = PACK * workers * epochs
    yield statistics.mean(seconds[p] for p in packs[:workers]) / shared
    for pack in packs[workers:]:
        yield seconds[pack] / shared


def keras_fit(data: Data, epochs: int) -> Iterator[float]:
    """`fit` on the backend that KERAS_BACKEND names."""
    import keras

    class Clock(keras.callbacks.Callback):
        seconds: list[float]

        def on_train_begin(self, logs: Any = None) -> None:
            self.seconds = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.started)

    x, y = _scaled(data)
    model = keras.Sequential(
        [
            keras.layers.Dense(UNITS, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = Clock()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[clock])
    yield from clock.seconds


def torch_loop(data: Data, epochs: int) -> Iterator[float]:
    """The plain loop, without a data loader (which would be slower)."""
    import torch

    images, labels = _scaled(data)
    x, y = torch.from_numpy(images), torch.from_numpy(labels).long()
    net = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, UNITS), torch.nn.ReLU(), torch.nn.Linear(UNITS, CLASSES)
    )
    loss_of, adam = torch.nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters())
    for _ in range(epochs):
        started, total = time.perf_counter(), 0.0
        for rows in torch.randperm(len(x)).split(BATCH):
            adam.zero_grad()
            loss = loss_of(net(x[rows]), y[rows])
            loss.backward()
            adam.step()
            total += loss.item()
        yield time.perf_counter() - started


def sklearn_mlp(data: Data, epochs: int) -> Iterator[float]:
    """One `partial_fit` an epoch."""
    from sklearn.neural_network import MLPClassifier

    x, y = _scaled(data)
    model = MLPClassifier((UNITS,), batch_size=BATCH, alpha=0.0)
    for _ in range(epochs):
        started = time.perf_counter()
        model.partial_fit(x, y, classes=np.arange(CLASSES))
        yield time.perf_counter() - started


@dataclass(frozen=True)
class Contender:
    """How one is called, run, and what it needs."""

    label: str
    seconds: Callable[[Data, int], Iterator[float]]
    needs: tuple[str, ...] = ()
    backend: str = ""


CONTENDERS = {
    "ours": Contender("ours, one run, one process", lambda d, e: ours(d, e, 1)),
    "ours-pack": Contender(f"ours, pack of {PACK}, one process", lambda d, e: ours(d, e, PACK)),
    "ours-study": Contender(
        f"ours, a study: {cores()} processes × packs of {PACK}, validated each epoch", ours_study
    ),
    "keras-jax": Contender("Keras 3 on JAX, fit", keras_fit, ("keras",), "jax"),
    "keras-tensorflow": Contender(
        "Keras 3 on TensorFlow, fit", keras_fit, ("keras", "tensorflow"), "tensorflow"
    ),
    "torch": Contender("PyTorch, eager loop", torch_loop, ("torch",)),
    "sklearn": Contender("scikit-learn, MLPClassifier", sklearn_mlp),
}

# --- the machine ------------------------------------------------------------------------------


def sgemm_rates() -> dict[str, float]:
    """GFLOP/s of NumPy's BLAS in float32, best of several, by size and number of threads."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)

    def best(sizes: Any, flop: int, times: int) -> float:
        operands: list[tuple[Any, Any]] = [
            (rng.random((a, b), np.float32), rng.random((b, c), np.float32)) for a, b, c in sizes
        ]
        rates = []
        for _ in range(7):
            started = time.perf_counter()
            for _ in range(times):
                for a, b in operands:
                    a @ b
            rates.append(flop * times / (time.perf_counter() - started) / 1e9)
        return max(rates)

    rates = {}
    for threads in dict.fromkeys((1, cores())):
        with threadpool_limits(threads, user_api="blas"):
            rates[f"large, threads: {threads}"] = best([(2048,) * 3], 2 * 2048**3, 1)
            rates[f"sizes used, threads: {threads}"] = best(PRODUCTS, FLOP_STEP, 200)
    return rates


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _about() -> dict[str, Any]:
    names = ("unstuck", "numpy", "jax", "keras", "tensorflow", "tensorflow-cpu", "torch")
    versions = {"python": platform.python_version()}
    for name in (*names, "scikit-learn"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "cpu": _cpu(),
        "cores": cores(),
        "system": platform.platform(),
        "versions": versions,
    }


# --- one run of everything --------------------------------------------------------------------


class Failed(Exception):
    """A measurement ended with an error; its last line is the message."""


def _measure(name: str, data: str, epochs: int) -> Any:
    """What a fresh process of this script measures: its last line, JSON."""
    backend = CONTENDERS[name].backend if name in CONTENDERS else ""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": backend or "jax",
    }
    command = [sys.executable, __file__, "--worker", name, "--data", data]
    done = subprocess.run(
        [*command, "--epochs", str(epochs)], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def _work(name: str, data: Data, epochs: int) -> None:
    if name == "sgemm":
        result: Any = sgemm_rates()
    elif name == "data":
        result = len(data.load().x_train)
    else:
        result = list(CONTENDERS[name].seconds(data, epochs))
    print(json.dumps(result))


def _load_average() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _data_name(wanted: str, console: Console) -> str:
    if wanted != "synthetic":
        try:
            _measure("data", wanted, 2)
        except Failed as error:
            console.print(f"{wanted} cannot be had ({error}): synthetic images of its shape")
            return "synthetic"
    return wanted


def run(wanted: str, repeats: int, epochs: int, console: Console) -> dict[str, Any]:
    """Measures all contenders in turn, `repeats` times."""
    report = _about() | {"load_before": _load_average(), "data": _data_name(wanted, console)}
    skipped: dict[str, str] = {}
    for name, contender in CONTENDERS.items():
        missing = [n for n in contender.needs if importlib.util.find_spec(n) is None]
        if missing:
            skipped[name] = f"{' and '.join(missing)} not installed"
    first: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    warm: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    rates: dict[str, list[float]] = {}
    for repeat in range(repeats):
        for name in ("sgemm", *CONTENDERS):
            if name in skipped:
                continue
            with console.status(f"{repeat + 1} of {repeats}: {name}"):
                try:
                    measured = _measure(name, report["data"], epochs)
                except Failed as error:
                    skipped[name] = str(error)
                    continue
            if name == "sgemm":
                for what, rate in measured.items():
                    rates.setdefault(what, []).append(rate)
            else:
                first[name].append(measured[0])
                warm[name] += measured[1:]
    bound = FLOP_EPOCH / 1e9 / max(rate for found in rates.values() for rate in found)
    return report | {
        "load_after": _load_average(),
        "repeats": repeats,
        "epochs": epochs,
        "flop_epoch": FLOP_EPOCH,
        "sgemm_gflops": rates,
        "bound_seconds": bound,
        "contenders": {
            name: {
                "label": CONTENDERS[name].label,
                "first_epoch": first[name],
                "epochs": warm[name],
                "median": statistics.median(warm[name]),
                "times_bound": statistics.median(warm[name]) / bound,
            }
            for name in CONTENDERS
            if name not in skipped
        },
        "skipped": skipped,
    }


def show(report: dict[str, Any], console: Console) -> None:
    """The report as tables."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    console.print(
        f"{report['date']}, {report['cpu']}, {report['cores']} cores, {report['system']}\n"
        f"{versions}\n"
        f"load average {report['load_before']} before, {report['load_after']} after: "
        "figures are of a quiet machine only if the first is near 0\n"
    )
    console.print(
        f"{FEATURES}-{UNITS}-{CLASSES}, Adam, batch {BATCH}, {report['data']}, {EXAMPLES:,} "
        f"examples; {report['repeats']} fresh process(es) of {report['epochs']} epochs each"
    )
    rates = Table("sgemm, float32", "GFLOP/s, median", "min – max")
    for what, found in report["sgemm_gflops"].items():
        spread = f"{min(found):.0f} – {max(found):.0f}"
        rates.add_row(what, f"{statistics.median(found):.0f}", spread)
    console.print(rates)
    console.print(
        f"arithmetic bound: {report['flop_epoch'] / 1e9:.1f} GFLOP an epoch at the highest "
        f"of these rates = {report['bound_seconds']:.3f} s"
    )
    table = Table("seconds per epoch and run", "median", "min – max", "n", "first", "× bound")
    for found in report["contenders"].values():
        seconds = found["epochs"]
        table.add_row(
            found["label"],
            f"{found['median']:.3f}",
            f"{min(seconds):.3f} – {max(seconds):.3f}",
            str(len(seconds)),
            f"{statistics.median(found['first_epoch']):.3f}",
            f"{found['times_bound']:.1f}",
        )
    console.print(table)
    for name, reason in report["skipped"].items():
        console.print(f"skipped: {name}: {reason}")


def main() -> None:
    """Reads the command line; `--worker` is how the script calls itself."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="fresh processes of each")
    parser.add_argument("--epochs", type=int, default=5, help="epochs a process, ≥ 2")
    parser.add_argument("--data", default="fashion-mnist", help="fashion-mnist or synthetic")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all seconds here, too")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.repeats < 1 or options.epochs < 2:
        parser.error("at least one repeat of two epochs: the first epoch is not counted")
    if options.worker:
        _work(options.worker, Data(options.data), options.epochs)
        return
    console = Console()
    report = run(options.data, options.repeats, options.epochs, console)
    show(report, console)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
