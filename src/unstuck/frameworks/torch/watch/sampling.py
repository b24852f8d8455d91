"""What a loader says of the data as a whole: targets, classes that are drawn more often, epochs."""

import math
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

DRAWN = 4096  # rows that stand for what a sampler draws
CLASSES = 1000  # more kinds of whole numbers are not classes


def steps_an_epoch(given: dict[str, Any], accumulated: int) -> float:
    """Steps that go once through the data; 0 if that is not known.

    Args:
        given: data as `diagnose` takes them.
        accumulated: batches a step.
    """
    x = given["x"]
    if isinstance(x, DataLoader):
        try:
            return len(x) / accumulated
        except TypeError:
            return 0.0
    first = x[0] if isinstance(x, tuple) else x
    size = given.get("batch_size")
    if "shuffle" not in given or not size or not hasattr(first, "__len__"):
        return 0.0
    return float(math.ceil(len(first) / size))


def all_targets(given: dict[str, Any], target: Any) -> Any:
    """All targets, as the loss gets them; None where they are not at hand.

    Args:
        target: of one batch.
    """
    y = given.get("y") if "y" in given else _of_set(given["x"])
    if y is None or ("shuffle" not in given and "y" in given):
        return None
    sampler = getattr(given["x"], "sampler", None)
    if isinstance(sampler, WeightedRandomSampler):
        y = y[_drawn(sampler.weights)]
    same = y.shape[1:] == target.shape[1:] and y.is_floating_point() == target.is_floating_point()
    return y.to(target.dtype) if same else None


def _drawn(weights: Any) -> Any:
    """Rows as often as a sampler draws them, without drawing."""
    shares = torch.as_tensor(weights, dtype=torch.float64).cumsum(0)
    evenly = (torch.arange(DRAWN, dtype=torch.float64) + 0.5) / DRAWN
    return torch.searchsorted(shares, evenly * shares[-1])


def _of_set(x: Any) -> Any:
    """Targets of a loader's data set."""
    data = getattr(x, "dataset", None)
    if isinstance(data, TensorDataset) and len(data.tensors) > 1:
        places = getattr(x.collate_fn, "places", None)
        return data.tensors[-1 if places is None else places[-1]]
    found = getattr(data, "targets", None)
    if isinstance(found, (list, tuple)) and found and isinstance(found[0], int):
        found = torch.tensor(found)
    return found if isinstance(found, torch.Tensor) else None


def class_weights(given: dict[str, Any]) -> tuple[float, ...]:
    """How much more often than by chance a sampler draws examples of each class; () for none."""
    sampler = getattr(given["x"], "sampler", None)
    y = _of_set(given["x"])
    if not isinstance(sampler, WeightedRandomSampler) or y is None or y.ndim != 1:
        return ()
    weights = torch.as_tensor(sampler.weights, dtype=torch.float64)
    if y.is_floating_point() or len(weights) != len(y) or not 0 <= y.min() <= y.max() < CLASSES:
        return ()
    count = torch.bincount(y.cpu()).clamp(min=1)
    shares = torch.zeros(len(count), dtype=torch.float64).index_add(0, y.cpu(), weights)
    return tuple((shares / count / weights.mean()).tolist())
