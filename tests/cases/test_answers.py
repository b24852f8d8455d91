"""The answers are built from what was measured: in another world they read otherwise."""

import re

import pytest

from synthetic import CASES, WORLDS, as_published, diverged, the_other_way, told

# Their sentences state the conclusion whatever was measured; only the numbers in them change.

EACH = [
    pytest.param(name, number, id=f"{name}-{number}")
    for name, case in CASES.items()
    for number in range(len(case.questions))
]


def answer(world, name, number):
    return told(world).get(name).answers[number][1]


def words(text):
    """The text without its numbers."""
    return re.sub(r"[+−-]?[\d.,]+ ?%?", "#", text)


@pytest.mark.parametrize(("name", "number"), EACH)
@pytest.mark.parametrize("world", WORLDS)
def test_an_answer_reads_as_prose(world, name, number):
    text = answer(world, name, number)
    assert re.fullmatch(r"[A-Z].*[.]", text, re.DOTALL)
    assert "nan" not in re.split(r"[\s%(),:;]+", text.lower())
    if world is not diverged:
        assert "inf" not in re.split(r"[\s%(),:;]+", text.lower())
    assert not re.search(r"None|  |\n| [.,;]|\.\.|[{}]|\d{8}", text)
    assert text.count("(") == text.count(")")


@pytest.mark.parametrize(("name", "number"), EACH)
def test_an_answer_holds_measured_numbers(name, number):
    ours, other = (answer(world, name, number) for world in (as_published, the_other_way))
    assert ours != other
    assert re.search(r"\d", ours)


@pytest.mark.parametrize("name", CASES)
def test_the_words_follow_the_measurements(name):
    ours, other = (words(told(world)[name].answer) for world in (as_published, the_other_way))
    assert ours != other


def test_the_verdicts_follow_the_measurements():
    for name in CASES:
        ours, other = (
            [decided.verdict for decided in told(world)[name].decided]
            for world in (as_published, the_other_way)
        )
        assert ours != other, name
