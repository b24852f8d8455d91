"""The table: every optimizer × loss × activation, step for step, from the same weights and batches.

In float64, all that both sides have: 9 × 9 × 6 rows against Keras 3 on JAX, 10 × 7 × 6 against
PyTorch, 60 steps each, every parameter and every loss. An optimizer is handed gradients and knows
no losses, a loss is handed outputs and knows no activations: every loss and every activation is
run with Adam, every optimizer on some of them, and the full cross before a release. In float32,
each optimizer as it comes, with no argument given. Keras's other two backends run every loss with
SGD, and some with Adam.
"""

import inspect
import json
from collections.abc import Sequence

import numpy as np
import pytest

from parity import ours, table
from parity.conftest import Reference
from parity.tolerances import TOLERANCES, assert_close, deviation
from unstuck.engine import optimizers

NEEDS = ("keras-jax", "keras-torch", "keras-tensorflow", "torch")
SIDES = {
    "keras": ("keras-jax", table.KERAS_OPTIMIZERS, table.KERAS_LOSSES, table.KERAS_DEFAULTS),
    "torch": ("torch", table.TORCH_OPTIMIZERS, table.TORCH_LOSSES, table.TORCH_DEFAULTS),
}
FULL = [(side, name) for side in SIDES for name in SIDES[side][1]]
WITH_ALL = "adam"
DEFAULTS = [(side, name) for side in SIDES for name in SIDES[side][3]]


@pytest.mark.acceptance
@pytest.mark.parametrize(("side", "name"), FULL)
def test_the_full_cross_in_float64(side: str, name: str, reference: Reference) -> None:
    agrees(side, name, reference, table.rows(SIDES[side][2], whole=True))


@pytest.mark.parametrize("side", SIDES)
def test_every_loss_and_every_activation_in_float64(side: str, reference: Reference) -> None:
    rows = table.rows(SIDES[side][2], whole=False)
    assert {loss for loss, _ in rows} == set(SIDES[side][2])
    assert {activation for _, activation in rows} == set(table.ACTIVATIONS)
    agrees(side, WITH_ALL, reference, rows)


@pytest.mark.parametrize(("side", "name"), [p for p in FULL if p[1] != WITH_ALL])
def test_every_optimizer_in_float64(side: str, name: str, reference: Reference) -> None:
    some = list(SIDES[side][2])[::4]
    agrees(side, name, reference, [(loss, a) for loss in some for a in ("relu", "tanh")])


def agrees(side: str, name: str, reference: Reference, found: Sequence[tuple[str, str]]) -> None:
    """One optimizer on these rows of the table: every loss and every parameter, step for step."""
    run, rows, losses, _ = SIDES[side]
    theirs = reference(run)
    optimizer = ours.specification(side, rows[name])
    curves, paths = ours.trajectories(optimizer, [(losses[loss], a) for loss, a in found])

    labels = [tuple(row) for row in theirs["rows"].tolist()]
    at = [labels.index(row) for row in found]
    told = [f"{loss} × {activation}" for loss, activation in found]
    assert_close(curves, theirs[f"full/{name}/loss"][at], "float64", told)
    assert_close(paths, theirs[f"full/{name}/path"][at], "float64", told)


@pytest.mark.parametrize(("side", "name"), DEFAULTS)
def test_every_optimizer_as_it_comes_in_float32(side: str, name: str, reference: Reference) -> None:
    run, _, losses, rows = SIDES[side]
    theirs = reference(run)
    optimizer = ours.specification(side, rows[name])
    chosen = [(losses[loss], a) for loss, a in table.default_rows(losses)]
    curves, paths = ours.trajectories(optimizer, chosen, "float32")

    assert curves.dtype == paths.dtype == np.float32
    assert_close(curves, theirs[f"defaults/{name}/loss"], "float32", table.DEFAULT_ACTIVATIONS)
    assert_close(paths, theirs[f"defaults/{name}/path"], "float32", table.DEFAULT_ACTIVATIONS)


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_kerass_other_backends(backend: str, name: str, reference: Reference) -> None:
    """TensorFlow finds the logits behind a softmax or sigmoid; PyTorch, like JAX, does not."""
    theirs = reference(f"keras-{backend}")
    found = table.RECOVERED if backend == "tensorflow" else {}
    losses = table.small(name)
    rows = [(table.KERAS_LOSSES[found.get(loss, loss)], "relu") for loss in losses]
    optimizer = ours.specification("keras", table.KERAS_OPTIMIZERS[name])
    curves, paths = ours.trajectories(optimizer, rows)

    for what, values in (("loss", curves), ("path", paths)):
        expected = [theirs[f"small/{name}/{loss}/{what}"] for loss in losses]
        assert_close(values, expected, "float64", losses)


