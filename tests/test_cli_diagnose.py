"""`unstuck diagnose` and `unstuck causes`: what they take, print and leave, and how they end."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from unstuck.cli import main

COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()"]
PATIENCE_S = 600.0

# A user's file; its factories need no framework but what is always installed.
FILE = '''
import functools
import numpy as np

def setup(scale=1.0):
    """The engine's own network, which clips probabilities."""
    from unstuck.engine.network import mlp
    from unstuck.engine.optimizers import keras
    from unstuck.engine.setup import Setup
    from unstuck.scalers import scaler
    print("said by the user's code")
    return Setup(
        mlp([16], 10, output="softmax"), "sparse_categorical_crossentropy_clipped", keras("adam")
    )

def data(scale):
    rng = np.random.default_rng(0)
    return (scale * rng.normal(size=(200, 8))).astype("float32"), rng.integers(0, 10, 200)

def raw():
    return setup(), *data(300.0)

def sound():
    x, y = data(1.0)
    return {"model": setup(), "x": x, "y": y, "batch_size": 16}

model = setup()
partial = functools.partial(setup, 1.0)

class Networks:
    @staticmethod
    def first():
        return raw()

def wants(width): ...
def nothing(): setup()
def number(): return 3, [[1.0], [2.0]], [0, 1]
def misspelt(): return {"model": setup(), "optimiser": "adam"}
def no_model(): return {"x": 1}
def breaks(): return deeper(3)
def deeper(width):
    raise ValueError(f"no width {width}")
def ends():
    raise SystemExit("gone")
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command is given, with the user's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [*sys.path])
    modules = set(sys.modules)
    for name, text in {
        "nets.py": FILE,
        "broken.py": "def f(:\n",
        "fails.py": "import numpy\nx = 1 / 0\n",
        "needs.py": "import not_there_at_all\n",
    }.items():
        (tmp_path / name).write_text(text)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(120, 8)), rng.integers(0, 10, 120)
    np.save("x.npy", x)
    np.save("y.npy", y)
    np.save("short.npy", y[:7])
    np.save("objects.npy", np.array([{}, None]), allow_pickle=True)
    np.savez("both.npz", X_train=x, y_train=y)
    np.savez("other.npz", a=x, b=y)
    np.savetxt("x.csv", x, delimiter=",", header=",".join("abcdefgh"), comments="")
    (tmp_path / "y.csv").write_text("label\n" + "\n".join(map(str, y)) + "\n")
    (tmp_path / "words.csv").write_text("1,2\n3,four\n")
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "bad.keras").write_text("no model")
    yield tmp_path
    for name in set(sys.modules) - modules:
        if name in {"nets", "slow", "broken", "fails", "needs", "unstuck_target"}:
            del sys.modules[name]


