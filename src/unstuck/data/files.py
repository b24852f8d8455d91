"""The user's own data: `.npz`, `.csv`, or a pair of `.npy` files."""

import csv
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import features, targets
from unstuck.data.dataset import Dataset, split_test
from unstuck.errors import CorruptData, DataError, DataNotFound

ENCODING = "utf-8-sig"  # with or without a byte order mark
TARGET_NAMES = ("label", "target", "y")
MISSING = {"", "?", "na", "n/a", "nan", "null"}

Array = NDArray[Any]


def parts(name: str) -> list[Path]:
    """The files that a data name stands for: one .npz or .csv, two .npy; else none."""
    lower = name.lower()
    if lower.endswith((".npz", ".csv")):
        return [Path(name).expanduser()]
    comma = lower.find(".npy,") + len(".npy")
    if lower.endswith(".npy") and comma >= len(".npy"):
        return [Path(name[:comma]).expanduser(), Path(name[comma + 1 :]).expanduser()]
    return []


def load(name: str) -> Dataset:
    """Read a data set from the file or the two files that `name` stands for.

    - `.npz` with x_train, y_train, x_test, y_test (as Keras's mnist.npz), or with x, y; upper
      or lower case.
    - `x.npy,y.npy`.
    - `.csv`: comma-separated numbers, one example a row, a header or none; the target is the
      column named label, target or y, else the last.

    Data in one piece are shuffled and split 80/20 with a fixed seed, by class if there are
    classes. Examples of more than one axis are flattened. Dtypes stay; CSV gives float64.

    Raises:
        DataNotFound: a file is not there.
        CorruptData: a file is not what its name says.
        DataError: it is, but cannot be trained on; the message says where and why.
    """
    paths = parts(name)
    if len(paths) == 2:
        pieces = {"x": _read_npy(paths[0]), "y": _read_npy(paths[1])}
    elif name.lower().endswith(".npz"):
        pieces = _read_npz(paths[0])
    else:
        pieces = _read_csv(paths[0])

    label = ",".join(path.name for path in paths)
    xs = [features(x, f"{label}: {key}") for key, x in pieces.items() if key[0] == "x"]
    shape = xs[0].shape[1:]
    xs = [x.reshape(len(x), -1) for x in xs]
    ys, classes = targets([y for key, y in pieces.items() if key[0] == "y"], label)
    if len(xs) == 1:
        # Two lone examples are the least of which one can be trained on and one tested on.
        if len(xs[0]) != len(ys[0]) or len(xs[0]) < 2:
            seen = f"{label}: {len(xs[0])} examples and {len(ys[0])} targets"
            raise DataError(seen, "as many of one as of the other, and at least 2")
        return Dataset(label, *split_test(xs[0], ys[0], classes), shape, classes)
    return Dataset(label, xs[0], ys[0], xs[1], ys[1], shape, classes)


