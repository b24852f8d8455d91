"""Outputs: refused before the work starts, written whole, keeping what a file was before."""

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from typer.main import get_command
from typer.testing import CliRunner

import unstuck
from hand_made import PROOF, subject
from report.test_reading import COMPARED
from unstuck.cli import app
from unstuck.commands.output import UNWRITTEN, must_be_writable, write_all
from unstuck.errors import NotWritten, UnstuckError, UsageError
from unstuck.records.batch import Batch
from unstuck.records.run import RunRecord
from unstuck.report import as_json
from unstuck.report.page.page import page
from unstuck.report.sarif import sarif
from unstuck.report.writing import write

posix = pytest.mark.skipif(os.name != "posix", reason="has no such files")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("the script")
    for name in ("own.json", "helper.py", "DATA.NPZ"):
        (tmp_path / name).write_text("old")
    (tmp_path / "old.json").write_text('{\n  "unstuck": "0.1.0",\n')
    (tmp_path / "empty.json").touch()
    os.symlink("own.json", tmp_path / "named.txt")
    (tmp_path / "folder").mkdir()
    os.symlink("train.py", tmp_path / "link")
    return tmp_path


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        (["train.py"], "is an input"),
        (["./folder/../train.py"], "is an input"),
        (["link"], "is an input"),
        (["a.json", "a.json"], "both write"),
        (["a.json", "./a.json"], "both write"),
        (["-", "/dev/stdout"], "both write"),
        (["no/a.json"], "is not a folder"),
        (["folder"], "is a folder"),
        (["helper.py"], "no report"),  # which the script imports, for all we know
        (["DATA.NPZ"], "no report"),
        (["own.json"], "no report"),  # which the script reads, for all we know
        (["named.txt"], "no report"),
        (["empty.json"], ""),
        (["new.py"], ""),
        (["a.json", "b.json"], ""),
        (["old.json", "-"], ""),
        (["/dev/null", "/dev/null"], ""),
        ([None, None], ""),
    ],
)
@posix
def test_what_is_refused_before_the_work(outputs, says, folder):
    named = {f"--{i}": None if o is None else Path(o) for i, o in enumerate(outputs)}
    if not says:
        must_be_writable(named, ["train.py"])
        return
    with pytest.raises(UsageError, match=says):
        must_be_writable(named, ["train.py"])
    assert (folder / "train.py").read_text() == "the script"


RUN = RunRecord("0.1.0", (subject(PROOF),))
EARLIER = {
    "run --json": lambda: as_json.text(RUN),
    "run --html": lambda: page(RUN),
    "run --sarif": lambda: as_json.as_text(sarif(RUN)),
    "run --patch": lambda: "--- a/train.py\n+++ b/train.py\n",
    "batch --json": lambda: as_json.text(Batch(4, 4, ())),
    "compare --json": lambda: as_json.text(COMPARED),
    "causes --markdown": lambda: (Path(__file__).parents[1] / "docs/causes.md").read_text("utf-8"),
}


@pytest.mark.parametrize("name", EARLIER)
def test_an_earlier_report_is_replaced(name, tmp_path):
    target = tmp_path / "report"
    target.write_text(EARLIER[name](), encoding="utf-8")
    must_be_writable({"--out": target})


def test_what_a_script_makes_meanwhile_is_kept(tmp_path, capsys):
    target = tmp_path / "out.json"
    must_be_writable({"--json": target})
    target.write_text('{"mine": 1}')
    assert not write_all([(target, lambda: "ours")])
    assert target.read_text() == '{"mine": 1}'
    assert "made while this ran" in capsys.readouterr().err


@posix
def test_a_pipe_is_written_to(tmp_path):
    """As a shell's `--json >(cat > file)` hands over."""
    reads, writes = os.pipe()
    write(Path(f"/dev/fd/{writes}"), "record")
    os.close(writes)
    with open(reads) as pipe:
        assert pipe.read() == "record"


# Every command that writes -> what is given beside its outputs, and files it reads.
COMMANDS = {
    "run": (["train.py"], ["train.py"]),
    "batch": (["train.py"], ["train.py"]),
    "compare": (["train.py", "helper.py"], ["train.py", "helper.py"]),
    "diagnose": (["train.py:net", "--data", "x.npy,y.npy"], ["train.py", "x.npy", "y.npy"]),
    "demo": ([], []),
    "causes": ([], []),
    "cases run": (
        ["same-scale-features", "--data", "DATA.NPZ", "--store", "trials.sqlite"],
        ["DATA.NPZ", "trials.sqlite"],
    ),
}
OUTPUTS = {"--json", "--html", "--sarif", "--patch", "--markdown"}


