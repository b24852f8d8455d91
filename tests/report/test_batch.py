"""The batch on the terminal, as a page, by `report.batch` and by `unstuck batch`."""

import json
import subprocess
import sys

import numpy as np
import pytest

import unstuck
from unstuck.probes.batch import batch
from unstuck.report.page.batch import page
from unstuck.report.shown import text
from unstuck.setups.subject import About, LossView, Sample

COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()", "batch"]
ABOUT = About("torch", "torch", LossView("mse"), "linear", None, batch_size=8)
HOSTILE = "<script>alert(1)</script>"
SCRIPT = """
import sys
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
x, y = load_digits(return_X_y=True)
print("before", sys.argv[1:])
MLPClassifier(hidden_layer_sizes=(8,), batch_size=50, max_iter=2).fit(x, y)
print("after")
"""


def images():
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, (20, 16, 16)).astype(np.uint8)
    return batch(ABOUT, Sample((x,), np.arange(20) % 3, names=(HOSTILE,)))


def test_the_terminal_says_shapes_ranges_and_classes():
    told = text(images())
    assert "8 examples a step; figures of 20" in told
    assert "(8, 16, 16) uint8, images" in told
    assert "(8,) int64, classes" in told
    assert "3 classes: 0: 35 %, 1: 35 %, 2: 30 %" in told


def test_a_page_holds_its_images_and_nothing_of_others():
    made = page(images())
    assert made.count("data:image/png;base64,") == 8
    assert HOSTILE not in made
    assert "default-src 'none'" in made
    assert "http" not in made.replace("http-equiv", "")


def test_of_a_report():
    from sklearn.neural_network import MLPRegressor

    draw = np.random.default_rng(0)
    x = draw.normal(size=(40, 3))
    seen = unstuck.diagnose(MLPRegressor(batch_size=10), x, x[:, 0]).batch
    assert seen.size == 10
    assert "(10, 3) float64, features" in str(seen)
    assert "features" in seen._repr_html_()
    assert seen.to_json()["arrays"][0]["columns"][2]["name"] == "2"


def test_a_script_is_run_until_its_training_begins(tmp_path):
    (tmp_path / "t.py").write_text(SCRIPT)
    command = [*COMMAND, "--json", "b.json", "--html", "b.html", "t.py", "--own", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "before ['--own', '3']" in done.stdout
    assert "after" not in done.stdout
    assert "x: (50, 64) float64, features" in done.stdout
    record = json.loads((tmp_path / "b.json").read_text())
    assert record["size"] == 50
    assert record["arrays"][1]["distinct"] == 10
    assert "What reaches the network" in (tmp_path / "b.html").read_text()


@pytest.mark.parametrize(
    ("script", "status", "says"),
    [
        ("print('nothing is trained')", 2, "no training was seen"),
        ("raise ValueError('mine')", 1, "ValueError: mine"),
        ("raise SystemExit(7)", 7, ""),
    ],
)
def test_where_there_is_none(script, status, says, tmp_path):
    (tmp_path / "t.py").write_text(script)
    done = subprocess.run([*COMMAND, "t.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status
    assert says in done.stderr
