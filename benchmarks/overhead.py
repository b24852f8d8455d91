"""What `unstuck run` costs a script's training: whole scripts with and without it, side by side.

    python benchmarks/overhead.py [--pairs 9] [--json FILE] [--only jax sklearn …]

Each run is a process of its own, on one thread, with and without in turns, the first of a pair
changing. The script calls `fit` several times at one line and takes its own time around each call;
the first call, which is where the diagnosis falls, is left out, so that the watch alone is
measured. A run's figure is its median call. The *ratio* is that of the medians over the runs, with
a bootstrap interval over the pairs (95 %, SciPy, percentile). Seconds of the processor are told
beside those of the clock: on a machine with other work the former are the surer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import bootstrap

CALLS = 4  # of fit, the first of which is left out
LIMIT = 1.05

DATA = """\
import json, time
import numpy as np

rng = np.random.default_rng(0)
x = rng.uniform(size=(6000, 784)).astype("float32")
y = (x[:, :500] @ rng.normal(size=(500, 10))).argmax(1)
clock, processor = [], []
"""
KERAS = (
    DATA
    + """\
import keras

model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(128, activation="relu"),
                          keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
for _ in range(CALLS):
    began = time.perf_counter(), time.process_time()
    model.fit(x, y, epochs=EPOCHS, verbose=0)
    clock.append(time.perf_counter() - began[0])
    processor.append(time.process_time() - began[1])
print(json.dumps([clock, processor]))
"""
)
SKLEARN = (
    DATA
    + """\
import warnings
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
for _ in range(CALLS):
    model = MLPClassifier((128,), max_iter=EPOCHS, batch_size=32, random_state=0)
    began = time.perf_counter(), time.process_time()
    model.fit(x, y)
    clock.append(time.perf_counter() - began[0])
    processor.append(time.process_time() - began[1])
print(json.dumps([clock, processor]))
"""
)
SCRIPTS = {
    "Keras on jax": (KERAS, "jax"),
    "Keras on torch": (KERAS, "torch"),
    "Keras on tensorflow": (KERAS, "tensorflow"),
    "scikit-learn": (SKLEARN, ""),
}
EPOCHS = {"Keras on jax": 8, "Keras on torch": 3, "Keras on tensorflow": 8, "scikit-learn": 3}
UNDER = [sys.executable, "-c", "from unstuck.cli import main; main()", "run"]


def seconds(command, folder, backend):
    """Of a run's median call of fit after the first: by the clock, and of the processor."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    if backend:
        environment["KERAS_BACKEND"] = backend
    done = subprocess.run(
        [*command, "train.py"], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [statistics.median(kind[1:]) for kind in json.loads(done.stdout.splitlines()[-1])]


def ratio(without, watched, axis=-1):
    return np.median(watched, axis=axis) / np.median(without, axis=axis)


def measured(name, pairs):
    """Seconds of each run, and the ratio of their medians with its interval."""
    source, backend = SCRIPTS[name]
    source = source.replace("CALLS", str(CALLS)).replace("EPOCHS", str(EPOCHS[name]))
    runs = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.py").write_text(source, "utf-8")
        for i in track(range(pairs), name, console=Console(stderr=True)):
            for watched in (0, 1) if i % 2 else (1, 0):
                command = [*UNDER, "--fail-on", "never"] if watched else [sys.executable]
                runs[watched].append(seconds(command, folder, backend))
    found = {"script": name, "pairs": pairs}
    for column, kind in enumerate(("clock", "processor")):
        without, watched = (np.array(r)[:, column] for r in runs)
        interval = bootstrap(
            (without, watched), ratio, paired=True, vectorized=True, method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        found[kind] = {
            "without": without.tolist(),
            "with": watched.tolist(),
            "ratio": float(ratio(without, watched)),
            "interval": [float(interval.low), float(interval.high)],
        }
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json")
    options = parser.parse_args()
    names = [n for n in SCRIPTS if not options.only or any(w in n for w in options.only)]
    load = os.getloadavg()
    results = [measured(name, options.pairs) for name in names]
    load = (load[0], os.getloadavg()[0])
    table = Table(
        title=f"fit with and without unstuck run, {options.pairs} pairs, one thread,"
        f" {os.cpu_count()} cores, load {load[0]:.1f} to {load[1]:.1f}; at most {LIMIT}"
    )
    for column in ("script", "seconds", "without", "with", "ratio", "95 %"):
        table.add_column(column)
    for found in results:
        for kind in ("clock", "processor"):
            of = found[kind]
            without, watched = (statistics.median(of[k]) for k in ("without", "with"))
            low, high = of["interval"]
            table.add_row(
                found["script"], kind, f"{without:.3f}", f"{watched:.3f}", f"{of['ratio']:.3f}",
                f"{low:.3f} to {high:.3f}",
            )  # fmt: skip
    Console(width=100).print(table)
    if options.json:
        Path(options.json).write_text(json.dumps({"load": load, "runs": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
