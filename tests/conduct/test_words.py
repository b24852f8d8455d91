"""What is told: nothing that data could steer a terminal by, nothing into the script's output."""

import io
import os

import pytest
import torch
from rich.text import Text

import unstuck
from script.running import python, unstuck_run
from unstuck.data import files
from unstuck.errors import DataError, printable
from unstuck.report.console import Console

ESCAPE = "\x1b]0;title\x07\x1b[31mred\x9b2J"


def test_control_codes_are_spelt_and_all_else_stays():
    assert printable("a\nb\tc – ß \U0001f600") == "a\nb\tc – ß \U0001f600"
    assert printable("\x1b[31m\r\x07\x9b") == r"\x1b[31m\x0d\x07\x9b"


def test_a_terminal_gets_no_codes_but_its_own():
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="standard").print(
        Text(ESCAPE, style="green")
    )
    assert "\x1b]0" not in out.getvalue()
    assert "\x1b[31m" not in out.getvalue()
    assert r"\x1b[31mred" in out.getvalue()
    assert "\x1b[32m" in out.getvalue()  # green


def test_errors_spell_what_they_found(tmp_path):
    (tmp_path / "t.csv").write_text(f"a,y\n{ESCAPE},1\n1,2\n")
    with pytest.raises(DataError) as raised:
        files.load(str(tmp_path / "t.csv"))
    assert "\x1b" not in str(raised.value)
    assert "red" in str(raised.value)


def test_names_of_layers_are_spelt():
    model = torch.nn.Sequential()
    model.add_module(ESCAPE, torch.nn.Linear(4, 2))
    model.weight_of = torch.nn.Parameter(torch.full((1,), float("nan")))
    x, y = torch.zeros(40, 4), torch.arange(40) % 2
    report = unstuck.diagnose(model, x, y, loss="cross_entropy", optimizer="sgd")
    assert "\x1b" not in str(report)


@pytest.mark.skipif(os.name != "posix", reason="has no such names")
def test_a_script_whose_name_steers(tmp_path):
    name = f"{ESCAPE}.py"
    (tmp_path / name).write_text("1 / 0")
    as_it_is, watched = (how(tmp_path, name) for how in (python, unstuck_run))
    assert watched.status == as_it_is.status == 1
    ours = watched.err.removeprefix(as_it_is.err)
    assert ours.startswith("unstuck: no training seen")
    assert "\x1b" not in ours
    told = unstuck_run(tmp_path, ESCAPE)
    assert told.status == 2
    assert "\x1b" not in told.err


def test_a_print_of_the_scripts_own_gets_no_words_of_ours(tmp_path):
    (tmp_path / "s.py").write_text(
        "import builtins, sys\n"
        "import numpy as np\n"
        "from sklearn.neural_network import MLPClassifier\n"
        "builtins.print = lambda *a, **k: sys.stdout.write(f'mine {a}\\n')\n"
        "MLPClassifier((4,), max_iter=2).fit(np.eye(40, 3) * 1e4, np.arange(40) % 2)\n"
        "print('end')\n"
    )
    watched = unstuck_run(tmp_path, "s.py")
    assert watched.out == "mine ('end',)\n"
    assert "training at s.py, line 5" in watched.err
