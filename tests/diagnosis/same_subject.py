"""One subject in one framework: python -m diagnosis.same_subject FRAMEWORK IN.npz OUT.json

The case 3 network (d-128-10, ReLU, Adam) with the weights and data of the file, diagnosed. The
frameworks' names are those of `BUILDERS`; "keras" is on the backend of KERAS_BACKEND.
"""

import json
import sys
from typing import Any

import numpy as np

RATE, EPSILON, BATCH = 1e-3, 1e-7, 32


def keras(weights: Any, x: Any, y: Any) -> dict[str, Any]:
    import keras as k

    model = k.Sequential(
        [
            k.Input((x.shape[1],)),
            k.layers.Dense(weights[1].size, activation="relu"),
            k.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights(weights)
    model.compile(
        k.optimizers.Adam(RATE, epsilon=EPSILON),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return {"model": model, "x": x, "y": y}


def _torch(weights: Any, x: Any, y: Any, last: Any, loss: Any) -> dict[str, Any]:
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], weights[1].size), torch.nn.ReLU(),
        torch.nn.Linear(weights[1].size, 10), *last,
    )  # fmt: skip
    with torch.no_grad():
        for layer, kernel, bias in ((model[0], *weights[:2]), (model[2], *weights[2:])):
            layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
    optimizer = torch.optim.Adam(model.parameters(), RATE, eps=EPSILON)
    return {
        "model": model, "x": x, "y": y.astype(np.int64), "loss": loss, "optimizer": optimizer,
        "batch_size": BATCH,
    }  # fmt: skip


def torch_clamped(weights: Any, x: Any, y: Any) -> dict[str, Any]:
    """Softmax in the model, and a loss written out with a clamp."""
    import torch

    def loss(p: Any, y: Any) -> Any:
        return torch.nn.functional.nll_loss(torch.log(torch.clamp(p, 1e-7, 1 - 1e-7)), y)

    return _torch(weights, x, y, [torch.nn.Softmax(dim=1)], loss)


def torch_log_probabilities(weights: Any, x: Any, y: Any) -> dict[str, Any]:
    """The clamp in the model, and NLLLoss."""
    import torch

    class Clamped(torch.nn.Module):
        def forward(self, z: Any) -> Any:
            return torch.log(torch.clamp(torch.softmax(z, dim=1), 1e-7, 1 - 1e-7))

    return _torch(weights, x, y, [Clamped()], torch.nn.NLLLoss())


def torch_logits(weights: Any, x: Any, y: Any) -> dict[str, Any]:
    import torch

    return _torch(weights, x, y, [], torch.nn.CrossEntropyLoss())


def sklearn(weights: Any, x: Any, y: Any) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (weights[1].size,), learning_rate_init=RATE, epsilon=EPSILON, batch_size=BATCH, alpha=0.0
    )
    model.partial_fit(x[:20], y[:20], classes=np.arange(10))
    model.coefs_, model.intercepts_ = list(weights[::2]), list(weights[1::2])
    return {"model": model, "x": x, "y": y}


def _engine(loss: str, output: str) -> Any:
    def build(weights: Any, x: Any, y: Any) -> dict[str, Any]:
        from unstuck.engine import optimizers
        from unstuck.engine.network import mlp
        from unstuck.engine.setup import Setup

        setup = Setup(
            mlp([weights[1].size], 10, output=output),
            f"sparse_categorical_crossentropy_{loss}",
            optimizers.keras("adam", learning_rate=RATE, epsilon=EPSILON),
        )
        params = tuple(
            {"kernel": k, "bias": b} for k, b in zip(weights[::2], weights[1::2], strict=True)
        )
        return {"model": (setup, params), "x": x, "y": y}

    return build


BUILDERS = {
    "keras": keras,
    "torch-clamped": torch_clamped,
    "torch-log-probabilities": torch_log_probabilities,
    "torch-logits": torch_logits,
    "sklearn": sklearn,
    "engine-clipped": _engine("clipped", "softmax"),
    "engine-logits": _engine("logits", "linear"),
}


def main(framework: str, source: str, out: str) -> None:
    import unstuck

    given = np.load(source)
    weights = [given[f"w{i}"] for i in range(4)]
    records = {}
    for kind in ("raw", "scaled"):
        built = BUILDERS[framework](weights, given[kind], given["y"])
        records[kind] = unstuck.diagnose(**built).to_json()
    with open(out, "w", encoding="utf-8") as file:
        json.dump(records, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
