"""How often diagnosis, proof and fix are right: drawn set-ups, healthy and with one fault injected.

    python benchmarks/scoreboard.py run --half report [--workers 2] [--only engine] [--part 0.1]
    python benchmarks/scoreboard.py show --half report [--json FILE]

Set-ups are drawn by `drawn.py` from seeds; odd seeds are opened only to report. A set-up counts
as healthy when it was trained and reaches at least 0.8 of a forest's held-out skill; a fault
counts when, trained with and without it, it costs more than a fifth of the skill. Draws that are
neither are drawn anew, at most four times, and counted. Both trainings use seeds that no proof
uses. Every set-up is then diagnosed, proven (60 s at most) and, where a cause is proven, fixed.

Results go to a file of lines as they end; a run that is interrupted goes on where it stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from drawn import CAN, FRAMEWORKS, RIGHT, SCALE, Spec, build, draw, sound

BUDGET = 60.0  # seconds a proof
TRAINED, STEPS = (77_001, 77_002), 2_000  # seeds and steps of the trainings that verify
DRAWS = 4
CHUNK = 12  # slots a process
# How often the report half was opened before, and what it showed led to changes: each opening has
# seeds of its own.
OPENED = 1
Slot = tuple[int, str, str, int]  # number, fault or "", framework, mirror


def slots(half: str) -> list[Slot]:
    """All of a half: healthy, faulty, mirrored."""
    found: list[tuple[str, str, int]] = []
    weights = {"engine": 40, "sklearn": 25, "torch": 20, "keras-jax": 7, "keras-torch": 4,
               "keras-tensorflow": 4}  # fmt: skip
    for framework, count in weights.items():
        found += [("", framework, -1)] * count
    turns = ("engine", "sklearn", "torch", "engine", "sklearn", "torch", "engine", "keras")
    backends = ("keras-jax", "keras-torch", "keras-tensorflow")
    for i, fault in enumerate(RIGHT):
        able = [f for f in turns if f in CAN[fault]]
        for j in range(8):
            framework = able[j % len(able)]
            found.append((fault, backends[(i + j) % 3] if framework == "keras" else framework, -1))
    groups = ("", "", "input-spread", "feature-scales", "target-scale", "learning-rate-low",
              "input-too-small", "learning-rate-high")  # fmt: skip
    for group, fault in enumerate(groups):
        found += [(fault, framework, group) for framework in FRAMEWORKS]
    offset = 0 if half == "development" else 1
    return [(100 * i + offset, fault, framework, mirror)
            for i, (fault, framework, mirror) in enumerate(found)]  # fmt: skip


def _seed(slot: Slot, attempt: int) -> int:
    number, _, _, mirror = slot
    opening = 10_000_000 * OPENED * (number % 2)
    if mirror >= 0:  # the same set-up in every framework
        return opening + 1_000_000 + 100 * mirror + number % 2 + 2 * attempt
    return opening + number + 2 * attempt


# --- One set-up. ---


def examined(slot: Slot) -> dict[str, Any]:
    """Draws a set-up for a slot until it is what it should be, and puts it to the test."""
    _, fault, framework, mirror = slot
    passed_over = 0
    for attempt in range(1 if mirror >= 0 else DRAWS):
        spec = draw(_seed(slot, attempt), fault or None, framework, mirror)
        skill = _trained(spec)
        reference = _trained(sound(spec)) if fault else _forest(spec)
        valid = skill < 0.8 * reference if fault else skill >= 0.8 * reference > 0.08
        if fault == "constant-input":
            valid = True
        if valid or mirror >= 0:
            facts = {"skill": skill, "reference": reference, "valid": bool(valid)}
            return _record(slot, spec, passed_over) | facts
        passed_over += 1
    return {"slot": list(slot), "spec": asdict(spec), "valid": False, "passed_over": passed_over,
            "skill": skill, "reference": reference}  # fmt: skip


def _trained(spec: Spec) -> float:
    """Median skill of the set-up, trained."""
    from unstuck.frameworks.recognize import recognize
    from unstuck.proofs.folds import folds
    from unstuck.setups.subject import Given
    from unstuck.setups.untouched import untouched

    arguments = build(spec)
    model, x = arguments.pop("model"), arguments.pop("x")
    with untouched(), np.errstate(all="ignore"):
        subject = recognize(model, Given(x, **arguments, examples=4096))
        sample, trainer = subject.sample, subject.trainer()
        seen = subject.observe(tuple(a[:2] for a in sample.x), sample.y[:2])
        splits = folds(sample, subject.about, seen.output.shape[1], trainer.loss)
        if splits is None:
            return 0.0
        fold = splits.first
        name = fold.held.measures[0].name
        runs = [trainer.train(fold.data, (), seed, STEPS) for seed in TRAINED]
        return float(np.median([fold.judged(r, fold.data)[0].skills[name] for r in runs]))


def _forest(spec: Spec) -> float:
    """Skill of a forest on the same data."""
    from drawn import arrays
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    given = arrays(spec)
    x, y, (x_held, y_held) = given["x"], given["y"], given["validation_data"]
    if given["classes"]:
        share = np.mean(y_held == np.bincount(y).argmax())
        right = ExtraTreesClassifier(100, random_state=0).fit(x, y).score(x_held, y_held)
        return float((right - share) / (1 - share))
    return float(ExtraTreesRegressor(100, random_state=0).fit(x, y).score(x_held, y_held))


def _record(slot: Slot, spec: Spec, passed_over: int) -> dict[str, Any]:
    import unstuck

    began = time.perf_counter()
    report = unstuck.diagnose(**build(spec))
    static = time.perf_counter() - began
    proof = report.prove(BUDGET)
    fix = None
    if proof.repair is not None and proof.repair.effect.status.value == "proven":
        made = proof.fix()
        fix = {
            "verified": made.verified,
            "before": made.before.value,
            "after": made.after.value,
            "parts": [part.change for part in proof.repair.parts],
        }
    return {
        "slot": list(slot),
        "spec": asdict(spec),
        "passed_over": passed_over,
        "suspected": [s.name for s in report.suspects],
        "statuses": {s.name: s.status.value for s in proof.report.suspects},
        "state": proof.state.value,
        "trusted": proof.trusted,
        "static": static,
        "proof": proof.seconds,
        "seconds": time.perf_counter() - began,
        "fix": fix,
    }


# --- Running. ---


def work(chosen: list[Slot], target: Path) -> None:
    """A process's share: one line a slot as it ends."""
    for slot in chosen:
        try:
            record = examined(slot)
        except KeyboardInterrupt:
            raise
        except Exception as error:
            record = {"slot": list(slot), "error": f"{type(error).__name__}: {error}"[:300],
                      "trace": traceback.format_exc(limit=-4)}  # fmt: skip
        with target.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def read(target: Path) -> list[dict[str, Any]]:
    """Finished slots, the last line of each."""
    if not target.exists():
        return []
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines() if line]
    return list({tuple(r["slot"]): r for r in lines}.values())


