"""The pages of the cases: all that the Markdown page tells, in one small file each."""

import re

import pytest
from test_page import Page

from synthetic import WORLDS, as_published, told
from unstuck.report import wording
from unstuck.report.page.cases.page import overview, page, pictures

MADE = {"date": "2001-02-03", "machine": "abacus", "python": "3.11", "versions": {"jax": "2"}}
COMMAND = "unstuck cases run --all --data '<b>'"
CASE_KB = 1_000


@pytest.mark.parametrize("world", WORLDS)
def test_a_case_is_told_whole_in_one_file_that_fetches_nothing(world):
    for report in told(world).values():
        source = page(report, MADE, COMMAND)
        found = Page(source)
        assert len(source.encode()) <= CASE_KB * 1_000
        assert {"link", "img", "script", "iframe"}.isdisjoint(found.seen)
        assert not re.search(r"url\(|@import|(?<!xmlns=\")https?:", source)
        assert not re.search(r"\{\{|\}\}|\{%|%\}|Undefined|None\b", found.text)
        said = [answer for _, answer in report.answers]
        said += [d.claim.question for d in report.decided]
        said += [t.prediction.says for d in report.decided for t in d.tested]
        said += [m.figure.wording for m in report.met]
        said += [f"{wording.effect(t)}" for d in report.decided for t in d.tested]
        for words in [*said, COMMAND, report.case.title, report.case.story]:
            assert " ".join(words.split()) in found.text, words


def test_published_figures_are_drawn_where_they_can_be_compared():
    for report in told(as_published).values():
        names = [picture.name for picture in pictures(report)]
        assert names[0] == "curves"
        assert ("figures" in names) == bool(report.met and not report.comparable)
        assert ("staircase" in names) == bool(report.staircases)


def test_the_overview_leads_to_each():
    reports = list(told(as_published).values())
    source = overview(reports, MADE, COMMAND)
    assert re.findall(r'href="([^"]+)"', source) == [f"{r.case.name}.html" for r in reports]
    counted = re.findall(r"(\d+) explanations: (.*?)\.", Page(source).text)
    assert [int(n) for n, _ in counted] == [len(r.decided) for r in reports]
    for (n, words), _ in zip(counted, reports, strict=True):
        assert sum(map(int, re.findall(r"\d+", words))) == int(n)
