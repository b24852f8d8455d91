"""Seconds of the static stage, and its memory: fresh processes, one framework each.

    python benchmarks/diagnose.py [--repeats 5] [--only SUBJECT …] [--json FILE]

Case-size networks (784-128-10, Adam, raw pixels, 60,000 × 784 bytes, 2,048 looked at) in every
framework, and a PyTorch module of ResNet-18's size (11.2 million parameters) on 256 images of
32 × 32 × 3, and one of 75 million parameters, 784-8300-8300-10. *Import* is the framework's own
import; *diagnose* is the wall-clock time of `unstuck.diagnose` after it, which includes whatever
unstuck itself has to import and compile.
Raw pixels are the slow case: there are harms, so the data are changed and looked at again.
*Memory* is how far the process's peak grew in it.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

SUBJECTS = {
    "Keras on JAX": ("keras", "jax"),
    "Keras on PyTorch": ("keras", "torch"),
    "Keras on TensorFlow": ("keras", "tensorflow"),
    "PyTorch": ("torch", ""),
    "scikit-learn": ("sklearn", ""),
    "PyTorch, ResNet-18": ("resnet", ""),
    "PyTorch, 300 MB": ("large", ""),
}


def _data() -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, size=(60_000, 784), dtype=np.uint8)
    x *= draw.random(size=(60_000, 784), dtype=np.float32) < 0.5  # half of an image is background
    return x, draw.integers(0, 10, size=60_000)


def keras_subject() -> dict[str, Any]:
    import keras

    x, y = _data()
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "x": x, "y": y}


def torch_subject() -> dict[str, Any]:
    import torch
    from torch import nn

    x, y = _data()
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.CrossEntropyLoss()
    return {"model": model, "x": x, "y": y, "loss": loss, "optimizer": optimizer}


def sklearn_subject() -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier

    x, y = _data()
    return {"model": MLPClassifier((128,)), "x": x, "y": y}


def resnet_subject() -> dict[str, Any]:
    """He et al. 2016: four stages of two blocks of two 3 × 3 convolutions."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.one = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.two = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.norm_one, self.norm_two = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
            self.short: nn.Module = nn.Identity()
            if stride > 1 or inputs != outputs:
                convolution = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
                self.short = nn.Sequential(convolution, nn.BatchNorm2d(outputs))

        def forward(self, x: Any) -> Any:
            y = self.norm_two(self.two(torch.relu(self.norm_one(self.one(x)))))
            return torch.relu(y + self.short(x))

    widths = (64, 64, 128, 256, 512)
    blocks = [
        block
        for i, (a, b) in enumerate(itertools.pairwise(widths))
        for block in (Block(a, b, 2 if i else 1), Block(b, b, 1))
    ]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)]
    model = nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, size=(256, 3, 32, 32)).astype(np.float32)
    optimizer = torch.optim.Adam(model.parameters())
    return {
        "model": model, "x": x, "y": draw.integers(0, 10, size=256),
        "loss": nn.CrossEntropyLoss(), "optimizer": optimizer,
    }  # fmt: skip


def large_subject() -> dict[str, Any]:
    import torch
    from torch import nn

    x, y = _data()
    widths = (784, 8300, 8300, 10)
    layers = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.CrossEntropyLoss()
    return {"model": model, "x": x, "y": y, "loss": loss, "optimizer": optimizer}


def one(kind: str) -> dict[str, Any]:
    """One measurement, in this process."""
    began = time.perf_counter()
    {
        "keras": lambda: __import__("keras"),
        "torch": lambda: __import__("torch"),
        "resnet": lambda: __import__("torch"),
        "large": lambda: __import__("torch"),
        "sklearn": lambda: __import__("sklearn.neural_network"),
    }[kind]()
    imported = time.perf_counter()
    arguments = globals()[f"{kind}_subject"]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    import unstuck

    report = unstuck.diagnose(**arguments)
    return {
        "import": imported - began,
        "diagnose": time.perf_counter() - start,
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
        "suspects": [s.name for s in report.suspects],
        **{f"in {k}": v for k, v in report.seconds.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--json")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in options.only}
    for _ in range(options.repeats):  # in turns, so that a drift of the machine hits all
        for name in options.only:
            kind, backend = SUBJECTS[name]
            done = subprocess.run(
                [sys.executable, __file__, "--one", kind],
                env={**os.environ, "KERAS_BACKEND": backend or "jax", "TF_CPP_MIN_LOG_LEVEL": "3"},
                capture_output=True,
                text=True,
                check=True,
            )
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
    table = Table("subject", "import, s", "diagnose, s", "memory, MB", "suspects")
    for name, of in runs.items():
        cells = []
        for key, unit in (("import", 1.0), ("diagnose", 1.0), ("memory", 1e6)):
            values = sorted(run[key] / unit for run in of)
            middle = statistics.median(values)
            cells.append(f"{middle:.2f} ({values[0]:.2f} to {values[-1]:.2f})")
        table.add_row(name, *cells, ", ".join(of[0]["suspects"]) or "none")
    Console().print(table)
    from unstuck.cases.run import provenance

    record = {"command": f"python benchmarks/diagnose.py --repeats {options.repeats}"}
    record |= {"unstuck": provenance(), "load": os.getloadavg(), "runs": runs}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)


if __name__ == "__main__":
    main()
