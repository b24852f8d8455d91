"""Processes that a script starts to train in: each writes down what it saw for the run to read."""

import multiprocessing.process
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unstuck.patch.caretaker import outlived_by_none
from unstuck.script import hooks
from unstuck.script.line import Line
from unstuck.script.trainings import Trainings
from unstuck.watching.methods import surround
from unstuck.watching.place import is_users

APART = "it trained in a process of its own"
_of_run: Trainings | None = None  # in this process, or the one that it was forked from


@dataclass(frozen=True)
class Child:
    """What a process is to do, with its trainings seen; a file of `folder` says what they were.

    Args:
        target: the script's function.
        folder: of the run.
        script: see `Trainings`.
    """

    target: Callable[..., Any]
    folder: str
    script: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The target, with the same arguments."""
        said: list[Any] = []
        trainings = _of_run
        if trainings is None:
            trainings = Trainings(self.script, said.append)
            with trainings.guard("follow a process"):
                hooks.install(trainings)
        trainings.begin_apart(said.append)
        try:
            return self.target(*args, **kwargs)
        finally:
            with trainings.guard("write down what a process did"):
                self._write(trainings, [s for s in said if isinstance(s, str)])

    def _write(self, trainings: Trainings, said: list[str]) -> None:
        for ending in trainings.endings:
            ending()
        for line in trainings.lines:
            for watch in line.watches:
                watch.notice = None
        written = pickle.dumps((trainings.lines, said))
        path = Path(self.folder, f"{os.getpid()}.part")
        path.write_bytes(written)
        path.replace(path.with_suffix(".lines"))


class Children:
    """Of a run.

    Args:
        trainings: that theirs join.
        script: see `Trainings`.
    """

    def __init__(self, trainings: Trainings, script: str) -> None:
        global _of_run
        _of_run = trainings
        self._trainings, self._script, self._folder = trainings, script, ""
        surround(multiprocessing.process.BaseProcess, "start", self._around_start)

    def _around_start(self, original: Any, process: Any, args: Any, kwargs: Any) -> Any:
        with self._trainings.guard("follow a process"):
            target = process._target
            if self._trainings.is_ours() and not self._trainings.is_quiet and _trains(process):
                self._folder = self._folder or _new_folder()
                process._target = Child(target, self._folder, self._script)
        return original(process, *args, **kwargs)

    def join(self) -> None:
        """What they saw becomes the run's."""
        if not self._folder:
            return
        try:
            files = sorted(Path(self._folder).glob("*.lines"), key=lambda f: f.stat().st_mtime_ns)
            for file in files:
                written: tuple[list[Line], list[str]] = pickle.loads(file.read_bytes())
                for words in written[1]:
                    self._trainings.says(words.removeprefix("unstuck: "))
                for line in written[0]:
                    self._trainings.joins(line, APART)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _new_folder() -> str:
    """Among the temporary ones, and gone with us."""
    folder = tempfile.mkdtemp(prefix="unstuck-")
    outlived_by_none(Path(folder))
    return folder


def _trains(process: Any) -> bool:
    """Whether a process does something of the script's, rather than a library's."""
    several = (process._target, *process._args[:1])  # torch.multiprocessing.spawn hands it on
    codes = (getattr(getattr(f, "func", f), "__code__", None) for f in several)
    return any(code is not None and is_users(code.co_filename) for code in codes)
