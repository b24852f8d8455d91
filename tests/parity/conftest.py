"""Runs each framework over the table once for the whole session, whichever test asks first."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Reference = Callable[[str], Mapping[str, Any]]

# Name -> the script and what it needs installed.
REFERENCES = {
    "keras-jax": ("keras_reference", "keras"),
    "keras-torch": ("keras_reference", "keras", "torch"),
    "keras-tensorflow": ("keras_reference", "keras", "tensorflow"),
    "torch": ("torch_reference", "torch"),
}


def _run(name: str, out: Path) -> None:
    environment = {
        **os.environ,
        "KERAS_BACKEND": name.removeprefix("keras-"),
        "KERAS_HOME": str(out.parent),  # not the user's keras.json
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    script = f"{__package__ or 'parity'}.{REFERENCES[name][0]}"
    ended = subprocess.run(
        [sys.executable, "-m", script, str(out)],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        pytest.fail(f"the reference run of {name} failed:\n{ended.stderr[-4000:]}")


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """What a framework did, by name: a mapping of arrays. Skips where it is not installed."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # the workers of one session share the runs
        shared = shared.parent
    loaded: dict[str, Mapping[str, Any]] = {}

    def get(name: str) -> Mapping[str, Any]:
        for module in REFERENCES[name][1:]:
            if importlib.util.find_spec(module) is None:
                pytest.skip(f"{module} is not installed")
        if name not in loaded:
            out = shared / f"{name}.npz"
            with (shared / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not out.exists():
                    unfinished = out.with_name(f"{name}.part.npz")
                    _run(name, unfinished)
                    unfinished.rename(out)
            loaded[name] = np.load(out)
        return loaded[name]

    return get
