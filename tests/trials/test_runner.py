"""The runner: only what is missing runs, everything that ended is stored."""

import io

import pytest
from rich.console import Console

from trials.digits_study import TINY
from unstuck.errors import StoreError
from unstuck.trials.design import Arm, trials
from unstuck.trials.executor import Finished
from unstuck.trials.runner import Interrupted, run
from unstuck.trials.store import Store

TRIALS = trials([Arm("a", TINY)], range(10), "f")


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
    expected = {trial.key: {"seed": trial.seed} for trial in TRIALS}
    assert run(TRIALS + TRIALS, store, first, progress=False) == expected
    assert first.ran == TRIALS[4:]
    assert run(TRIALS, store, second, progress=False) == expected
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
    store._connection.execute("PRAGMA max_page_count = 5")
    fake, many = Fake(), trials([Arm("a", TINY)], range(100), "f")
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
