"""Fashion-MNIST where Keras looks for it, cut to so many images: `load_data()` needs no network."""

import gzip
import os
from pathlib import Path

import numpy as np

FILES = {"train": "train", "test": "t10k"}


def missing():
    """Why there are no files to be cut; "" if there are."""
    return "" if os.environ.get("UNSTUCK_DATA") else "set UNSTUCK_DATA: Fashion-MNIST is needed"


def keras_home(folder, train, test):
    """A folder for the variable KERAS_HOME.

    Args:
        folder: to make it in.
        train, test: how many images of each part, the first ones.

    Returns:
        the folder, as text.
    """
    root = Path(os.environ["UNSTUCK_DATA"])
    source = root / "fashion-mnist" if (root / "fashion-mnist").is_dir() else root
    home = Path(folder) / "datasets" / "fashion-mnist"
    home.mkdir(parents=True)
    for part, count in (("train", train), ("test", test)):
        for kind, axes, size in (("images-idx3", 3, 784), ("labels-idx1", 1, 1)):
            name = f"{FILES[part]}-{kind}-ubyte.gz"
            content = gzip.decompress((source / name).read_bytes())
            start = 4 + 4 * axes
            shape = np.frombuffer(content, ">u4", count=axes, offset=4).copy()
            shape[0] = count
            cut = content[:4] + shape.tobytes() + content[start : start + count * size]
            (home / name).write_bytes(gzip.compress(cut, 1))
    return str(folder)
