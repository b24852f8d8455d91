"""The store keeps what it was given, whatever happens, and says what is wrong."""

import json
import math
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import unstuck
from trials.digits_study import TINY
from unstuck.errors import StoreError, StoreTooNew
from unstuck.trials.design import Trial
from unstuck.trials.store import SCHEMA, Store, default_path

RECORD = {"loss": [16.118, math.nan, math.inf, -math.inf, 0.1 + 0.2], "end": {"dead": None}}


def trial(seed):
    return Trial(TINY, seed, "f")


def same(a, b):
    return json.dumps(a) == json.dumps(b)  # NaN is not equal to itself


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some" / "folders" / "trials.sqlite"


def test_what_is_put_comes_back_even_what_diverged(path):
    with Store(path) as store:
        assert len(store) == 0
        assert store.get(trial(0).key) is None
        store.put(trial(0), RECORD, 1.5)
        assert same(store.get(trial(0).key), RECORD)
    with Store(path) as store:
        assert same(store.get(trial(0).key), RECORD)
        assert len(store) == 1
    assert [p.name for p in path.parent.iterdir()] == ["trials.sqlite"]


def test_a_row_tells_where_it_came_from(path):
    with Store(path) as store:
        store.put(trial(7), RECORD, 1.5)
    row = sqlite3.connect(path).execute("SELECT * FROM trials").fetchone()
    key, setup, seed, data, _, seconds, created, version = row
    assert (key, seed, data, seconds) == (trial(7).key, 7, "f", 1.5)
    assert json.loads(setup)["optimizer"]["learning_rate"] == TINY.optimizer.learning_rate
    assert created.endswith("+00:00")
    assert version == unstuck.__version__


def test_the_first_record_stays(path):
    with Store(path) as store:
        store.put(trial(0), {"loss": [1.0]}, 1.0)
        store.put(trial(0), {"loss": [2.0]}, 1.0)
        assert store.get(trial(0).key) == {"loss": [1.0]}


def test_many_keys_at_once(path):
    with Store(path) as store:
        for seed in range(3):
            store.put(trial(seed), {"seed": seed}, 1.0)
        keys = [trial(seed).key for seed in range(3)]
        absent = [f"{i:064x}" for i in range(40_000)]  # more than SQLite takes parameters
        found = store.get_many(absent + keys)
    assert found == {trial(seed).key: {"seed": seed} for seed in range(3)}


def test_each_put_is_seen_by_others_at_once(path):
    with Store(path) as one, Store(path) as other:
        one.put(trial(0), RECORD, 1.0)
        assert len(other) == 1
        other.put(trial(1), RECORD, 1.0)
        assert len(one) == 2


def _put_many(path, seeds):
    with Store(path) as store:
        for seed in seeds:
            store.put(trial(seed), {"seed": seed}, 1.0)


def test_processes_that_create_and_write_one_store(path):
    """Started together, so that they also race for the creation; their trials overlap."""
    context = multiprocessing.get_context("spawn")
    parts = [range(0, 100), range(50, 150), range(50, 150)]
    writers = [context.Process(target=_put_many, args=(path, part)) for part in parts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with Store(path) as store:
        assert len(store) == 150
        assert store.get(trial(120).key) == {"seed": 120}


# What goes wrong.


def fill(store):
    """Puts until it fails; the error and how many trials went in."""
    for seed in range(10_000):
        try:
            store.put(trial(seed), {"loss": [0.1] * 200}, 1.0)
        except StoreError as error:
            return error, seed
    raise AssertionError("never full")


def check_full(error, path, safe):
    assert safe > 3
    assert str(path) in error.seen
    assert f"{safe} finished trials are safe" in error.seen
    assert "--store" in error.todo


def test_a_full_database(path):
    with Store(path) as store:
        store._connection.execute("PRAGMA max_page_count = 30")
        error, safe = fill(store)
        check_full(error, path, safe)
    with Store(path) as store:  # the limit was the connection's
        assert len(store) == safe
        store.put(trial(safe), RECORD, 1.0)


def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 50_000)
        with Store(disk / "trials.sqlite") as store:
            error, safe = fill(store)
            check_full(error, disk / "trials.sqlite", safe)
            assert len(store.get_many(trial(seed).key for seed in range(safe))) == safe
            ballast.unlink()
            store.put(trial(safe), RECORD, 1.0)
        with Store(disk / "trials.sqlite") as store:
            assert len(store) == safe + 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


