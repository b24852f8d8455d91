"""A small slice of the scoreboard, end to end: drawn, verified by training, diagnosed, proven,
fixed, stored, summed up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def modules():
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


def test_the_slots_cover_what_they_should() -> None:
    import drawn
    import scoreboard

    halves = [scoreboard.slots(half) for half in ("development", "report")]
    assert not {s[0] for s in halves[0]} & {s[0] for s in halves[1]}
    for half in halves:
        own = [s for s in half if s[3] < 0]
        assert sum(not s[1] for s in own) >= 100
        assert sum(bool(s[1]) for s in own) >= 150
        assert {s[1] for s in own if s[1]} == set(drawn.RIGHT)
        assert {s[2] for s in own} == set(drawn.FRAMEWORKS)
        assert all(s[2].split("-")[0] in drawn.CAN[s[1]] for s in own if s[1])


def test_a_fault_is_all_that_differs() -> None:
    import drawn
    import numpy as np

    spec = drawn.draw(4, "input-spread", "engine")
    faulty, healthy = drawn.arrays(spec), drawn.arrays(drawn.sound(spec))
    ratio = np.abs(faulty["x"]).max() / np.abs(healthy["x"]).max()
    assert 80 <= ratio <= 1000
    np.testing.assert_allclose(faulty["x"] / ratio, healthy["x"], rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(faulty["y"], healthy["y"])


def test_a_slice(tmp_path: Path) -> None:
    import scoreboard

    slots = scoreboard.slots("development")
    chosen = [
        next(s for s in slots if s[1:3] == wanted)
        for wanted in (("", "sklearn"), ("feature-scales", "sklearn"))
    ]
    target = tmp_path / "lines.jsonl"
    command = [sys.executable, str(BENCHMARKS / "scoreboard.py"), "work"]
    subprocess.run(
        [*command, "--file", str(target), "--slots", json.dumps(chosen)], check=True, timeout=600
    )
    records = scoreboard.read(target)
    assert [tuple(r["slot"]) for r in records] == chosen
    assert not any("error" in r for r in records), records
    found = scoreboard.summary(records)
    assert found["set-ups"]["healthy"] == 1
    assert found["false proofs on healthy"]["k"] == 0
    assert found["recall, scale"]["proven"]["k"] == found["set-ups"]["faulty"]
    json.dumps(found)
