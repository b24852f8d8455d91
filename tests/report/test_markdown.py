"""The Markdown page: whole tables, nothing undefined, all that was measured."""

import re
from itertools import groupby

import pytest

from synthetic import CASES, WORLDS, as_published, diverged, reports, told
from unstuck.report.markdown import page

MADE = {
    "date": "2001-02-03",
    "machine": "abacus",
    "python": "3.11",
    "versions": {"unstuck": "1", "jax": "2"},
}
COMMAND = "unstuck cases run --all"


def pages(world):
    return page(list(told(world).values()), MADE, COMMAND)


def tables(text):
    """The tables of a page, each a list of rows of cells."""
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    runs = groupby(outside.splitlines(), lambda line: line.startswith("|"))
    return [
        [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows] for is_table, rows in runs if is_table
    ]


@pytest.mark.parametrize("world", WORLDS)
def test_tables_are_whole(world):
    found = tables(pages(world))
    # One of claims for each case, one of figures for each case that has some.
    assert len(found) == len(told(world)) + sum(bool(r.met) for r in told(world).values())
    for table in found:
        assert len({len(row) for row in table}) == 1
        assert set("".join(table[1])) == {"-"}
        assert len(table) > 2


@pytest.mark.parametrize("world", WORLDS)
def test_nothing_of_the_template_is_left(world):
    text = pages(world)
    assert not re.search(r"\{\{|\}\}|\{%|%\}|Undefined|None\b", text)
    assert "nan" not in re.split(r"[\s%(),:;|]+", text.lower())
    assert text.endswith("\n")
    assert not re.search(r"\n{4,}", text)


def test_the_page_says_where_it_comes_from():
    head = pages(as_published).split("\n## ")[0]
    assert "`unstuck cases run --all`" in head
    assert "2001-02-03, abacus, Python 3.11, unstuck 1, jax 2." in head


def test_every_figure_claim_prediction_and_answer_has_its_place():
    text = pages(as_published)
    sections = text.split("\n## ")[1:]
    assert len(sections) == len(told(as_published))
    for section, report in zip(sections, told(as_published).values(), strict=True):
        assert section.startswith(f"{report.case.title}\n")
        *figures, claims = tables(section)
        assert [len(table) - 2 for table in figures] == ([len(report.met)] if report.met else [])
        assert len(claims) - 2 == sum(1 + len(d.tested) for d in report.decided)
        for question, answer in report.answers:
            assert f"**{question}** {answer}\n" in section
        if report.case.chart:
            assert "```text\n" in section
        for arm in report.staircases:
            assert f"- {arm}: " in section


def test_marks_agree_with_verdicts():
    (report,) = reports([CASES["divide-by-255-or-1000"]], as_published)
    claims = tables(page([report], MADE, COMMAND))[-1][2:]
    marks = [row[0].strip() for row in claims if not row[0].strip().startswith("**")]
    expected = [t.verdict.value for d in report.decided for t in d.tested]
    names = {"supported": "yes", "refuted": "no", "inconclusive": "open"}
    assert marks == [names[verdict] for verdict in expected]


def test_a_figure_that_cannot_be_compared_is_not():
    (other,) = reports([CASES["same-scale-features"]], as_published, 1, data="mine.npz")
    text = page([other], MADE, COMMAND)
    assert "Not compared: published on Fashion-MNIST; this is mine.npz." in text
    assert not re.search("inside |OUTSIDE", text.split("### Figures")[1])
    assert "mine.npz, 1 seed." in text


def test_runs_that_diverged_are_written_as_such():
    assert "∞" in page([told(diverged)["divide-by-255-or-1000"]], MADE, COMMAND)


def test_a_bar_in_a_text_does_not_break_its_table():
    from dataclasses import replace

    (report,) = reports([CASES["same-scale-features"]], as_published, 1)
    claim = replace(report.decided[0].claim, question="a | b?")
    decided = (replace(report.decided[0], claim=claim), *report.decided[1:])
    table = tables(page([replace(report, decided=decided)], MADE, COMMAND))[-1]
    assert {len(row) for row in table} == {3}
    assert r"a \| b?" in table[2][1]
