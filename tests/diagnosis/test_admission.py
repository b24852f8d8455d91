"""What cannot be meant is refused in words, before any work starts."""

from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import unstuck
from unstuck.errors import DataError, UsageError

X = np.random.default_rng(0).normal(size=(60, 8)).astype("f4")
Y = (X[:, 0] > 0).astype("i8")
NET = MLPClassifier()

REFUSED: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "examples as text": (NET, {"examples": "100"}, UsageError, "'100'"),
    "one example": (NET, {"examples": 1}, UsageError, "at least 2"),
    "half an example": (NET, {"examples": 2.5}, UsageError, "2.5"),
    "batch size as text": (NET, {"batch_size": "32"}, UsageError, "'32'"),
    "no batch": (NET, {"batch_size": 0}, UsageError, "at least 1"),
    "shuffle as text": (NET, {"shuffle": "yes"}, UsageError, "'yes'"),
    "a step that is no function": (NET, {"step": 3}, UsageError, "step=3"),
    "no data": (NET, {"x": None}, UsageError, "no data"),
    "one number as inputs": (NET, {"x": np.float32(1)}, DataError, "single number"),
    "one number as targets": (NET, {"y": np.int64(3)}, DataError, "single number"),
    "targets with NaN": (NET, {"y": np.where(np.arange(60) == 3, np.nan, Y)}, DataError, "NaN"),
    "targets between classes": (NET, {"y": Y + 0.5}, DataError, "label"),
    "validation inputs alone": (NET, {"validation_data": X}, UsageError, "ndarray"),
    "a share as validation": (NET, {"validation_data": 0.2}, UsageError, "float"),
    "nothing as validation": (NET, {"validation_data": ()}, UsageError, "tuple of 0"),
    "validation of other features": (
        NET, {"validation_data": (X[:, :3], Y)}, DataError, "3 features",
    ),
    "validation of other lengths": (
        NET, {"validation_data": (X, Y[:-3])}, DataError, "60 validation examples but 57",
    ),
    "a loss for an estimator": (NET, {"loss": 5}, UsageError, "loss=5"),
    "a misspelt activation": (MLPClassifier(activation="rely"), {}, UsageError, "'relu'"),
    "a misspelt solver": (MLPClassifier(solver="adma"), {}, UsageError, "'adam'"),
    "a layer of less than nothing": (MLPClassifier((-3,)), {}, UsageError, r"\(-3,\)"),
    "a rate of NaN": (MLPClassifier(learning_rate_init=np.nan), {}, UsageError, "nan"),
    "a rate without end": (MLPClassifier(learning_rate_init=np.inf), {}, UsageError, "inf"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused(case: str) -> None:
    model, changed, error, says = REFUSED[case]
    arguments = {"x": X, "y": Y, **changed}
    with pytest.raises(error, match=says):
        unstuck.diagnose(model, arguments.pop("x"), arguments.pop("y"), **arguments)


def test_numbers_of_numpy_are_numbers() -> None:
    report = unstuck.diagnose(NET, X, Y, examples=np.int64(40), batch_size=np.int32(16))
    assert report.loss > 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_inputs_beyond_what_can_be_squared_are_told() -> None:
    with pytest.raises(UsageError, match="inf"):
        unstuck.diagnose(NET, X.astype("f8") * 1e300, Y)
