"""`unstuck run --patch` and `--compat`: a copy is run, a diff written, nothing else touched."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from script.running import COMMAND, python, unstuck_run

pytest.importorskip("torch")

RAW = """\
import torch
from sklearn.datasets import load_digits

torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(16 * x, dtype=torch.float32), torch.tensor(y)
model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for part in torch.randperm(len(x)).split(64):
        loss = torch.nn.functional.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print((model(x).argmax(1) == y).float().mean().item())
"""
"""A network on pixels from 0 to 255 at a rate that suits standardized inputs."""


def accuracy(text: str) -> float:
    return float(text.strip().splitlines()[-1])


@pytest.mark.acceptance
def test_a_patch_is_tried_and_applies(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(RAW, "utf-8")
    done = unstuck_run(
        tmp_path, "--prove", "15", "--patch", "fix.patch", "--json", "run.json", "train.py"
    )
    assert done.status == 0, done.err  # cured
    assert accuracy(done.out) < 0.3
    assert "the patched copy was run" in done.err
    assert script.read_text("utf-8") == RAW
    assert {p.name for p in tmp_path.iterdir()} == {"train.py", "fix.patch", "run.json"}
    (subject,) = json.loads((tmp_path / "run.json").read_text("utf-8"))["subjects"]
    assert subject["fix"]["verified"]
    assert subject["patch"] == (tmp_path / "fix.patch").read_text("utf-8")
    assert [c["name"] for c in subject["report"]["suspects"] if c["status"] == "proven"] == [
        "input-spread"
    ]
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    plain = python(tmp_path, "train.py")
    assert plain.status == 0, plain.err
    assert accuracy(plain.out) > 0.9


@pytest.mark.acceptance
def test_a_place_in_another_file_is_not_patched(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(RAW, "utf-8")
    (tmp_path / "train.py").write_text("import work\n", "utf-8")
    done = unstuck_run(tmp_path, "--prove", "15", "--patch", "fix.patch", "train.py")
    assert done.status == 11, done.err
    assert "no patch of the training at work.py, line" in done.err
    assert "does not stand in the script itself" in done.err
    assert "The fix, to be put before training" in done.err
    assert not (tmp_path / "fix.patch").exists()


@pytest.mark.acceptance
def test_a_copy_that_fails_makes_no_patch(tmp_path: Path) -> None:
    """The script refuses to run under another name, as a copy has to."""
    guard = 'import pathlib\nassert pathlib.Path(__file__).name == "train.py", "another name"\n'
    (tmp_path / "train.py").write_text(guard + RAW, "utf-8")
    done = unstuck_run(tmp_path, "--prove", "15", "--patch", "fix.patch", "train.py")
    assert done.status == 11, done.err
    assert "the patched copy was run, and it failed with status 1" in done.err
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".pyc"] == ["train.py"]


def test_a_patch_that_cannot_be_written_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(RAW, "utf-8")
    done = unstuck_run(tmp_path, "--patch", "no/such/folder/fix.patch", "train.py")
    assert done.status == 2
    assert done.out == ""


@pytest.mark.skipif(os.name != "posix", reason="sends signals to a process group")
@pytest.mark.acceptance
def test_an_interrupted_proof_leaves_the_diagnosis(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(RAW, "utf-8")
    options = ("--prove", "300", "--patch", "fix.patch", "--json", "run.json")
    process = subprocess.Popen(
        [*COMMAND, *options, "train.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert float(process.stdout.readline()) < 0.3  # the script's last line: the proof is next
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "suspected: input-spread; no proof: interrupted" in err
    (subject,) = json.loads((tmp_path / "run.json").read_text("utf-8"))["subjects"]
    assert [cause["status"] for cause in subject["report"]["suspects"]] == ["suspected"]
    assert {p.name for p in tmp_path.iterdir()} == {"train.py", "run.json"}
