"""Runs each framework over the table once for the whole session, beside the tests."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Reference = Callable[[str], Mapping[str, Any]]

# Name -> the script, and what must be installed.
REFERENCES = {
    "keras-jax": ("keras_reference", "keras"),
    "torch": ("torch_reference", "torch"),
    "keras-torch": ("keras_reference", "keras", "torch"),
    "keras-tensorflow": ("keras_reference", "keras", "tensorflow"),
}


def _missing(name: str) -> list[str]:
    return [m for m in REFERENCES[name][1:] if importlib.util.find_spec(m) is None]


def _start(name: str, out: Path, whole: bool) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "KERAS_BACKEND": name.removeprefix("keras-"),
        "KERAS_HOME": str(out.parent),  # not the user's keras.json
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"{__package__}.{REFERENCES[name][0]}",
            str(out),
            *["whole"] * whole,
        ],
        cwd=Path(__file__).parents[__package__.count(".") + 1],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def reference(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reference]:
    """What a framework did, by name: a mapping of arrays. Skips where it is not installed.

    Whatever the collected modules list as their `NEEDS` is started at the first request, one
    run after the other, while the tests compile the engine's side.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # the workers of one session share the runs
        shared = shared.parent
    running: list[subprocess.Popen[str]] = []
    whole = any(item.get_closest_marker("acceptance") for item in request.session.items)

    def run(name: str) -> Mapping[str, Any]:
        out = shared / f"{name}.npz"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not out.exists():
                unfinished = out.with_name(f"{name}.part.npz")
                process = _start(name, unfinished, whole)
                running.append(process)
                _, messages = process.communicate()
                if process.returncode:
                    pytest.fail(f"the reference run of {name} failed:\n{messages[-4000:]}")
                unfinished.rename(out)
        return np.load(out)

    pool = ThreadPoolExecutor(max_workers=1)
    needed = {n for item in request.session.items for n in getattr(item.module, "NEEDS", ())}
    futures: dict[str, Future[Mapping[str, Any]]] = {}

    def get(name: str) -> Mapping[str, Any]:
        if missing := _missing(name):
            pytest.skip(f"not installed: {', '.join(missing)}")
        for other in REFERENCES:
            if other not in futures and other in {*needed, name} and not _missing(other):
                futures[other] = pool.submit(run, other)
        return futures[name].result()

    yield get
    for process in running:
        process.terminate()
    pool.shutdown(cancel_futures=True)
