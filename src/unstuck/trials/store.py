"""The store of finished trials: one SQLite file, written as each trial ends.

A trial that was stored stays stored, whatever ends the process or the machine: every `put` is
a transaction of its own, on the disk before it returns.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import unstuck
from unstuck.errors import StoreError, StoreTooNew
from unstuck.trials.design import Trial, specification

SCHEMA = 1  # raise it when the table changes: older programs then leave the file alone
BUSY_S = 30.0  # seconds to wait for another process to end its transaction

_TABLE = """
CREATE TABLE IF NOT EXISTS trials (
    key     TEXT PRIMARY KEY,  -- Trial.key
    setup   TEXT NOT NULL,     -- JSON: the full specification
    seed    INTEGER NOT NULL,
    data    TEXT NOT NULL,     -- fingerprint of the data set
    record  TEXT NOT NULL,     -- JSON; NaN and Infinity as Python's json writes them
    seconds REAL NOT NULL,     -- wall-clock time the trial took of a worker
    created TEXT NOT NULL,     -- UTC, ISO 8601
    version TEXT NOT NULL      -- of unstuck
)
"""
# A trial that failed is tried again by the next start: then what made it fail may be gone.
_FAILED = """
CREATE TABLE IF NOT EXISTS failed (
    key     TEXT PRIMARY KEY,  -- Trial.key
    setup   TEXT NOT NULL,     -- JSON: the full specification
    seed    INTEGER NOT NULL,
    data    TEXT NOT NULL,     -- fingerprint of the data set
    reason  TEXT NOT NULL,     -- of the last time
    created TEXT NOT NULL,     -- UTC, ISO 8601
    version TEXT NOT NULL      -- of unstuck
)
"""


def default_path() -> Path:
    """`trials.sqlite` in the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("unstuck", appauthor=False)) / "trials.sqlite"


