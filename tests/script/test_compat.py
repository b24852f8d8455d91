"""Old scripts on Keras 3: the error is explained, the rewriting runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unstuck.script.compat import explained, renamed


def test_old_scripts():
    for module in ("keras", "torch", "tensorflow"):
        pytest.importorskip(module, exc_type=ImportError)
    checks = Path(__file__).parent / "compat_checks.py"
    backend = {"KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    run = subprocess.run(
        [sys.executable, checks], env=os.environ | backend, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-4000:]


def test_lines_stay_where_they_are():
    source = """# ä
from keras.layers.core import (  # both
    Dense,
    Dropout,
)
import keras
model.compile(
    optimizer=keras.optimizers.SGD(
        lr=0.1,
        momentum=0.9),
)\r
plot(h.history["acc"], h.history['val_acc'])"""
    new, found = renamed(source)
    lines = source.splitlines(), new.splitlines()
    assert len(lines[0]) == len(lines[1])
    changed = [i for i, (a, b) in enumerate(zip(*lines, strict=True), 1) if a != b]
    assert changed == [2, 9, 12]
    assert [r.line for r in found] == [2, 9, 12, 12]
    assert str(found[1]) == "line 9: lr=0.1 → learning_rate=0.1"


@pytest.mark.parametrize("source", ["", "import keras\nx = (", "import os\nos.getcwd()", "\ufeff"])
def test_what_is_not_rewritten(source):
    assert renamed(source) == (source, [])


def test_a_marked_source_keeps_its_mark_and_its_lines():
    source = "\ufefffrom keras.layers.core import Dense\r\nx = 1\r\n"
    new, found = renamed(source)
    assert new == "\ufefffrom keras.layers import Dense\r\nx = 1\r\n"
    assert len(found) == 1


def test_errors_of_another_kind():
    source = "import os\nx = {}\nx['acc']\n1 / 0"
    for code in (source, source.replace("x['acc']\n", "")):
        with pytest.raises((KeyError, ZeroDivisionError)) as caught:
            exec(compile(code, "train.py", "exec"), {})
        assert explained(caught.value, code, "train.py") is None
        assert explained(caught.value, code, "other.py") is None
