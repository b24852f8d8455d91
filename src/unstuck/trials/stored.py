"""Records of trials as the store has them: read when they are looked at, and not held."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from unstuck.trials.design import Trial

if TYPE_CHECKING:
    from unstuck.engine.setup import Setup
    from unstuck.trials.store import Store

Record = dict[str, Any]
BLOCK = 64  # records that are held at a time


class Stored(Sequence[Record]):
    """The records of one set-up, seed by seed; all of them stored.

    Args:
        store: stays open as long as this is used.
        setup, fingerprint: of the trials.
        seeds: one a record, in this order.
    """

    def __init__(
        self, store: "Store", setup: "Setup", seeds: Sequence[int], fingerprint: str
    ) -> None:
        self._store, self._setup, self._seeds = store, setup, seeds
        self._fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self._seeds)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> "Stored": ...
    def __getitem__(self, at: int | slice) -> "Record | Stored":
        if isinstance(at, slice):
            return Stored(self._store, self._setup, self._seeds[at], self._fingerprint)
        return self._read(self._seeds[at : at + 1 or None])[0]

    def __iter__(self) -> Iterator[Record]:
        for first in range(0, len(self), BLOCK):
            yield from self._read(self._seeds[first : first + BLOCK])

    def _read(self, seeds: Sequence[int]) -> list[Record]:
        keys = [Trial(self._setup, seed, self._fingerprint).key for seed in seeds]
        found = self._store.get_many(keys)
        return [found[key] for key in keys]
