"""One slot of the board: set-ups are drawn until one is what it should be, and that is put to the
test in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from board.data import arrays
from board.draw import Slot, candidates, draw, fits_beside
from board.judge import BITES, REACHES, mends, native, reference
from board.programs import program
from board.spec import Spec

DRAWS = 4
SECONDS = 1_800  # of a process, at most
PATCHED = (77_003,)  # seeds of patched scripts


def examined(slot: Slot, options: Sequence[str] = (), keep: Path | None = None) -> dict[str, Any]:
    """What comes of a slot.

    Args:
        options: of `prover.py`.
        keep: folder to leave the set-up in.
    """
    passed_over: list[str] = []
    for attempt in range(DRAWS):
        spec, facts = _valid(slot, attempt)
        if spec is not None:
            found = _proven(spec, facts, options, keep)
            return {"slot": slot.name, "spec": spec.told, "valid": True, **facts,
                    "passed_over": passed_over, **found}  # fmt: skip
        passed_over.append(facts["why"])
        if slot.mirror >= 0:
            break
    return {"slot": slot.name, "valid": False, "passed_over": passed_over}


def _valid(slot: Slot, attempt: int) -> tuple[Spec | None, dict[str, Any]]:
    """A set-up that is healthy, or whose faults cost what they must; or why it is neither."""
    spec = draw(slot, attempt)
    sound, against = _skill(spec), reference(spec)
    facts: dict[str, Any] = {"sound": sound, "reference": against}
    if not sound >= REACHES * against > 0.08:
        return None, facts | {"why": f"sound {sound:.2f} of {against:.2f} ({spec.data})"}
    if not slot.faults:
        return spec, facts
    alone: dict[str, float] = {}
    chosen: list[tuple[str, float]] = []
    for fault, strength in candidates(spec, slot):
        if not fits_beside(fault, tuple(name for name, _ in chosen)):
            continue
        alone[fault] = _skill(spec.having((fault,), (strength,)))
        if alone[fault] < BITES * sound:
            chosen.append((fault, strength))
        if len(chosen) == slot.faults:
            break
    facts["alone"] = alone
    if len(chosen) < slot.faults:
        return None, facts | {"why": f"faults that cost too little: {sorted(alone)}"}
    names, strengths = zip(*chosen, strict=True)
    spec = spec.having(names, strengths)
    facts["faulty"] = _skill(spec)
    if facts["faulty"] >= BITES * sound:
        return None, facts | {"why": f"together they cost too little: {names}"}
    return spec, facts


def _skill(spec: Spec) -> float:
    """Of one run; NaN, which costs nothing, where the program fails."""
    try:
        return native(spec, (77_001,))
    except Exception:
        return float("nan")


def _proven(
    spec: Spec, facts: dict[str, Any], options: Sequence[str], keep: Path | None
) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="board-"))
    try:
        (folder / "spec.json").write_text(json.dumps(spec.told), "utf-8")
        (folder / "script.py").write_text(program(spec).text, "utf-8")
        np.savez(folder / "data.npz", **arrays(spec))
        command = [
            sys.executable,
            str(Path(__file__).with_name("prover.py")),
            str(folder),
            *options,
        ]
        log = folder / "log.txt"
        try:
            with log.open("w") as file:
                subprocess.run(command, stdout=file, stderr=file, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"not done after {SECONDS} s", "trace": log.read_text()[-2_000:]}
        if not (folder / "result.json").exists():
            return {"error": "the process died", "trace": log.read_text()[-2_000:]}
        found: dict[str, Any] = json.loads((folder / "result.json").read_text("utf-8"))
        found["commit"] = _commit()
        if "Traceback" in (said := log.read_text()) or "could not" in said:
            found["said"] = said[-3_000:]
        if found.get("patch"):
            found["patched"] = _patched(spec, folder)
        if "judged" in found:
            found["mended"] = {
                name: bool(skill is not None and mends(skill, facts["faulty"], facts["sound"]))
                for name, skill in {**found["judged"], "patch": found.get("patched")}.items()
            }
        return found
    finally:
        if keep is not None:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _commit() -> str:
    """What the repository stands at."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    return done.stdout.strip()


def _patched(spec: Spec, folder: Path) -> float | None:
    """Skill of the patched script on another seed; None where it does not run."""
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(["git", "apply", "fix.patch"], cwd=folder, env=environment,
                          capture_output=True, check=False)  # fmt: skip
    if done.returncode:
        return None
    try:
        return native(spec, PATCHED, (folder / "script.py").read_text("utf-8"))
    except Exception:
        return None