def test_the_reference_goes_the_way_its_users_go(reference: Reference) -> None:
    """The JAX table comes from Keras's stateless functions; `train_on_batch` agrees exactly."""
    theirs = reference("keras-jax")
    loss = "sparse_categorical_crossentropy_clipped"
    for what in ("loss", "path"):
        assert (theirs[f"full/adam/{what}"][0] == theirs[f"small/adam/{loss}/{what}"]).all()


@pytest.mark.parametrize("side", SIDES)
def test_the_table_can_tell_its_rows_apart(side: str, reference: Reference) -> None:
    """A row that ran as its neighbour would be off by a hundred tolerances at the least."""
    run, optimizer_rows, *_ = SIDES[side]
    theirs = reference(run)
    enough = 100 * TOLERANCES["float64"].bound
    paths = {name: theirs[f"full/{name}/path"] for name in optimizer_rows}

    names = list(paths)
    for i, a in enumerate(names):
        for b in names[:i]:
            assert deviation(paths[a], paths[b]).min() > enough, (a, b)
    for name, path in paths.items():  # (losses × activations, STEPS, PARAMETERS)
        for i in range(1, len(path)):
            others = deviation(path[:i], np.broadcast_to(path[i], path[:i].shape))
            # Huber and MAE are the same wherever an error exceeds 1; elsewhere they part.
            assert (others > enough).all(), (name, i)
    assert len(path) == len(theirs["rows"])


def test_forms_of_epsilon_are_told_apart(reference: Reference) -> None:
    """Keras's and PyTorch's Adam, RMSprop and Adagrad, same numbers, part on this table."""
    loss = "sparse_categorical_crossentropy_logits"
    enough = 100 * TOLERANCES["float64"].bound
    theirs = {side: reference(SIDES[side][0]) for side in SIDES}
    first = {
        "keras": theirs["keras"]["rows"].tolist().index([loss, table.ACTIVATIONS[0]]),
        "torch": 0,  # CrossEntropyLoss
    }
    for name in ("adam", "rmsprop", "rmsprop+momentum", "adagrad"):
        one, other = (theirs[side][f"full/{name}/path"][first[side]] for side in SIDES)
        assert deviation(one[None], other[None])[0] > enough, name


# Our name of each setting -> theirs. Momentum is absent where the optimizer has none.
NAMES = {
    "keras": {"initial_accumulator": "initial_accumulator_value"},
    "torch": {
        "learning_rate": "lr",
        "epsilon": "eps",
        "rho": "alpha",
        "initial_accumulator": "initial_accumulator_value",
    },
}


@pytest.mark.parametrize(("side", "name"), DEFAULTS)
def test_defaults_are_the_frameworks(side: str, name: str, reference: Reference) -> None:
    theirs = json.loads(str(reference(SIDES[side][0])["defaults"]))[name]
    if "betas" in theirs:
        theirs["beta_1"], theirs["beta_2"] = theirs["betas"]
    optimizer = getattr(optimizers, side)(name)

    for ours_name, value in optimizer.numbers().items():
        # PyTorch's weight_decay is L2 everywhere but in AdamW; Keras's is always decoupled.
        if side == "torch" and ours_name in ("l2", "weight_decay"):
            decoupled = name == "adamw"
            expected = theirs["weight_decay"] if decoupled == (ours_name == "weight_decay") else 0
        else:
            known = NAMES[side].get(ours_name, ours_name)
            if known not in theirs:
                continue
            expected = theirs[known]
        # Keras reports its learning rate as the float32 it is kept in.
        assert value == pytest.approx(expected or 0.0, rel=1e-6), ours_name


def test_the_table_leaves_no_setting_out() -> None:
    """Each number an optimizer has is set, to something else than its default, in some row."""
    for side, (_, rows, _, _) in SIDES.items():
        tried = {k for row in rows.values() for k in row.ours[1]}
        accepted = set(inspect.signature(optimizers.Optimizer).parameters) - {"name", "form"}
        own = {"keras": {"l2"}, "torch": set()}[side]  # Keras's optimizers have no L2
        assert tried == accepted - own
