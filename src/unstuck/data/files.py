"""The user's own data: `.npz`, `.csv`, or a pair of `.npy` files."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import features, targets
from unstuck.data.dataset import Dataset, split_test
from unstuck.data.tables import columns, table, unreadable
from unstuck.errors import CorruptData, DataError, UnstuckError

_KEYS = ("x", "y", "x_train", "y_train", "x_test", "y_test")
_PLACE = re.compile(r" at 0x[0-9a-f]+")  # in memory, which differs from run to run

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
      or lower case. Beside them only what has no row for each example, such as names.
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
        pieces = table(paths[0])

    label = ",".join(path.name for path in paths)
    x, y = pieces.get("x"), pieces.get("y")
    if x is not None and y is not None and x.ndim == 1 and y.ndim > 1 and y[:1].size > 1:
        raise DataError(
            f"{label}: x of shape {x.shape}, y of shape {y.shape}",
            "examples of several features, and their targets",
            "are they swapped? A single feature is x[:, None]",
        )
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
            names = _names(archive, path)
            only = {key: archive.files[0]} if len(names) == 1 else {}
            pair = (key, f"{key}_train")
            if names.keys() >= set(pair):
                raise _ambiguous(path, [names[name] for name in pair])
            for name in pair:
                if name in (found := names | only):
                    return np.asarray(archive[found[name]])
        seen = f"{path} holds {', '.join(archive.files) or 'nothing'}"
        raise DataError(seen, f"an array called {key} or {key}_train, or a single one")
    if suffix == ".csv":
        return columns(path)
    raise DataError(f"{path} is no .npy, .npz or .csv file", "one of them")


def _read_npy(path: Path) -> Array:
    with _explained(path), open(path, "rb") as file:
        # Never unpickle: a data file must not be able to run code.
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_npz(path: Path) -> dict[str, Array]:
    """The four arrays, or the two, that make a data set, under their names in lower case."""
    with _explained(path), open(path, "rb") as file:
        archive = np.lib.npyio.NpzFile(file, allow_pickle=False)
        names = _names(archive, path)
        for keys in (_KEYS[2:], _KEYS[:2]):
            if names.keys() >= set(keys):
                found = {key: np.asarray(archive[names[key]]) for key in keys}
                lengths = {len(array) for array in found.values() if array.ndim}
                others = [
                    name
                    for key, name in names.items()
                    if key not in keys and (key in _KEYS or _length(archive, name) in lengths)
                ]
                if others:
                    raise _ambiguous(path, [*(names[key] for key in keys), *others])
                return found
    raise DataError(
        f"{path} holds {', '.join(archive.files) or 'nothing'}",
        "x_train, y_train, x_test and y_test, or x and y",
        "write it with numpy.savez(path, x=..., y=...)",
    )


def _names(archive: Any, path: Path) -> dict[str, str]:
    """The arrays' names, by how they are written in lower case."""
    twice = next((n for n, times in Counter(archive.files).items() if times > 1), None)
    if twice is not None:
        raise DataError(
            f"{path} holds {twice} more than once",
            "each array once",
            "write it again with numpy.savez(path, x=..., y=...)",
        )
    names: dict[str, str] = {}
    for name in archive.files:
        other = names.setdefault(name.lower(), name)
        if other != name and name.lower() in _KEYS:
            raise _ambiguous(path, [other, name])
    return names


def _length(archive: Any, name: str) -> int | None:
    """Rows of an array that is not read; None for a number, or what is no array."""
    try:
        with archive.zip.open(f"{name}.npy") as file:
            old = np.lib.format.read_magic(file) == (1, 0)
            read = (
                np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
            )
            shape = read(file)[0]
    except (KeyError, ValueError):
        return None
    return shape[0] if shape else None


def _ambiguous(path: Path, names: list[str]) -> DataError:
    """The error for an archive that may mean one thing or another."""
    if len(names) == 2:
        seen, expected, todo = f"both {' and '.join(names)}", "one of them", "leave the other out"
    else:
        seen = f"{', '.join(names[:-1])} and {names[-1]}"
        expected = "x_train, y_train, x_test and y_test alone, or x and y alone"
        todo = "leave the others out"
    return DataError(f"{path} holds {seen}", expected, todo)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What goes wrong in reading numpy's formats, as a DataError."""
    try:
        yield
    except OSError as error:
        raise unreadable(path, error) from error
    except UnstuckError:
        raise
    except Exception as error:  # whatever NumPy and zipfile raise over bytes that cannot be
        raise CorruptData(
            f"{path}: {_PLACE.sub('', str(error)) or type(error).__name__}",
            "an intact file written by numpy.savez or numpy.save, without Python objects",
            "write it again from plain number arrays",
        ) from error
