"""The record of a run obeys its schema, and its SARIF stands at the script's lines."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from unstuck.records.origin import here
from unstuck.report.as_json import to_json
from unstuck.report.spelt import spelt

from .running import unstuck_run

jsonschema = pytest.importorskip("jsonschema")
sarif_pydantic = pytest.importorskip("sarif_pydantic")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "run.schema.json").read_text())

SCRIPT = """\
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
x, y = load_digits(return_X_y=True)
MLPClassifier((16,), max_iter=8, solver="sgd", random_state=0).fit(x * 1000, y)
for rate in (0.001, 0.01):
    MLPClassifier((16,), learning_rate_init=rate, max_iter=8).fit(x / 16, y)
try:
    MLPClassifier((16,)).fit(x, y[:7])
except ValueError:
    pass
"""


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "options",
    [[], pytest.param(["--prove", "60"], marks=pytest.mark.acceptance)],
    ids=["static", "proof"],
)
def test_a_record_and_its_sarif(options, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text(SCRIPT)
    files = ["--json", "o.json", "--sarif", "o.sarif"]
    seen = unstuck_run(tmp_path, *options, *files, "sub/train.py")
    record = json.loads((tmp_path / "o.json").read_text(), parse_constant=pytest.fail)
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert seen.status == (11 if options else 10), seen.err
    assert [s["where"] for s in record["subjects"]] == [
        {"file": "sub/train.py", "line": line, "cell": None} for line in (4, 6, 8)
    ]
    raw, sound, wrong = record["subjects"]
    status, level = ("proven", "error") if options else ("suspected", "warning")
    assert raw["report"]["suspects"][0]["status"] == status
    assert len(sound["watched"]) == 2
    assert wrong["refused"]
    assert (raw["fix"] is not None) == bool(options)

    log = json.loads((tmp_path / "o.sarif").read_text())
    sarif_pydantic.Sarif.model_validate(log)
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == rules
    first = run["results"][0]
    suspects = raw["report"]["suspects"]
    assert (first["ruleId"], first["level"]) == (suspects[0]["name"], level)
    assert suspects[0]["title"] in first["message"]["text"]
    assert "input-spread" in {suspect["name"] for suspect in suspects}
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sub/train.py"
    assert place["region"]["startLine"] == 4


@pytest.mark.skipif(os.name != "posix", reason="has no such names")
def test_a_name_that_is_no_text_is_spelt_wherever_it_is_written(tmp_path):
    name = os.fsdecode(b"t\xff \xe9.py")
    lines = SCRIPT.splitlines(keepends=True)
    (tmp_path / name).write_text("".join(lines[:4]))
    bad = os.fsdecode(b"o\xff.json")
    files = ["--json", bad, "--html", "o.html", "--sarif", "o.sarif"]
    seen = unstuck_run(tmp_path, *files, name)
    assert seen.status == 10, seen.err
    record = json.loads((tmp_path / bad).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert record["subjects"][0]["where"]["file"] == r"t\udcff \udce9.py"
    assert r"o\udcff.json" in record["origin"]["command"]
    assert r"t\udcff \udce9.py" in (tmp_path / "o.html").read_text(encoding="utf-8")
    log = json.loads((tmp_path / "o.sarif").read_text(encoding="utf-8"))
    sarif_pydantic.Sarif.model_validate(log)
    (location,) = log["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "t%FF%20%E9.py"


def test_half_a_character_in_a_record_is_spelt():
    record = replace(here("unstuck run \ud83d"), versions={"\ud83d": "1"})
    made = to_json(record)
    assert made["command"] == r"unstuck run \ud83d"
    assert made["versions"] == {r"\ud83d": "1"}
    whole = here("unstuck run \U0001f600")
    assert spelt(whole) == whole
