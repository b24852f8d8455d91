"""Which start runs which trial, where several share a store.

A claim saves work and decides nothing: a trial that was run twice is stored once. So it may be
taken away whenever its start seems to be gone: its process is not there any more, or the claim was
not renewed.
"""

import json
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self
from uuid import uuid4

from unstuck.trials.store import Store, transaction

LEASE_S = 20.0  # a claim that was not renewed for so long is void
RENEW_S = LEASE_S / 4

_TABLE = """
CREATE TABLE IF NOT EXISTS claims (
    key   TEXT PRIMARY KEY,  -- Trial.key
    start TEXT NOT NULL,     -- which start claims it
    host  TEXT NOT NULL,
    pid   INTEGER NOT NULL,
    until REAL NOT NULL      -- seconds since 1970
)
"""
_CLAIM = """
INSERT OR IGNORE INTO claims
SELECT value, ?, ?, ?, ? FROM json_each(?) WHERE value NOT IN (SELECT key FROM trials)
"""
_OURS = "SELECT key FROM claims WHERE start = ? AND key IN (SELECT value FROM json_each(?))"
_DROP = "DELETE FROM claims WHERE start = ? AND key IN (SELECT value FROM json_each(?))"


class Claims:
    """The claims of one start, renewed by a thread until they are closed.

    Args:
        store: what the trials are kept in; claims stand beside them.

    Raises:
        StoreError: it cannot be written.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._connection = store, store.connection()
        self._start, self._host, self._pid = uuid4().hex, platform.node(), os.getpid()
        self._lock, self._closed = threading.Lock(), threading.Event()
        with store.explained():
            # No wait for the disk: claims that a power cut takes away are of no use any more.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(_TABLE)
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    def take(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that are this start's to run: not stored, and nobody else's."""
        wanted = json.dumps(list(keys))
        row = (self._start, self._host, self._pid, time.time() + LEASE_S, wanted)
        with self._lock, self._store.explained():
            with transaction(self._connection):
                self._drop_void()
                self._connection.execute(_CLAIM, row)
            found = self._connection.execute(_OURS, (self._start, wanted)).fetchall()
        return {key for (key,) in found}

    def drop(self, keys: Iterable[str]) -> None:
        """Gives claims up: the trials are stored, or somebody else may have them."""
        with self._lock, self._store.explained():
            self._connection.execute(_DROP, (self._start, json.dumps(list(keys))))

    def _drop_void(self) -> None:
        self._connection.execute("DELETE FROM claims WHERE until < ?", (time.time(),))
        others = self._connection.execute(
            "SELECT DISTINCT pid FROM claims WHERE host = ? AND start != ?",
            (self._host, self._start),
        ).fetchall()
        gone = [pid for (pid,) in others if not _lives(pid)]
        self._connection.execute(
            "DELETE FROM claims WHERE host = ? AND pid IN (SELECT value FROM json_each(?))",
            (self._host, json.dumps(gone)),
        )

    def _renew(self) -> None:
        while not self._closed.wait(RENEW_S):
            with self._lock, suppress(sqlite3.Error):  # at worst a trial is run twice
                self._connection.execute(
                    "UPDATE claims SET until = ? WHERE start = ?",
                    (time.time() + LEASE_S, self._start),
                )

    def close(self) -> None:
        """Gives all claims up."""
        self._closed.set()
        self._thread.join()
        with suppress(sqlite3.Error):
            self._connection.execute("DELETE FROM claims WHERE start = ?", (self._start,))
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _lives(pid: int) -> bool:
    """Whether a process of this machine is there; True where that cannot be told."""
    if os.name != "posix":  # elsewhere signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