def commands(group=None, above=()):
    """Name and parameters of each command."""
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        else:
            yield " ".join((*above, name)), command.params


def outputs(parameters):
    return [o for p in parameters for o in p.opts if o in OUTPUTS]


REFUSED = {name: outputs(parameters) for name, parameters in commands() if outputs(parameters)}


def test_the_table_of_commands_that_write_is_whole():
    assert set(REFUSED) == set(COMMANDS)
    assert {option for options in REFUSED.values() for option in options} == OUTPUTS


@posix
@pytest.mark.parametrize(("command", "option"), [(c, o) for c in REFUSED for o in REFUSED[c]])
def test_each_output_of_each_command_is_refused_before_the_work(command, option, folder):
    given, read = COMMANDS[command]
    for name in ("x.npy", "y.npy", "model.keras", "trials.sqlite"):
        (folder / name).write_text("old")
    bad = [*read, "folder", "no/a", "model.keras", "helper.py", "DATA.NPZ", "x.npy"]
    if (command, option) == ("cases run", "--html"):  # a folder of pages
        bad = ["DATA.NPZ", "train.py", "no/a"]
    before = {path: path.is_dir() or path.read_bytes() for path in folder.rglob("*")}
    for target in bad:
        done = CliRunner().invoke(app, [*command.split(), option, target, *given])
        assert isinstance(done.exception, UsageError), (target, done.output, done.exception)
        assert target.split("/")[0] in str(done.exception)
    assert {path: path.is_dir() or path.read_bytes() for path in folder.rglob("*")} == before


def test_a_folder_of_pages_is_made_with_its_first_page(folder):
    command = ["cases", "run", "same-scale-features", "--html", "pages", "--data", "none.npz"]
    assert isinstance(CliRunner().invoke(app, command).exception, UnstuckError)
    assert not (folder / "pages").exists()


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_file_keeps_its_mode_and_a_link_stays_one(mode, folder):
    target = folder / "old.json"
    target.chmod(mode)
    os.symlink(target, folder / "to.json")
    write(Path("to.json"), "new")
    assert (folder / "to.json").is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_usual_mode(folder):
    write(Path("made"), b"bytes")
    (folder / "usual").write_text("")
    assert (folder / "made").read_bytes() == b"bytes"
    assert (folder / "made").stat().st_mode == (folder / "usual").stat().st_mode


@posix
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(folder):
    os.chown(folder / "old.json", 1000, 1000)
    write(Path("old.json"), "new")
    after = (folder / "old.json").stat()
    assert (after.st_uid, after.st_gid) == (1000, 1000)


@posix
def test_a_name_as_long_as_a_name_can_be(folder):
    write(Path("n" * 250 + ".json"), "text")
    assert (folder / ("n" * 250 + ".json")).read_text() == "text"


@posix
def test_files_called_part_are_the_users(folder):
    for name in ("old.json.part", ".old.json.part"):
        (folder / name).write_text("mine")
    write(Path("old.json"), "new")
    assert (folder / "old.json.part").read_text() == "mine"
    assert (folder / ".old.json.part").read_text() == "mine"


def test_a_page_is_written_by_the_same_writer(folder):
    report = unstuck.diagnose(MLPClassifier((4,)), np.eye(40, 3), np.arange(40) % 2)
    (folder / "page.html").write_text("old")
    (folder / "page.html").chmod(0o600)
    os.symlink("page.html", folder / "to.html")
    report.html("to.html")
    assert "<html" in (folder / "page.html").read_text(encoding="utf-8")
    assert stat.S_IMODE((folder / "page.html").stat().st_mode) == 0o600
    with pytest.raises(NotWritten, match="No such file"):
        report.html("no/page.html")
    with pytest.raises(UsageError, match="path=5"):
        report.html(5)


def test_a_file_is_written_whole_or_not_at_all(folder, monkeypatch):
    before = {path.name for path in folder.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NotWritten, match="No space left on device"):
            write(Path("own.json"), "new")
    assert (folder / "own.json").read_text() == "old"
    assert {path.name for path in folder.iterdir()} == before


@posix
def test_devices_are_written_to_and_not_replaced():
    """As root, /dev/null would otherwise be a regular file from then on."""
    write(Path("/dev/null"), "text")
    assert not Path("/dev/null").is_file()
    if Path("/dev/full").exists():
        with pytest.raises(NotWritten, match="No space left on device"):
            write(Path("/dev/full"), "text")


def test_it_has_a_status_of_its_own():
    assert UNWRITTEN not in (0, 1, 2, 10, 11, 12, 130)
