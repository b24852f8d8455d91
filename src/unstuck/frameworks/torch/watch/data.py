"""The data a batch was taken from, found among the values of the script's frames."""

from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray

from unstuck.watching import rows


def found(batch: list[Any]) -> tuple[list[Any], bool] | None:
    """Tensors of which those of the batch are the same rows; see `rows.found`."""
    arrays = [read(t.detach()) for t in batch]
    known = [a for a in arrays if a is not None]
    whole = rows.found(known, read, _opened) if len(known) == len(arrays) else None
    if whole is None:
        return None
    tensors = [torch.as_tensor(a if a.flags.writeable else a.copy()) for a in whole.arrays]
    return [t.to(like.dtype) for t, like in zip(tensors, batch, strict=True)], whole.drawn


def beside(batch: NDArray[Any]) -> list[NDArray[Any]]:
    """Other arrays with a row for each of a batch's; see `rows.beside`."""
    return list(rows.beside(batch, read))


def modules() -> Iterator[Any]:
    """Modules of the user's frames, innermost first."""
    return (value for value in rows.values(_opened) if isinstance(value, torch.nn.Module))


def _opened(value: Any) -> tuple[Any, ...]:
    return tuple(value.tensors) if isinstance(value, torch.utils.data.TensorDataset) else ()


def read(value: Any) -> NDArray[Any] | None:
    """Numbers of a tensor or array; shares their memory where they are on the processor."""
    if not isinstance(value, torch.Tensor):
        return rows.numbers(value)
    if value.layout != torch.strided or isinstance(value, torch.nn.Parameter):
        return None
    if value.dtype == torch.bfloat16:
        value = value.float()  # NumPy has no such numbers
    try:
        array: NDArray[Any] = value.detach().resolve_conj().resolve_neg().cpu().numpy()
    except (TypeError, RuntimeError):  # numbers or tensors that NumPy does not have
        return None
    return array if array.dtype.kind in "fiub" else None
