"""Packs on executors: the same records from each, and a clear word when something goes wrong."""

import os
from dataclasses import replace

import numpy as np
import pytest

from trials.children import our_children
from trials.digits_study import DIGITS, TINY, study
from unstuck.engine.network import mlp
from unstuck.errors import DataError, DataNotFound
from unstuck.trials.design import Arm, Pack, Study, packs
from unstuck.trials.pack_training import in_line, training
from unstuck.trials.processes import cores, processes


def records(runner, all_trials, width):
    found = {}
    for finished in runner.run(packs(all_trials, width)):
        assert finished.seconds > 0
        for trial, record in zip(finished.pack.trials, finished.records, strict=True):
            found[trial.key] = record
    runner.stop()
    assert set(found) == {trial.key for trial in all_trials}
    return found


def test_records_depend_neither_on_the_executor_nor_on_the_pack():
    """float32 sums in another order: last bits differ, the more so the longer training goes on.

    Seen: 4e-7 of a loss, no example classified otherwise. Allowed: 1e-5, and one example.
    """
    all_trials = study(seeds=4)
    apart = records(in_line(DIGITS), all_trials, width=1)
    stacked = records(processes(training(DIGITS), 2), all_trials, width=4)
    for key, one in apart.items():
        other = stacked[key]
        for curve in ("loss", "val_loss"):
            np.testing.assert_allclose(one[curve], other[curve], rtol=1e-5)
        for curve in ("accuracy", "val_accuracy"):
            np.testing.assert_allclose(one[curve], other[curve], atol=1 / 359)
        np.testing.assert_allclose(
            one["end"]["gradient_norms"], other["end"]["gradient_norms"], rtol=1e-4
        )
    losses = {tuple(record["loss"]) for record in apart.values()}
    assert len(losses) == len(all_trials)  # no seed or arm stands in for another
    assert our_children() == []


class Gone:
    """A source that is not there."""

    def load(self):
        raise DataNotFound("no data", "some", "look for them")


def test_data_that_are_not_there_end_the_run():
    runner = processes(training(Gone()), 1)
    with pytest.raises(DataNotFound) as caught:
        list(runner.run(packs(study(1), 1)))
    assert caught.value.todo == "look for them"
    runner.stop()
    assert our_children() == []


def test_a_trial_that_fails_is_told_and_its_pack_is_trained_without_it():
    """Two set-ups of different structure cannot be stacked: apart, one of them can be trained."""
    odd = replace(TINY, network=mlp([8], 10, "swish"))
    few = replace(TINY, validation_split=0.9999)
    fingerprint = DIGITS.load().fingerprint
    trials = [t for s in (odd, TINY, few) for t in Study((Arm("a", s),), range(1), fingerprint)]
    (finished,) = in_line(DIGITS).run([Pack(tuple(trials))])
    unknown, trained, untrained = finished.records
    assert unknown.trial == trials[0]
    assert unknown.reason.startswith("KeyError: 'swish' (in 8-10 on / 255")
    assert len(trained["loss"]) == TINY.epochs
    assert "validation share" in untrained.reason


def test_data_that_changed_are_not_trained_on():
    with pytest.raises(DataError, match="digits has changed: its fingerprint is"):
        list(in_line(DIGITS).run(packs(Study((Arm("a", TINY),), range(1), "f" * 64), 1)))


def test_cores():
    assert 1 <= cores() <= (os.cpu_count() or 1)
