"""A run's record read back from the JSON that `--json` writes, or from a page."""

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from unstuck.errors import UsageError
from unstuck.records.run import SCHEMA, RunRecord
from unstuck.report.page.embedded import unpacked

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

WANTED = f"a page of unstuck's, or what --json writes (schema {SCHEMA})"


def record(text: str, name: str) -> RunRecord:
    """The record; a number that is null, because it was not finite, is NaN.

    Args:
        text: of a file, a page or JSON.
        name: of the file, for what is said of it.

    Raises:
        UsageError: it holds no record, or one of another schema.
    """
    from pydantic import ValidationError

    inside = text if text.lstrip().startswith("{") else unpacked(text)
    if inside is None:
        raise UsageError(f"{name} holds no record", WANTED)
    try:
        found: RunRecord = _validator().validate_json(inside)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UsageError(
            f"{name} is not such a record: {where}: {first['msg']}",
            WANTED,
            "see its form with: unstuck schema",
        ) from None
    if found.schema != SCHEMA:
        raise UsageError(f"{name} has schema {found.schema}", WANTED, "make it anew")
    return found


@cache
def _validator() -> "SchemaValidator":
    from pydantic import TypeAdapter
    from pydantic_core import SchemaValidator

    made: Any = _nullable(TypeAdapter(RunRecord).core_schema)
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
