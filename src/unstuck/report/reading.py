"""Records read back from the JSON that `--json` writes, or from a page."""

import json
import math
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from unstuck.errors import UsageError
from unstuck.records.batch import Batch
from unstuck.records.comparison import Comparison
from unstuck.records.run import SCHEMA, RunRecord
from unstuck.report.page.embedded import unpacked

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

Readable = RunRecord | Batch | Comparison
Kind = TypeVar("Kind", RunRecord, Batch, Comparison)
WANTED = (
    f"a page of run, diagnose or demo, or what --json of run, diagnose (schema {SCHEMA}), batch or"
    " compare writes"
)


def readable(text: str, name: str) -> Readable:
    """What a file holds: the record of a run, a batch or a comparison.

    Args:
        text, name: see `record`.

    Raises:
        UsageError: it holds no such record.
    """
    keys = set[str]()
    with suppress(ValueError, RecursionError):  # which is said below
        keys |= set(json.loads(text)) if _is_json(text) else set()
    if "cases" in keys:
        raise UsageError(
            f"{name} is what cases run --json writes",
            WANTED,
            "give that command again: its trials are stored, so that it tells of them at once",
        )
    if "arrays" in keys:
        return _read(Batch, text, name)
    return _read(Comparison, text, name) if "differences" in keys else record(text, name)


def record(text: str, name: str) -> RunRecord:
    """The record of a run; a number that is null, because it was not finite, is NaN.

    Args:
        text: of a file, a page or JSON.
        name: of the file, for what is said of it.

    Raises:
        UsageError: it holds no record, or one of another schema.
    """
    inside = text if _is_json(text) else unpacked(text)
    if inside is None:
        raise UsageError(f"{name} holds no record", WANTED)
    found = _read(RunRecord, inside, name)
    if found.schema != SCHEMA:
        raise UsageError(f"{name} has schema {found.schema}", WANTED, "make it anew")
    return found


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _read(kind: type[Kind], text: str, name: str) -> Kind:
    from pydantic import ValidationError

    form: Any = kind
    try:
        found: Kind = _validator(form).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UsageError(
            f"{name} is not such a record: {where}: {first['msg']}",
            WANTED,
            "see its form with: unstuck schema" if kind is RunRecord else "make it anew",
        ) from None
    return found


@cache
def _validator(kind: Any) -> "SchemaValidator":
    from pydantic import TypeAdapter
    from pydantic_core import SchemaValidator

    made: Any = _nullable(TypeAdapter(kind).core_schema)
    return SchemaValidator(made)


def _nullable(schema: Any) -> Any:
    """The schema in which every float may be null."""
    if isinstance(schema, list | tuple):
        return type(schema)(_nullable(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    made = {key: part if key == "metadata" else _nullable(part) for key, part in schema.items()}
    if schema.get("type") == "float":
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(_number, core_schema.float_schema())
    return made


def _number(value: Any) -> Any:
    return math.nan if value is None else value
