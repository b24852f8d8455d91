"""NumPy arrays as tensors of the Keras backend in use."""

from typing import Any

import keras


def tensor(array: Any) -> Any:
    return None if array is None else keras.ops.convert_to_tensor(array)


def tensors(arrays: Any) -> Any:
    return tuple(tensor(a) for a in arrays)
