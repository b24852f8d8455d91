"""Records as JSON: the schema is the one that is published, and everything written obeys it."""

import json
import math
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from hand_made import BEYOND, FIX, PROOF, PROOFS, STUCK, subject
from unstuck.records.run import RunRecord
from unstuck.report.as_json import schema, text, to_json

jsonschema = pytest.importorskip("jsonschema")
PUBLISHED = Path(__file__).parents[2] / "docs" / "run.schema.json"


def record(*subjects):
    return RunRecord("0.1.0", subjects)


def test_the_published_schema_is_the_generated_one():
    """Made anew by `unstuck schema > docs/run.schema.json`."""
    assert json.loads(PUBLISHED.read_text("utf-8")) == schema()


def test_every_field_is_described():
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    bare = [
        f"{name}.{field}"
        for name, definition in [("run", made), *made["$defs"].items()]
        for field, about in definition.get("properties", {}).items()
        if "description" not in about
    ]
    assert bare == []


@pytest.mark.parametrize("name", PROOFS)
def test_every_record_obeys_the_schema(name):
    whole = record(subject(), subject(PROOFS[name]), subject(PROOF, fix=FIX, patch="--- a"))
    written = json.loads(text(whole), parse_constant=pytest.fail)
    jsonschema.Draft202012Validator(schema()).validate(written)
    assert written == to_json(whole)
    assert written["schema"] == 2
    assert written["subjects"][1]["state"] == PROOFS[name].state.value


def test_what_is_misspelt_or_left_out_does_not_obey():
    check = jsonschema.Draft202012Validator(schema())
    for spoil in (
        lambda s: s.update(status="stuck"),
        lambda s: s.pop("routine"),
        lambda s: s.update(state="dying"),
        lambda s: s["proof"]["trials"][0].update(skill="high"),
    ):
        written = to_json(record(subject(PROOF)))
        spoil(written["subjects"][0])
        assert not check.is_valid(written)


def test_numbers_that_are_not_finite_are_null():
    link = to_json(BEYOND)["suspects"][0]["chain"]
    assert (link[0]["value"], link[1]["value"]) == (None, None)
    assert to_json(BEYOND)["suspects"][0]["evidence"][0]["value"] is None


def test_numpy_s_numbers_are_plain_ones():
    np = pytest.importorskip("numpy")
    from dataclasses import replace

    made = to_json(replace(STUCK, loss=np.float32(0.5), probes={"a": np.int64(3)}))
    assert (made["loss"], made["probes"]) == (0.5, {"a": 3})


def test_nothing_of_a_record_is_left_out():
    """By hand, field by field."""

    def same(value, written):
        if is_dataclass(value):
            names = {field.name for field in fields(value)}
            assert written.keys() == names
            for name in names:
                same(getattr(value, name), written[name])
        elif isinstance(value, tuple):
            for a, b in zip(value, written, strict=True):
                same(a, b)
        elif isinstance(value, float) and not math.isfinite(value):
            assert written is None
        elif isinstance(value, str | bool | int | float | None):
            assert written == value

    whole = record(subject(PROOF, fix=FIX))
    same(whole, to_json(whole))