READER = """
import os, sys
sys.path.insert(0, {folder!r})
from trials.test_store import Store, StoreError, trial, RECORD, sqlite3, json
if os.getuid() == 0:
    os.setuid(65534)  # root may write anywhere
try:
    with Store({path!r}) as store:
        assert json.dumps(store.get(trial(0).key)) == json.dumps(RECORD)
        assert len(store) == 1
        print("read")
        store.put(trial(1), RECORD, 1.0)
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
@pytest.mark.parametrize("locked", ["file", "folder", "both"])
def test_a_store_that_can_only_be_read(locked):
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        path = folder / "trials.sqlite"
        with Store(path) as store:
            store.put(trial(0), RECORD, 1.0)
        path.chmod(0o666 if locked == "folder" else 0o444)
        folder.chmod(0o777 if locked == "file" else 0o555)
        script = READER.format(folder=str(Path(__file__).parents[1]), path=str(path))
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        folder.chmod(0o777)
    assert done.stdout.startswith("read\n")
    assert "can be read but not written; 1 finished trials are safe" in done.stdout
    assert "copy it elsewhere, with the files" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_a_folder_where_no_store_can_be_made():
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        path = str(Path(name) / "deeper" / "trials.sqlite")
        script = READER.format(folder=str(Path(__file__).parents[1]), path=path)
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
    assert done.stdout.startswith(f"the store {path} cannot be used")


def test_a_newer_store_is_left_alone(path):
    with Store(path) as store:
        store.put(trial(0), RECORD, 1.0)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew) as caught:
        Store(path)
    assert "format 99" in caught.value.seen
    assert f"at most {SCHEMA}" in caught.value.expected
    assert unstuck.__version__ in caught.value.expected
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_not_a_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes\n" * 100)
    with pytest.raises(StoreError, match="not a store of trials"):
        Store(path)
    assert path.read_text() == "these are my notes\n" * 100


def test_a_database_of_another_program(tmp_path):
    path = tmp_path / "photos.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photos (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="but not a store of trials"):
        Store(path)
    assert path.read_bytes() == before


def test_a_truncated_store(path):
    with Store(path) as store:
        for seed in range(20):
            store.put(trial(seed), {"loss": [0.1] * 200}, 1.0)
    path.write_bytes(path.read_bytes()[:9_000])
    with pytest.raises(StoreError, match="damaged"), Store(path) as store:
        store.get_many(trial(seed).key for seed in range(20))


@pytest.mark.parametrize("at", [4_200, 9_000, 13_000, 20_000])
def test_pages_that_are_damaged_are_told_on_opening(path, at):
    with Store(path) as store:
        for seed in range(20):
            store.put(trial(seed), {"loss": [0.1] * 200}, 1.0)
    content = bytearray(path.read_bytes())
    page = at // 4_096 * 4_096
    content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Store(path)


@pytest.mark.parametrize("record", ["null", "[]", '"x"', "5", "{", "", b"\xff", 7.5])
def test_a_record_that_is_none_has_a_way_out(path, record):
    with Store(path) as store:
        store.put(trial(0), RECORD, 1.0)
        store._connection.execute("UPDATE trials SET record = ?", (record,))
        with pytest.raises(StoreError, match=r"DELETE FROM trials WHERE key = '(\w+)'") as raised:
            store.get(trial(0).key)
        command = raised.value.todo.split('"')[1]
    connection = sqlite3.connect(path)
    connection.execute(command)
    connection.commit()
    connection.close()
    with Store(path) as store:
        assert store.get(trial(0).key) is None
        store.put(trial(0), RECORD, 1.0)
        assert store.get(trial(0).key) is not None


@pytest.mark.skipif(os.name != "posix", reason="no kill -9")
def test_what_a_killed_process_left_beside_the_file_goes_into_it(path):
    script = (
        "import os, signal, sys; sys.path.insert(0, 'tests')\n"
        "from trials.test_store import RECORD, trial\n"
        "from unstuck.trials.store import Store\n"
        "store = Store(sys.argv[1])\n"
        "for seed in range(5): store.put(trial(seed), RECORD, 1.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=root, check=False)
    beside = path.with_name(f"{path.name}-wal")
    assert beside.stat().st_size > 0
    with Store(path):
        copy = path.with_name("copy.sqlite")
        copy.write_bytes(path.read_bytes())
    with Store(copy) as store:
        assert len(store) == 5


def test_a_folder_is_not_a_store(tmp_path):
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)


def test_a_store_that_another_process_has_locked(path):
    with Store(path, timeout=0.1) as store:
        store.put(trial(0), RECORD, 1.0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked by another process for 0\.1 s; 1 finished"):
            store.put(trial(1), RECORD, 1.0)
        other.execute("ROLLBACK")
        other.close()
        store.put(trial(1), RECORD, 1.0)


def test_default_place_is_the_users():
    assert default_path().name == "trials.sqlite"
    assert "unstuck" in default_path().parts
