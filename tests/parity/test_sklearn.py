"""The engine against scikit-learn's MLPClassifier and MLPRegressor, step for step in float64.

Read from scikit-learn's source (1.9), and held here:

- `alpha` adds ½·alpha·Σ kernel²/n to the loss of a batch of n: our `kernel_l2` = alpha/n. With a
  smaller last batch n changes, so that with alpha > 0 only equal batches can be compared.
- Momentum is v ← m·v − lr·g, Nesterov's m·v − lr·g once more: Keras's form. Adam's ε is added
  before the bias correction: Keras's form, with ε = 1e-8.
- The gradient of the loss with respect to the output's pre-activation is always p − y: that of
  cross-entropy from logits, which never freezes, although the loss is reported from
  probabilities (clipped at the dtype's ε, 2e-16).
- Several outputs are summed where we take their mean. With k outputs and squared error the
  gradient is that of ½ Σ (y − t)², k/2 times the gradient of our mean squared error, while the
  loss reported is ½ of it. Likewise k times ours for several binary labels. The factor goes into
  the learning rate of SGD, and for Adam, whose step does not feel a factor, into its ε.

Not comparable: the "invscaling" and "adaptive" learning rates, `early_stopping` (it watches a
score and restores the best weights), L-BFGS and the Poisson loss, none of which we have; and
leaky ReLU and GELU, which scikit-learn has not.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from parity import ours, table
from parity.tolerances import assert_close
from unstuck.engine import optimizers
from unstuck.engine.network import mlp
from unstuck.engine.program import compile_program, numbers
from unstuck.engine.setup import Setup

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "linear": "identity"}
LEARNING_RATE = 0.01
SOLVERS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd", "momentum": 0.0},
    "momentum": {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": True},
    "adam": {"solver": "adam", "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
}
# Task -> estimator, our loss, outputs, the gradient's factor and the reported loss's factor.
TASKS: dict[str, tuple[Any, str, int, float, float]] = {
    "ten classes": (MLPClassifier, "sparse_categorical_crossentropy_logits", 10, 1.0, 1.0),
    "two classes": (MLPClassifier, "binary_crossentropy_logits", 1, 1.0, 1.0),
    "three labels": (MLPClassifier, "binary_crossentropy_logits", 3, 3.0, 3.0),
    "one value": (MLPRegressor, "mean_squared_error", 1, 0.5, 0.5),
    "three values": (MLPRegressor, "mean_squared_error", 3, 1.5, 0.5),
}


def batches(task: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    shape = (table.STEPS, table.BATCH)
    x = rng.normal(0.5, 1.0, (*shape, table.FEATURES))
    outputs = TASKS[task][2]
    if task == "ten classes":
        return x, rng.integers(0, 10, shape)
    if task == "two classes":
        return x, rng.integers(0, 2, shape)
    if task == "three labels":
        return x, rng.integers(0, 2, (*shape, 3))
    return x, rng.normal(size=(*shape, outputs))


def our_optimizer(solver: str, factor: float) -> optimizers.Optimizer:
    """Keras's form; the factor by which scikit-learn's gradient is larger than ours moved in."""
    given = SOLVERS[solver]
    if given["solver"] == "adam":
        return optimizers.keras(
            "adam",
            learning_rate=LEARNING_RATE,
            beta_1=given["beta_1"],
            beta_2=given["beta_2"],
            epsilon=given["epsilon"] / factor,
        )
    return optimizers.keras(
        "sgd",
        learning_rate=LEARNING_RATE * factor,
        momentum=given["momentum"],
        nesterov=given.get("nesterovs_momentum", False),
    )


ROWS = [
    *(("ten classes", "relu", solver, 0.3) for solver in SOLVERS),
    *(
        ("ten classes", activation, "sgd", 0.3)
        for activation in ACTIVATIONS
        if activation != "relu"
    ),
    *((task, "tanh", solver, 0.3) for task in TASKS for solver in ("momentum", "adam")),
    ("ten classes", "relu", "nesterov", 0.0),
    ("three values", "tanh", "momentum", 0.0),
]


@pytest.mark.parametrize(("task", "activation", "solver", "alpha"), ROWS)
def test_step_for_step(task: str, activation: str, solver: str, alpha: float) -> None:
    estimator, loss, outputs, factor, reported = TASKS[task]
    x, y = batches(task)
    model = estimator(
        hidden_layer_sizes=(table.HIDDEN,),
        activation=ACTIVATIONS[activation],
        alpha=alpha,
        batch_size=table.BATCH,
        shuffle=False,
        learning_rate_init=LEARNING_RATE,
        random_state=3,
        **SOLVERS[solver],
    )
    flat_target = y if y.ndim == 2 or outputs > 1 else y[..., 0]
    known = {} if estimator is MLPRegressor else {"classes": np.arange(max(outputs, 2))}
    model.partial_fit(x[0], flat_target[0], **known)  # only to make it draw its weights
    del model._optimizer
    weights = [
        np.array(w) for pair in zip(model.coefs_, model.intercepts_, strict=True) for w in pair
    ]

    setup = Setup(
        mlp((table.HIDDEN,), outputs, activation, "linear"),
        loss,
        our_optimizer(solver, factor),
        kernel_l2=alpha / table.BATCH / factor,
        dtype="float64",
    )
    classes = {"ten classes": 10, "two classes": 2}.get(task)
    their_losses, their_weights, our_losses, our_weights = [], [], [], []
    with jax.enable_x64(True):
        program = compile_program(setup.structure(), table.FEATURES, classes)
        n = numbers(setup, ours.IDENTITY, table.FEATURES)
        state = ours.start(program, n, weights, "float64")
        for step in range(table.STEPS):
            model.partial_fit(x[step], flat_target[step])
            their_losses.append(model.loss_)
            their_weights.append(
                np.concatenate(
                    [
                        w.ravel()
                        for p in zip(model.coefs_, model.intercepts_, strict=True)
                        for w in p
                    ]
                )
            )
            state, value = program.step(state, n, jnp.asarray(x[step]), jnp.asarray(y[step]))
            our_losses.append(float(value))
            our_weights.append(table.flat(ours.parameters(state)))

    assert_close(np.stack(our_weights), np.stack(their_weights), "float64")
    if alpha == 0 or factor == reported:  # else the two terms of the loss part by two factors
        assert_close(reported * np.array(our_losses), their_losses, "float64")
