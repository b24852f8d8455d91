"""Tables of comma-separated values: features and targets, or the columns of a file of its own."""

import csv
import errno
import re
import warnings
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import is_number
from unstuck.errors import CorruptData, DataError, DataNotFound

ENCODING = "utf-8-sig"  # with or without a byte order mark
TARGET_NAMES = ("label", "target", "y")
_WHOLE = re.compile(r"\d{1,18}(\.0*)?", re.ASCII)
MISSING = {"", "?", "na", "n/a", "nan", "null"}

Array = NDArray[Any]


def table(path: Path) -> dict[str, Array]:
    """Features as float64, targets as int64, float64 or text."""
    try:
        first = next(_rows(path), (1, []))[1]
        if len(first) < 2:
            other = next((repr(c) for c in ";\t|" if first and c in first[0]), "")
            raise DataError(
                f"{path} has {len(first)} column(s)",
                "comma-separated columns, at least one feature and the target",
                f"its columns are separated by {other}: write commas" if other else "",
            )
        _check_header(first, path)
        names = [field.strip().lower() for field in first]
        named = [name for name in TARGET_NAMES if name in names]
        if len(named) > 1:
            raise DataError(f"{path} has columns called {' and '.join(named)}", "one target")
        column = next((names.index(name) for name in TARGET_NAMES if name in names), -1)
        numbers = any(map(is_number, first))
        header = column >= 0 or not numbers
        column %= len(first)
        if header:
            _check_names(first, path)
        labels: list[str] = []

        def keep(text: str) -> float:
            """Collect a target as text, for `_typed` to decide on when all have been seen."""
            labels.append(text.strip())
            return 0.0

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "no data" is told below
            found = np.loadtxt(
                path,
                delimiter=",",
                quotechar='"',
                comments=None,
                encoding=ENCODING,
                skiprows=int(header),
                ndmin=2,
                converters={column: keep},
            )
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path}: {error}", "text in UTF-8") from error
    except csv.Error as error:
        raise CorruptData(f"{path}: {error}", "comma-separated numbers") from error
    except ValueError as error:
        raise DataError(
            f"{path}: {_first_fault(path, len(first), column, header) or error}",
            "numbers in all columns but the target's, and rows of equal length",
            "replace words by numbers, fill in or drop missing values",
        ) from error
    # Names such as 0,1,2,y are a header; 5,3,y may be an example of class "y".
    _check_labels(labels, first[column].strip() if header and numbers else None, path)
    return {"x": np.delete(found, column, axis=1), "y": _typed(labels)}


def columns(path: Path) -> Array:
    """All columns of a CSV file."""
    try:
        lines = [row for _, row in _rows(path)]
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path}: {error}", "text in UTF-8") from error
    except csv.Error as error:
        raise CorruptData(f"{path}: {error}", "comma-separated numbers") from error
    if len(lines) > 1:
        _check_header(lines[0], path)
    if len(lines) > 1 and not any(map(is_number, lines[0])):
        one_column = len(lines[0]) == 1
        if not one_column or is_number(lines[1][0]) or lines[0][0].lower() in TARGET_NAMES:
            _check_names(lines[0], path)
            lines = lines[1:]
    if not lines:
        raise DataError(f"{path} has no rows", "one example a row")
    width = len(lines[0])
    if width == 1 and all(len(row) == 1 for row in lines):
        return _typed([row[0].strip() for row in lines])
    try:
        return np.array(lines, dtype=np.float64)
    except ValueError as error:
        raise DataError(
            f"{path}: {_first_fault(path, width, -1, False) or error}",
            "numbers in all columns, and rows of equal length",
            "replace words by numbers, fill in or drop missing values",
        ) from error


def _check_header(first: list[str], path: Path) -> None:
    """The first line is no header of numbers, as data frames without names are written.

    Few columns may count by chance: then the second line is written in another way.
    """
    first = [field.strip() for field in first]
    second = [field.strip() for field in next(islice(_rows(path), 1, None), (2, []))[1]]
    points = [["." in field for field in row] for row in (first, second)]
    alike = not second or (all(map(_WHOLE.fullmatch, second)) and points[0] == points[1])
    if _counts(first) and (len(first) > 5 or not alike):
        raise DataError(
            f"{path}: the first line counts from {first[0]} to {first[-1]}, as a header does",
            "names of columns, or examples alone",
            "give the columns names, or drop the line",
        )


def _check_names(header: list[str], path: Path) -> None:
    """No two columns are called alike, nor two of them the target; some may have no name."""
    names = [name.strip() for name in header]
    names = [n.lower() if n.lower() in TARGET_NAMES else n for n in names]
    named = (n for n in names if n and not is_number(n))
    twice = next((n for n in named if names.count(n) > 1), None)
    if twice is not None:
        raise DataError(
            f"{path} has {names.count(twice)} columns called {twice}",
            "a name of its own for each column",
            "drop or rename the others: which of them is meant cannot be told",
        )


def _counts(row: list[str]) -> bool:
    """Whether these are whole numbers, each one more than the one before."""
    if len(row) < 3 or not all(map(_WHOLE.fullmatch, row)):
        return False
    numbers = [int(field.partition(".")[0]) for field in row]
    return all(b == a + 1 for a, b in pairwise(numbers))


def _check_labels(labels: list[str], doubtful: str | None, path: Path) -> None:
    """There are targets, none is missing, and a name that may be one is not."""
    if not labels:
        raise DataError(f"{path} has a header but no rows", "one example a row")
    missing = [row for row, text in enumerate(labels, 1) if text.lower() in MISSING]
    if missing:
        seen = f"{path}: {len(missing)} targets missing, the first in data row {missing[0]}"
        raise DataError(seen, "a target in each row", "fill them in or drop the rows")
    if doubtful in labels:
        seen = f"{path}: the first line looks like a header, yet {doubtful!r} is also a label"
        raise DataError(seen, "a header or an example", "add a header line")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row that is not blank."""
    with open(path, newline="", encoding=ENCODING) as file:
        reader = csv.reader(file)
        yield from ((reader.line_num, row) for row in reader if row)


def _first_fault(path: Path, width: int, target: int, header: bool) -> str:
    """Line and column of what numpy stumbled over (its own row numbers start at 0 or at 1)."""
    try:
        for line, row in islice(_rows(path), int(header), None):
            if len(row) != width:
                return f"line {line} has {len(row)} columns, the first line has {width}"
            for i, field in enumerate(row):
                if i != target and not is_number(field):
                    return f"line {line}, column {i + 1}: {field!r} is not a number"
    except (UnicodeDecodeError, csv.Error) as error:  # where NumPy reads on
        return str(error)
    return ""


def _typed(labels: list[str]) -> Array:
    """Integers if all are, else numbers if all are, else the text."""
    text = np.array(labels)
    for dtype in (np.int64, np.float64):
        try:
            return text.astype(dtype)
        except (ValueError, OverflowError):
            continue
    return text


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return DataNotFound(f"no file {path.absolute()}", todo="check the path")
    if path.is_dir():
        return DataError(f"{path} is a folder", "a file", "name the file in it")
    seen = f"{path} cannot be read: {error.strerror or error}"
    if error.errno == errno.ELOOP:
        return DataError(seen, "a file", "the link leads back to itself: name the file")
    return DataError(seen, "a file that can be read", "check who may read it, or copy it")