class Store:
    """Finished trials by key. Several processes may have the same store open.

    Args:
        path: the file, made with its folders if it is not there. One that cannot be written
            is opened for reading; only `put` then fails.
        timeout: seconds to wait for a lock that another process holds. Default 30.

    Raises:
        StoreError: not a store, or one that cannot be opened.
        StoreTooNew: written by a newer version; left as it is.
    """

    def __init__(self, path: str | Path, timeout: float = BUSY_S) -> None:
        self.path = Path(path)
        self._timeout = timeout
        with self.explained():
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        with suppress(OSError):  # if it matters, SQLite says so
            self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connect("mode=rwc")
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            if not self.path.is_file():
                raise
        # In a folder that cannot be written SQLite has no place for its helper files. Unless
        # one is left over, with trials in it, the file can be read without.
        if not self.path.with_name(f"{self.path.name}-wal").exists():
            return self._connect("mode=ro&immutable=1")
        return self._connect("mode=ro")

    def _connect(self, options: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{options}",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,  # each statement is its own transaction
            check_same_thread=False,  # who shares one has a lock
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # One statement, so that another process cannot make the table between two.
        schema, tables = connection.execute(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        ).fetchone()
        if schema > SCHEMA:
            raise StoreTooNew(
                f"the store {self.path} has format {schema}",
                f"at most {SCHEMA}, the format of unstuck {unstuck.__version__}",
                "upgrade unstuck, or choose another file with --store",
            )
        # FULL: a trial costs seconds, its commit a few milliseconds; not even a power cut
        # should take it away, which NORMAL would allow in WAL mode.
        connection.execute("PRAGMA synchronous = FULL")
        if schema == 0 and tables:
            raise StoreError(
                f"{self.path} is a database, but not a store of trials",
                todo="choose another file with --store",
            )
        if schema and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages do not fit together")
        with suppress(sqlite3.Error):  # what a killed process left beside the file goes into it
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if schema == 0:
            # WAL: who reads a store, or adds to it, does not wait for another who does.
            connection.execute("PRAGMA journal_mode = WAL")
            with transaction(connection):
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def connection(self) -> sqlite3.Connection:
        """One more connection to the file, for what stands beside the trials."""
        with self.explained():
            return self._connect("mode=rw")

    def get(self, key: str) -> dict[str, Any] | None:
        """The record of the trial of this key; None if there is none."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The records that are stored of these keys, by key."""
        query = "SELECT key, record FROM trials WHERE key IN (SELECT value FROM json_each(?))"
        with self.explained():
            rows = self._connection.execute(query, (json.dumps(list(keys)),)).fetchall()
        return {key: self._record(key, record) for key, record in rows}

    def _record(self, key: str, text: Any) -> dict[str, Any]:
        """A record as it was put.

        Raises:
            StoreError: it is something else.
        """
        with suppress(ValueError, TypeError):
            record = json.loads(text)
            if isinstance(record, dict):
                return record
        raise StoreError(
            f"the record of trial {key} in {self.path} is {text!r:.40}",
            "a JSON object",
            f"take it out with sqlite3 {self.path} \"DELETE FROM trials WHERE key = '{key}'\", so"
            " that it is run again, or choose another file with --store",
        )

    def put(self, trial: Trial, record: dict[str, Any], seconds: float) -> None:
        """Store one finished trial; it is on the disk when this returns.

        A key that is there already stays as it is: equal keys mean equal results.

        Args:
            trial: what ran.
            record: plain JSON values; floats may be NaN or infinite, and come back so.
            seconds: wall-clock time it took.

        Raises:
            StoreError: no space left, not writable, or locked for too long.
        """
        row = (
            trial.key,
            json.dumps(specification(trial.setup), sort_keys=True),
            trial.seed,
            trial.data,
            json.dumps(record),
            seconds,
            datetime.now(UTC).isoformat(timespec="seconds"),
            unstuck.__version__,
        )
        with self.explained():
            self._connection.execute(
                "INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def missing(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys of which no record is stored."""
        query = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT key FROM trials)"
        with self.explained():
            rows = self._connection.execute(query, (json.dumps(list(keys)),)).fetchall()
        return {key for (key,) in rows}

    def fail(self, trial: Trial, reason: str) -> None:
        """Write down that a trial came to no end, and why."""
        setup = json.dumps(specification(trial.setup), sort_keys=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = (trial.key, setup, trial.seed, trial.data, reason, now, unstuck.__version__)
        with self.explained():
            self._connection.execute(_FAILED)
            self._connection.execute("REPLACE INTO failed VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def __len__(self) -> int:
        with self.explained():
            (count,) = self._connection.execute("SELECT count(*) FROM trials").fetchone()
        return int(count)

    def close(self) -> None:
        """Closes the file; SQLite then folds its helper files into it."""
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

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns SQLite's errors in its block into ones that say what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.Error) -> StoreError:
        match _code(error):
            case sqlite3.SQLITE_FULL:
                seen, todo = (
                    f"no space left for the store {self.path}",
                    "free some space there, or move the file elsewhere and name its new place "
                    "with --store; then give the same command again: it goes on from there",
                )
            case sqlite3.SQLITE_READONLY:
                seen, todo = (
                    f"the store {self.path} can be read but not written",
                    "make the file and its folder writable, or copy it elsewhere, with the files "
                    f"{self.path.name}-wal and -shm where they are there, and name the copy with "
                    "--store",
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                seen, todo = (
                    f"the store {self.path} was locked by another process for {self._timeout:g} s",
                    "wait for that process to end, then give the same command again",
                )
            case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT | 0:
                seen, todo = (
                    f"{self.path} is not a store of trials, or a damaged one: {error}",
                    "choose another file with --store, or move this one away",
                )
            case _:
                seen, todo = (
                    f"the store {self.path} cannot be used: {error}",
                    "check that its folder exists and can be written, or choose another file "
                    "with --store",
                )
        return StoreError(seen + self._safe(), todo=todo)

    def _safe(self) -> str:
        """How many trials are safe, for a message; nothing if that cannot be found out."""
        with suppress(sqlite3.Error, AttributeError):
            query = "SELECT count(*) FROM trials"
            (count,) = self._connection.execute(query).fetchone()
            return f"; {count} finished trials are safe in it"
        return ""


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; the higher bits only say where it arose."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction of several statements, begun as a writer so that it can wait its turn."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
