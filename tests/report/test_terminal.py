"""Reports on the terminal: every case, world and width, without overflow."""

import io
import re

import pytest
from rich.cells import cell_len

from synthetic import CASES, WORLDS, as_published, diverged, reports, told
from unstuck.report.console import Console
from unstuck.report.terminal import outline, show


def shown(made, width, **options):
    out = io.StringIO()
    show(made, Console(file=out, width=width, **options))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("world", WORLDS)
def test_every_case_fits(world, width):
    text = shown(told(world).values(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    assert "…\n" not in text  # nothing is cut off
    for name, report in told(world).items():
        assert f" {name} " in text
        for question, answer in report.answers:
            assert question in re.sub(r"\s+", " ", text)
            assert re.sub(r"\s+", " ", answer) in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("width", [30, 60])
def test_a_narrow_terminal_is_no_reason_to_fail(width):
    text = shown(told(as_published).values(), width)
    assert "Answers" in text


def test_colours_on_a_terminal():
    made = told(as_published)["divide-by-255-or-1000"]
    text = shown([made], 80, force_terminal=True, color_system="standard")
    assert "\x1b[1;32msupported" in text
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == shown([made], 80)


def test_figures_claims_staircases_and_answers_are_there():
    report = told(as_published)["divide-by-255-or-1000"]
    text = shown([report], 120)
    rows = [line for line in text.splitlines() if re.search(r"inside|OUTSIDE", line)]
    assert len(rows) == 18
    (first,) = (row for row in rows if "0.5012" in row)
    assert re.search(r"/255 +.+loss, epoch 1 +.+0\.5012.+0\.33\d\d.+OUTSIDE", first)
    assert len([row for row in rows if "│ raw" in row and "inside" in row]) == 6
    assert "raw: 10 %: 50 %, 20 %: 50 %" in text
    flat = re.sub(r"\s+", " ", text)
    for decided in report.decided:
        assert f"{decided.verdict.value} {decided.claim.question}" in flat
    assert "fashion-mnist, 8 seeds" in text
    assert text.index("Published figures") < text.index("Explanations") < text.index("Answers")


def test_figures_that_cannot_be_compared_say_why():
    (other,) = reports([CASES["same-scale-features"]], as_published, 1, data="my [/b] data.npz")
    text = shown([other], 120)
    assert "Not compared: published on Fashion-MNIST; this is my [/b] data.npz." in text
    assert "my [/b] data.npz, 1 seed\n" in text
    assert not re.search("inside|OUTSIDE", text)


def test_runs_that_diverged_are_written_as_such():
    text = shown([told(diverged)["divide-by-255-or-1000"]], 120)
    assert "∞" in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_outline_names_all_there_is(case):
    text = outline(case)
    for part in (case.name, case.title, case.story, case.source):
        assert part in text
    for question in case.questions:
        assert question.asked in text
    for figure in case.figures:
        assert f"{figure.of.arm}: {figure.of.metric}" in text
        assert figure.wording in text
    for claim in case.claims:
        assert f"{claim.id}: {claim.question}" in text
        assert all(prediction.says in text for prediction in claim.predictions)
    assert text.splitlines()[-1] == "Arms: " + "; ".join(case.arms(10))
    assert ("no figures" in text) == (not case.figures)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_signs_that_an_encoding_lacks_are_spelt(encoding):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=out, width=60).print("80 % → 97 %, −1 × 10²: \u4e2d")
    out.flush()
    told = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    wanted = {
        "ascii": "80 % -> 97 %, -1 x 10^2: \\u4e2d",
        "latin-1": "80 % -> 97 %, -1 × 10²: \\u4e2d",
        "cp1252": "80 % -> 97 %, -1 × 10²: \\u4e2d",
        "utf-8": "80 % → 97 %, −1 × 10²: \u4e2d",
    }
    assert told.strip() == wanted[encoding]
