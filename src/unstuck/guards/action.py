"""The step of `action.yml`: `unstuck run` on a script, with a summary and annotations.

Its inputs come by environment, as an action's do, so that nothing of them is read by a shell:
`UNSTUCK_SCRIPT` (with arguments), `UNSTUCK_PROVE`, `UNSTUCK_FAIL_ON`.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unstuck.patch.program import program

ANNOTATIONS = 10  # of a step and kind, that a host shows
LEVELS = {"error": "error", "warning": "warning"}


def main(environment: Mapping[str, str] | None = None) -> int:
    """Runs the script; gives the exit status of `unstuck run`."""
    given = dict(os.environ if environment is None else environment)
    folder = Path(given.get("RUNNER_TEMP") or tempfile.mkdtemp())
    target = folder / "unstuck.sarif"
    seconds = given.get("UNSTUCK_PROVE", "").strip()
    command = program("run", "--format", "compact")
    command += ["--sarif", str(target), "--fail-on", given.get("UNSTUCK_FAIL_ON") or "suspected"]
    command += ["--prove", seconds] if seconds else ["--stop"]
    command += shlex.split(given.get("UNSTUCK_SCRIPT", ""))
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    found = json.loads(target.read_text("utf-8")) if target.exists() else None
    for line in annotations(found):
        print(line)
    _append(given.get("GITHUB_STEP_SUMMARY"), summary(done.stderr, done.returncode))
    _append(given.get("GITHUB_OUTPUT"), f"sarif={target}\n")
    return done.returncode


def annotations(sarif: dict[str, Any] | None) -> Iterator[str]:
    """Findings as lines that a host shows beside the script's own: at most ten of a kind."""
    results = sarif["runs"][0]["results"] if sarif else []
    for level, kind in LEVELS.items():
        for result in [r for r in results if r["level"] == level][:ANNOTATIONS]:
            place = result.get("locations", [{}])[0].get("physicalLocation", {})
            file = place.get("artifactLocation", {}).get("uri", "")
            line = place.get("region", {}).get("startLine", 1)
            where = f"file={_escaped(file, True)},line={line}," if file else ""
            title = _escaped(f"unstuck: {result['ruleId']}", True)
            yield f"::{kind} {where}title={title}::{_escaped(result['message']['text'])}"


def summary(told: str, status: int) -> str:
    """What stands on the run's page."""
    head = "nothing suspicious" if status == 0 else f"exit status {status}"
    answer = told[told.rfind("verdict: ") :] if "verdict: " in told else told[-2_000:]
    return f"### unstuck: {head}\n\n````text\n{answer.strip()}\n````\n"


def _escaped(text: str, of_property: bool = False) -> str:
    """As a host's commands want it."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if of_property else text


def _append(target: str | None, text: str) -> None:
    if target:
        with open(target, "a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
