"""Programs in scikit-learn: `MLPClassifier` and `MLPRegressor`."""

from board.faults import settings
from board.programs import Program, reading, scoring
from board.spec import Settings, Spec

ACTIVATIONS = {"sigmoid": "logistic", "linear": "identity"}


def program(spec: Spec) -> Program:
    """See `board.programs`."""
    made = settings(spec)
    kind = "MLPRegressor" if made.loss == "squared" else "MLPClassifier"
    options = [
        f"hidden_layer_sizes={made.hidden}",
        f'activation="{ACTIVATIONS.get(made.activation, made.activation)}"',
        f'solver="{made.optimizer}"',
        f"learning_rate_init={made.rate:.4g}",
        f"batch_size={_batch(spec, made)}",
        f"max_iter={made.epochs}",
        f"n_iter_no_change={made.epochs}",
        "random_state=SEED",
    ]
    if made.epsilon != Settings.epsilon and made.optimizer == "adam":
        options.append(f"epsilon={made.epsilon:.4g}")
    if not made.shuffle:
        options.append("shuffle=False")
    model = [f"model = {kind}(", *(f"    {option}," for option in options), ")"]
    setup = [reading(spec, f"from sklearn.neural_network import {kind}"), "", *model, ""]
    target = "x_train" if spec.subject == "autoencoder" else "y_train"
    told = "model.predict(x_test)"
    return Program(
        "\n".join(setup), f"model.fit(x_train, {target})\n",
        scoring(spec, f"{told}.reshape(y_test.shape)", told),
    )  # fmt: skip


def _batch(spec: Spec, made: Settings) -> int:
    from board.data import arrays

    return min(made.batch, len(arrays(spec)["x_train"]))
