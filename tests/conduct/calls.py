"""A process of its own: every public call on a set-up of one framework, and what it moved.

python calls.py FRAMEWORK: prints what moved, one line a call and thing; nothing if nothing did.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from world import moved, world

import unstuck

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8)).astype("f4") * 200
Y = (X[:, 0] > 0).astype("i8")


def sklearn() -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier

    return {"model": MLPClassifier((8,), solver="sgd", learning_rate_init=0.1)}


def torch() -> dict[str, Any]:
    import torch
    from torch import nn

    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    return {"model": model, "loss": nn.CrossEntropyLoss(), "optimizer": optimizer}


def keras() -> dict[str, Any]:
    import keras

    keras.utils.set_random_seed(5)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Dense(8, "relu"), layers.Dropout(0.1), layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build((None, 8))
    return {"model": model}


def calls(framework: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Name and call, each to be made when it is yielded."""
    given: dict[str, Any] = globals()[framework]()
    made: dict[str, Any] = {}

    def keep(name: str, value: Any) -> Any:
        made[name] = value
        return value

    yield "diagnose", lambda: keep("report", unstuck.diagnose(x=X, y=Y, **given))
    report = made["report"]
    assert report.suspects, "there is nothing to prove"
    yield "str", lambda: str(report)
    yield "to_json", report.to_json
    yield "notebook", report._repr_html_
    with tempfile.TemporaryDirectory() as folder:
        yield "html", lambda: report.html(Path(folder, "page.html"))
    yield "prove", lambda: keep("proof", report.prove(budget=8))
    yield "str of a proof", lambda: str(made["proof"])
    if made["proof"].repaired:
        yield "fix", lambda: keep("fix", made["proof"].fix(budget=3))
        yield "code", lambda: (made["fix"].code, made["fix"].model)
    yield "equivalence", lambda: str(unstuck.equivalence("adam", 255))
    if framework == "torch":
        yield "fold", lambda: unstuck.fold(given["model"], 255.0)
        yield "watch", lambda: watched(given)
    yield "an error", lambda: refused(given)


def watched(given: dict[str, Any]) -> None:
    """A loop of the user's, seen. What it draws itself is put back here."""
    import torch

    state = torch.get_rng_state()
    x, y = torch.as_tensor(X), torch.as_tensor(Y)
    with unstuck.watch(given["model"], given["optimizer"], tell=lambda says: None):
        for _ in range(5):
            given["optimizer"].zero_grad()
            given["loss"](given["model"](x), y).backward()
            given["optimizer"].step()
    torch.set_rng_state(state)


def refused(given: dict[str, Any]) -> None:
    try:
        unstuck.diagnose(x=X[:, :3], y=Y[:5], **given)
    except unstuck.UnstuckError:
        return
    raise AssertionError("taken")


def main() -> None:
    for name, call in calls(sys.argv[1]):
        before = world()
        call()
        for thing, (was, now) in moved(before, world()).items():
            print(f"{name}: {thing}: {was!r:.300} -> {now!r:.300}")


if __name__ == "__main__":
    main()
