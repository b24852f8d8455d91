"""The JSON of a run is what docs/cases-json.md says it is, key by key."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic import CASES, as_published, diverged, reports, the_other_way, told
from unstuck.cases.run import to_json
from unstuck.judging.verdict import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "cases-json.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([a-z ]+) \| .+ \|$", re.MULTILINE)
DOCUMENTED = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))

# Objects whose keys are names.
NAMED = ("unstuck.versions", "cases[].figures[].steps", "cases[].staircases")

TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
    "object": dict,
}


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def written(made):
    """What somebody reads who was sent the file."""
    text = json.dumps(to_json(made), ensure_ascii=False)
    return json.loads(text, parse_constant=refuse)


def walk(value, path=""):
    """Every value with its path as the page writes it."""
    if path:
        yield path, value
    if isinstance(value, dict):
        names = path.startswith(NAMED)
        for key, inner in value.items():
            step = "*" if names else key
            yield from walk(inner, f"{path}.{step}" if path else step)
    elif isinstance(value, list):
        for inner in value:
            # An entry that is an object is told of by its keys.
            inside = walk(inner, f"{path}[]")
            yield from ((p, v) for p, v in inside if p != f"{path}[]" or not isinstance(v, dict))


def is_of(kind, value):
    allowed = kind.split(" or ")
    if value is None:
        return "null" in allowed
    types = tuple(TYPES[name] for name in allowed if name != "null")
    if isinstance(value, bool):
        return "boolean" in allowed
    return any(isinstance(value, t) for t in types)


@pytest.fixture(scope="module")
def made():
    """The JSON of every world, of few seeds and many, comparable and not."""
    one = told(as_published)["relu-adam-raw"]
    return [
        written([replace(one, failed=(("raw", 8, "its worker died"),))]),
        written(list(told(as_published).values())),
        written(list(told(the_other_way, data="digits").values())),
        written(list(told(diverged).values())),
        written(reports(list(CASES.values()), as_published, seeds=1)),
    ]


def test_the_documented_keys_are_exactly_those_written(made):
    assert {path for world in made for path, _ in walk(world)} == DOCUMENTED.keys()


def test_values_are_of_the_documented_types(made):
    for world in made:
        for path, value in walk(world):
            assert is_of(DOCUMENTED[path], value), (path, value)


def test_what_may_be_null_sometimes_is(made):
    null = {path for world in made for path, value in walk(world) if value is None}
    assert null == {path for path, kind in DOCUMENTED.items() if "null" in kind}


def test_every_object_has_all_its_keys(made):
    """Keys are never left out, so that a reader need not ask for them."""
    for world in made:
        for case in world["cases"]:
            for part in ("figures", "claims", "answers"):
                assert len({frozenset(entry) for entry in case[part]}) <= 1
        assert len({frozenset(case) for case in world["cases"]}) == 1


def test_words_that_the_page_names_are_those_that_occur(made):
    page = PAGE.read_text(encoding="utf-8")
    for path, words in (
        ("cases[].claims[].verdict", {v.value for v in Verdict}),
        ("cases[].figures[].kind", {"smooth", "plateau"}),
        ("cases[].claims[].predictions[].relation", {"more", "same"}),
    ):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{path}` "))
        assert words <= set(re.findall(r"`(\w+)`", row))
        assert {v for world in made for p, v in walk(world) if p == path} <= words


def test_figures_hold_what_was_published_and_measured():
    raw = written([told(as_published)["divide-by-255-or-1000"]])["cases"][0]
    first = raw["figures"][0]
    assert (first["arm"], first["metric"], first["epoch"]) == ("/255", "loss", 1)
    assert (first["published"], first["wording"], first["kind"]) == (0.5012, "0.5012", "smooth")
    assert first["measured"]["n"] == 8
    # Losses of the eight seeds: 0.33 + 0.001 × (0 1 2 3 4 0 1 2)
    assert first["measured"]["median"] == pytest.approx(0.3315)
    assert first["measured"]["low"] < 0.33 < 0.334 < first["measured"]["high"] < 0.5
    assert first["inside"] is False
    assert first["steps"] is None
    plateau = next(f for f in raw["figures"] if f["kind"] == "plateau")
    assert plateau["steps"] == {"1": 0.5, "2": 0.5}
    assert plateau["inside"] is True
    assert raw["staircases"] == {"raw": {"1": 0.5, "2": 0.5}}


def test_figures_are_not_judged_on_other_data_or_with_one_seed():
    case = [CASES["divide-by-255-or-1000"]]
    (other,) = written(reports(case, as_published, data="digits"))["cases"]
    assert {figure["inside"] for figure in other["figures"]} == {None}
    assert all(figure["measured"]["low"] is not None for figure in other["figures"])
    (single,) = written(reports(case, as_published, seeds=1))["cases"]
    smooth = [f for f in single["figures"] if f["kind"] == "smooth"]
    assert {f["inside"] for f in smooth} == {f["measured"]["low"] for f in smooth} == {None}


def test_claims_hold_the_prediction_that_decided():
    case = written([told(as_published)["divide-by-255-or-1000"]])["cases"][0]
    claim = next(c for c in case["claims"] if c["id"] == "clipping-freezes")
    assert claim["verdict"] == "supported"
    assert claim["arms"] == ["raw, from logits", "raw"]
    (prediction,) = claim["predictions"]
    assert prediction["effect"] == claim["effect"] == pytest.approx(0.73, abs=0.01)
    assert prediction["share_above"] == 1.0
    assert prediction["margin"] < claim["low"] <= claim["effect"] <= claim["high"]


def test_answers_are_joined():
    for case in written(list(told(as_published).values()))["cases"]:
        assert case["answer"] == " ".join(entry["answer"] for entry in case["answers"])
