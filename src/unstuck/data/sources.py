"""Where data come from: a name that any process can load them by."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from unstuck.data import digits, fashion_mnist, files
from unstuck.data.dataset import Dataset
from unstuck.errors import UsageError
from unstuck.names import meant

NAMES = ("digits", "fashion-mnist")


@dataclass(frozen=True)
class DataRef:
    """A data set by name: small, picklable, loaded where it is needed.

    A worker process is sent this, not the arrays.

    Args:
        name: "digits" (bundled, offline), "fashion-mnist", or a path: `data.npz`, `data.csv`,
            or a pair `x.npy,y.npy`.
        data_dir: folder in which the files of a named data set lie; None to look at the usual
            places, and to download what is missing. Unused for digits and paths.
    """

    name: str
    data_dir: str | None = None

    def load(self) -> Dataset:
        """The data set; loaded once a process, again only when one of its files has changed.

        Its arrays are shared by all who load it, and therefore read-only.

        Raises:
            UsageError: there is no data set of this name.
            DataError: it cannot be found, read or trained on; its kinds say which.
        """
        return _load(self.name, self.data_dir, _stamp(self.name))


def _stamp(name: str) -> tuple[tuple[Path, int, int], ...]:
    """Place, time and size of the files of a path, so that altered files are read again."""
    paths = [path.absolute() for path in files.parts(name) if path.exists()]
    return tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths)


@lru_cache(maxsize=4)
def _load(name: str, data_dir: str | None, stamp: object) -> Dataset:
    if name == "digits":
        data = digits.load()
    elif name == "fashion-mnist":
        data = fashion_mnist.load(data_dir)
    elif files.parts(name):
        data = files.load(name)
    else:
        raise UsageError(
            f"unknown data {name!r}",
            f"{', '.join(NAMES)}, or a path: data.npz, data.csv, or x.npy,y.npy",
            meant(name.replace("_", "-"), NAMES),
        )
    for array in (data.x_train, data.y_train, data.x_test, data.y_test):
        array.flags.writeable = False
    return data
