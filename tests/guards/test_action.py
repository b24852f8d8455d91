"""The action's step in a folder like a runner's: the script fails with a sentence that helps."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from guards.test_plugin import ROOT, environment
from unstuck.guards.action import ANNOTATIONS, annotations, summary

SCRIPT = """
import numpy as np
import torch

x = torch.from_numpy(np.random.default_rng(0).normal(size=(256, 4)).astype("float32")) * SCALE
y = (x[:, :1] / SCALE) ** 2
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
optimizer = torch.optim.SGD(net.parameters(), 0.05)
for i in range(20):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(("scale", "status"), [("1.0", 0), ("1000.0", 10)])
def test_a_planted_fault_fails_the_build(tmp_path: Path, scale: str, status: int) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.replace("SCALE", scale))
    given = environment() | {
        "UNSTUCK_SCRIPT": "train.py",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "unstuck.guards.action"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, env=given,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    told = (tmp_path / "summary.md").read_text("utf-8")
    assert told.startswith("### unstuck: ")
    assert (tmp_path / "output").read_text() == f"sarif={tmp_path / 'unstuck.sarif'}\n"
    if status:
        assert re.search(
            r"::warning file=train\.py,line=1\d,title=unstuck%3A input-spread::", done.stdout
        )
        assert "to try: x = (x - x_train.mean()) / x_train.std()" in told
    else:
        assert "::" not in done.stdout


def test_annotations_keep_to_what_a_host_shows() -> None:
    result = {"ruleId": "a", "level": "warning", "message": {"text": "100 %\nmore"}}
    lines = list(annotations({"runs": [{"results": [result] * 30}]}))
    assert len(lines) == ANNOTATIONS
    assert lines[0] == "::warning title=unstuck%3A a::100 %25%0Amore"
    assert list(annotations(None)) == []
    assert "exit status 2" in summary("unstuck: no file", 2)


def test_the_action_runs_this_step_and_pins_what_it_uses() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    assert "run: python -m unstuck.guards.action" in text
    for used in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", used)
    names = set(re.findall(r"inputs\.([\w-]+)", text))
    assert names <= set(re.findall(r"^  ([\w-]+):$", text, re.MULTILINE))
