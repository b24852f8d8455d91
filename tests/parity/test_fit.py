"""Epochs as Keras counts them: batches, remainders, running means, held-out data, patience."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from parity import ours, table
from parity.conftest import Reference
from parity.tolerances import assert_close
from unstuck.data.dataset import Dataset, hold_out
from unstuck.engine.program import numbers
from unstuck.engine.training import _out_of_patience
from unstuck.scalers import Affine

NEEDS = ("keras-jax",)


def trained(fit: table.Fit) -> tuple[np.ndarray, np.ndarray]:
    """Loss, accuracy and both on held-out data for each epoch; the parameters at the end."""
    data = table.data()
    x = data.raw.reshape(-1, table.FEATURES)
    y = data.targets["ids"].reshape(-1)
    parts = Dataset(
        "table", x[: fit.examples], y[: fit.examples], x[-100:], y[-100:], (table.FEATURES,), 5
    )
    setup = ours.setup(
        ours.specification("keras", table.FIT_OPTIMIZER),
        "sparse_categorical_crossentropy_clipped",
        "softmax",
        "tanh",
        "float64",
        drop_remainder=fit.drop_remainder,
        validation_split=fit.validation_split,
    )
    with jax.enable_x64(True):
        program = ours.program_of(setup)
        n = numbers(setup, Affine(data.shift, data.scale), table.FEATURES)
        state = ours.start(program, n, table.weights(), "float64")
        state, n = jax.tree.map(lambda a: a[None], (state, n))
        x_train, y_train, x_val, y_val = (
            jnp.asarray(a) for a in hold_out(parts, fit.validation_split)
        )
        logs = []
        for epoch in range(table.FIT_EPOCHS):
            order = jnp.asarray(table.fit_order(len(x_train), epoch))[None]
            state, loss, accuracy = program.epoch(state, n, order, x_train, y_train)
            measured = (loss, accuracy, *program.evaluate(state, n, x_val, y_val))
            logs.append([float(m[0]) for m in measured])
        return np.array(logs), table.flat(ours.parameters(state))


@pytest.mark.parametrize("name", table.FITS)
def test_an_epoch_is_keras_epoch(name: str, reference: Reference) -> None:
    """What `fit` reports and where it ends; a batch more or less would end elsewhere."""
    theirs, fit = reference("keras-jax"), table.FITS[name]
    logs, weights = trained(fit)

    assert_close(weights, theirs[f"fit/{name}/weights"], "float64")
    assert_close(logs, theirs[f"fit/{name}/logs"], "reported")

    training = round(fit.examples * (1 - fit.validation_split))
    full, remainder = divmod(training, fit.batch_size)
    steps = full + bool(remainder and not fit.drop_remainder)
    assert theirs[f"fit/{name}/steps"] == table.FIT_EPOCHS * steps


@pytest.mark.parametrize("patience", table.PATIENCES)
@pytest.mark.parametrize("name", table.VALIDATION_LOSSES)
def test_patience_ends_where_early_stopping_ends(
    name: str, patience: int, reference: Reference
) -> None:
    stopped = int(reference("keras-jax")[f"stopping/{name}/{patience}"])
    values = np.array(table.VALIDATION_LOSSES[name])
    ours_stopped = next(
        (e for e in range(1, len(values) + 1) if _out_of_patience(values[:e], patience)), 0
    )
    assert ours_stopped == stopped
