"""How often a guard in a test is wrong: false failures on healthy set-ups, power on faulty ones.

    python benchmarks/guards.py run [--setups 100] [--framework sklearn] [--file FILE]
    python benchmarks/guards.py show [--file FILE] [--json FILE]

Set-ups are drawn by `drawn.py` from seeds of their own. One counts as healthy when it was trained
for as many steps as the guard takes, on two seeds that no guard uses, and reaches at least 0.8 of
a forest's held-out skill; a fault counts when it costs half of the skill of the same set-up without
it, trained alike. Draws that are neither are passed over, and counted. Each healthy set-up is put
to each guard from several first seeds, each faulty one to `learns` once.

Results go to a file of lines as they end; a run that is interrupted goes on where it stopped.
"""

import argparse
import json
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from drawn import arrays, build, draw, sound

from unstuck.guards.falling_short import comparison, fitting, learning
from unstuck.guards.trials import trials
from unstuck.judging.statistics import share
from unstuck.setups.untouched import untouched

FIRST = 30_000_001  # of the seeds that draw set-ups
WITHIN = 500  # steps
VERIFY = 77_001  # first of the seeds that no guard uses
REPEATS = {"learns": 6, "fits": 1, "no_worse_than": 1}  # first seeds, each guard and set-up
APART = 1_000  # between first seeds, so that no guard sees another's
FAULTS = {  # of sets that can show them
    "raw inputs": "input-spread",
    "rate far too high": "learning-rate-high",
    "target scale": "target-scale",
}
TARGET = Path("guards.jsonl")


def skill(spec: Any) -> float:
    """Mean held-out skill of a set-up, trained on the seeds that verify."""
    with untouched(), np.errstate(all="ignore"):
        made = trials(build(spec), WITHIN, VERIFY, 600.0)
        scores = [made.score((), i) for i in range(2)]
    return float(np.mean([s.skills[made.measures[0]] for s in scores if s is not None]))


def forest(spec: Any) -> float:
    """Held-out skill of a forest on the same data."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    given = arrays(spec)
    x, y, (x_held, y_held) = given["x"], given["y"], given["validation_data"]
    if not given["classes"]:
        return float(ExtraTreesRegressor(100, random_state=0).fit(x, y).score(x_held, y_held))
    common = np.mean(y_held == np.bincount(y).argmax())
    right = ExtraTreesClassifier(100, random_state=0).fit(x, y).score(x_held, y_held)
    return float((right - common) / (1 - common))


def asked(guard: str, spec: Any, seed: int) -> dict[str, Any]:
    """One guard, once."""
    began = time.perf_counter()
    with untouched(), np.errstate(all="ignore"):
        made = trials(build(spec), WITHIN, seed, 600.0, 32 if guard == "fits" else None)
        if guard == "no_worse_than":
            found = comparison(made, trials(build(spec), WITHIN, seed + 500, 600.0), 0.05)
        else:
            found = (fitting if guard == "fits" else learning)(made)
    seconds = time.perf_counter() - began
    return {"failed": found.failed, "decided": found.decided, "wrong": found.wrong,
            "against": found.against, "seconds": seconds,
            "suspected": [s.name for s in made.report.suspects]}  # fmt: skip


def lines(number: int, framework: str) -> Any:
    """All results of one number: a healthy set-up, and each fault."""
    spec = draw(FIRST + 2 * number, None, framework)
    about = {"number": number, "framework": framework, "data": spec.data}
    own, reference = skill(spec), forest(spec)
    healthy = own >= 0.8 * reference > 0.08
    yield about | {"what": "healthy", "counts": bool(healthy), "skill": own, "sound": reference}
    for guard, repeats in REPEATS.items() if healthy else ():
        for i in range(repeats):
            yield about | {"what": guard} | asked(guard, spec, APART * i)
    for fault, name in FAULTS.items():
        spec = draw(FIRST + 2 * number, name, framework)
        own, reference = skill(spec), skill(sound(spec))
        counts = own < 0.5 * reference > 0.08
        told = about | {"what": fault, "counts": bool(counts), "skill": own, "sound": reference}
        yield told | (asked("learns", spec, 0) if counts else {})


def run(setups: int, framework: str, target: Path) -> None:
    """Whatever is not in the file yet."""
    known = read(target)
    for number in range(setups):
        if any(r["number"] == number and r["framework"] == framework for r in known):
            continue
        try:
            made = list(lines(number, framework))
        except Exception as error:  # a draw that cannot be trained is told, and passed over
            made = [
                {"number": number, "framework": framework, "what": "error", "error": repr(error)}
            ]
        with target.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in made)


def read(target: Path) -> list[dict[str, Any]]:
    """All results so far."""
    if not target.exists():
        return []
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures: counts with their 95 % intervals (Wilson)."""
    found: dict[str, Any] = {}
    healthy = [r for r in results if r["what"] == "healthy"]
    found["set-ups"] = {
        "drawn": len(healthy),
        "healthy": sum(r["counts"] for r in healthy),
        "errors": sum(r["what"] == "error" for r in results),
    }
    for guard in REPEATS:
        some = [r for r in results if r["what"] == guard]
        found[f"{guard}: false failures"] = _share([r["failed"] for r in some])
        found[f"{guard}: undecided"] = _share([not r["decided"] for r in some])
        found[f"{guard}: seconds"] = _seconds(some)
    first = {r["number"]: r for r in results if r["what"] == "learns"}
    found["fits_together: false failures"] = _share([bool(r["suspected"]) for r in first.values()])
    for fault in FAULTS:
        some = [r for r in results if r["what"] == fault and r["counts"]]
        found[f"{fault}: fails"] = _share([r["failed"] for r in some])
        found[f"{fault}: suspected"] = _share([bool(r["suspected"]) for r in some])
        found[f"{fault}: seconds"] = _seconds(some)
    return found


def _share(values: list[bool]) -> dict[str, float]:
    if not values:
        return {"k": 0, "n": 0}
    found = share(sum(values), len(values), 0.95)
    return {"k": found.k, "n": found.n, "low": found.low, "high": found.high}


def _seconds(results: list[dict[str, Any]]) -> dict[str, float]:
    if not results:
        return {}
    seconds = [r["seconds"] for r in results]
    return {"median": float(np.median(seconds)), "95 %": float(np.quantile(seconds, 0.95))}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("do", choices=["run", "show"])
    parser.add_argument("--setups", type=int, default=100)
    parser.add_argument("--framework", default="sklearn")
    parser.add_argument("--file", type=Path, default=TARGET)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.do == "run":
        run(given.setups, given.framework, given.file)
        return
    machine = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "within": WITHIN,
        "seeds": f"{FIRST} and every second",
    } | {name: version(name) for name in ("scikit-learn", "numpy", "jax")}
    made = {"about": machine} | summary(read(given.file))
    print(json.dumps(made, indent=1))
    if given.json:
        given.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
