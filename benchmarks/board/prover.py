"""One set-up, diagnosed and proven as users do it, then judged: a process of its own.

    python benchmarks/board/prover.py FOLDER [--processor] [--baselines]

FOLDER holds `spec.json`, `script.py` and `data.npz`; `result.json` is written there. By the route
"script" the very command `unstuck run --compat --prove 60 --patch FILE --json FILE script.py` runs
in this process; by "api" it is `unstuck.diagnose(…)`, `.prove(60)` and `.fix()`. With --processor
all seconds are seconds of this process's processor time: on a busy machine the clock on the wall
would measure what else is going on.
"""

import argparse
import contextlib
import io
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from board.spec import Spec, of_told

BUDGET = 60.0


def result(spec: Spec, baselines: bool) -> dict[str, Any]:
    """What comes of a set-up."""
    return by_script(spec, baselines) if spec.route == "script" else by_api(spec, baselines)


def by_api(spec: Spec, baselines: bool) -> dict[str, Any]:
    """`unstuck.diagnose` on the objects that the program makes."""
    import unstuck
    from board.programs import program
    from unstuck.records.states import State

    inside: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program(spec).setup, "script.py", "exec"), inside)
    began = time.perf_counter()
    report = unstuck.diagnose(**_arguments(spec, inside))
    static = time.perf_counter() - began
    session = report.prove(BUDGET)
    proof, fixed = session.record, None
    if (proof.repaired or proof.state is State.IMPROVABLE) and proof.trusted:
        fixed = session.fix()
    seconds = {"static": static, "whole": time.perf_counter() - began}
    record = None if fixed is None else fixed.record
    told = _told(spec, session.of, record, baselines) | {"status": None}
    return told | {"seconds": told["seconds"] | seconds}


def _arguments(spec: Spec, inside: dict[str, Any]) -> dict[str, Any]:
    from board.faults import settings

    made = settings(spec)
    target = "x" if spec.subject == "autoencoder" else "y"
    held = (inside["x_test"], inside[f"{target}_test"])
    given = {"x": inside["x_train"], "y": inside[f"{target}_train"], "validation_data": held}
    if spec.kind == "sklearn":
        return {"model": inside["model"], **given}
    given["batch_size"] = min(made.batch, len(inside["x_train"]))
    if not made.shuffle:
        given["shuffle"] = False
    if spec.kind == "keras":
        return {"model": inside["model"], **given}
    model = (inside["apply"], inside["params"]) if spec.kind == "jax" else inside["model"]
    if spec.kind == "torch":
        import torch

        given["validation_data"] = tuple(torch.as_tensor(a) for a in held)
    return {"model": model, "loss": inside["loss_fn"], "optimizer": inside["optimizer"], **given}


def by_script(spec: Spec, baselines: bool) -> dict[str, Any]:
    """`unstuck run` on the script."""
    from unstuck.cli import main
    from unstuck.commands import trials

    proven, kept = trials.proven, []

    def judged(*given: Any, **named: Any) -> Any:
        found, fixed = proven(*given, **named)
        try:
            kept.append(_told(spec, found, None if fixed is None else fixed.record, baselines))
        except Exception as error:  # the board's own, not to be taken for the command's
            kept.append(_failed(error))
        return found, fixed

    trials.proven = judged
    sys.argv = ["unstuck", "run", "--compat", "--prove", f"{BUDGET:g}", "--patch", "fix.patch",
                "--json", "record.json", "script.py"]  # fmt: skip
    status: Any = 0
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        status = end.code
    told: dict[str, Any] = {"status": status}
    record = json.loads(Path("record.json").read_text("utf-8"))
    if record["subjects"]:
        of = record["subjects"][-1]
        told |= {"state": of["state"], "unproven": of["unproven"] or of["refused"],
                 "suspected": [s["name"] for s in (of["report"] or {"suspects": []})["suspects"]],
                 "sighted": [s["cause"] for s in of["sightings"]],
                 "patch": of["patch"], "cured": of["cured"]}  # fmt: skip
    told["trainings"] = len(record["subjects"])
    return (kept[-1] if kept else {}) | told


def _told(spec: Spec, found: Any, fix: Any, baselines: bool) -> dict[str, Any]:
    """A proof in numbers, and its repair judged."""
    from board.baselines import defaults, found_at_random
    from board.judge import SEEDS, trained

    proof = found.record
    told: dict[str, Any] = {
        "state": proof.state.value,
        "outcome": proof.outcome,
        "trusted": proof.trusted,
        "agrees": proof.agreement.agrees,
        "agreement": proof.agreement.says if proof.agreement.agrees is False else "",
        "suspected": [s.name for s in found.record.report.suspects],
        "statuses": {s.name: s.status.value for s in proof.report.suspects},
        "proven": bool(proof.trusted and proof.repaired),
        "repair": None,
        "seconds": {"proof": proof.seconds},
        "trials": len(proof.trials),
        "setup": dict(proof.setup),
        "levels": [proof.trivial, proof.value, proof.best],
        "notes": list(proof.notes)[:6],
    }
    if proof.repair is not None:
        told["repair"] = {
            "status": proof.repair.effect.status.value,
            "parts": [{"change": p.change, "causes": list(p.causes),
                       "necessary": p.necessary and p.necessary.status.value,
                       "sufficient": p.sufficient and p.sufficient.status.value}
                      for p in proof.repair.parts],
            "verified": fix is not None and fix.verified,
        }  # fmt: skip
    if not spec.faults:
        return told
    own = found.found.repair if told["proven"] or proof.state.value == "improvable" else ()
    judged = {"as it is": trained(spec, found, (), SEEDS[:1]), "repaired": None}
    if own:
        judged["repaired"] = trained(spec, found, own)
    if baselines:
        began = time.perf_counter()
        plain = defaults(spec, found)
        judged["defaults"] = trained(spec, found, plain)
        best, tried = found_at_random(spec, found, max(proof.seconds, 1.0))
        judged["random"] = trained(spec, found, best)
        told["baselines"] = {"defaults": [c.name for c in plain],
                             "random": [c.name for c in best], "tried": tried,
                             "seconds": time.perf_counter() - began}  # fmt: skip
    return told | {"judged": judged}


def _failed(error: Exception) -> dict[str, Any]:
    trace = "".join(traceback.format_exception(error)[-6:])
    return {"error": f"{type(error).__name__}: {error}"[:300], "trace": trace}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--baselines", action="store_true")
    options = parser.parse_args()
    if options.processor:
        time.perf_counter = time.process_time
    os.chdir(options.folder)
    spec = of_told(json.loads(Path("spec.json").read_text("utf-8")))
    try:
        found = result(spec, options.baselines)
    except Exception as error:
        found = _failed(error)
    Path("result.json").write_text(json.dumps(found) + "\n", "utf-8")
    sys.stdout.flush()
    os._exit(0)  # TensorFlow was seen to hang at the end of a process


if __name__ == "__main__":
    main()
