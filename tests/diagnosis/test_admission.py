"""What cannot be meant is refused in words, before any work starts."""

from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline

import unstuck
from unstuck.errors import DataError, UsageError

X = np.random.default_rng(0).normal(size=(60, 8)).astype("f4")
Y = (X[:, 0] > 0).astype("i8")
NET = MLPClassifier()


class Mute:
    """Raises where it is to be told of."""

    def __repr__(self) -> str:
        raise RuntimeError


class NoArray:
    """Raises where it is to be made an array."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("none to be had")


REFUSED: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "examples as text": (NET, {"examples": "100"}, UsageError, "'100'"),
    "one example": (NET, {"examples": 1}, UsageError, "at least 2"),
    "half an example": (NET, {"examples": 2.5}, UsageError, "2.5"),
    "batch size as text": (NET, {"batch_size": "32"}, UsageError, "'32'"),
    "no batch": (NET, {"batch_size": 0}, UsageError, "at least 1"),
    "shuffle as text": (NET, {"shuffle": "yes"}, UsageError, "'yes'"),
    "a step that is no function": (NET, {"step": 3}, UsageError, "step=3"),
    "what has no words for itself": (NET, {"shuffle": Mute()}, UsageError, "<Mute instance"),
    "inputs that have no words": (NET, {"x": [Mute()] * 60}, DataError, "Python objects"),
    "inputs that make no array": (NET, {"x": NoArray()}, DataError, "none to be had"),
    "no data": (NET, {"x": None}, UsageError, "no data"),
    "one number as inputs": (NET, {"x": np.float32(1)}, DataError, "single number"),
    "one number as targets": (NET, {"y": np.int64(3)}, DataError, "single number"),
    "targets with NaN": (NET, {"y": np.where(np.arange(60) == 3, np.nan, Y)}, DataError, "nan"),
    "targets beyond classes": (NET, {"y": np.full(60, 1e300)}, DataError, "hold 1e"),
    "targets between classes": (NET, {"y": Y + 0.5}, DataError, "fraction"),
    "validation inputs alone": (NET, {"validation_data": X}, UsageError, "ndarray"),
    "a share as validation": (NET, {"validation_data": 0.2}, UsageError, "float"),
    "nothing as validation": (NET, {"validation_data": ()}, UsageError, "tuple of 0"),
    "validation of other features": (
        NET, {"validation_data": (X[:, :3], Y)}, DataError, "3 features",
    ),
    "validation of other lengths": (
        NET, {"validation_data": (X, Y[:-3])}, DataError, "60 validation examples but 57",
    ),
    "the shape of nothing": (NET, {"y": np.zeros((60, 0))}, DataError, r"\(60, 0\)"),
    "a word as inputs": (NET, {"x": "x.npy"}, DataError, "a str"),
    "a function as inputs": (NET, {"x": lambda: X}, DataError, "Python objects"),
    "rows of other lengths": (NET, {"x": [[1], [1, 2]] * 30}, DataError, "inhomogeneous"),
    "complex targets": (NET, {"y": Y + 1j}, DataError, "complex"),
    "targets as bytes": (NET, {"y": Y.astype("S")}, DataError, "bytes such as b'"),
    "a word among targets": (
        NET, {"y": ["1"] * 30 + ["2"] * 29 + ["l"]}, DataError, "'l' among targets",
    ),
    "a word among validation targets": (
        NET, {"y": np.array(["1", "2"] * 30), "validation_data": (
            X, ["1"] * 30 + ["2"] * 29 + ["l"])}, DataError, "'l' among targets",
    ),
    "objects as targets": (NET, {"y": np.array([{}] * 60)}, DataError, "Python objects"),
    "words beside numbers": (NET, {"y": np.array([1, "a"] * 30, object)}, DataError, "objects"),
    "targets read but once": (NET, {"y": iter(Y)}, UsageError, "read only once"),
    "targets in a set": (NET, {"y": {1, 2}}, DataError, "a set"),
    "targets of three axes": (NET, {"y": np.zeros((60, 2, 2))}, DataError, r"\(60, 2, 2\)"),
    "unequal lengths": (NET, {"y": Y[:-1]}, DataError, "60 training examples but 59"),
    "x and y swapped": (NET, {"x": Y, "y": X > 0}, DataError, "swapped"),
    "validation swapped": (NET, {"validation_data": (Y, X)}, DataError, "swapped"),
    "validation of two targets": (
        NET, {"validation_data": (X, np.c_[Y, Y])}, DataError, r"\(60, 2\) where",
    ),
    "validation of no targets": (NET, {"validation_data": (X, None)}, UsageError, "no targets"),
    "validation of no inputs": (NET, {"validation_data": (None, Y)}, UsageError, "no inputs"),
    "no validation example": (NET, {"validation_data": (X[:0], Y[:0])}, DataError, "empty"),
    "words as validation": (
        NET, {"validation_data": (X, Y.astype(str))}, DataError, "of int64",
    ),
    "an optimizer for an estimator": (NET, {"optimizer": "adam"}, UsageError, "'adam'"),
    "units in an array of none": (MLPClassifier(np.array(3)), {}, UsageError, "sizes=3"),
    "units in rows": (MLPClassifier([[3]]), {}, UsageError, r"sizes=\[\[3\]\]"),
    "half a unit": (MLPClassifier((1.5,)), {}, UsageError, r"\(1.5,\)"),
    "more units than memory": (MLPClassifier((10**12,)), {}, UsageError, "not enough memory"),
    "a pipeline of nothing": (Pipeline([]), {}, UsageError, "no steps"),
    "a step that is none": (make_pipeline(5, NET), {}, DataError, "int, before the network"),
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


def test_what_only_looks_like_an_optimizer_is_refused() -> None:
    anything = MagicMock()  # the user's, in a test of theirs
    with pytest.raises(UsageError, match=r"gave a MagicMock(.|\n)*optim\.Adam"):
        unstuck.diagnose(
            torch.nn.Linear(8, 2), X, Y, loss=torch.nn.CrossEntropyLoss(), optimizer=anything
        )


def test_a_data_set_longer_than_any_array_is_looked_at() -> None:
    class Endless(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return 2**62

        def __getitem__(self, i: int) -> Any:
            return torch.from_numpy(X[i % 60]), int(Y[i % 60])

    model = torch.nn.Linear(8, 2)
    report = unstuck.diagnose(
        model,
        torch.utils.data.DataLoader(Endless(), 8),
        loss=torch.nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
    )
    assert "of 4,611,686,018,427,387,904 examples" in report.setup["looked at"]


def test_numbers_of_numpy_are_numbers() -> None:
    report = unstuck.diagnose(NET, X, Y, examples=np.int64(40), batch_size=np.int32(16))
    assert report.loss > 0


def tensors() -> dict[str, torch.Tensor]:
    """Of 60 × 8, in every layout that holds not one number a place."""
    dense = torch.as_tensor(X)
    return {
        "nested": torch.nested.nested_tensor([row[: i % 8 + 1] for i, row in enumerate(dense)]),
        "sparse": dense.to_sparse(),
        "sparse ": dense.to_sparse_csr(),
        "meta": dense.to("meta"),
        "quantized": torch.quantize_per_tensor(dense, 0.1, 0, torch.qint8),
        "complex": (dense + 1j).conj(),
    }


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["nested", "sparse", "sparse ", "meta", "quantized", "complex"])
@pytest.mark.parametrize("estimator", [True, False])
@pytest.mark.parametrize("place", ["x", "y", "validation_data"])
def test_tensors_that_hold_not_one_number_a_place_are_refused(
    kind: str, estimator: bool, place: str
) -> None:
    tensor = tensors()[kind]
    given = {"x": X, "y": Y, place: (tensor, Y) if place == "validation_data" else tensor}
    options = {} if estimator else {"loss": "cross_entropy", "optimizer": "sgd"}
    model = NET if estimator else torch.nn.Linear(8, 2)
    with pytest.raises(DataError, match=kind.strip()):
        unstuck.diagnose(model, given.pop("x"), given.pop("y"), **options, **given)


def test_numbers_of_more_digits_are_taken() -> None:
    assert unstuck.diagnose(NET, X.astype(np.longdouble), Y).loss > 0


@pytest.mark.parametrize("framework", ["sklearn", "torch"])
def test_inputs_beyond_float32_are_told_without_a_warning(
    framework: str, recwarn: pytest.WarningsRecorder
) -> None:
    x = X.astype("f8") * 1e300
    if framework == "sklearn":
        report = unstuck.diagnose(NET, x, Y)
    else:
        report = unstuck.diagnose(torch.nn.Linear(8, 2), x, Y, loss="cross_entropy")
    assert report.suspects[0].name == "non-finite-data"
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_labels_that_training_has_none_of_are_classes_of_their_own() -> None:
    report = unstuck.diagnose(NET, X, Y * 10, validation_data=(X, np.where(Y, 5, 7)))
    assert [s.name for s in report.suspects] == ["split-by-class"]
    assert report.suspects[0].evidence[0].value == 1.0


def test_as_many_classes_as_examples_are_suspected() -> None:
    report = unstuck.diagnose(NET, X, np.arange(60))
    assert report.suspects[0].name == "label-coding"
    assert report.suspects[0].evidence[0].value == "60 classes in 60 examples"


def test_one_constant_of_two_signs_is_one_input() -> None:
    report = unstuck.diagnose(NET, np.where(X > 0, 0.0, -0.0), Y)
    assert report.suspects[0].name == "constant-input"


def test_a_rate_that_ends_at_no_number_is_too_high() -> None:
    report = unstuck.diagnose(MLPClassifier(learning_rate_init=1e300), X, Y)
    assert [s.name for s in report.suspects] == ["learning-rate-high"]


@pytest.mark.parametrize(
    "x", [len, dict, lambda: 1 / 0, lambda: 3], ids=["len", "dict", "raises", "3"]
)
def test_a_function_of_the_data_that_makes_no_batches(x: Any) -> None:
    with pytest.raises((UsageError, DataError)):
        unstuck.diagnose(torch.nn.Linear(8, 2), x, loss="cross_entropy", optimizer="adam")


def test_memory_is_taken_as_an_array() -> None:
    seen = unstuck.diagnose(NET, memoryview(X), Y)
    assert seen.probes["input_size"] == unstuck.diagnose(NET, X, Y).probes["input_size"]
