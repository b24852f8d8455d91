"""What SECURITY.md promises: each sentence names a test that is there; some of them are here."""

import ast
import pickle
import re
import sqlite3
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hand_made
from unstuck.data.files import array
from unstuck.data.sources import DataRef
from unstuck.errors import CorruptData, UsageError
from unstuck.report.as_json import text
from unstuck.report.handed import run_record
from unstuck.report.reading import record

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (.+) \| `(tests/[\w/]+\.py)::(\w+)` \|$", re.MULTILINE)


def test_each_sentence_has_its_test():
    rows = ROW.findall((ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(rows) >= 12
    for says, file, name in rows:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, says
    there = (ROOT / "SECURITY.md").read_text("utf-8").count("`tests/")
    assert there == len(rows)


class Runs:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return exec, ("import sys; sys.was_unpickled = True",)


@pytest.fixture
def unpickled():
    """Whether it was."""
    yield lambda: hasattr(sys, "was_unpickled")
    vars(sys).pop("was_unpickled", None)


@pytest.mark.parametrize("form", ["npy", "npz", "pickle called npy", "pickle called npz"])
def test_data_files_run_nothing(form, tmp_path, unpickled):
    path = tmp_path / f"d.{form[-3:]}"
    if form.startswith("pickle"):
        path.write_bytes(pickle.dumps(Runs()))
    elif form == "npy":
        np.save(path, np.array([Runs()] * 4), allow_pickle=True)
    else:
        np.savez(path, x=np.array([Runs()] * 4), y=np.arange(4), allow_pickle=True)
    name = f"{path},{path}" if form.endswith("npy") else str(path)
    for read in (lambda: array(path, "x"), lambda: DataRef(name).load()):
        with pytest.raises(CorruptData):
            read()
    assert not unpickled()
    exec(*Runs().__reduce__()[1])  # it would have been seen
    assert unpickled()


def test_a_model_file_runs_no_code_of_its_own(tmp_path):
    keras = pytest.importorskip("keras")
    from unstuck.script.target import load

    layers = [keras.Input((2,)), keras.layers.Lambda(lambda x: 1 / 0, output_shape=(2,))]
    keras.Sequential(layers).save(tmp_path / "own.keras")
    with zipfile.ZipFile(tmp_path / "own.keras") as archive:
        assert b"Lambda" in archive.read("config.json")
    with pytest.raises(UsageError, match=r"own\.keras cannot be loaded"):
        load(str(tmp_path / "own.keras"))


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.pkl", "m.joblib", "m.h5", "m.bin"])
def test_no_model_file_is_unpickled(name, tmp_path, unpickled):
    from unstuck.script.target import load

    (tmp_path / name).write_bytes(pickle.dumps(Runs()))
    for target in (tmp_path / name, f"{tmp_path / name}:model"):
        with pytest.raises(UsageError):
            load(str(target))
    assert not unpickled()


def test_what_a_record_says_is_shown_and_not_run(tmp_path, capsys, monkeypatch):
    from unstuck.cli import main

    says = "{{ 7 * 191 }} {% include 'x' %} [red]r[/red] ${7*191} `touch run` __import__('os')"
    (suspect, *others) = hand_made.STUCK.suspects
    hostile = replace(hand_made.STUCK, suspects=(replace(suspect, mechanism=says), *others))
    written = text(run_record(hostile))
    assert record(written, "r").subjects[0].report.suspects[0].mechanism == says
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    Path("r.json").write_text(written, "utf-8")
    monkeypatch.setattr(sys, "argv", ["unstuck", "show", "r.json"])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().out
    assert "{{ 7 * 191 }}" in told
    assert "[red]r[/red]" in told
    assert "1337" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_the_store_holds_text(tmp_path):
    from trials.digits_study import TINY
    from unstuck.trials.design import Trial
    from unstuck.trials.store import Store

    with Store(tmp_path / "s.sqlite") as store:
        store.put(Trial(TINY, 0, "f"), {"loss": [1.5, float("nan")]}, 1.0)
    found = sqlite3.connect(tmp_path / "s.sqlite")
    for (table,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in found.execute(f'SELECT * FROM "{table}"'):
            assert all(isinstance(v, str | int | float | None) for v in row), table


CONNECTS = """
import sys
opened = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        opened.append((event, str(args)))
sys.addaudithook(hook)
import numpy as np
import unstuck
from sklearn.neural_network import MLPClassifier
rng = np.random.default_rng(0)
x = rng.normal(size=(60, 3))
report = unstuck.diagnose(MLPClassifier((4,)), 1e4 * x, (x[:, 0] > 0).astype(int))
report.html("page.html"), report.to_json(), report.prove(budget=2)
open("s.py", "w").write(
    "from sklearn.neural_network import MLPClassifier\\n"
    "MLPClassifier((2,), max_iter=2).fit([[0], [1]] * 9, [0, 1] * 9)"
)
from unstuck.cli import main
for arguments in (["show", "page.html"], ["run", "--json", "o.json", "--html", "o.html", "s.py"]):
    sys.argv = ["unstuck", *arguments]
    try:
        main()
    except SystemExit:
        pass
assert not opened, opened
import socket
with socket.socket() as s:
    s.connect_ex(("127.0.0.1", 9))
assert opened  # it would have been seen
print("none")
"""


def test_no_connection_is_opened(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CONNECTS], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.endswith("none\n"), done.stderr


def test_mcp_stays_below_its_folder(tmp_path):
    from unstuck.serving.runs import Runs as Served

    inside = tmp_path / "inside"
    inside.mkdir()
    for place in (tmp_path / "out.py", inside / "in.py"):
        place.write_text("print(1)\n")
    (inside / "link.py").symlink_to(tmp_path / "out.py")
    (inside / "folder").symlink_to(tmp_path)
    served = Served(inside)
    assert served.script("in.py") == (inside / "in.py").resolve()
    for name in ("../out.py", str(tmp_path / "out.py"), "link.py", "folder/out.py", "./../out.py"):
        with pytest.raises(UsageError, match="lies outside"):
            served.script(name)


def test_what_processes_hand_back_is_the_users_alone(tmp_path):
    (tmp_path / "s.py").write_text(
        textwrap.dedent("""
            import glob, multiprocessing, os, stat, tempfile
            def f(): pass
            if __name__ == "__main__":
                p = multiprocessing.get_context("fork").Process(target=f)
                p.start()
                for d in glob.glob(os.path.join(tempfile.gettempdir(), "unstuck-*")):
                    print(oct(stat.S_IMODE(os.stat(d).st_mode)))
                p.join()
        """)
    )
    environment = {"TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", "from unstuck.cli import main; main()", "run", "s.py"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=600
    )
    assert done.stdout == "0o700\n", done.stderr
    assert not list(tmp_path.glob("unstuck-*"))
