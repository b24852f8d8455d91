"""Runs of scripts that an assistant asked for: each a process of its own, and what it found."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unstuck.errors import UsageError
from unstuck.patch.caretaker import scratch
from unstuck.patch.program import program
from unstuck.patch.trying import reason

EVERY = 2.0  # seconds between two words of progress
MORE = 600.0  # seconds beside those of the trials, after which a run is ended

Progress = Callable[[float, str], Awaitable[None]]  # (seconds so far, what is going on)


@dataclass(frozen=True)
class Found:
    """What one run found.

    Args:
        answer: at most 2,000 characters.
        record: the whole of it, as JSON; "" where there was none.
        patch: a diff that was tried on a copy; "" for none.
        status: the exit status of `unstuck run`.
    """

    answer: str
    record: str
    patch: str
    status: int


@dataclass(eq=False)
class Runs:
    """All runs of one server.

    Args:
        folder: that it was started in: only scripts under it are run.
    """

    folder: Path
    found: dict[str, Found] = field(default_factory=dict)

    def script(self, name: str) -> Path:
        """A script under the folder.

        Raises:
            UsageError: there is none, or it lies elsewhere.
        """
        file = (self.folder / name).resolve()
        if not file.is_relative_to(self.folder.resolve()):
            raise UsageError(
                f"{name} lies outside {self.folder}",
                "a script under the folder that unstuck mcp was started in",
                "start it there",
            )
        if not file.is_file():
            raise UsageError(f"no file {name} in {self.folder}", "a .py file or a notebook")
        return file

    def of(self, name: str) -> Found:
        """What an earlier run found.

        Raises:
            UsageError: there was none of this name.
        """
        if name not in self.found:
            known = ", ".join(self.found) or "none yet"
            raise UsageError(f"no record is called {name!r}", f"one of: {known}")
        return self.found[name]

    async def run(
        self, script: str, arguments: list[str], seconds: float | None, progress: Progress
    ) -> tuple[str, Found]:
        """Runs a script under `unstuck run`; gives the record's name, and what was found.

        A cancelled call ends the script, and all processes that it started.

        Args:
            seconds: of trials; None to end the script after the first diagnosis.
        """
        file = self.script(script)
        named = os.path.relpath(file, self.folder)
        with scratch() as place:
            record, patch = place / "record.json", place / "fix.patch"
            options = ["run", "--format", "compact", "--json", str(record), "--fail-on", "never"]
            if seconds is None:
                options.append("--stop")
            else:
                options += ["--prove", f"{seconds:g}", "--patch", str(patch)]
            told, status = await self._done([*options, named, *arguments], seconds or 0, progress)
            text = record.read_text("utf-8") if record.exists() else ""
            diff = patch.read_text("utf-8") if patch.exists() else ""
        answer = _answer(told, status, bool(text and json.loads(text)["subjects"]))
        name = f"run-{len(self.found) + 1}"
        self.found[name] = Found(answer.strip()[:2_000], text, diff, status)
        return name, self.found[name]

    async def _done(
        self, options: list[str], seconds: float, progress: Progress
    ) -> tuple[str, int]:
        process = await asyncio.create_subprocess_exec(
            *program(*options),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,  # ours is the protocol's
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        waiting = asyncio.create_task(process.communicate())
        spent = 0.0
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=EVERY)
                if done:
                    break
                spent += EVERY
                if spent > seconds + MORE:
                    raise UsageError(
                        f"the script had not ended after {spent:.0f} s",
                        "one that ends",
                        "give it arguments that make it shorter, or diagnose_script",
                    )
                await progress(spent, "the script runs; trials follow")
            _, stderr = waiting.result()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                waiting.cancel()
                await process.wait()
        return stderr.decode("utf-8", "replace"), int(process.returncode or 0)


def _answer(told: str, status: int, seen: bool) -> str:
    """What a run says at its end; with how the script failed, where it did.

    Args:
        told: stderr of `unstuck run --format compact`.
        status: that it exited with.
        seen: whether there was a training.
    """
    start = told.rfind("verdict: ")
    said, verdict = (told[:start], told[start:]) if start >= 0 else (told, "")
    if not status:
        return verdict or f"verdict: nothing was seen\n{said[-1_500:]}"
    how = f"exit status {status}" if status > 0 else f"signal {-status}"
    if verdict and seen:
        return f"the script failed ({how}): {reason(said)}\n{verdict}"
    return f"verdict: the script failed ({how}) before a training was seen\n{said.strip()[-1_500:]}"


def whole(found: Found) -> Any:
    """The full record as JSON values."""
    return json.loads(found.record) if found.record else {}
