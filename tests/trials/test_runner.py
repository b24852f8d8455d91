"""The runner: only what is missing runs, everything that ended is stored."""

import io
import sqlite3
import tracemalloc

import pytest
from rich.console import Console

from trials.digits_study import TINY
from unstuck.errors import StoreError, TrialsFailed
from unstuck.trials import design, runner
from unstuck.trials.design import Arm, Study
from unstuck.trials.executor import Lost
from unstuck.trials.pack_training import Failed, Finished
from unstuck.trials.runner import Interrupted, run
from unstuck.trials.store import Store

TRIALS = list(Study((Arm("a", TINY),), range(10), "f"))


class Fake:
    """An executor that trains nothing; `after` packs it raises `error`."""

    def __init__(self, after=99, error=None):
        self.after, self.error = after, error
        self.ran, self.stopped = [], False

    def run(self, packs):
        for count, pack in enumerate(packs):
            if count == self.after:
                raise self.error
            self.ran += pack.trials
            yield Finished(pack, [{"seed": t.seed} for t in pack.trials], 1.0)

    def stop(self):
        self.stopped = True


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "trials.sqlite") as store:
        yield store


def test_only_what_is_missing_runs(store):
    for trial in TRIALS[:4]:
        store.put(trial, {"seed": trial.seed}, 1.0)
    first, second = Fake(), Fake()
    assert run(TRIALS, store, first, progress=False) == ()
    assert first.ran == TRIALS[4:]
    expected = {trial.key: {"seed": trial.seed} for trial in TRIALS}
    assert store.get_many(expected) == expected
    assert run(TRIALS, store, second, progress=False) == ()
    assert second.ran == []


def test_an_interruption_says_what_is_stored_and_how_to_go_on(store):
    fake = Fake(2, KeyboardInterrupt())
    with pytest.raises(Interrupted) as caught:
        run(TRIALS, store, fake, width=3, progress=False)
    stored = len(store)
    assert (caught.value.done, caught.value.total) == (stored, 10)
    assert 0 < stored < 10
    assert f"{stored} of 10 trials are stored in {store.path}" in str(caught.value)
    assert "same command again" in str(caught.value)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert fake.stopped


def test_a_full_store_ends_the_study(store):
    store._connection.execute("PRAGMA max_page_count = 9")
    fake, many = Fake(), Study((Arm("a", TINY),), range(100), "f")
    with pytest.raises(StoreError, match="no space left"):
        run(many, store, fake, width=1, progress=False)
    assert 0 < len(store) < len(fake.ran) < 100
    assert fake.stopped


def test_plain_lines_where_there_is_no_terminal(store):
    store.put(TRIALS[0], {"seed": 0}, 1.0)
    out = io.StringIO()
    run(TRIALS, store, Fake(), width=1, progress=Console(file=out))
    first, last = out.getvalue().splitlines()
    assert first == "1 of 10 trials (1 from the store)"
    assert last.startswith("10 of 10 trials (1 from the store), ")
    assert "\x1b" not in out.getvalue()


def test_a_bar_on_a_terminal(store):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    run(TRIALS, store, Fake(), width=1, progress=console)
    assert "10 of 10 trials" in out.getvalue()
    assert "left" in out.getvalue()


def test_nothing_to_run_shows_nothing(store, capfd):
    run(TRIALS, store, Fake(), progress=False)
    run(TRIALS, store, Fake())
    assert capfd.readouterr() == ("", "")


class Odd(Fake):
    """What becomes of packs is decided by a function; it is told of the packs, too."""

    def __init__(self, outcome):
        super().__init__()
        self.outcome, self.packs = outcome, []

    def run(self, packs):
        for pack in packs:
            self.packs.append([t.seed for t in pack.trials])
            yield self.outcome(pack) or next(super().run([pack]))


def test_the_trials_of_a_lost_pack_are_run_alone_and_one_that_is_lost_alone_has_failed(store):
    lost = Odd(lambda pack: Lost(pack, "out of memory") if TRIALS[3] in pack.trials else None)
    (failed,) = run(TRIALS, store, lost, width=5, progress=False)
    assert (failed.trial, failed.reason) == (TRIALS[3], "its worker died: out of memory")
    assert lost.packs == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0], [1], [2], [3], [4]]
    assert store.missing(t.key for t in TRIALS) == {TRIALS[3].key}
    with sqlite3.connect(store.path) as read:
        rows = read.execute("SELECT key, seed, reason FROM failed").fetchall()
    assert rows == [(TRIALS[3].key, 3, failed.reason)]
    # The next start tries it again.
    assert run(TRIALS, store, again := Fake(), progress=False) == ()
    assert again.ran == [TRIALS[3]]


def failing(after):
    """Trials from this seed on fail."""

    def outcome(pack):
        told = [Failed(t, "no luck") if t.seed >= after else {"seed": t.seed} for t in pack.trials]
        return Finished(pack, told, 1.0)

    return Odd(outcome)


def test_failed_trials_end_nothing_unless_all_fail(store):
    study = Study((Arm("a", TINY),), range(100), "f")
    failed = run(study, store, failing(after=3), progress=False)
    assert [f.trial.seed for f in failed] == list(range(3, 100))
    assert len(store) == 3
    hopeless = failing(after=0)
    with pytest.raises(TrialsFailed, match=r"20 trials failed and none came to its end.*no luck"):
        run(study, store, hopeless, progress=False)
    assert hopeless.stopped
    assert len(hopeless.packs) == 5


def test_two_starts_at_one_store_share_the_work(store):
    """Here the second one begins when the first has run a pack and is at its next."""

    class Slow(Fake):
        def run(self, packs):
            for count, finished in enumerate(super().run(packs)):
                if count == 1:
                    with Store(store.path) as same:
                        self.beside = Fake(1, KeyboardInterrupt())
                        with pytest.raises(Interrupted):
                            run(TRIALS, same, self.beside, width=2, progress=False)
                yield finished

    slow = Slow()
    assert run(TRIALS, store, slow, width=2, progress=False) == ()
    assert slow.beside.ran == TRIALS[4:6]
    assert sorted(t.seed for t in slow.ran) == [0, 1, 2, 3, 6, 7, 8, 9]


def test_memory_does_not_grow_with_the_number_of_trials(store, monkeypatch):
    class Big(Fake):
        def run(self, packs):
            for pack in packs:
                yield Finished(pack, [{"loss": [0.5] * 200} for _ in pack.trials], 1.0)

    store._connection.execute("PRAGMA synchronous = OFF")
    for module in (design, runner):
        monkeypatch.setattr(module, "BLOCK", 64)

    def peak(first, seeds):
        tracemalloc.start()
        run(
            Study((Arm("a", TINY),), range(first, first + seeds), "f"), store, Big(), progress=False
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(0, 64)  # what is made once
    few = peak(64, 4 * 64)
    assert peak(5 * 64, 16 * 64) < 1.5 * few  # garbage is not collected at once
