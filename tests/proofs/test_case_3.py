"""Case 3, raw pixels, natively on each Keras backend and in PyTorch: the verdicts of the issue."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import unstuck
from unstuck.causes.examples import digits
from wall_clock import SECOND_TRY

pytestmark = SECOND_TRY
FILE = Path(__file__).with_name("keras_case_3.py")
BUDGET = 45.0


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_keras(backend: str) -> None:
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec(backend) is None:
        pytest.skip(f"Keras with {backend} is not installed")
    if backend == "tensorflow" and not os.environ.get("UNSTUCK_DATA"):
        pytest.skip("digits forgive raw pixels there: set UNSTUCK_DATA for Fashion-MNIST")
    environment = os.environ | {
        "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(FILE), str(BUDGET)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["untouched"]
    assert told["tensorflow"] == (backend == "tensorflow")  # seconds to import
    assert told["trusted"]
    assert "input-spread" in told["proven"], told
    if backend == "tensorflow":  # it finds the logits behind the softmax: nothing is clipped
        assert told["proven"] == ["input-spread"]
        assert told["state"] == "slow"
        assert told["gains"]["input-spread"] > 0
    else:
        assert set(told["proven"]) == {"input-spread", "loss-clipping"}
        assert told["state"] == "stuck"
        assert min(told["gains"].values()) > 0.2
    assert told["verified"]
    # The cure is as good as the best that was tried, to within what few steps leave to luck.
    assert told["after"] > told["best"] - 0.05
    assert told["refitted"] > 0.75


def test_torch_with_a_clamped_loss() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    def clamped(probabilities, y):
        return -probabilities.gather(1, y[:, None]).clamp(1e-7, 1 - 1e-7).log().mean()

    x, y = digits()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters())
    report = unstuck.diagnose(model, x, y.astype(np.int64), loss=clamped, optimizer=optimizer)
    proof = report.prove(BUDGET, also=False)
    assert {s.name for s in proof.proven} == {"input-spread", "loss-clipping"}, str(proof)
    fix = proof.fix()
    assert fix.verified
    assert fix.after.median > 0.9


def test_torch_with_targets_that_span_1e8() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    from unstuck.causes.examples import regression

    x, y = regression()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    report = unstuck.diagnose(model, x, 1e8 * y, loss=nn.MSELoss(), optimizer=optimizer)
    proof = report.prove(BUDGET, also=False)
    assert [s.name for s in proof.proven] == ["target-scale"], str(proof)
    assert proof.metric == "rmse"
    fix = proof.fix()
    assert fix.verified
    assert fix.after.median < 0.6 * proof.trivial


def test_torch_parameters_that_the_optimizer_does_not_hold() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    x, y = digits()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam([model[2].bias], 1e-3)
    report = unstuck.diagnose(
        model, x / 255, y.astype(np.int64), loss=nn.CrossEntropyLoss(), optimizer=optimizer
    )
    proof = report.prove(BUDGET, also=False)
    assert [s.name for s in proof.proven] == ["frozen-parameters"], str(proof)
    assert proof.fix().verified
