"""One attempt to break something, and what came of it."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
OURS = re.compile(r'File "[^"]*/unstuck/([\w/]+\.py)", line (\d+)')
ERROR = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Exit|Interrupt|Warning|Stop\w*))\b", re.M)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt.

    Args:
        said: "accepted", "refused" (explained, as an error of ours), "void" (the attempt itself
            was none: Python or a framework refused it first).
        broken: the promise that was not kept, in a few words; "" if all were.
        seen: the evidence.
    """

    said: str
    broken: str = ""
    seen: str = ""


class Attempt(Protocol):
    """Something drawn that can be tried."""

    @property
    def text(self) -> str:
        """What a person can save or type to repeat it."""

    def tried(self) -> Outcome:
        """What comes of it."""


def traced(text: str) -> str:
    """A traceback in few words: the error, and the innermost line of ours."""
    errors, ours = ERROR.findall(text), OURS.findall(text)
    where = f" at {ours[-1][0]}:{ours[-1][1]}" if ours else ""
    return f"{errors[-1] if errors else 'traceback'}{where}"


@cache
def _schema() -> Draft202012Validator:
    import json

    return Draft202012Validator(json.loads((ROOT / "docs" / "run.schema.json").read_text("utf-8")))


def unfit(record: object) -> str:
    """Why a record does not fit the schema; "" if it does."""
    for error in _schema().iter_errors(record):
        return f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300]
    return ""
