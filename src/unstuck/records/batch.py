"""What reaches the network in a step, small enough to be kept in a record and drawn."""

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What an array's numbers stand for, by its shape, dtype and where it is read."""

    IMAGES = "images"
    SEQUENCES = "sequences"
    TOKENS = "tokens"
    FEATURES = "features"
    CLASSES = "classes"
    NUMBERS = "numbers"


@dataclass(frozen=True)
class Column:
    """One feature of a table, channel of images, or variable of sequences.

    Args:
        name: its number, or the channel's.
        low, mean, high, spread: smallest, mean, largest and standard deviation of what is finite.
        missing: share that is not finite.
    """

    name: str
    low: float
    mean: float
    high: float
    spread: float
    missing: float = 0.0


@dataclass(frozen=True)
class Thumbnails:
    """The first images of a batch.

    Args:
        count, height, width, channels: of the images as they are kept: every second pixel, or
            every third, …, of larger ones; 1 or 3 channels.
        pixels: (count, height, width, channels) bytes, from the array's lowest to its highest
            value, as zlib packs them, in base64.
    """

    count: int
    height: int
    width: int
    channels: int
    pixels: str


@dataclass(frozen=True)
class BatchedArray:
    """An input or the targets of one batch, told by the examples that were looked at.

    Args:
        name: the input's, or "targets".
        shape: of a batch.
        dtype: as it reaches the network.
        content: what its numbers stand for.
        columns: of features, images and sequences; the first ones.
        columns_in_all: how many there are.
        rows: the first examples' first numbers, of all but images.
        counts: of the classes or tokens, of the commonest where there are many.
        distinct: how many classes or tokens there are.
        thumbnails: of images.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    content: Content
    columns: tuple[Column, ...] = ()
    columns_in_all: int = 0
    rows: tuple[tuple[float, ...], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    distinct: int = 0
    thumbnails: Thumbnails | None = None


@dataclass(frozen=True)
class Batch:
    """What a step's batch holds, just before the network.

    Args:
        size: examples a step.
        examples: that figures are of.
        arrays: inputs, then targets.
        validation: the same of the validation data; () where there are none.
    """

    size: int
    examples: int
    arrays: tuple[BatchedArray, ...]
    validation: tuple[BatchedArray, ...] = ()
