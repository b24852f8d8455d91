"""What reaches the network in a step, on the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from unstuck.records.batch import Batch, BatchedArray, Content
from unstuck.records.quantity import quantity


def renderable(batch: Batch) -> RenderableType:
    """A batch for a rich console of any width."""
    return Group(*_parts(batch))


def _parts(batch: Batch) -> Iterator[RenderableType]:
    says = f"What reaches the network: {batch.size} examples a step; figures of {batch.examples:,}"
    yield Text(says, "bold")
    yield from _arrays(batch.arrays)
    if batch.validation:
        yield Text("\nIn validation", "bold")
        yield from _arrays(batch.validation)


def _arrays(arrays: Sequence[BatchedArray]) -> Iterator[RenderableType]:
    for array in arrays:
        yield Text(f"\n{array.name}: {heading(array)}")
        if array.counts:
            yield Padding(Text(counts(array)), (0, 0, 0, 2))
        if array.columns:
            yield Padding(_columns(array), (0, 0, 0, 2))
        for row in array.rows:
            yield Padding(
                Text(numbers(row), "dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 2)
            )
        if array.thumbnails is not None:
            yield Padding(
                Text(f"{array.thumbnails.count} of them are on the page (--html)"), (0, 2)
            )


def heading(array: BatchedArray) -> str:
    """ "(32, 784) float32, features"."""
    shape = ", ".join(map(str, array.shape))
    return f"({shape}{',' * (len(array.shape) == 1)}) {array.dtype}, {array.content.value}"


def counts(array: BatchedArray) -> str:
    """ "10 classes: 0 12 %, 1 9 %, …"."""
    total = sum(n for _, n in array.counts) or 1
    share = array.content is Content.CLASSES and array.distinct == len(array.counts)
    told = [f"{v}: {quantity(n / total, 'share')}" if share else f"{v}: {n}"
            for v, n in array.counts]  # fmt: skip
    more = ", …" if array.distinct > len(array.counts) else ""
    return f"{array.distinct} {array.content.value}: {', '.join(told)}{more}"


def numbers(row: Sequence[float]) -> str:
    """The first numbers of an example."""
    return "  ".join(quantity(v) for v in row)


HEADS = ("", "lowest", "mean", "highest", "sd", "not finite")


def figures(array: BatchedArray) -> list[tuple[str, ...]]:
    """One row a column of the array, under `HEADS`."""
    rows: list[tuple[str, ...]] = [
        (c.name, *map(quantity, (c.low, c.mean, c.high, c.spread)), quantity(c.missing, "share"))
        for c in array.columns
    ]
    if array.columns_in_all > len(array.columns):
        more = array.columns_in_all - len(array.columns)
        rows.append((f"{more:,} more", *[""] * (len(HEADS) - 1)))
    return rows


def _columns(array: BatchedArray) -> Table:
    table = Table(*HEADS, box=None, pad_edge=False, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in figures(array):
        table.add_row(*row)
    return table
