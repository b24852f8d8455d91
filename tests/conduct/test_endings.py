"""Told to end, or killed, at any moment: what was found is written, and nothing is left behind."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from script.running import COMMAND, PATIENCE_S
from unstuck.patch.trying import _beside
from unstuck.report.reading import record

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")

TRAINING = """
import atexit, sys, time
import numpy as np
from sklearn.neural_network import MLPClassifier

atexit.register(print, "at exit")
x = np.random.default_rng(0).normal(size=(4000, 8))  # a proof takes many times as long as we wait
MLPClassifier((200, 200), solver="sgd", max_iter=5).fit(x * 300, x[:, 0] > 0)
open("trained", "w").close()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "waits.py").write_text(TRAINING + "time.sleep(600)\n")
    (tmp_path / "ends.py").write_text(TRAINING)
    (tmp_path / "made.py").write_text(
        TRAINING
        + "def net():\n    return MLPClassifier((200, 200), solver='sgd'), x * 300, x[:, 0] > 0\n"
    )
    (tmp_path / "own.py").write_text(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (print('mine'), exit(7)))\n"
        + TRAINING
        + "time.sleep(600)\n"
    )
    return tmp_path


def ended(folder, command, wait_s=0.0, number=signal.SIGTERM):
    """The process, told to end some time after it has trained, and what it said."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_S
    while not (folder / "trained").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(wait_s)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    (folder / "trained").unlink()
    return process.returncode, out, err


def test_a_script_that_is_told_to_end_does_so_as_under_python_and_its_record_is_written(folder):
    as_it_is = ended(folder, [sys.executable, "waits.py"])
    status, out, err = ended(folder, [*COMMAND, "--json", "run.json", "waits.py"])
    assert (status, out) == as_it_is[:2] == (-signal.SIGTERM, "")
    assert "told to end (SIGTERM); what was found until then" in err
    (subject,) = record((folder / "run.json").read_text(), "run.json").subjects
    assert subject.report.suspects
    assert sorted(p.name for p in folder.iterdir() if p.suffix == ".part") == []


def test_a_script_hears_of_it_itself_where_it_wants_to(folder):
    as_it_is = ended(folder, [sys.executable, "own.py"])
    status, out, _ = ended(folder, [*COMMAND, "--json", "run.json", "own.py"])
    assert (status, out) == as_it_is[:2] == (7, "mine\nat exit\n")
    assert json.loads((folder / "run.json").read_text())["subjects"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_process_of_the_scripts_saw_is_written_and_nothing_is_left(
    folder, number, monkeypatch
):
    """Of one that has ended; the script waits for all children of its own, which are no others."""
    waits = "import os\nwhile True:\n    try: os.wait()\n    except ChildProcessError: break\n"
    (folder / "apart.py").write_text(
        "import multiprocessing, time\n"
        + "def work():\n"
        + "".join(f"    {line}\n" for line in TRAINING.splitlines() if "trained" not in line)
        + 'if __name__ == "__main__":\n'
        + '    multiprocessing.get_context("fork").Process(target=work).start()\n'
        + "".join(f"    {line}\n" for line in waits.splitlines())
        + '    open("trained", "w").close()\n    time.sleep(600)\n'
    )
    (folder / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    ended(folder, [*COMMAND, "--json", "run.json", "apart.py"], number=number)
    if number == signal.SIGTERM:
        (subject,) = record((folder / "run.json").read_text(), "run.json").subjects
        assert subject.report.suspects
    until = time.monotonic() + PATIENCE_S
    while list((folder / "temporary").iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_batchs_script_that_is_told_to_end_does_so_as_under_python(folder):
    (folder / "idle.py").write_text(
        TRAINING.split("x = ")[0] + 'open("trained", "w").close()\ntime.sleep(600)\n'
    )
    as_it_is = ended(folder, [sys.executable, "idle.py"])
    assert ended(folder, [*COMMAND[:-1], "batch", "idle.py"]) == as_it_is


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_proof_that_is_told_to_end_leaves_the_record_of_the_rest(folder, number):
    command = [*COMMAND, "--prove", "600", "--json", "run.json", "ends.py"]
    status, _, err = ended(folder, command, wait_s=2.0, number=number)
    assert status == 128 + number
    assert "Traceback" not in err
    (subject,) = record((folder / "run.json").read_text(), "run.json").subjects
    assert subject.report.suspects


def test_a_diagnosis_is_written_where_its_proof_is_told_to_end(folder):
    command = [*COMMAND[:-1], "diagnose", "made.py:net", "--prove", "600", "--json", "d.json"]
    status, _, err = ended(folder, command, wait_s=5.0)
    assert status == 143, err
    assert "told to end (SIGTERM)" in err
    (subject,) = record((folder / "d.json").read_text(), "d.json").subjects
    assert subject.report.suspects


CASES = ["cases", "run", "same-scale-features", "--epochs", "1", "--store", "s.db"]
WRITTEN = {  # command -> arguments, what it says once there is something to write, and what it says
    # of the end where it trains on
    "compare": (
        ["compare", "--budget", "600", "--json", "out", "made.py", "scaled.py"],
        ["both as they are", "both as they are"],  # on one seed, and then on others
        "",
    ),
    "cases run": (
        [*CASES, "--seeds", "400", "--json", "out"],
        ["of 6000 trials"],
        " trials are stored in s.db",
    ),
    "demo": (["demo", "--html", "out"], ["Suspected"], ""),
}


def told_to_end(folder, command, says, number):
    """Status and stderr of a command that is told to end a second after it has said something."""
    process = subprocess.Popen(
        [*COMMAND[:-1], *command],
        cwd=folder,
        stdout=subprocess.PIPE if command[0] == "demo" else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder / "temporary")},
        start_new_session=True,
    )
    said = ""
    for words in says:
        for line in process.stdout or process.stderr:
            said += line
            if words in line:
                break
        else:
            raise AssertionError(said)
    time.sleep(1)
    process.send_signal(number)
    began = time.monotonic()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - began < 30
    return process.returncode, err


@pytest.fixture
def several(folder):
    """What the commands above read."""
    (folder / "scaled.py").write_text((folder / "made.py").read_text().replace("x * 300", "x"))
    (folder / "temporary").mkdir()
    return folder


LONG = {("cases run", signal.SIGINT), ("demo", signal.SIGTERM)}


@pytest.mark.parametrize(
    ("command", "number"),
    [
        pytest.param(command, number, marks=[pytest.mark.acceptance] * ((command, number) in LONG))
        for command in WRITTEN
        for number in (signal.SIGTERM, signal.SIGINT)
    ],
)
def test_what_a_command_has_by_then_is_written(command, number, several):
    arguments, says, goes_on = WRITTEN[command]
    if command == "cases run":
        subprocess.run([*COMMAND[:-1], *CASES, "--seeds", "1"], cwd=several, check=True)
    status, err = told_to_end(several, arguments, says, number)
    assert status == 128 + number, err
    assert "Traceback" not in err
    ended = {signal.SIGTERM: "told to end (SIGTERM)", signal.SIGINT: "interrupted"}[number]
    assert f"unstuck: {ended}" in err
    assert goes_on in err
    out = (several / "out").read_text("utf-8")
    if command == "compare":
        assert json.loads(out)["total"]["n"] >= 1
    elif command == "cases run":
        assert [case["seeds"] for case in json.loads(out)["cases"]] >= [1]
    else:
        (subject,) = record(out, "out").subjects
        assert (bool(subject.report.suspects), subject.proof) == (True, None)
    assert list((several / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "says"),
    [("compare", ["both as they are"]), ("cases run", ["trials"])],
)
def test_nothing_is_written_where_there_is_nothing_yet(command, says, several):
    (several / "made.py").write_text("import time; time.sleep(600)")
    arguments = [*WRITTEN[command][0], *(["--html", "pages"] if command == "cases run" else [])]
    status, err = told_to_end(several, arguments, says, signal.SIGTERM)
    assert (status, "Traceback" in err) == (143, False), err
    assert not (several / "out").exists()
    assert not (several / "pages").exists()


def test_kill_9_leaves_no_copies_of_the_scripts_folder(several):
    status, _ = told_to_end(several, *WRITTEN["compare"][:2], signal.SIGKILL)
    assert status == -signal.SIGKILL
    until = time.monotonic() + PATIENCE_S
    while list((several / "temporary").iterdir()):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert not (several / "out").exists()


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_leaves_files_whole_and_no_others(folder, seed):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    process = subprocess.Popen(
        [*COMMAND, "--prove", "5", "--json", "run.json", "--html", "run.html", "ends.py"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(random.Random(seed).uniform(0.2, 6))
    process.kill()
    process.wait()
    left = {path.name: path for path in folder.iterdir()}
    assert before.items() <= {n: p.read_bytes() for n, p in left.items()}.items()
    assert left.keys() - before.keys() <= {"trained", "run.json", "run.html"}
    if "run.json" in left:
        record(left["run.json"].read_text(), "run.json")


def test_a_patched_copy_is_taken_away_however_we_end(tmp_path):
    script = tmp_path / "train.py"
    with _beside(str(script), b"x = 1") as copy:
        assert copy.read_bytes() == b"x = 1"
    assert list(tmp_path.iterdir()) == []
    code = (
        "import os, signal, sys\nfrom unstuck.patch.trying import _beside\n"
        "with _beside(sys.argv[1], b'x = 1') as copy:\n"
        "    print(copy.exists(), flush=True)\n"
        "    os.killpg(0, signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, script],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "True\n")
    until = time.monotonic() + PATIENCE_S
    while list(tmp_path.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)
