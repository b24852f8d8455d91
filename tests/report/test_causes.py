"""The page of causes: each with what was measured, whole tables, nothing undefined."""

import re
from dataclasses import replace
from itertools import groupby

import pytest

from hand_made import SOUND, SPREAD, STUCK
from unstuck.causes import NAMES, causes
from unstuck.causes.cause import Example
from unstuck.errors import UsageError
from unstuck.probes import probes
from unstuck.report.causes import Shown, named, outline, page
from unstuck.symptoms import symptoms

MADE = {
    "date": "2001-02-03",
    "machine": "abacus",
    "python": "3.11",
    "versions": {"unstuck": "1", "jax": "2"},
}


def shown(cause, other=SOUND):
    if cause.shows is None:
        return Shown(cause)
    suspects = (replace(SPREAD, name=cause.name), *STUCK.suspects[1:])
    return Shown(
        cause,
        Example("a set-up | with it", None),
        replace(STUCK, suspects=suspects),
        Example("one that looks like it", None),
        other,
    )


@pytest.fixture(scope="module")
def text():
    return page([shown(cause) for cause in causes()], MADE, "unstuck causes --markdown a.md")


def tables(text):
    runs = groupby(text.splitlines(), lambda line: line.startswith("|"))
    return [
        [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows] for is_table, rows in runs if is_table
    ]


def test_the_page_says_where_it_comes_from(text):
    head = text.split("\n## ")[0]
    assert "`unstuck causes --markdown a.md`" in head
    assert "2001-02-03, abacus, Python 3.11, unstuck 1, jax 2." in head


def test_every_cause_probe_and_symptom_has_its_place(text):
    sections = text.split("\n## ")[1:]
    assert [s.split("\n")[0] for s in sections] == [*NAMES, "All probes", "All symptoms"]
    for section, cause in zip(sections, causes(), strict=False):
        assert cause.mechanism in section
        assert all(line in section for line in cause.cures.values())
        if cause.shows is None:
            assert "Example:" not in section
            continue
        assert "Suspect 1 of 2." in section
        assert "size of the inputs 124 → 1.29; " in section
        assert "Goes away: frozen examples, rate above critical." in section
        assert "**Looks like it: one that looks like it.** Nothing suspicious." in section
        *signs, evidence = tables(section)
        assert sum(len(table) - 2 for table in signs) == len(cause.signs)
        assert len(evidence) - 2 == len(SPREAD.evidence)
    assert all(f"| `{probe.name}` |" in sections[-2] for probe in probes())
    assert all(f"| `{symptom.name}` |" in sections[-1] for symptom in symptoms())


def test_tables_are_whole_and_nothing_of_the_template_is_left(text):
    for table in tables(text):
        assert len({len(row) for row in table}) == 1
        assert set("".join(table[1])) == {"-"}
        assert len(table) > 2
    assert not re.search(r"\{\{|\}\}|\{%|%\}|Undefined|None\b", re.sub("`[^`]*`", "", text))
    assert not re.search(r"\n{3,}", text)
    assert text.endswith("\n")


def test_the_page_does_not_hide_what_went_wrong():
    cause = named("input-spread")
    missed = replace(shown(cause), report=SOUND)
    assert "NOT SUSPECTED: nothing suspicious." in page([missed], MADE, "")
    mistaken = shown(cause, other=STUCK)
    assert mistaken.mistaken
    assert "SUSPECTED ALL THE SAME." in page([mistaken], MADE, "")


@pytest.mark.parametrize("name", NAMES)
def test_the_outline_names_all_there_is(name):
    cause = named(name)
    told = outline(cause)
    assert cause.title in told
    assert cause.mechanism in told
    for sign in cause.signs:
        assert sign.expected in told
        assert sign.source in told
    assert all(line in told for line in cause.cures.values())


def test_an_unknown_name():
    with pytest.raises(UsageError, match="did you mean dead-units"):
        named("dead-unit")
