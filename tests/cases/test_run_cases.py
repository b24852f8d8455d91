"""Cases as a study: real training on the digits, shared arms, stored trials, what is refused."""

import sqlite3
from dataclasses import replace

import pytest

from synthetic import CASES, Executor, Memory, Refusing, as_published, record, reports
from unstuck.cases.case import Case, Claim, Figure, Prediction, Quantity, Question
from unstuck.cases.run import provenance, run_cases, to_json
from unstuck.data.sources import DataRef
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import Setup
from unstuck.errors import TrialsFailed, UsageError
from unstuck.judging.verdict import Verdict
from unstuck.scalers import scaler
from unstuck.trials.pack_training import Failed, in_line
from unstuck.trials.store import Store

DIGITS = DataRef("digits")
SEEDS = 2
TUTORIAL = [CASES["divide-by-255-or-1000"], CASES["same-scale-features"]]


def quick(classes):
    """Softmax regression from zero: it compiles in a fraction of a network's time."""
    slow = Setup(
        mlp([], classes, kernel="zeros"),
        "sparse_categorical_crossentropy_clipped",
        keras("sgd"),
        scaler("/255"),
        epochs=3,
        drop_remainder=True,
    )
    return {"slow": slow, "fast": replace(slow, optimizer=keras("sgd", learning_rate=0.1))}


TINY = Case(
    "tiny",
    "Does it learn?",
    "Nowhere",
    "64-10.",
    quick,
    (
        Figure(Quantity("slow", "val_accuracy", 1), 0.5, 0.0, 1.0, wording="about 50 %"),
        Figure(Quantity("fast"), 0.9, 0.0, 1.0, kind="plateau", wording="about 90 %"),
    ),
    (
        Claim(
            "rate",
            "Does a higher rate learn faster?",
            (Prediction("it does", Quantity("fast"), Quantity("slow"), 0.01),),
        ),
    ),
    (
        Question("How good?", lambda r: f"{r.median('fast'):.0%}."),
        Question("And slowly?", lambda r: f"{r.median('slow'):.0%}."),
    ),
    staircase=("slow", "fast"),
    chart=("slow", "fast"),
)


