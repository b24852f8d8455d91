"""The scoreboard's draw: reproducible, covering what it should, and every kind of program runs."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def modules() -> Iterator[None]:
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


def test_the_slots_cover_what_they_should() -> None:
    from board.draw import slots
    from board.spec import FRAMEWORKS

    halves = [slots(half) for half in ("development", "report")]
    parities = [{slot.number % 2 for slot in half} for half in halves]
    assert parities == [{0}, {1}]
    for half in halves:
        own = [slot for slot in half if slot.mirror < 0]
        assert len({slot.name for slot in half}) == len(half)
        assert sum(not slot.faults for slot in own) >= 200
        assert sum(slot.faults > 0 for slot in own) >= 300
        assert {slot.faults for slot in own} == {0, 1, 2, 3, 4, 5}
        assert {slot.framework for slot in own} == set(FRAMEWORKS)
        first = [slot.faults > 0 for slot in own[:100]]
        assert 40 <= sum(first) <= 80, "the beginning is no fair sample"


def test_a_draw_is_a_function_of_its_seed() -> None:
    from board.data import arrays
    from board.draw import candidates, draw, slots
    from board.programs import program
    from board.spec import of_told

    for slot in slots("development")[:40]:
        spec = draw(slot, 0)
        faults = candidates(spec, slot)
        assert spec == draw(slot, 0)
        assert faults == candidates(spec, slot)
        names, strengths = zip(*faults[:2], strict=True) if faults else ((), ())
        spec = spec.having(names, strengths)
        assert of_told(json.loads(json.dumps(spec.told))) == spec
        assert program(spec) == program(spec)
        for a, b in zip(arrays(spec).values(), arrays(spec).values(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_every_fault_and_subject_is_drawn() -> None:
    from board.draw import draw, slots
    from board.faults import FAULTS, able
    from board.spec import SUBJECTS

    drawn = [draw(slot, 0) for slot in slots("report")]
    assert {spec.subject for spec in drawn} == set(SUBJECTS)
    assert {fault for spec in drawn for fault in able(spec)} == set(FAULTS)


def test_a_fault_is_all_that_differs() -> None:
    from board.data import arrays
    from board.programs import program

    sound = _spec("torch", "classes", "digits")
    scaled = sound.having(("input-spread",), (0.5,))
    ratio = np.abs(arrays(scaled)["x_train"]).max() / np.abs(arrays(sound)["x_train"]).max()
    assert 80 <= ratio <= 1000
    np.testing.assert_allclose(
        arrays(scaled)["x_test"] / ratio, arrays(sound)["x_test"], 1e-3, 1e-5
    )
    assert program(scaled) == program(sound)
    early = program(sound.having(("gradients-not-zeroed",), (0.5,))).text.splitlines()
    assert set(program(sound).text.splitlines()) - set(early) == {"        optimizer.zero_grad()"}


# The last are the ones that frameworks which compile are asked for, too: compiling takes seconds.
SUBJECTS = [
    ("classes", "wine"), ("numbers", "linear"), ("few rows", "xor"), ("autoencoder", "mixed"),
    ("sequences", "waves"), ("images", "digits"), ("imbalanced", "rare"),
    ("transformer", "tokens"),
]  # fmt: skip


@pytest.mark.parametrize("framework", ["torch", "keras", "sklearn", "jax"])
def test_every_kind_of_program_runs(framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from board import spec
    from board.judge import native

    monkeypatch.setattr("board.data.JUDGED", 8)
    if framework == "keras":
        import keras

        framework = f"keras-{keras.backend.backend()}"
    compiles = framework not in ("torch", "sklearn")
    for subject, data in SUBJECTS[-2 if compiles else 0 :]:
        if framework in spec.SUBJECTS[subject]:
            skill = native(_spec(framework, subject, data), (1,))
            assert -1 <= skill <= 1, (framework, subject)


def test_what_counts_as_a_repair() -> None:
    from board.faults import undoes
    from board.judge import mends

    assert mends(0.85, 0.0, 1.0)
    assert not mends(0.75, 0.0, 1.0)
    assert not mends(0.75, -1.0, 1.0), "knowing nothing is no gain"
    assert mends(0.92, 0.5, 1.0)
    spec = _spec("torch", "numbers", "linear").having(("input-spread", "target-scale"), (0.1, 0.1))
    assert undoes("targets-standardized", spec)
    assert undoes("features-standardized", spec)
    assert not undoes("learning-rate-over-9", spec)
    assert not undoes("targets-standardized", replace(spec, faults=(), strengths=()))


def test_the_summary_of_lines() -> None:
    from board.summary import summary

    healthy = _spec("torch", "classes", "wine")
    faulty = healthy.having(("learning-rate-low", "input-spread"), (0.1, 0.1))
    repair = {"status": "proven", "verified": True, "parts": [
        {"change": "optimizer-adam", "necessary": "proven"},
        {"change": "activation-relu", "necessary": "proven"},
        {"change": "no-penalty", "necessary": "refuted"},
    ]}  # fmt: skip
    judged = {"repaired": 0.9, "random": 0.1, "defaults": 0.2}
    mended = {"repaired": True, "random": False, "defaults": False}
    lines: list[dict[str, Any]] = [
        {"spec": healthy.told, "valid": True, "state": "learning", "outcome": "nothing wrong"},
        {"spec": healthy.told, "valid": True, "state": "stuck", "outcome": "", "status": 11},
        {"spec": faulty.told, "valid": True, "state": "stuck", "outcome": "", "proven": True,
         "repair": repair, "judged": judged, "mended": mended, "seconds": {"proof": 9.0}},
        {"spec": faulty.told, "valid": True, "state": "nothing-to-learn", "outcome": "",
         "repair": None, "judged": judged, "mended": {**mended, "repaired": False}},
        {"valid": False, "passed_over": ["a", "b"]},
        {"error": "seen"},
    ]  # fmt: skip
    found = summary(lines)
    told = {name: (v["k"], v["n"]) for name, v in found.items() if "k" in v}
    assert told["false proofs on healthy"] == (1, 2)
    assert told["repairs, two and more faults"] == (1, 2)
    assert told["false 'nothing to learn'"] == (1, 4)
    assert told["necessary parts that are, or undo, an injected fault"] == (1, 2)
    assert told["same set-ups: random search"] == (0, 2)
    assert found["set-ups"]["errors"] == 1
    assert found["set-ups"]["passed over"] == 2
    json.dumps(found)


def _spec(framework: str, subject: str, data: str) -> Any:
    from board.data import NUMBERS
    from board.spec import Settings, Spec

    loss = "squared" if data in NUMBERS or subject == "autoencoder" else "crossentropy"
    balance = "weights" if subject == "imbalanced" else ""
    sound = Settings((8,), "relu", loss, "adam", 1e-3, 64, 1, balance=balance)
    if framework != "sklearn":
        sound = replace(sound, schedule="cosine", clip=1.0)
    rows = 0 if data == "xor" else 64
    return Spec(0, subject, data, rows, "standard", framework, "script", sound)
