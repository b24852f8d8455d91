"""Data by name: what is known, what is suggested, what is read again."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unstuck.data import DataRef
from unstuck.errors import DataNotFound, UsageError


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fashion_mnist", "did you mean 'fashion-mnist'"),
        ("Digits", "did you mean 'digits'"),
        ("digit", "did you mean 'digits'"),
        ("fashion-minst", "did you mean 'fashion-mnist'"),
        ("data.parquet", "digits, fashion-mnist, or a path"),
        ("x.npy", "x.npy,y.npy"),
        ("", "unknown data ''"),
    ],
)
def test_unknown_names(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        DataRef(name).load()


def test_loaded_once_shared_and_read_only() -> None:
    data = pickle.loads(pickle.dumps(DataRef("digits"))).load()
    assert data is DataRef("digits").load()
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0, 0] = 1


def test_an_altered_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ref = DataRef("d.npz")
    np.savez("d.npz", x=np.arange(20.0)[:, None], y=np.arange(20) % 2)
    first = ref.load()
    assert ref.load() is first
    np.savez("d.npz", x=np.arange(30.0)[:, None], y=np.arange(30) % 2)
    assert len(ref.load().x_train) == 24
    os.remove("d.npz")
    with pytest.raises(DataNotFound):
        ref.load()


def test_importing_is_cheap() -> None:
    heavy = ("sklearn", "pooch", "requests", "rich", "scipy", "jax")
    code = (
        "import sys, unstuck.data, unstuck.scalers\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fashion_mnist_is_looked_for_in_the_given_folder(tmp_path: Path) -> None:
    with pytest.raises(DataNotFound, match=str(tmp_path)):
        DataRef("fashion-mnist", data_dir=str(tmp_path)).load()
