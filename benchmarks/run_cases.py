"""The published cases' scripts under `unstuck run`, on each backend: what is said, and what helps.

    python benchmarks/run_cases.py [--seconds 60] [--only case_3 jax …] [--table]

Resumable: what stands in benchmarks/run_cases.json is not run again. Data are Fashion-MNIST's first
6,000 training images (case 2, which holds 5,000 of them out: 11,000) and 1,000 test images, from
the folder that UNSTUCK_DATA names, given to the unchanged scripts through Keras's own cache.
Prints a Markdown table. One run a script and backend; the scripts set no seeds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from script.published import BACKENDS, SCRIPTS, run  # noqa: E402

RECORD = HERE / "run_cases.json"


EFFECT = ("effect", "low", "high", "n")


def stored():
    return json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def told(script, done, seconds):
    """What is kept of a run."""
    subject = done.subject
    fix = subject["fix"]
    return {
        "case": script.case,
        "script": script.file,
        "arguments": script.arguments,
        "status": done.status,
        "state": subject["state"],
        "outcome": outcome(done.err),
        "causes": [
            {k: c[k] for k in ("name", "status")}
            | {k: ((c["tested"] or {}).get("effect") or {}).get(k) for k in EFFECT}
            | {"metric": (subject["proof"] or {}).get("measure")}
            for c in subject["report"]["suspects"]
        ],
        "fix": None if fix is None else {k: fix[k] for k in ("before", "after", "verified")},
        "accuracy": done.accuracy,
        "patched": done.patched,
        "budget": seconds,
        "seconds": round(done.seconds, 1),
        "proof": subject["seconds"]["proof"],
    }


def outcome(err):
    """The last line told: the verdict."""
    return err.strip().splitlines()[-1].strip()


def table(results):
    lines = [
        "| script | backend | state | causes: status, effect (95 %) | exit | accuracy |"
        " patched | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, r in sorted(results.items()):
        causes = "; ".join(cause(c) for c in r["causes"]) or "none"
        patched = "" if r["patched"] is None else f"{r['patched']:.1%}"
        lines.append(
            f"| {r['script']} | {key.split()[1]} | {r['state']}: {r['outcome']} | {causes} |"
            f" {r['status']} | {r['accuracy']:.1%} | {patched} | {r['seconds']:.0f} |"
        )
    return "\n".join(lines)


def cause(c):
    text = f"{c['name']} {c['status']}"
    if c["effect"] is not None:
        text += f" {c['effect']:+.3f} ({c['low']:+.3f} to {c['high']:+.3f}; {c['n']})"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", nargs="*", default=[], help="words that a run's name must hold")
    parser.add_argument("--table", action="store_true", help="print it, and run nothing")
    options = parser.parse_args()
    for script in SCRIPTS:
        for backend in BACKENDS:
            key = f"{script.file} {backend}"
            if options.table or key in stored() or not all(w in key for w in options.only):
                continue
            print(key, file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    done = run(script, backend, options.seconds, Path(folder))
                except Exception as error:
                    print(f"{key}: {error}", file=sys.stderr)
                    continue
            results = stored() | {key: told(script, done, options.seconds)}
            RECORD.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n", "utf-8")
    print(table(stored()))


if __name__ == "__main__":
    main()
