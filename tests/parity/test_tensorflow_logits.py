"""When Keras's TensorFlow backend trains from logits although the loss is given probabilities.

It does when the very tensor that a softmax (or sigmoid) returned reaches the loss: Keras leaves
the logits on it as an attribute, eagerly or in a graph, and in a graph it also accepts any output
of a `Softmax` operation. One operation in between, a cast included, and it clips like the rest.
Layers that return their input untouched are no operation.
"""

import numpy as np
import pytest

from parity import ours, table
from parity.conftest import Reference
from parity.tolerances import TOLERANCES, assert_close

NEEDS = ("keras-tensorflow",)

# How the probabilities are made -> what the loss is computed from.
FINDS = {
    "Dense(softmax)": "logits",
    "Dense(softmax), eager": "logits",
    "Dense(softmax), XLA": "logits",
    "Activation(softmax)": "logits",
    "Softmax()": "logits",
    "keras.ops.softmax, own model": "logits",
    "tf.nn.softmax, own model": "logits",
    "tf.nn.softmax, own model, eager": "clipped",
    "an idle Dropout after": "logits",
    "a Reshape after": "clipped",
    "tf.identity after": "clipped",
    "float32 layer, float64 loss": "clipped",
}


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("how", FINDS)
def test_which_numerics_apply(how: str, loss: str, reference: Reference) -> None:
    data = table.data()
    z = data.scaled[0] @ table.recovery_kernel()
    y = data.targets["ids"][0]
    log_p = z - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
    log_p = (log_p - z.max(axis=1, keepdims=True))[np.arange(len(y)), y]
    expected = {
        "logits": -log_p.mean(),
        "clipped": -np.log(np.clip(np.exp(log_p), 1e-7, 1 - 1e-7)).mean(),
    }
    assert expected["logits"] > expected["clipped"] + 5  # no mistaking one for the other

    seen = reference("keras-tensorflow")[f"recovered/{how}/{loss}"]
    assert_close(seen, expected[FINDS[how]], "renormalized by TensorFlow")


@pytest.mark.parametrize(
    ("loss", "tolerance"),
    [
        ("categorical_crossentropy_clipped", "float64"),
        ("sparse_categorical_crossentropy_clipped", "renormalized by TensorFlow"),
    ],
)
def test_with_the_logits_hidden_it_follows_the_clipped_loss(
    loss: str, tolerance: str, reference: Reference
) -> None:
    theirs = reference("keras-tensorflow")
    optimizer = ours.specification("keras", table.KERAS_OPTIMIZERS["sgd"])
    curves, paths = ours.trajectories(optimizer, [(table.KERAS_LOSSES[loss], "relu")])
    assert_close(curves[0], theirs[f"hidden/{loss}/loss"], tolerance)
    assert_close(paths[0], theirs[f"hidden/{loss}/path"], tolerance)
    if tolerance != "float64":  # and the reason for the wider tolerance is a real one
        deviation = np.abs(paths[0] - theirs[f"hidden/{loss}/path"]).max()
        assert deviation > TOLERANCES["float64"].bound
