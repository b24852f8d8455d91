"""Claims: nobody's trial is run twice, and nobody who is gone keeps one."""

import subprocess
import sys

import pytest

from trials.test_store import trial
from unstuck.trials import claims
from unstuck.trials.claims import Claims
from unstuck.trials.store import Store

KEYS = [trial(seed).key for seed in range(4)]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "trials.sqlite") as store:
        yield store


def test_what_is_stored_or_claimed_is_nobody_elses(store):
    with Claims(store) as one, Claims(store) as other:
        assert one.take(KEYS[:2]) == set(KEYS[:2])
        assert other.take(KEYS[1:3]) == {KEYS[2]}
        assert one.take(KEYS[:3]) == set(KEYS[:2])  # its own it keeps
        store.put(trial(3), {}, 1.0)
        assert other.take(KEYS) == {KEYS[2]}
        one.drop(KEYS[:1])
        assert other.take(KEYS) == {KEYS[0], KEYS[2]}
    with Claims(store) as third:  # they gave up what they had
        assert third.take(KEYS) == set(KEYS[:3])


def test_a_claim_that_is_not_renewed_is_void(store, monkeypatch):
    with Claims(store) as one, Claims(store) as other:
        monkeypatch.setattr(claims, "LEASE_S", -1.0)
        one.take(KEYS[:1])
        assert other.take(KEYS[:1]) == set(KEYS[:1])


def test_a_claim_is_renewed(store, monkeypatch):
    monkeypatch.setattr(claims, "RENEW_S", 0.01)
    with Claims(store) as one:
        one.take(KEYS)

        def until():
            return store._connection.execute("SELECT min(until) FROM claims").fetchone()

        first = until()
        while until() == first:
            pass


TAKING = """
import sys, time
from unstuck.trials.claims import Claims
from unstuck.trials.store import Store
Claims(Store(sys.argv[1])).take([sys.argv[2]])
print("taken", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there only time tells")
def test_a_start_that_was_killed_has_no_claims(store):
    command = [sys.executable, "-c", TAKING, store.path, KEYS[0]]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        Claims(store) as here,
    ):
        assert process.stdout.readline() == "taken\n"
        assert here.take(KEYS[:1]) == set()
        process.kill()
        process.wait()
        assert here.take(KEYS[:1]) == set(KEYS[:1])