def array(path: Path, key: str) -> Array:
    """One array from a file of its own, as it is stored: nothing is checked, cast or flattened.

    - `.npy`: mapped into memory, not read.
    - `.npz`: the array named `key` or `key`_train, upper or lower case, or the only one.
    - `.csv`: comma-separated numbers, a header or none; (n, columns), or (n,) from one column:
      integers as int64, other numbers as float64, text as text.

    Args:
        path: the file.
        key: "x" or "y".

    Raises:
        DataNotFound: it is not there.
        CorruptData: it is not what its name says.
        DataError: another kind of file, or it has no such array.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with _explained(path):
            return np.lib.format.open_memmap(path, mode="r")
    if suffix == ".npz":
        with _explained(path), open(path, "rb") as file:
            archive = np.lib.npyio.NpzFile(file, allow_pickle=False)
            names = {name.lower(): name for name in archive.files}
            only = {key: archive.files[0]} if len(names) == 1 else {}
            for name in (key, f"{key}_train"):
                if name in (found := names | only):
                    return np.asarray(archive[found[name]])
        seen = f"{path} holds {', '.join(archive.files) or 'nothing'}"
        raise DataError(seen, f"an array called {key} or {key}_train, or a single one")
    if suffix == ".csv":
        return _read_columns(path)
    raise DataError(f"{path} is no .npy, .npz or .csv file", "one of them")


def _read_columns(path: Path) -> Array:
    """All columns of a CSV file."""
    try:
        table = [row for _, row in _rows(path)]
    except OSError as error:
        raise _unreadable(path, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorruptData(f"{path}: {error}", "text in UTF-8") from error
    if table and len(table) > 1 and not any(map(_is_number, table[0])):
        one_column = len(table[0]) == 1
        if not one_column or _is_number(table[1][0]) or table[0][0].lower() in TARGET_NAMES:
            table = table[1:]
    if not table:
        raise DataError(f"{path} has no rows", "one example a row")
    width = len(table[0])
    if width == 1 and all(len(row) == 1 for row in table):
        return _typed([row[0].strip() for row in table])
    try:
        return np.array(table, dtype=np.float64)
    except ValueError as error:
        raise DataError(
            f"{path}: {_first_fault(path, width, -1, False) or error}",
            "numbers in all columns, and rows of equal length",
            "replace words by numbers, fill in or drop missing values",
        ) from error


def _read_npy(path: Path) -> Array:
    with _explained(path), open(path, "rb") as file:
        # Never unpickle: a data file must not be able to run code.
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_npz(path: Path) -> dict[str, Array]:
    """The four arrays, or the two, that make a data set, under their names in lower case."""
    with _explained(path), open(path, "rb") as file:
        archive = np.lib.npyio.NpzFile(file, allow_pickle=False)
        names = {name.lower(): name for name in archive.files}
        for keys in (("x_train", "y_train", "x_test", "y_test"), ("x", "y")):
            if names.keys() >= set(keys):
                return {key: np.asarray(archive[names[key]]) for key in keys}
    raise DataError(
        f"{path} holds {', '.join(archive.files) or 'nothing'}",
        "x_train, y_train, x_test and y_test, or x and y",
        "write it with numpy.savez(path, x=..., y=...)",
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What goes wrong in reading numpy's formats, as a DataError."""
    try:
        yield
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CorruptData(
            f"{path}: {error}",
            "an intact file written by numpy.savez or numpy.save, without Python objects",
            "write it again from plain number arrays",
        ) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataNotFound(f"no file {path.absolute()}", todo="check the path")
    return DataError(f"{path} cannot be read: {error.strerror or error}")


def _read_csv(path: Path) -> dict[str, Array]:
    """Features as float64, targets as int64, float64 or text."""
    try:
        first = next(_rows(path), (1, []))[1]
        if len(first) < 2:
            raise DataError(
                f"{path} has {len(first)} column(s)",
                "comma-separated columns, at least one feature and the target",
            )
        names = [field.strip().lower() for field in first]
        column = next((names.index(name) for name in TARGET_NAMES if name in names), -1)
        numbers = any(map(_is_number, first))
        header = column >= 0 or not numbers
        column %= len(first)
        labels: list[str] = []

        def keep(text: str) -> float:
            """Collect a target as text, for `_typed` to decide on when all have been seen."""
            labels.append(text.strip())
            return 0.0

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "no data" is told below
            table = np.loadtxt(
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
        raise _unreadable(path, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorruptData(f"{path}: {error}", "text in UTF-8") from error
    except ValueError as error:
        raise DataError(
            f"{path}: {_first_fault(path, len(first), column, header) or error}",
            "numbers in all columns but the target's, and rows of equal length",
            "replace words by numbers, fill in or drop missing values",
        ) from error
    # Names such as 0,1,2,y are a header; 5,3,y may be an example of class "y".
    _check_labels(labels, first[column].strip() if header and numbers else None, path)
    return {"x": np.delete(table, column, axis=1), "y": _typed(labels)}


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
    for line, row in islice(_rows(path), int(header), None):
        if len(row) != width:
            return f"line {line} has {len(row)} columns, the first line has {width}"
        for i, field in enumerate(row):
            if i != target and not _is_number(field):
                return f"line {line}, column {i + 1}: {field!r} is not a number"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _typed(labels: list[str]) -> Array:
    """Integers if all are, else numbers if all are, else the text."""
    text = np.array(labels)
    for dtype in (np.int64, np.float64):
        try:
            return text.astype(dtype)
        except (ValueError, OverflowError):
            continue
    return text