def rows(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM trials").fetchone()[0]
    finally:
        connection.close()


def test_a_case_is_trained_stored_judged_and_not_trained_again(tmp_path):
    path = tmp_path / "trials.sqlite"
    with Store(path) as store:
        (report,) = run_cases([TINY], DIGITS, SEEDS, store, in_line(DIGITS), progress=False)
        assert rows(path) == 2 * SEEDS
        check_trained(report)
        (again,) = run_cases([TINY], DIGITS, SEEDS, store, Refusing(), progress=False)
        assert records(again) == records(report)
        assert again.answers == report.answers
        # Fewer epochs are another trial.
        with pytest.raises(AssertionError, match="4 trials would be run again"):
            run_cases([TINY], DIGITS, SEEDS, store, Refusing(), epochs=1, progress=False)


def records(report):
    """By arm, read from the store."""
    return {arm: list(runs) for arm, runs in report.results.records.items()}


def check_trained(report):
    assert (report.case, report.data) == (TINY, "digits")
    assert report.comparable == "published on Fashion-MNIST; this is digits"
    assert report.results.records.keys() == {"slow", "fast"}
    assert (report.results.seeds, report.results.classes) == ((0, 1), 10)
    fast = report.results.values(Quantity("fast"))
    assert ((fast > 0.85) & (fast < 1.0)).all()  # 64 pixels, linear: about 93 % in the end
    first, second = report.results.records["fast"]
    assert first["loss"] != second["loss"]  # each seed has its own order of the data
    assert [met.figure for met in report.met] == list(TINY.figures)
    assert [met.n for met in report.met] == [SEEDS, SEEDS]
    (decided,) = report.decided
    assert decided.verdict is Verdict.INCONCLUSIVE  # two seeds decide nothing
    assert decided.deciding.effect.difference > 0
    assert report.staircases.keys() == {"slow", "fast"}
    assert all(sum(shares.values()) == pytest.approx(1) for shares in report.staircases.values())
    assert [question for question, _ in report.answers] == ["How good?", "And slowly?"]
    assert report.answer == " ".join(text for _, text in report.answers)

    # A real record has what a synthetic one has, and nothing else.
    real, made = report.results.records["fast"][0], record(quick(10)["fast"])
    assert real.keys() == made.keys()
    assert real["start"].keys() == real["end"].keys() == made["start"].keys()
    for probe, value in made["start"].items():
        if isinstance(value, list):
            assert len(real["start"][probe]) == len(value), probe
    assert len(real["loss"]) == 3


def test_arms_that_cases_share_are_trained_once(tmp_path):
    arms = [case.arms(10) for case in TUTORIAL]
    setups = {setup for of_case in arms for setup in of_case.values()}
    shared = set(arms[0].values()) & set(arms[1].values())
    assert len(shared) >= 8
    assert len(setups) == sum(map(len, arms)) - len(shared)
    path, executor = tmp_path / "trials.sqlite", Executor(as_published)
    with Store(path) as store:
        both = run_cases(TUTORIAL, Memory(), SEEDS, store, executor, epochs=1, progress=False)
        assert len(executor.ran) == len(set(executor.ran)) == len(setups) * SEEDS == rows(path)
        assert {trial.setup.epochs for trial in executor.ran} == {1}
        assert records(both[0])["raw"] == records(both[1])["raw"]
        # The second alone then finds everything that the two left behind.
        (one,) = run_cases(TUTORIAL[1:], Memory(), SEEDS, store, Refusing(), 1, progress=False)
        assert records(one) == records(both[1])


class Failing(Executor):
    """One arm fails on one seed."""

    def run(self, packs):
        for finished in super().run(packs):
            for i, trial in enumerate(finished.pack.trials):
                if trial.setup == quick(10)["fast"] and trial.seed in self.seeds:
                    finished.records[i] = Failed(trial, "no luck")
            yield finished


def test_a_seed_on_which_an_arm_failed_is_left_out_of_all_and_told(tmp_path):
    executor = Failing(as_published)
    executor.seeds = {1}
    with Store(tmp_path / "trials.sqlite") as store:
        (report,) = run_cases([TINY], Memory(), 3, store, executor, progress=False)
        assert report.results.seeds == (0, 2)
        assert report.failed == (("fast", 1, "no luck"),)
        assert all(len(runs) == 2 for runs in records(report).values())
        assert to_json([report])["cases"][0]["failed"] == [
            {"arm": "fast", "seed": 1, "reason": "no luck"}
        ]
        # The next start tries it again, and that alone.
        again = Executor(as_published)
        (whole,) = run_cases([TINY], Memory(), 3, store, again, progress=False)
        assert [(t.seed, t.setup) for t in again.ran] == [(1, quick(10)["fast"])]
        assert (whole.results.seeds, whole.failed) == ((0, 1, 2), ())


def test_without_a_seed_that_is_whole_nothing_is_judged(tmp_path):
    executor = Failing(as_published)
    executor.seeds = {0, 1}
    with (
        Store(tmp_path / "trials.sqlite") as store,
        pytest.raises(TrialsFailed, match="'fast' on seed 0: no luck"),
    ):
        run_cases([TINY], Memory(), 2, store, executor, progress=False)


@pytest.mark.parametrize(
    ("data", "epochs", "comparable"),
    [
        ("fashion-mnist", None, ""),
        ("fashion-mnist", 5, "published for the full run; this one has at most 5 epochs"),
        ("mine.npz", None, "published on Fashion-MNIST; this is mine.npz"),
    ],
)
def test_figures_are_compared_on_the_published_data_alone(data, epochs, comparable):
    (report,) = reports(TUTORIAL[:1], as_published, 1, data, epochs=epochs)
    assert report.comparable == comparable


def test_no_more_epochs_than_asked_for_and_no_more_than_the_case_has():
    (report,) = reports([CASES["relu-adam-raw"]], as_published, 1, epochs=30)
    lengths = {arm: len(runs[0]["loss"]) for arm, runs in report.results.records.items()}
    assert lengths["raw"] == 20
    assert lengths["raw, sigmoid, squared error, SGD"] == 30


def test_the_number_of_classes_is_that_of_the_data():
    (report,) = reports(TUTORIAL[:1], as_published, 1, "mine.npz", classes=3)
    assert report.results.classes == 3


@pytest.mark.parametrize(
    ("classes", "seeds", "epochs", "message"),
    [
        (None, 1, None, "real-valued targets"),
        (10, 0, None, "no seeds"),
        (10, 1, 0, "no seeds or no epochs"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(classes, seeds, epochs, message):
    with pytest.raises(UsageError, match=message):
        run_cases([TINY], Memory("mine.npz", classes), seeds, None, Refusing(), epochs)


def test_provenance_names_machine_versions_and_date():
    made = provenance()
    assert made.keys() == {"date", "machine", "python", "versions"}
    assert made["versions"].keys() >= {"unstuck", "jax", "numpy", "scipy"}
    assert "cores" in made["machine"]
