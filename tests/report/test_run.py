"""The end of a run: what is told of each training, the exit status, the log for code hosts."""

from dataclasses import replace
from email.message import Message

import pytest

from hand_made import FIX, LEARNS, PROOF, PROOFS, SOUND, subject
from unstuck.commands.options import FailOn, status
from unstuck.records.report import Evidence
from unstuck.records.run import RunRecord
from unstuck.records.states import State
from unstuck.records.training import Sighting
from unstuck.records.where import Where
from unstuck.report.run import summary, tried
from unstuck.report.sarif import sarif

LOOP = Sighting("not-zeroed", (Evidence("gradient", 9.0, "1"),), "Gradients are never zeroed")
SUBJECTS = {
    "sound": subject(report=SOUND, state=State.LEARNING),
    "suspected": subject(),
    "sighted": subject(report=SOUND, sightings=(LOOP,)),
    "refused": subject(report=None, refused="its data can be read only once"),
    "proven": subject(PROOF, fix=FIX),
    "cured": subject(PROOF, fix=FIX, patch="---", cured=True),
    "learns": subject(LEARNS),
    "forgiven": subject(replace(LEARNS, report=PROOF.report)),
    "improvable": subject(PROOFS["improvable"]),
    "improvable, cured": subject(PROOFS["improvable"], cured=True),
    "disagrees": subject(PROOFS["disagrees"]),
    "unknown": subject(replace(PROOFS["no-cause"], state=State.UNKNOWN)),
    "no cause": subject(PROOFS["no-cause"]),
    "not trusted": subject(PROOFS["not-trusted"]),
}


@pytest.mark.parametrize(
    ("name", "statuses"),
    [  # with --fail-on never, proven, suspected, improvable
        ("sound", (0, 0, 0, 0)),
        ("suspected", (0, 0, 10, 10)),
        ("sighted", (0, 0, 10, 10)),
        ("refused", (0, 0, 0, 0)),
        ("proven", (0, 11, 11, 11)),
        ("cured", (0, 0, 0, 0)),
        ("learns", (0, 0, 0, 0)),
        ("forgiven", (0, 0, 0, 0)),
        ("improvable", (0, 0, 0, 12)),
        ("improvable, cured", (0, 0, 0, 0)),
        ("disagrees", (0, 0, 10, 10)),
        ("unknown", (0, 0, 10, 10)),
        ("no cause", (0, 0, 10, 10)),
        ("not trusted", (0, 0, 10, 10)),
    ],
)
def test_exit_statuses(name, statuses):
    asked = (FailOn.never, FailOn.proven, FailOn.suspected, FailOn.improvable)
    assert tuple(status([SUBJECTS[name]], fail_on) for fail_on in asked) == statuses


def test_the_worst_subject_decides():
    several = [SUBJECTS[name] for name in ("sound", "improvable", "suspected", "proven")]
    assert status(several, FailOn.suspected) == 11
    assert status(several[:3], FailOn.improvable) == 10


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("suspected", "suspected: input-spread, loss-clipping"),
        ("sighted", "Gradients are never zeroed."),
        ("refused", "It could not be looked at: its data can be read only once."),
        ("proven", "proven: input-spread"),
        ("cured", "cured in the patched copy"),
        ("learns", "Nothing is wrong"),
        ("disagrees", "Not judged"),
    ],
)
def test_what_is_told(name, says):
    told = summary([SUBJECTS[name]]).plain
    assert says in told
    assert "training at train.py, line 14: stuck: loss 14.6 → 14.5" in told


def test_no_training_was_seen():
    assert "no training seen" in summary([]).plain


def test_a_patched_copy_beside_the_script():
    after = {0: {"state": "learning", "watched": [{"first": 3.3, "last": 0.298}]}}
    told = tried([SUBJECTS["proven"]], after).plain
    assert "as it is  stuck: loss 14.6 → 14.5" in told
    assert "patched   learning: loss 3.3 → 0.298" in told


def test_findings_for_code_hosts():
    sarif_pydantic = pytest.importorskip("sarif_pydantic")
    whole = RunRecord("0.1.0", (SUBJECTS["proven"], SUBJECTS["suspected"], SUBJECTS["cured"]))
    log = sarif(whole)
    sarif_pydantic.Sarif.model_validate(log)
    found = [(r["ruleId"], r["level"]) for r in log["runs"][0]["results"]]
    assert found == [
        ("input-spread", "error"),
        ("input-spread", "warning"),
        ("loss-clipping", "warning"),
    ]
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sub/train.py"
    assert place["region"]["startLine"] == 14


def test_sarif_says_where_in_a_notebook_and_what_is_the_same_in_the_next_run() -> None:
    moved = [replace(SUBJECTS["suspected"], where=Where("train.py", line)) for line in (14, 99)]
    cell = replace(SUBJECTS["suspected"], where=Where("a.ipynb", 3, 2))
    logs = [sarif(RunRecord("0.1.0", (one,)))["runs"][0] for one in (*moved, cell)]
    first, later, notebook = ([r["partialFingerprints"] for r in log["results"]] for log in logs)
    assert first == later != notebook
    place = logs[2]["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3}
    assert logs[2]["results"][0]["message"]["text"].startswith("Cell 2, line 3: ")
    assert logs[0]["automationDetails"] == {"id": "unstuck/train.py/"}
    ids = [rule["id"] for rule in logs[0]["tool"]["driver"]["rules"]]
    assert ids == ["input-spread", "loss-clipping"]
    assert all(rule["help"]["text"] for rule in logs[0]["tool"]["driver"]["rules"])


def test_rules_link_to_where_the_project_is_published(monkeypatch) -> None:
    home = Message()
    home["Project-URL"] = "Source, https://example.org/unstuck"
    monkeypatch.setattr("unstuck.report.sarif.metadata", lambda name: home)
    log = sarif(RunRecord("0.1.0", (SUBJECTS["suspected"],)))
    driver = log["runs"][0]["tool"]["driver"]
    assert driver["informationUri"] == "https://example.org/unstuck"
    assert driver["rules"][0]["helpUri"].endswith("/docs/causes.md#input-spread")
