"""`train`: seeds, packs, patience, held-out data, runs that diverge."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from parity.tolerances import assert_close
from unstuck.data.dataset import Dataset, hold_out
from unstuck.engine import optimizers
from unstuck.engine.network import mlp
from unstuck.engine.setup import Setup
from unstuck.engine.training import Record, data_order, train
from unstuck.errors import UsageError
from unstuck.scalers import Scaler

FEATURES, CLASSES = 6, 3


def make_data(seed: int = 0, train_rows: int = 90, test_rows: int = 40) -> Dataset:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 2, (CLASSES, FEATURES))
    y = rng.integers(0, CLASSES, train_rows + test_rows).astype(np.int32)
    x = (centres[y] + rng.normal(0, 1.5, (len(y), FEATURES))).astype(np.float32)
    return Dataset(
        "blobs",
        x[:train_rows],
        y[:train_rows],
        x[train_rows:],
        y[train_rows:],
        (FEATURES,),
        CLASSES,
    )


DATA = make_data()
SETUP = Setup(
    mlp((8,), CLASSES),
    "sparse_categorical_crossentropy_clipped",
    optimizers.keras("sgd", learning_rate=0.1),
    scaler=Scaler("standard"),
    epochs=4,
    batch_size=16,
)


def at(rate: float, **more: Any) -> Setup:
    return replace(SETUP, optimizer=optimizers.keras("sgd", learning_rate=rate), **more)


def numbers_of(record: Record) -> np.ndarray:
    """Every number of a record in one row; None and strings have no place in it."""
    flat: list[float] = []

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for k in sorted(value):
                gather(value[k])
        elif isinstance(value, list):
            for v in value:
                gather(v)
        elif value is not None:
            flat.append(float(value))

    gather(asdict(record))
    return np.array(flat)


def test_it_learns() -> None:
    (record,) = train([SETUP], [0], DATA)
    assert len(record.loss) == len(record.val_accuracy) == SETUP.epochs
    assert record.loss[-1] < 0.7 * record.loss[0]
    assert record.end["accuracy"] > record.start["accuracy"]


def test_the_same_seed_gives_the_same_record() -> None:
    assert train([SETUP], [4], DATA) == train([SETUP], [4], DATA)


def test_another_seed_gives_another_draw_and_order() -> None:
    a, b = train([SETUP, SETUP], [1, 2], DATA)
    assert a.start["pre_activation_sd"] != b.start["pre_activation_sd"]
    assert a.loss != b.loss
    assert (data_order(1, 0, 50) != data_order(2, 0, 50)).any()
    assert (data_order(1, 0, 50) != data_order(1, 1, 50)).any()
    assert sorted(data_order(1, 0, 50)) == list(range(50))


def test_equal_seeds_are_paired() -> None:
    """Runs that differ in a number start from the same network."""
    a, b = train([at(0.1), at(0.01)], [3, 3], DATA)
    assert a.start == b.start
    assert a.loss != b.loss


def test_a_record_does_not_depend_on_its_pack() -> None:
    """Alone, with others before and after it, or twice over."""
    (alone,) = train([at(0.1)], [5], DATA)
    packed = train([at(0.5), at(0.1), at(0.01), at(0.1)], [1, 5, 5, 5], DATA)
    for record in (packed[1], packed[3]):
        assert_close(numbers_of(record), numbers_of(alone), "packed")


# A rate at which the validation loss rises early, and one at which it falls to the end.
WILD, TAME = 3.0, 0.02
EPOCHS = 12


@pytest.fixture(scope="module")
def patient() -> list[Record]:
    return train([at(r, epochs=EPOCHS, patience=2) for r in (WILD, TAME)], [0, 0], DATA)


def test_patience_cuts_a_run_and_only_that(patient: list[Record]) -> None:
    full = train([at(r, epochs=EPOCHS) for r in (WILD, TAME)], [0, 0], DATA)
    wild, tame = patient
    n = len(wild.loss)
    assert n < EPOCHS == len(tame.loss)
    assert_close(wild.val_loss, full[0].val_loss[:n], "packed")
    assert_close(numbers_of(tame), numbers_of(full[1]), "packed")
    assert min(wild.val_loss) == wild.val_loss[n - 3]  # two epochs waited in vain


def test_a_stopped_run_is_looked_at_where_it_stopped(patient: list[Record]) -> None:
    """The pack trains on, but `end` is that of a run of just so many epochs."""
    wild = patient[0]
    (short,) = train([at(WILD, epochs=len(wild.loss))], [0], DATA)
    assert_close(numbers_of(wild), numbers_of(short), "packed")
    (long,) = train([at(WILD, epochs=EPOCHS)], [0], DATA)
    assert long.end["gradient_norms"] != short.end["gradient_norms"]


def test_validation_split_takes_the_last_examples() -> None:
    setup = replace(SETUP, validation_split=0.2)
    x, y, x_val, y_val = hold_out(DATA, 0.2)
    assert len(x_val) == 18
    assert (x_val == DATA.x_train[-18:]).all()
    by_hand = Dataset("by hand", x, y, x_val, y_val, (FEATURES,), CLASSES)
    (held,), (given,) = train([setup], [0], DATA), train([SETUP], [0], by_hand)
    assert held == given  # scaler, order and probes see the first 72 alone, too


def test_the_test_part_is_validated_on_but_never_learned_from() -> None:
    spoiled = replace(DATA, x_test=DATA.x_test + 100, y_test=(DATA.y_test + 1) % CLASSES)
    (a,), (b,) = train([SETUP], [0], DATA), train([SETUP], [0], spoiled)
    assert (a.loss, a.accuracy, a.end) == (b.loss, b.accuracy, b.end)
    assert a.val_loss != b.val_loss


def test_dropping_the_remainder_leaves_examples_out() -> None:
    kept, dropped = (
        train([replace(SETUP, drop_remainder=drop, epochs=1)], [0], DATA)[0]
        for drop in (False, True)
    )
    assert kept.loss != dropped.loss
    # 90 = 5 × 16 + 10: shares of 90 and of 80 are counted.
    assert kept.accuracy[0] * 90 == pytest.approx(round(kept.accuracy[0] * 90), abs=1e-4)
    assert dropped.accuracy[0] * 80 == pytest.approx(round(dropped.accuracy[0] * 80), abs=1e-4)


def test_a_run_that_diverges_is_recorded_and_harms_no_other() -> None:
    loss = "mean_squared_error"
    network = mlp((8,), CLASSES, output="linear")
    healthy, broken = (at(r, loss=loss, network=network) for r in (0.05, 1e12))
    (alone,) = train([healthy], [0], DATA)
    lost, packed = train([broken, healthy], [0, 0], DATA)
    assert len(lost.loss) == SETUP.epochs
    assert not np.isfinite(lost.loss[-1])
    assert not np.isfinite(lost.val_loss[-1])
    assert lost.start["loss"] == pytest.approx(alone.start["loss"])
    assert_close(numbers_of(packed), numbers_of(alone), "packed")


def test_a_run_that_never_improves_on_nan_is_stopped() -> None:
    setup = at(1e12, loss="mean_squared_error", network=mlp((8,), CLASSES, output="linear"))
    (record,) = train([replace(setup, epochs=EPOCHS, patience=2)], [0], DATA)
    assert len(record.loss) < EPOCHS


def test_two_structures_cannot_share_a_pack() -> None:
    with pytest.raises(UsageError, match="structure"):
        train([SETUP, replace(SETUP, batch_size=8)], [0, 0], DATA)


def test_regression_has_targets_and_no_accuracy() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(80, FEATURES)).astype(np.float32)
    y = (x @ rng.normal(size=(FEATURES, 2))).astype(np.float32)
    data = Dataset("lines", x[:60], y[:60], x[60:], y[60:], (FEATURES,), None)
    setup = replace(at(0.05, loss="mean_squared_error"), network=mlp((), 2, output="linear"))
    (record,) = train([replace(setup, epochs=30)], [0], data)
    assert record.val_loss[-1] < 0.01 * record.val_loss[0]
    assert set(record.accuracy) == {0.0}
