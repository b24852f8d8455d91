"""The errors a user can meet. Each says what was seen, what was expected, what to do.

UnstuckError
├── UsageError           an option, name or argument that cannot be used
├── DataError            data that cannot be read or trained on
│   ├── LabelsOutOfRange class ids that no output stands for: a fault of the program's own
│   ├── DataNotFound     nothing at the places looked at
│   └── CorruptData      there, but truncated, altered or of another format
├── StoreError           the store of finished trials cannot be read or written
│   └── StoreTooNew      written by a newer version of unstuck
├── TrialsFailed         a worker process died or a trial raised an error
└── NotWritten           what was found could not be written
"""

_CODES = {i: f"\\x{i:02x}" for i in (*range(32), *range(127, 160)) if chr(i) not in "\n\t"}


def printable(text: str) -> str:
    """The text with control codes spelt out, as what steers a terminal is none of its data."""
    return text.translate(_CODES)


def named(error: BaseException) -> str:
    """An error that is not ours in a line: its kind, and what it says."""
    says = str(error).strip().splitlines()
    return f"{type(error).__name__}: {says[0]}" if says else type(error).__name__


class UnstuckError(Exception):
    """A mistake or mishap that is explained, not traced.

    Args:
        seen: what was found, with its number or name.
        expected: what would have been right ("" when `seen` says it all).
        todo: what the user can do next.
    """

    def __init__(self, seen: str, expected: str = "", todo: str = "") -> None:
        self.seen, self.expected, self.todo = seen, expected, todo
        lines = [seen]
        if expected:
            lines.append(f"expected: {expected}")
        if todo:
            lines.append(f"to do: {todo}")
        super().__init__(printable("\n".join(lines)))

    def __reduce__(self) -> tuple[type["UnstuckError"], tuple[str, str, str]]:
        return type(self), (self.seen, self.expected, self.todo)


class UsageError(UnstuckError):
    """An option, name or argument that cannot be used."""


class DataError(UnstuckError):
    """Data that cannot be read or trained on."""


class LabelsOutOfRange(DataError):
    """Class ids that no output stands for: a fault of the user's program, not of the call."""


class DataNotFound(DataError):
    """Nothing at the places looked at."""


class CorruptData(DataError):
    """There, but truncated, altered or of another format."""


class StoreError(UnstuckError):
    """The store of finished trials cannot be read or written."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of unstuck."""


class TrialsFailed(UnstuckError):
    """A worker process died, or a trial raised an error."""


class NotWritten(UnstuckError):
    """What was found could not be written."""
