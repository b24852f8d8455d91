"""One screen: the finding first, its evidence, the fix, what to do next; whatever the terminal."""

import gzip
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from hand_made import HOSTILE, MARKUP, subject
from report.test_run import SUBJECTS
from unstuck.records.run import RunRecord
from unstuck.report.reading import record
from unstuck.report.short import LINES, Short

HERE = Path(__file__).parent / "records"
RECORDS = {
    file.name.split(".")[0]: record(gzip.decompress(file.read_bytes()).decode(), file.name)
    for file in sorted(HERE.glob("*.json.gz"))
} | {f"made: {name}": RunRecord("0.1.0", (one,)) for name, one in SUBJECTS.items()}


def drawn(run, width=80, script="train.py", there="", **options):
    out = io.StringIO()
    console = Console(file=out, width=width, **options)
    console.print(Short(run, script, there), highlight=False, crop=False)
    return out.getvalue()


def flat(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", RECORDS)
def test_it_is_one_screen_and_the_finding_comes_first(name):
    run = RECORDS[name]
    told = drawn(run)
    assert len(told.splitlines()) <= LINES
    assert max(map(cell_len, told.splitlines())) <= 80
    assert flat(told).strip().startswith(f"unstuck: {flat(run.subjects[0].says)[:200]}")
    assert "Next: " in told
    assert "--verbose" in told.splitlines()[-1]
    assert "\x1b" not in told
    fix = run.subjects[0].fix
    if fix is not None and not run.subjects[0].patch:
        assert all(flat(line) in flat(told) for line in fix.code.splitlines())


@pytest.mark.parametrize("width", [30, 50, 200])
def test_any_width_will_do(width):
    for run in RECORDS.values():
        assert max(map(cell_len, drawn(run, width).splitlines())) <= width


def test_evidence_gives_way_where_room_is_short():
    """At 50 columns the sentence takes more lines; what is left out is evidence, never the fix."""
    run = RECORDS["stuck"]
    narrow, wide = drawn(run, 50), drawn(run, 120)
    assert "loss at start" in wide
    assert "loss at start" not in narrow
    assert "x = x / x_std" in narrow


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    options = {"force_terminal": True, "color_system": "standard"}
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = drawn(RECORDS["healthy"], **options)
    assert "\x1b[1;32m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", drawn(RECORDS["healthy"], **options))


def test_a_diff_is_told_whole_and_how_to_see_that_it_works():
    diff = "--- a/train.py\n+++ b/train.py\n" + "\n".join(f"+{i} {'x' * 99}" for i in range(60))
    told = drawn(RunRecord("0.1.0", (replace(SUBJECTS["cured"], patch=diff),)))
    assert diff in told
    assert "the patched copy was run, and learns" in told
    assert "Next: apply the diff, then: unstuck run train.py (exit status 0)" in told


def test_what_matters_most_is_told_and_the_others_in_a_line_each():
    others = [SUBJECTS["sound"], SUBJECTS["suspected"], *[SUBJECTS["learns"]] * 4]
    told = drawn(RunRecord("0.1.0", (*others, SUBJECTS["proven"])), 120)
    assert flat(told).strip().startswith(f"unstuck: {flat(SUBJECTS['proven'].says)[:80]}")
    assert "training at train.py, line 14: suspected: input-spread, loss-clipping" in told
    assert "and 3 more trainings" in told


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("diagnosed", "unstuck run --prove 60 --patch fix.patch train.py"),
        ("stuck", "make the change, then: unstuck run --prove 60 train.py"),
        ("made: improvable", "make the change, then: unstuck run --prove 60 train.py"),
        ("improvable", "make the change, then: unstuck run --prove 60 train.py"),
        ("undecided", "unstuck run --prove 60 train.py; it may decide what is open"),
        ("healthy", "nothing needs to be done"),
        ("made: sound", "unstuck run --prove 60 train.py; whether it learns, only training tells"),
    ],
)
def test_what_to_do_next(name, following):
    assert f"Next: {following}" in flat(drawn(RECORDS[name]))


def test_limits_are_told_where_there_is_room():
    told = drawn(RECORDS["made: suspected"])
    assert "Limits: the recurrent layer's pre-activations cannot be seen; hooks are" in told
    assert "Limits" not in drawn(RECORDS["made: suspected"], 40)


def test_where_the_rest_is():
    told = drawn(RECORDS["stuck"], there="unstuck show page.html")
    assert told.splitlines()[-1] == "(all of it: unstuck show page.html)"


def test_a_users_names_are_shown_as_they_are():
    assert flat(MARKUP)[:20] in flat(drawn(RunRecord("0.1.0", (subject(report=HOSTILE),)), 120))


def test_beside_a_proven_finding_no_state_by_its_losses_alone_contradicts_it():
    (one,) = RECORDS["stuck"].subjects
    falling = tuple(replace(w, says="learning: loss 2.4 → 2.2") for w in one.watched)
    proven = replace(one, watched=falling)
    assert ": loss 2.4 → 2.2" in drawn(RunRecord("0", (proven,)))
    assert "learning: loss" not in drawn(RunRecord("0", (proven,)))
    assert "learning: loss" in drawn(RunRecord("0", (replace(proven, proof=None),)))