def run(half: str, workers: int, only: str, part: float, target: Path) -> None:
    """All slots that are not finished, in processes of one framework each."""
    done = {tuple(r["slot"]) for r in read(target) if "error" not in r}
    todo = [s for s in slots(half) if s not in done and (not only or s[2].startswith(only))]
    if part < 1:
        todo = [s for s in todo if np.random.default_rng(s[0]).random() < part]
    by_framework: dict[str, list[Slot]] = defaultdict(list)
    for slot in todo:
        by_framework[slot[2]].append(slot)
    chunks = [(f, group[i : i + CHUNK]) for f, group in by_framework.items()
              for i in range(0, len(group), CHUNK)]  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    total, began = len(todo), time.perf_counter()
    try:
        while chunks or running:
            while chunks and len(running) < workers:
                framework, chosen = chunks.pop(0)
                environment = os.environ | {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
                environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
                if framework.startswith("keras"):
                    environment["KERAS_BACKEND"] = framework.split("-")[1]
                command = [sys.executable, __file__, "work", "--file", str(target),
                           "--slots", json.dumps(chosen)]  # fmt: skip
                running.append(subprocess.Popen(command, env=environment))
            time.sleep(1)
            running = [p for p in running if p.poll() is None]
            finished = len([r for r in read(target) if tuple(r["slot"]) in set(todo)])
            if sys.stderr.isatty():
                print(f"\r{finished} of {total}, {time.perf_counter() - began:.0f} s", end="",
                      file=sys.stderr)  # fmt: skip
    finally:
        for process in running:
            process.kill()
    print(file=sys.stderr)


# --- Showing. ---


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures."""
    errors = [r for r in records if "error" in r]
    drawn = [r for r in records if "error" not in r and r["slot"][3] < 0]
    valid = [r for r in drawn if r.get("valid")]
    healthy = [r for r in valid if not r["slot"][1]]
    faulty = [r for r in valid if r["slot"][1]]
    return {
        "set-ups": {"healthy": len(healthy), "faulty": len(faulty), "errors": len(errors),
                    "no valid draw": len(drawn) - len(valid),
                    "passed over": sum(r.get("passed_over", 0) for r in drawn)},
        "false proofs on healthy": _share([bool(_proven(r)) for r in healthy], one_sided=True),
        "suspected on healthy": _share([bool(r["suspected"]) for r in healthy]),
        "healthy told as learning": _share([r["state"] == "learning" for r in healthy]),
        "recall, scale": _recall([r for r in faulty if r["slot"][1] in SCALE]),
        "recall, others": _recall([r for r in faulty if r["slot"][1] not in SCALE]),
        "precision, scale": _precision(faulty + healthy, True),
        "precision, others": _precision(faulty + healthy, False),
        "verified repairs of those proven": _share(
            [bool(r["fix"] and r["fix"]["verified"]) for r in faulty if _proven(r)]),
        "verified repairs of all faulty": _share(
            [bool(r["fix"] and r["fix"]["verified"]) for r in faulty]),
        "same verdict across frameworks": _agreement(records),
        "causes": {f: _cause(f, faulty, faulty + healthy) for f in RIGHT},
        "seconds": {k: _times([r[k] for r in valid]) for k in ("static", "proof", "seconds")},
        "errors": Counter(e["error"][:120] for e in errors),
    }  # fmt: skip


def _proven(r: dict[str, Any]) -> set[str]:
    return {n for n, status in r["statuses"].items() if status == "proven"}


def _share(values: list[bool], one_sided: bool = False) -> dict[str, float]:
    from unstuck.judging.statistics import share

    if not values:
        return {"n": 0}
    found = share(sum(values), len(values), 0.90 if one_sided else 0.95)
    return {"k": found.k, "n": found.n, "share": found.share, "low": found.low, "high": found.high}


def _recall(faulty: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "suspected": _share([bool(RIGHT[r["slot"][1]] & set(r["suspected"])) for r in faulty]),
        "proven": _share([bool(RIGHT[r["slot"][1]] & _proven(r)) for r in faulty]),
        "proven by its own name": _share([r["slot"][1] in _proven(r) for r in faulty]),
    }


def _precision(records: list[dict[str, Any]], scale: bool) -> dict[str, Any]:
    def right(names: Any) -> list[bool]:
        return [
            bool(r["slot"][1]) and n in RIGHT[r["slot"][1]]
            for r in records for n in names(r) if (n in SCALE) == scale
        ]  # fmt: skip

    return {"suspected": _share(right(lambda r: r["suspected"])), "proven": _share(right(_proven))}


def _cause(fault: str, faulty: list[dict[str, Any]], every: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [r for r in faulty if r["slot"][1] == fault]
    named = [r for r in every if fault in _proven(r)]
    return _recall(mine) | {
        "precision": _share([bool(r["slot"][1]) and fault in RIGHT[r["slot"][1]] for r in named]),
        "repaired": _share([bool(r["fix"] and r["fix"]["verified"]) for r in mine]),
    }


def _agreement(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of pairs of frameworks with the same verdict on mirrored set-ups, where the fault bites
    in both."""
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for r in records:
        if r.get("valid") and r["slot"][3] >= 0:
            groups[r["slot"][3]].append(r)
    pairs = []
    for group in groups.values():
        told = [(r["state"] == "learning", tuple(sorted(_proven(r)))) for r in group]
        pairs += [a == b for i, a in enumerate(told) for b in told[:i]]
    return _share(pairs)


def _times(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}


def show(record: dict[str, Any]) -> None:
    """As tables."""
    from rich.console import Console
    from rich.table import Table

    out = Console(width=120)
    table = Table("figure", "found (95 % interval; false proofs: one-sided)")
    for name, value in record.items():
        if name in ("causes", "errors"):
            continue
        if isinstance(value, dict) and "n" not in value:
            told = "; ".join(f"{k} {_told(v)}" for k, v in value.items())
        else:
            told = _told(value)
        table.add_row(name, told)
    out.print(table)
    table = Table("cause", "suspected", "proven", "by its name", "precision", "repaired")
    for name, value in record["causes"].items():
        keys = ("suspected", "proven", "proven by its own name", "precision", "repaired")
        table.add_row(name, *(_told(value[k]) for k in keys))
    out.print(table)
    for error, count in record["errors"].items():
        out.print(f"{count} × {error}", markup=False)


def _told(value: Any) -> str:
    if isinstance(value, dict) and value.get("n"):
        return (f"{value['k']} of {value['n']} ({100 * value['low']:.0f} to"
                f" {100 * value['high']:.0f} %)")  # fmt: skip
    if isinstance(value, dict):
        return ", ".join(f"{k} {v:.1f}" for k, v in value.items() if k != "n") or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("run", "show", "work"))
    parser.add_argument("--half", choices=("development", "report"), default="development")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--slots", help=argparse.SUPPRESS)
    options = parser.parse_args()
    target = options.file or Path(__file__).with_name(f"scoreboard-{options.half}.jsonl")
    if options.what == "work":
        work([tuple(s) for s in json.loads(options.slots)], target)
        os._exit(0)  # TensorFlow was seen to hang at the end of a process
    if options.what == "run":
        run(options.half, options.workers, options.only, options.part, target)
    from unstuck.cases.run import provenance

    record = summary(read(target))
    show(record)
    if options.json:
        whole = {"half": options.half, "unstuck": provenance(), **record}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
