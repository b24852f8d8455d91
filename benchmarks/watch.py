"""What the watch costs a training: seconds with and without it, side by side.

    python benchmarks/watch.py [--seconds 40] [--only keras sklearn …] [--json FILE]

Each training has a process and one thread of its own, in which the hooks of `unstuck run` are
installed as they are for a script. It is found and diagnosed once, at its first step; from then on
it runs in turns of equal work with the hooks and without, the first of a pair changing, so that
whatever else the machine does falls on both. Seconds are those of the processor.

The *ratio* is the median over the pairs of seconds with over seconds without; its interval is that
of the median (95 %, by ranks: `scipy.stats.quantile_test`), its spread the middle half.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import quantile_test

LIMIT = 1.05
TURN = 0.5  # seconds, about: Python takes a while to be as fast as it was after hooks were changed
EXAMPLES, PIXELS, HIDDEN, CLASSES, BATCH = (
    3_200,
    784,
    128,
    10,
    32,
)  # case 3's network, a small epoch
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}

Turn = Callable[[], Any]  # some work, always the same
Class = tuple[Any, str]  # one of a framework's and its method that has a hook around it


def _data(inputs: int = PIXELS, outputs: int = CLASSES) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(EXAMPLES, inputs)).astype("float32")
    if outputs == 1:
        return x, x[:, :1]
    return x, (x[:, :500] @ draw.normal(size=(500, outputs))).argmax(1)


# -- trainings: the work of a turn, and where hooks are beside those on torch's steps ------------


def torch_loop(inputs: int = PIXELS, hidden: int = HIDDEN, outputs: int = CLASSES) -> Any:
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    )
    x, y = map(torch.from_numpy, _data(inputs, outputs))
    criterion = torch.nn.CrossEntropyLoss() if outputs > 1 else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters())

    def turn() -> None:
        for start in range(0, EXAMPLES, BATCH):
            optimizer.zero_grad()
            loss = criterion(model(x[start : start + BATCH]), y[start : start + BATCH])
            loss.backward()
            optimizer.step()

    return turn, []


def torch_smallest() -> Any:
    return torch_loop(2, 8, 1)


def _keras() -> Any:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((PIXELS,)),
            layers.Dense(HIDDEN, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return keras, model, *_data()


def keras_fit() -> Any:
    keras, model, x, y = _keras()
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0), [
        (keras.Model, "fit"),
        (keras.callbacks.History, "on_epoch_end"),
    ]


def keras_batches() -> Any:
    keras, model, x, y = _keras()

    def turn() -> None:
        for start in range(0, EXAMPLES, BATCH):
            model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])

    return turn, [(keras.Model, "train_on_batch")]


def sklearn_fit() -> Any:
    from sklearn.neural_network import MLPClassifier

    x, y = _data()

    def turn() -> None:
        MLPClassifier((HIDDEN,), max_iter=1, batch_size=BATCH, random_state=0).fit(x, y)

    return turn, [(MLPClassifier, "fit")]


def sklearn_batches() -> Any:
    from sklearn.neural_network import MLPClassifier

    x, y = _data()
    model = MLPClassifier((HIDDEN,), batch_size=BATCH, random_state=0)

    def turn() -> None:
        for start in range(0, EXAMPLES, BATCH):
            rows = slice(start, start + BATCH)
            model.partial_fit(x[rows], y[rows], classes=np.arange(CLASSES))

    return turn, [(MLPClassifier, "partial_fit")]


def skorch_fit() -> Any:
    import skorch
    import torch

    x, y = _data()
    net = skorch.NeuralNetClassifier(
        torch.nn.Sequential(
            torch.nn.Linear(PIXELS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
        ),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        batch_size=BATCH,
        max_epochs=1,
        verbose=0,
        train_split=None,
    ).initialize()
    kinds = (skorch.NeuralNet, skorch.NeuralNetClassifier)
    own = [k for k in kinds if "partial_fit" in vars(k)]
    return lambda: net.partial_fit(x, y), [(k, "partial_fit") for k in own]


def lightning_fit() -> Any:
    import logging

    import lightning
    import torch

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Network(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(PIXELS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
            )

        def training_step(self, batch: Any, index: int) -> Any:
            x, y = batch
            return torch.nn.functional.cross_entropy(self.layers(x), y)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

    data = torch.utils.data.TensorDataset(*map(torch.from_numpy, _data()))
    loader, model = torch.utils.data.DataLoader(data, BATCH), Network()
    silent = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}

    def turn() -> None:
        trainer = lightning.Trainer(
            max_epochs=3, accelerator="cpu", enable_checkpointing=False, **silent
        )
        trainer.fit(model, loader)

    return turn, [(lightning.Trainer, "fit")]


TRAININGS = {
    "PyTorch loop": (torch_loop, ""),
    "PyTorch loop, 2-8-1": (torch_smallest, ""),
    "Lightning": (lightning_fit, ""),
    "skorch": (skorch_fit, ""),
    "scikit-learn, fit": (sklearn_fit, ""),
    "scikit-learn, partial_fit": (sklearn_batches, ""),
    **{
        f"Keras on {backend}, {call}": (make, backend)
        for backend in ("jax", "torch", "tensorflow")
        for call, make in (("fit", keras_fit), ("train_on_batch", keras_batches))
    },
}

# -- one training, in its own process ------------------------------------------------------------


@contextmanager
def without(trainings: Any, methods: list[Class]) -> Iterator[None]:
    """The hooks taken off."""
    torch_hooks = None
    if "torch" in sys.modules:
        from unstuck.frameworks.torch.watch import loops_of

        torch_hooks = loops_of(trainings)
        torch_hooks.remove()
    owners = [(next(c for c in cls.__mro__ if name in vars(c)), name) for cls, name in methods]
    hooked = [vars(owner)[name] for owner, name in owners]
    for (owner, name), hook in zip(owners, hooked, strict=True):
        original = getattr(hook, "_original", None) or hook.__wrapped__
        setattr(owner, name, original)
    try:
        yield
    finally:
        for (owner, name), hook in zip(owners, hooked, strict=True):
            setattr(owner, name, hook)
        if torch_hooks is not None:
            torch_hooks.install()


def measured(name: str, seconds: float) -> dict[str, Any]:
    """Seconds of each turn, without and with the watch."""
    import warnings

    from unstuck.script import hooks
    from unstuck.script.trainings import Trainings

    warnings.simplefilter("ignore")
    trainings = Trainings(__file__, lambda says: None)
    hooks.install(trainings)
    turn, methods = TRAININGS[name][0]()

    def timed() -> float:
        """Seconds of a turn."""
        began = time.process_time()
        for _ in range(repeats):
            turn()
        return time.process_time() - began

    def seen() -> int:
        return sum(watch.count for line in trainings.lines for watch in line.watches)

    repeats = 1
    timed()
    with without(trainings, methods):
        timed()
    repeats = max(1, round(TURN / timed()))
    (line,) = trainings.lines
    assert line.report is not None, line.refused
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(pairs) < 10:
        pair = [0.0, 0.0]
        for watched in (0, 1) if len(pairs) % 2 else (1, 0):
            before = seen()
            if watched:
                pair[1] = timed()
            else:
                with without(trainings, methods):
                    pair[0] = timed()
            assert (seen() > before) == bool(watched)
        pairs.append((pair[0], pair[1]))
    ratios = [b / a for a, b in pairs]
    interval = quantile_test(ratios, q=1, p=0.5).confidence_interval(0.95)
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {
        "training": name,
        "without": statistics.median(a for a, _ in pairs),
        "with": statistics.median(b for _, b in pairs),
        "pairs": len(pairs),
        "ratio": middle,
        "interval": [float(interval.low), float(interval.high)],
        "middle half": [low, high],
    }


def in_a_process(name: str, seconds: float) -> dict[str, Any]:
    environment = os.environ | ONE_THREAD
    if TRAININGS[name][1]:
        environment["KERAS_BACKEND"] = TRAININGS[name][1]
    command = [sys.executable, __file__, "--seconds", str(seconds), "--of", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name}:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40, help="for each training")
    parser.add_argument("--only", nargs="*", default=[], help="words, one of which a name holds")
    parser.add_argument("--json")
    parser.add_argument("--of", choices=TRAININGS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of:
        print(json.dumps(measured(options.of, options.seconds)), flush=True)
        os._exit(0)  # TensorFlow was seen to hang at the end of a process
    names = [n for n in TRAININGS if not options.only or any(w in n for w in options.only)]
    load = os.getloadavg()[0]
    results = [in_a_process(name, options.seconds) for name in names]
    table = Table(
        title=f"with the watch over without, one thread of {os.cpu_count()} cores,"
        f" load {load:.1f} before; at most {LIMIT}"
    )
    for column in ("training", "a turn, ms", "ratio", "95 %", "middle half", "pairs"):
        table.add_column(column)
    for found in results:
        spans = [f"{a:.3f} to {b:.3f}" for a, b in (found["interval"], found["middle half"])]
        table.add_row(
            found["training"], f"{1e3 * found['without']:.1f}", f"{found['ratio']:.3f}", *spans,
            str(found["pairs"]),
        )  # fmt: skip
    Console(width=100).print(table)
    if options.json:
        record = {"load": load, "limit": LIMIT, "trainings": results}
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
