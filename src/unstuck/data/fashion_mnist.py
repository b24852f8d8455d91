"""Fashion-MNIST: 70,000 photographs of clothing, 28×28 grey pixels, ten kinds.

Source: Xiao, Rasul & Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
Learning Algorithms", arXiv:1708.07747, 2017; MIT license. Four gzipped files in MNIST's "idx"
format: magic number (its last byte the number of axes), axis lengths, then the bytes.
"""

import gzip
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unstuck.data.dataset import Dataset
from unstuck.errors import CorruptData, DataError, DataNotFound

BASE_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FOLDER_VARIABLE = "UNSTUCK_DATA"


class Published(NamedTuple):
    """What a file must be: its MD5 in hex and its size in bytes."""

    md5: str
    size: int


FILES = {
    "train-images-idx3-ubyte.gz": Published("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26421880),
    "train-labels-idx1-ubyte.gz": Published("25c81989df183df01b3e8a0aad5dffbe", 29515),
    "t10k-images-idx3-ubyte.gz": Published("bef4ecab320f06d8554ea6380940ec79", 4422102),
    "t10k-labels-idx1-ubyte.gz": Published("bb300cfdad3c16e7a12a480ee83cd310", 5148),
}


def load(data_dir: str | None = None, base_url: str = BASE_URL) -> Dataset:
    """Fashion-MNIST from disk, or else from the network.

    Looked for in `data_dir` alone when it is given; otherwise in the folder that the variable
    UNSTUCK_DATA names, then in the user's data folder, to which missing files are downloaded.
    The first two may hold the files themselves or in a subfolder `fashion-mnist`.

    Args:
        data_dir: folder of the files; nothing is downloaded when it is given.
        base_url: address to download from, ending in a slash.

    Returns:
        60,000 training and 10,000 test examples: uint8 (n, 784), int32 classes 0..9.

    Raises:
        DataNotFound: not on disk, and not to be had from the network.
        CorruptData: a file is not the published one.
    """
    places = _places(data_dir)
    folder = next((place for place in places if not _missing(place)), None)
    if folder is None:
        if data_dir is not None:
            raise DataNotFound(
                "no Fashion-MNIST: "
                + "; ".join(f"{place} lacks {', '.join(_missing(place))}" for place in places),
                "its four files in one of these folders",
                f"get them from {base_url}, or name no folder to have them downloaded",
            )
        folder = places[-1]
        _download(places, base_url)
    x_train, y_train, x_test, y_test = (_read(folder / name, base_url) for name in FILES)
    return Dataset(
        "fashion-mnist",
        x_train.reshape(len(x_train), -1),
        y_train.astype(np.int32),
        x_test.reshape(len(x_test), -1),
        y_test.astype(np.int32),
        feature_shape=x_train.shape[1:],
        classes=10,
    )


def _places(data_dir: str | None) -> list[Path]:
    """Folders to look at, in order; without `data_dir` the last is the one to download to."""
    named = data_dir if data_dir is not None else os.environ.get(FOLDER_VARIABLE) or None
    root = None if named is None else Path(named).expanduser()
    given = [] if root is None else [root, root / "fashion-mnist"]
    if data_dir is not None:
        return given
    import platformdirs

    home = Path(platformdirs.user_data_dir("unstuck", appauthor=False))
    return [*given, home / "fashion-mnist"]


def _missing(folder: Path) -> list[str]:
    return [name for name in FILES if not (folder / name).is_file()]


def _read(path: Path, base_url: str) -> NDArray[np.uint8]:
    """One idx file as a uint8 array of the shape its header gives."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    md5, size = FILES[path.name]
    found = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    if found != md5:
        raise CorruptData(
            f"{path} has {len(raw)} bytes that start with {raw[:4]!r}, md5 {found}",
            rf"{size} bytes that start with b'\x1f\x8b' (gzip), md5 {md5}",
            f"delete it and run again, or place {base_url}{path.name} there",
        )
    # The MD5 has pinned every byte: the header needs no second check.
    content = gzip.decompress(raw)
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _download(places: Sequence[Path], base_url: str) -> None:
    """Fetch what the last place lacks, a bar each on stderr; a file appears whole or not.

    pooch writes to a temporary file, compares the MD5, and only then moves it into place.
    """
    import pooch
    from requests import RequestException
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    pooch.get_logger().setLevel("WARNING")  # its notes would break into the bars
    folder = places[-1]
    places_text = f"a download, or the files in {' or '.join(map(str, places))}"
    by_hand = (
        f"check the network and run again; or place {', '.join(FILES)} in {folder}, or in a "
        f"folder that {FOLDER_VARIABLE} names; or use `--data digits`, which needs no download"
    )
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for name in _missing(folder):
            url = base_url + name
            bar = _Bar(progress, name)
            # "identity": else a server may unpack .gz on the way, and the MD5 is another.
            fetch = pooch.HTTPDownloader(
                progressbar=bar, chunk_size=1 << 16, headers={"Accept-Encoding": "identity"}
            )
            try:
                pooch.retrieve(url, f"md5:{FILES[name].md5}", name, folder, downloader=fetch)
            except RequestException as error:
                seen = f"{url} cannot be downloaded: {error}"
                raise DataNotFound(seen, places_text, by_hand) from error
            except OSError as error:
                raise DataError(f"{folder} cannot be written to: {error}") from error
            except ValueError as error:  # pooch's report of a wrong MD5
                md5, size = FILES[name]
                seen = f"{url} is not the published file: {error}"
                raise CorruptData(seen, f"{size} bytes, md5 {md5}", by_hand) from error


class _Bar:
    """One row of a rich progress display, in the words that pooch uses (those of tqdm)."""

    def __init__(self, progress: Any, name: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    @property
    def total(self) -> int | None:
        """Bytes to come; None while the server has not said."""
        total: int | None = self._progress.tasks[self._task].total
        return total

    @total.setter
    def total(self, size: int) -> None:
        self._progress.update(self._task, total=size or None)

    def update(self, n: int) -> None:
        self._progress.update(self._task, advance=n)

    def reset(self) -> None:
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Nothing to do: the display closes itself."""