@pytest.fixture
def unstuck(folder, monkeypatch, capsys):
    """Runs the command in this process: its status, what it printed, what it said on stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["unstuck", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


def record(out):
    """The one subject of a record."""
    (subject,) = json.loads(out, parse_constant=pytest.fail)["subjects"]
    return subject


def causes(out):
    return [suspect["name"] for suspect in record(out)["report"]["suspects"]]


GOOD = {
    "module-and-function": ["nets:raw"],
    "file-and-function": ["nets.py:raw"],
    "file-by-path": ["./nets.py:raw"],
    "method": ["nets:Networks.first"],
    "object": ["nets:model", "--x", "x.npy", "--y", "y.npy"],
    "partial": ["nets:partial", "--x", "x.npy", "--y", "y.npy"],
    "dict": ["nets:sound"],
    "npz-of-both": ["nets:setup", "--x", "both.npz", "--y", "both.npz"],
    "csv": ["nets:setup", "--x", "x.csv", "--y", "y.csv"],
    "digits": ["nets:setup", "--data", "digits"],
    "pair-of-files": ["nets:setup", "--data", "x.npy,y.npy"],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_target_is_found_and_looked_at(name, unstuck):
    status, out, err = unstuck("diagnose", *GOOD[name], "--json", "-", "--examples", 60)
    assert status == 0, err
    made = record(out)
    assert (made["framework"], made["state"]) == ("engine", "unknown")
    assert made["report"]["setup"]["looked at"].startswith("60 of ")
    assert "unstuck diagnosis: engine on jax" in err  # stdout is the record's alone
    assert "said by the user's code" in err
    assert made["seconds"]["static"] > 0


def test_what_is_given_goes_before_what_the_factory_returns(unstuck):
    _, out, _ = unstuck("diagnose", "nets:sound", "--json", "-")
    assert record(out)["report"]["setup"]["batch size"] == "16"
    assert "of 200 examples" in record(out)["report"]["setup"]["looked at"]
    options = ["--batch-size", 8, "--x", "x.npy", "--y", "y.npy"]
    _, out, _ = unstuck("diagnose", "nets:sound", "--json", "-", *options)
    assert record(out)["report"]["setup"]["batch size"] == "8"
    assert "of 120 examples" in record(out)["report"]["setup"]["looked at"]


def test_the_compact_answer_is_all_that_is_said_where_asked(unstuck):
    status, out, _ = unstuck("diagnose", "nets:raw", "--format", "compact")
    assert status == 0
    assert out.startswith("verdict: (engine) unknown; suspected: ")
    assert len(out) <= 2_001  # with the line's end
    assert out.rstrip().endswith("verify: the same command with --prove 60")


@pytest.mark.acceptance
def test_trials_decide_and_a_fix_comes_with_the_proof(unstuck, folder):
    """The status, the record and the snippet of a network whose rate is far too small."""
    (folder / "slow.py").write_text(
        "from unstuck.causes import load\n"
        "def make():\n"
        "    example = load('learning-rate-low').shows()\n"
        "    return {'model': example.model, **example.arguments}\n"
    )
    options = ["--prove", 120, "--json", "-", "--fail-on", "proven"]
    status, out, err = unstuck("diagnose", "slow.py:make", *options)
    assert status == 11, err
    assert "PROVEN" in err
    assert "verified" in err
    made = record(out)
    assert made["state"] == "stuck"
    cause = made["report"]["suspects"][0]  # the first is the one that is proven
    assert (cause["name"], cause["status"]) == ("learning-rate-low", "proven")
    assert made["fix"]["verified"]
    assert made["fix"]["after"]["value"] > 0.8 > 0.3 > made["fix"]["before"]["value"]


def test_the_status_tells_of_suspects_where_asked(unstuck, folder):
    status, out, _ = unstuck("diagnose", "nets:raw", "--json", "a.json")
    assert status == 0
    assert "suspected:" in out
    assert causes((folder / "a.json").read_text(encoding="utf-8"))[0] == "input-spread"
    assert unstuck("diagnose", "nets:raw", "--fail-on", "suspected")[0] == 10
    assert unstuck("diagnose", "nets:raw", "--fail-on", "never")[0] == 0
    status, out, _ = unstuck("diagnose", "nets:sound", "--fail-on", "suspected")
    assert (status, "nothing suspicious" in out) == (0, True)


ANY = ["--data", "digits"]
MISTAKES = {
    "epochs-of-no-trials": (["nets:raw", *ANY, "--epochs", "5"], 2, "--epochs without --prove"),
    "place-of-no-data": (["nets:raw", "--data-dir", "here"], 2, "--data-dir without --data"),
    "no-end": (["nets:raw", *ANY, "--prove", "inf"], 2, "--prove inf"),
    "name-of-300": (["n" * 300 + ".py:net", *ANY], 2, "File name too long"),
    "no-colon": (["nets", *ANY], 2, "nets:make_model"),
    "nothing": (["", *ANY], 2, "module:factory"),
    "only-a-colon": ([":", *ANY], 2, "module:factory"),
    "no-module": (["net:raw", *ANY], 2, "no module 'net'"),
    "relative-module": ([".nets:raw", *ANY], 2, "importing .nets raised"),
    "no-file": (["net.py:raw", *ANY], 2, "net.py"),
    "no-keras-file": (["net.keras", *ANY], 2, "net.keras"),
    "no-attribute": (["nets:row", *ANY], 2, "did you mean nets:raw?"),
    "no-attribute-in-file": (["nets.py:row", *ANY], 2, "did you mean nets.py:raw?"),
    "syntax": (["broken:f", *ANY], 2, "broken.py, line 1: def f(:"),
    "import-fails": (["fails:f", *ANY], 2, "fails.py, line 2: x = 1 / 0"),
    "import-fails-in-file": (["fails.py:f", *ANY], 2, "ZeroDivisionError: division by zero"),
    "import-needs": (["needs:f", *ANY], 2, "needs.py, line 1: import not_there_at_all"),
    "factory-raises": (["nets:breaks", *ANY], 2, "nets:breaks raised ValueError: no width 3"),
    "where-it-raises": (["nets:breaks", *ANY], 2, 'raise ValueError(f"no width {width}")'),
    "factory-exits": (["nets:ends", *ANY], 2, "SystemExit: gone"),
    "wants-arguments": (["nets:wants", *ANY], 2, "missing a required argument: 'width'"),
    "returns-nothing": (["nets:nothing", *ANY], 2, "does it end with return?"),
    "no-model": (["nets:number"], 2, "the model is a builtins.int"),
    "not-a-model": (["nets:np", *ANY], 2, "the model is a builtins.module"),
    "misspelt-argument": (["nets:misspelt", *ANY], 2, "did you mean 'optimizer'?"),
    "dict-without-model": (["nets:no_model", *ANY], 2, "without 'model'"),
    "no-data": (["nets:setup"], 2, "no data were given"),
    "data-twice": (["nets:setup", *ANY, "--x", "x.npy"], 2, "both --data and --x or --y"),
    "y-alone": (["nets:setup", "--y", "y.npy"], 2, "--y without --x"),
    "x-alone": (["nets:setup", "--x", "x.npy"], 2, "no targets were given"),
    "unknown-data": (["nets:setup", "--data", "digit"], 2, "did you mean 'digits'?"),
    "no-x-file": (["nets:setup", "--x", "no.npy", "--y", "y.npy"], 1, "no file"),
    "x-of-another-kind": (["nets:setup", "--x", "nets.py", "--y", "y.npy"], 1, ".npz or .csv"),
    "x-no-array": (["nets:setup", "--x", "text.npy", "--y", "y.npy"], 1, "text.npy"),
    "x-of-objects": (["nets:setup", "--x", "objects.npy", "--y", "y.npy"], 1, "without Python obj"),
    "npz-of-others": (["nets:setup", "--x", "other.npz", "--y", "y.npy"], 1, "holds a, b"),
    "words": (["nets:setup", "--x", "words.csv", "--y", "y.npy"], 1, "line 2, column 2: 'four'"),
    "lengths": (["nets:setup", "--x", "x.npy", "--y", "short.npy"], 1, "120"),
    "batch-size": (["nets:raw", "--batch-size", 0], 2, "Invalid value for '--batch-size'"),
    "examples": (["nets:raw", "--examples", 1], 2, "Invalid value for '--examples'"),
    "fail-on": (["nets:raw", "--fail-on", "always"], 2, "Invalid value for '--fail-on'"),
    "json-into-no-folder": (["nets:raw", "--json", "no/a.json"], 2, "no is not a folder"),
    "json-onto-the-file": (["nets.py:raw", "--json", "nets.py"], 2, "is an input"),
    "json-onto-data": (
        ["nets:setup", "--x", "x.npy", "--y", "y.npy", "--json", "./x.npy"],
        2,
        "is an input",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained_on_one_screen(name, unstuck, folder):
    arguments, status, told = MISTAKES[name]
    before = {path.name for path in folder.iterdir()}
    if "--json" not in arguments:
        arguments = [*arguments, "--json", "out.json"]
    ended, out, err = unstuck("diagnose", *arguments)
    assert (ended, out) == (status, ""), err
    assert told in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 15
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == before


def test_a_file_that_is_no_keras_model(unstuck):
    pytest.importorskip("keras")
    status, _, err = unstuck("diagnose", "bad.keras", *ANY)
    assert status == 2
    assert "bad.keras cannot be loaded" in err


def test_data_get_the_shape_that_the_model_names():
    from unstuck.data.sources import DataRef
    from unstuck.script.arrays import from_source

    class Images:
        input_shape = (None, 8, 8, 1)

    class Unbuilt:
        @property
        def input_shape(self):
            raise ValueError("not built")

    class Others:
        input_shape = (None, 28, 28, 1)

    shapes = {
        kind: from_source(DataRef("digits"), kind())["x"].shape[1:]
        for kind in (Images, Unbuilt, Others)
    }
    assert shapes == {Images: (8, 8, 1), Unbuilt: (64,), Others: (64,)}
    made = from_source(DataRef("digits"), Images())
    assert made["validation_data"][0].shape[1:] == (8, 8, 1)
    assert made["x"].base is not None  # a view


def test_arrays_are_mapped_and_not_read(folder):
    from unstuck.script.arrays import from_files

    made = from_files(folder / "x.npy", folder / "y.npy")
    assert isinstance(made["x"], np.memmap)
    assert not made["x"].flags.writeable
    assert made["y"].dtype == np.int64


def test_a_csv_of_one_column_is_typed(folder):
    from unstuck.data.files import array

    assert array(folder / "y.csv", "y").dtype == np.int64
    assert array(folder / "y.csv", "y").shape == (120,)
    assert array(folder / "x.csv", "x").shape == (120, 8)
    (folder / "floats.csv").write_text("0.5\n1.5\n")
    assert array(folder / "floats.csv", "y").tolist() == [0.5, 1.5]


def test_as_a_process(folder):
    """The module lies where the command is given; the status reaches the shell."""
    done = subprocess.run(
        [*COMMAND, "diagnose", "nets:raw", "--fail-on", "suspected", "--json", "/dev/stdout"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 10, done.stderr
    assert causes(done.stdout)[0] == "input-spread"


@pytest.mark.skipif(os.name != "posix", reason="sends signals to a process group")
def test_an_interruption_is_told(folder):
    (folder / "slow.py").write_text(
        "import time\ndef f():\n    open('began', 'w').close()\n    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [*COMMAND, "diagnose", "slow:f", *ANY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_S
    while not (folder / "began").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "unstuck: interrupted\n")


def test_a_saved_keras_model(folder):
    """Each in a process of its own: Keras keeps the backend it was first imported with."""
    pytest.importorskip("keras")
    make = (
        "import keras; m = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(),"
        " keras.layers.Dense(10, activation='softmax')]);"
        " m.compile('adam', 'sparse_categorical_crossentropy'); m.save('m.keras')"
    )
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", make], check=True, env=environment, timeout=PATIENCE_S)
    done = subprocess.run(
        [*COMMAND, "diagnose", "m.keras", *ANY, "--json", "-"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    made = record(done.stdout)
    assert (made["framework"], made["backend"]) == ("keras", "jax")
    assert made["report"]["suspects"][0]["name"] == "input-spread"


def test_causes_are_listed_and_shown(unstuck):
    from unstuck.causes import NAMES

    status, out, _ = unstuck("causes")
    assert status == 0
    assert all(name in out for name in NAMES)
    status, out, _ = unstuck("causes", "loss-clipping")
    assert status == 0
    for part in ("clipped to zero gradient", "frozen_examples", "from_logits=True", "Example:"):
        assert part in out
    status, _, err = unstuck("causes", "loss-cliping")
    assert (status, "did you mean loss-clipping?" in err) == (2, True)
    status, _, err = unstuck("causes", "loss-clipping", "--markdown", "a.md")
    assert (status, "all causes" in err) == (2, True)
    status, _, err = unstuck("causes", "--markdown", "no/a.md")
    assert (status, "no is not a folder" in err) == (2, True)
