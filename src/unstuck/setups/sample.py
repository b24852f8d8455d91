"""Draws the examples a subject is looked at with, and says what is wrong with the data.

Arrays are indexed, never copied whole: a memory-mapped file of any size is fine.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError, UsageError

EXAMPLES = 2_048  # looked at by default
ORDERED = 4_096  # targets whose order is looked at


def rows(n: int, examples: int = EXAMPLES) -> NDArray[np.int64]:
    """Which of n examples are looked at: all, or a sample without repetition, in their order."""
    if n <= examples:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, examples, replace=False))


def as_array(values: Any, what: str, text: bool = False) -> NDArray[Any]:
    """Values as an array of numbers; a NumPy array or memory map stays the object it is.

    Args:
        values: array, tensor, data frame or nested list.
        what: how to call them in an error.
        text: whether text, which stands for classes, may be among them.

    Raises:
        DataError: text, objects, ragged lists, or something that is no array at all.
    """
    if hasattr(values, "to_numpy"):  # pandas, polars
        values = values.to_numpy()
    if hasattr(values, "detach"):
        values = of_numbers(values, what).detach().cpu()
        if str(values.dtype) == "torch.bfloat16":  # NumPy has no such numbers
            values = values.float()
    try:
        array = np.asarray(values)
        if text and array.dtype.kind == "O" and all(isinstance(v, str) for v in array.flat):
            array = array.astype(str)  # a column of a data frame
    except MemoryError:
        raise
    except Exception as error:  # of the user's own `__array__` too
        raise DataError(
            f"{what} cannot be made an array: {str(error)[:200] or type(error).__name__}",
            "numbers of one shape for every example",
            f"check the lengths of the rows of {what}",
        ) from None
    kind = array.dtype.kind
    if kind in "OSMmV" or (kind == "U" and not (text and array.ndim)):
        described = {"U": "text", "S": "bytes", "M": "dates", "m": "durations"}
        found = described.get(kind, "Python objects")
        example = _example(array)
        raise DataError(
            f"{what} hold {found}{example}",
            "numbers, or text for classes" if text else "numbers",
            "encode them first, e.g. class names with sklearn.preprocessing.LabelEncoder, or"
            " turn an array of objects into one of numbers with np.stack(list(…)).astype(float)",
        )
    if kind == "b":
        return array.astype(np.uint8)  # False and True are 0 and 1, to count with
    if kind == "c":
        raise DataError(f"{what} are complex numbers", "real numbers")
    if kind == "f" and array.dtype.itemsize > 8:  # no framework trains on these
        return array.astype(np.float64)
    return array


def _example(array: NDArray[Any]) -> str:
    try:
        return f" such as {array.ravel()[:1].tolist()[0]!r:.60}" if array.size else ""
    except Exception:  # text of no letters; an object that has no words for itself
        return ""


def of_numbers(tensor: Any, what: str) -> Any:
    """A torch tensor, once it was seen to hold one number a place.

    Raises:
        DataError: it is nested, sparse, quantized or complex, or holds no numbers.
    """
    dense = "a dense tensor, one row an example"
    if getattr(tensor, "is_nested", False):
        raise DataError(
            f"{what} are a nested tensor", dense, "torch.nested.to_padded_tensor(tensor, 0.0)"
        )
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        raise DataError(f"{what} are a sparse tensor ({tensor.layout})", dense, "call .to_dense()")
    if getattr(tensor, "is_meta", False):
        raise DataError(
            f'{what} are a tensor on the device "meta", which holds no numbers', "numbers"
        )
    if getattr(tensor, "is_quantized", False):
        raise DataError(f"{what} are a quantized tensor", dense, "call .dequantize()")
    if tensor.dtype.is_complex:
        raise DataError(f"{what} are complex numbers", "real numbers")
    return tensor


def checked(x: Sequence[NDArray[Any]], y: NDArray[Any] | None, part: str = "training") -> int:
    """The number of examples, after seeing that inputs and targets fit together.

    Raises:
        DataError: nothing there, no axis of examples, or lengths that differ.
    """
    for array in (*x, *(() if y is None else (y,))):
        if array.ndim == 0:
            raise DataError(f"the {part} data hold a single number", "one row an example")
    lengths = {len(array) for array in x}
    if len(lengths) > 1:
        raise DataError(
            f"the inputs of the {part} data have {sorted(lengths)} examples",
            "the same number in each",
        )
    (n,) = lengths
    if y is not None and len(y) != n:
        raise DataError(
            f"{n} {part} examples but {len(y)} {part} targets", "one target for each example"
        )
    if n == 0 or any(array.size == 0 for array in x):
        raise DataError(f"the {part} data are empty", "at least one example of one feature")
    if y is not None and y.size == 0:
        raise DataError(f"the {part} targets have shape {y.shape}", "one target for each example")
    return n


def refuse_generator(data: Any) -> None:
    """Raises UsageError for an iterator: looking at it would use up what training needs."""
    if hasattr(data, "__next__"):
        raise UsageError(
            f"the data are a {type(data).__name__}, which can be read only once",
            "data that can be read again, so that looking leaves them as they were",
            "hand over arrays, a data set or loader, or a function that makes the generator anew",
        )
