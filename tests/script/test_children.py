"""Processes that a script trains in: forked, spawned, and of PyTorch's making."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing as mp
import os
import torch
import torch.multiprocessing
from torch import nn

SCALE = {scale}


def work(rank, queue=None):
    torch.manual_seed(0)
    x = torch.randn(200, 6) * SCALE
    y = (x[:, :3].sum(1) > 0).long()
    model = nn.Linear(6, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    os.write(1, (str(loss.item()) + "\\n").encode())  # a line at once, whoever else writes


if __name__ == "__main__":
    {start}
"""
FORKED = 'p = mp.get_context("fork").Process(target=work, args=(0,)); p.start(); p.join()'
SPAWNED = 'p = mp.get_context("spawn").Process(target=work, args=(0,)); p.start(); p.join()'
OF_TORCH = "torch.multiprocessing.spawn(work, nprocs=2)"


@pytest.mark.parametrize(
    ("start", "processes", "scale", "suspects"),
    [(FORKED, 1, 1, []), (SPAWNED, 1, 1000, ["input-spread"]), (OF_TORCH, 2, 1, [])],
    ids=["forked", "spawned", "torch.multiprocessing.spawn"],
)
def test_a_process_is_seen(tmp_path, start, processes, scale, suspects):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(start=start, scale=scale))
    plain = _run([sys.executable, script], tmp_path)
    unstuck = Path(sys.executable).with_name("unstuck")
    seen = _run([unstuck, "run", "--json", "run.json", script], tmp_path)
    assert len(plain.stdout.splitlines()) == processes
    assert seen.stdout == plain.stdout
    (subject,) = json.loads((tmp_path / "run.json").read_text())["subjects"]
    assert subject["where"]["line"] == 21
    assert len(subject["watched"]) == processes
    assert subject["watched"][0]["witness"]["count"] == 80
    assert [s["name"] for s in subject["report"]["suspects"]] == suspects


def _run(command, folder):
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
