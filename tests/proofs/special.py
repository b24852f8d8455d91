"""Special set-ups, each built alike in every framework that can express it.

python -m proofs.special BUDGET proves all of them with Keras on the backend of KERAS_BACKEND and
prints one line of JSON.
"""

import json
import os
import sys
from typing import Any

import numpy as np

import unstuck
from unstuck.causes.examples import digits, regression, standardized

RATES = {"adam": 3e-3, "sgd": 0.02}
HIDDEN = 32


def _spread_targets() -> tuple[Any, Any, str]:
    x, y = regression()
    return x, 1e8 * y, "adam"


def _offset_only() -> tuple[Any, Any, str]:
    x = np.random.default_rng(0).normal(68.0, 1.5, size=(20, 1))
    return x.astype(np.float32), ((x - 68) / 1.5).astype(np.float32), "sgd"


def _wide_scales() -> tuple[Any, Any, str]:
    x, y = regression()
    return (x * 10.0 ** np.linspace(0, 9, x.shape[1])).astype(np.float32), y, "adam"


def _scaled_labels() -> tuple[Any, Any, str]:
    return standardized(), (digits()[1] / 255).astype(np.float32), "adam"


def _standardized_twice() -> tuple[Any, Any, str]:
    x = standardized()
    return ((x - x.mean()) / x.std()).astype(np.float32), digits()[1].astype(np.int64), "adam"


def _noise() -> tuple[Any, Any, str]:
    y = np.random.default_rng(0).permutation(digits()[1])
    return standardized(), y.astype(np.int64), "adam"


SPECIAL = {
    "targets that span 1e8": _spread_targets,
    "twenty rows at 68 ± 1.5": _offset_only,
    "features on scales 1 to 1e9": _wide_scales,
    "labels divided by 255": _scaled_labels,
    "data standardized twice": _standardized_twice,
    "targets of pure noise": _noise,
}


def engine(x: Any, y: Any, optimizer: str, outputs: int) -> dict[str, Any]:
    from unstuck.engine import optimizers
    from unstuck.engine.network import mlp
    from unstuck.engine.setup import Setup

    loss = "sparse_categorical_crossentropy_logits" if outputs > 1 else "mean_squared_error"
    rule = optimizers.keras(optimizer, learning_rate=RATES[optimizer])
    return {"model": Setup(mlp([HIDDEN], outputs, output="linear"), loss, rule)}


def jax(x: Any, y: Any, optimizer: str, outputs: int) -> dict[str, Any]:
    import jax as j
    import jax.numpy as jnp
    import optax

    keys = j.random.split(j.random.key(0), 2)
    sizes = ((x.shape[1], HIDDEN), (HIDDEN, outputs))
    params = [
        (j.random.normal(key, size) * np.sqrt(2 / sum(size)), jnp.zeros(size[1]))
        for key, size in zip(keys, sizes, strict=True)
    ]

    def apply(params: Any, x: Any) -> Any:
        (w1, b1), (w2, b2) = params
        return j.nn.relu(x @ w1 + b1) @ w2 + b2

    def cross_entropy(z: Any, y: Any) -> Any:
        labels = y.astype(jnp.int32)
        return optax.softmax_cross_entropy_with_integer_labels(z, labels).mean()

    def squared_error(z: Any, y: Any) -> Any:
        return jnp.mean((z - y) ** 2)

    return {
        "model": (apply, params),
        "loss": cross_entropy if outputs > 1 else squared_error,
        "optimizer": getattr(optax, optimizer)(RATES[optimizer]),
    }


def sklearn(x: Any, y: Any, optimizer: str, outputs: int) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if outputs > 1 else MLPRegressor
    return {
        "model": kind(
            hidden_layer_sizes=(HIDDEN,),
            solver=optimizer,
            learning_rate_init=RATES[optimizer],
            batch_size=min(32, len(x)),
        )
    }


def torch(x: Any, y: Any, optimizer: str, outputs: int) -> dict[str, Any]:
    import torch as t

    t.manual_seed(0)
    model = t.nn.Sequential(
        t.nn.Linear(x.shape[1], HIDDEN), t.nn.ReLU(), t.nn.Linear(HIDDEN, outputs)
    )
    kind = {"adam": t.optim.Adam, "sgd": t.optim.SGD}[optimizer]
    return {
        "model": model,
        "loss": t.nn.CrossEntropyLoss() if outputs > 1 else t.nn.MSELoss(),
        "optimizer": kind(model.parameters(), RATES[optimizer]),
    }


def keras(x: Any, y: Any, optimizer: str, outputs: int) -> dict[str, Any]:
    import keras as k

    layers = [
        k.Input(x.shape[1:]),
        k.layers.Dense(HIDDEN, activation="relu"),
        k.layers.Dense(outputs),
    ]
    model = k.Sequential(layers)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True) if outputs > 1 else "mse"
    kind = {"adam": k.optimizers.Adam, "sgd": k.optimizers.SGD}[optimizer]
    model.compile(kind(RATES[optimizer]), loss)
    return {"model": model}


BUILDERS = {"engine": engine, "jax": jax, "sklearn": sklearn, "torch": torch, "keras": keras}


def proven(name: str, framework: str, budget: float, fixed: bool = True) -> dict[str, Any]:
    """What a proof says of one of them and, if wanted, whether its fix was verified."""
    x, y, optimizer = SPECIAL[name]()
    outputs = 10 if len(x) == len(digits()[0]) else 1
    built = BUILDERS[framework](x, y, optimizer, outputs)
    y = y[:, 0] if framework == "sklearn" and y.ndim == 2 else y
    proof = unstuck.diagnose(x=x, y=y, **built).prove(budget, also=False)
    return {
        "proven": [s.name for s in proof.proven],
        "statuses": {s.name: s.status for s in proof.report.suspects},
        "outcome": proof.outcome,
        "state": proof.state.value,
        "seconds": proof.seconds,
        "verified": proof.fix().verified if proof.proven and fixed else None,
    }


if __name__ == "__main__":
    on_jax = os.environ["KERAS_BACKEND"] == "jax"
    told = {name: proven(name, "keras", float(sys.argv[1]), fixed=on_jax) for name in SPECIAL}
    print(json.dumps(told), flush=True)
    os._exit(0)  # TensorFlow was seen to hang at the end of a process
