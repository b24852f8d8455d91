"""The compact answer: verdict, evidence, diff, how to verify; never longer than it may be."""

from dataclasses import replace

import pytest

from report.test_run import SUBJECTS
from unstuck.records.run import RunRecord
from unstuck.report.compact import MOST, compact


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_run_has_a_verdict_and_says_how_to_verify_it(name: str) -> None:
    told = compact(RunRecord("0.1.0", (SUBJECTS[name],)), "train.py")
    assert len(told) <= MOST
    assert told.startswith("verdict: ")
    assert told.splitlines()[-1].startswith("verify: ")
    assert SUBJECTS[name].says[:60] in told


def test_what_is_suspected_comes_with_its_evidence_and_what_to_try() -> None:
    told = compact(RunRecord("0.1.0", (SUBJECTS["suspected"],)), "train.py")
    assert "evidence: input-spread (suspected): input_size 124, expected inputs of a size" in told
    assert "  to try: x = (x - x_train.mean()) / x_train.std()" in told
    assert told.endswith("verify: unstuck run --prove 60 --patch fix.patch train.py")


def test_a_diff_is_cut_at_whole_lines_and_the_rest_is_kept() -> None:
    diff = "--- train.py\n+++ train.py\n" + "\n".join(f"+line {i}" for i in range(900))
    cured = replace(SUBJECTS["cured"], patch=diff)
    told = compact(RunRecord("0.1.0", (cured,) * 3), "train.py")
    assert len(told) <= MOST
    assert "… (more: see the full record)" in told
    assert (
        told.splitlines()[-1]
        == "verify: apply the diff, then: unstuck run train.py (exit status 0)"
    )


def test_what_matters_most_comes_first_and_no_training_is_said() -> None:
    both = RunRecord("0.1.0", (SUBJECTS["sound"], SUBJECTS["proven"]))
    assert "proven" in compact(both).splitlines()[0]
    assert "no training was seen" in compact(RunRecord("0.1.0", ()))
