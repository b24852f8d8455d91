"""Set-ups that fool tools: each comes out right in every framework that can express it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proofs.special import SPECIAL, proven
from wall_clock import SECOND_TRY

pytestmark = SECOND_TRY
BUDGET = 15.0
KERAS_BUDGET = 40.0  # whose trials take longer to set up
RIGHT: dict[str, Any] = {
    "targets that span 1e8": ["target-scale"],
    "twenty rows at 68 ± 1.5": ["input-offset"],
    "features on scales 1 to 1e9": ["feature-scales"],
    "labels divided by 255": ["label-coding"],
    "data standardized twice": "nothing wrong",
    "targets of pure noise": "nothing to learn here",
}


def check(name: str, told: dict[str, Any]) -> None:
    if isinstance(RIGHT[name], list):
        assert told["proven"] == RIGHT[name], (name, told)
        assert told["verified"] in (True, None), (name, told)  # None: fixes were not asked for
    else:
        assert told["proven"] == [], (name, told)
        assert told["outcome"] == RIGHT[name], (name, told)


@pytest.mark.parametrize("framework", ["engine", "jax", "sklearn", "torch"])
@pytest.mark.parametrize("name", SPECIAL)
def test_special_set_up(name: str, framework: str) -> None:
    if framework == "torch":
        pytest.importorskip("torch")
    if name == "labels divided by 255" and framework in ("sklearn", "torch"):
        pytest.skip("refused by the framework itself: no classes, no Long")
    check(name, proven(name, framework, BUDGET))


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_special_set_ups_in_keras(backend: str) -> None:
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec(backend) is None:
        pytest.skip(f"Keras with {backend} is not installed")
    environment = os.environ | {
        "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        ),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "proofs.special", str(KERAS_BUDGET)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name, told in json.loads(done.stdout.splitlines()[-1]).items():
        check(name, told)
