"""The Keras subject on each backend, in a process of its own; the checks are in `keras_checks`."""

import ast
import fcntl
import importlib.util
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from script.running import without

FOLDER = Path(__file__).with_name("keras_checks")
BACKENDS = ("jax", "torch", "tensorflow")
CHECKS = [
    node.name
    for file in sorted(FOLDER.glob("*.py"))
    for node in ast.parse(file.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]
Results = Callable[[str], dict[str, tuple[str, Any]]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What a backend's checks gave. The workers of one session share one run of each backend."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "keras-checks"
    folder.mkdir(exist_ok=True)
    read: dict[str, dict[str, tuple[str, Any]]] = {}

    def of(backend: str) -> dict[str, tuple[str, Any]]:
        if importlib.util.find_spec("keras") is None or importlib.util.find_spec(backend) is None:
            pytest.skip(f"Keras with {backend} is not installed")
        if backend not in read:
            out = folder / f"{backend}.pickle"
            with (folder / f"{backend}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not out.exists():
                    process = _start(backend, folder)
                    try:
                        code = process.wait(timeout=900)
                    finally:
                        process.kill()
                    assert code == 0, (folder / f"{backend}.txt").read_text()[-3_000:]
            read[backend] = pickle.loads(out.read_bytes())
        return read[backend]

    return of


def _start(backend: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "KERAS_HOME": str(folder),  # not the user's keras.json
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # most of the time goes into compiling
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
    }
    if backend != "tensorflow":
        environment |= without("tensorflow", folder / "without")
    with open(folder / f"{backend}.txt", "w") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "subjects.keras_checks", str(folder / f"{backend}.pickle")],
            cwd=FOLDER.parents[1],
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_check(backend: str, check: str, results: Results) -> None:
    outcome, found = results(backend)[check]
    assert outcome == "passed", found


@pytest.mark.parametrize("backend", BACKENDS)
def test_numbers_are_those_of_numpy(backend: str, results: Results) -> None:
    seen = results(backend)["check_numbers"][1]
    expected = oracle(seen)
    for name, value in expected.items():
        np.testing.assert_allclose(seen[name], value, rtol=2e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_numbers_are_the_same_on_all_backends(backend: str, results: Results) -> None:
    ours, theirs = results(backend)["check_numbers"][1], results("jax")["check_numbers"][1]
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=2e-4, atol=2e-5, err_msg=name)


def oracle(seen: dict[str, Any]) -> dict[str, Any]:
    """A network tanh–softmax with crossentropy and one step of SGD, in float64."""
    names = [n.partition("/")[2] for n in seen if n.startswith("value/")]
    theta = [seen[f"value/{n}"].astype(np.float64) for n in names]
    x, y = seen["x"].astype(np.float64), seen["y"]

    def forward(theta: list[Any]) -> tuple[Any, Any, Any, Any]:
        a, b, c, d = theta
        z = x @ a + b
        logits = np.tanh(z) @ c + d
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return z, logits, p, -np.log(p[np.arange(len(y)), y])

    def backward(theta: list[Any]) -> tuple[list[Any], Any]:
        z, _, p, _ = forward(theta)
        delta = p - np.eye(4)[y]
        below = delta @ theta[2].T * (1 - np.tanh(z) ** 2)
        n, h = len(x), np.tanh(z)
        slopes = [x.T @ below / n, below.sum(0) / n, h.T @ delta / n, delta.sum(0) / n]
        return slopes, delta

    z, logits, p, losses = forward(theta)
    slopes, delta = backward(theta)
    after = [t - 0.1 * s for t, s in zip(theta, slopes, strict=True)]
    _, _, p_after, losses_after = forward(after)
    v, parts, start = seen["v"], [], 0
    for t in theta:
        parts.append(v[start : start + t.size].reshape(t.shape))
        start += t.size
    step = 1e-5
    up = backward([t + step * d for t, d in zip(theta, parts, strict=True)])[0]
    down = backward([t - step * d for t, d in zip(theta, parts, strict=True)])[0]
    product = [(a - b) / (2 * step) for a, b in zip(up, down, strict=True)]
    return {
        "layer/hidden": z,
        "layer/output": logits,
        "logits": logits,
        "output": p,
        "losses": losses,
        "loss": losses.mean(),
        "logit_gradients": delta,
        "gradient": np.concatenate([s.ravel() for s in slopes]),
        "product": np.concatenate([q.ravel() for q in product]),
        "output_after": p_after,
        "loss_after": losses_after.mean(),
        **{f"gradient/{n}": s for n, s in zip(names, slopes, strict=True)},
        **{f"update/{n}": -0.1 * s for n, s in zip(names, slopes, strict=True)},
    }
