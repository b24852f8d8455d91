"""Records as JSON, and the JSON schema of a run: both are generated from the dataclasses."""

import dataclasses
import inspect
import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from unstuck.report.spelt import spelt

if TYPE_CHECKING:
    from pydantic import TypeAdapter

URL = "https://json-schema.org/draft/2020-12/schema"


def to_json(record: Any) -> dict[str, Any]:
    """A record as plain JSON values; numbers that are not finite are null.

    Args:
        record: any frozen dataclass of `unstuck.records`.
    """
    made: dict[str, Any] = json.loads(_dumped(record))
    return made


def text(record: Any) -> str:
    """A record as a file's text."""
    return _dumped(record, 2) + "\n"


def compact(record: Any) -> str:
    """A record as JSON on one line."""
    return _dumped(record)


def as_text(made: Any) -> str:
    """Plain JSON values as a file's text."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _dumped(record: Any, indent: int | None = None) -> str:
    from pydantic_core import PydanticSerializationError

    kind: Any = type(record)
    adapter = _adapter(kind)

    def dumped(one: Any) -> str:
        return adapter.dump_json(one, indent=indent, fallback=_plain, warnings=False).decode()

    try:
        return dumped(record)
    except PydanticSerializationError:  # text that no encoding has
        return dumped(spelt(record))


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's."""
    return value.item() if hasattr(value, "item") else str(value)


@cache
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def schema() -> dict[str, Any]:
    """The JSON schema of what `--json` writes; every field is described by its docstring."""
    from pydantic.json_schema import GenerateJsonSchema

    from unstuck.records.run import SCHEMA, RunRecord

    class Nullable(GenerateJsonSchema):
        """A float may be not finite, and then is null."""

        def float_schema(self, schema: Any) -> Any:
            return super().float_schema(schema) | {"type": ["number", "null"]}

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    made = _adapter(RunRecord).json_schema(mode="serialization", schema_generator=Nullable)
    kinds = {"RunRecord": RunRecord} | _kinds(RunRecord)
    for name, definition in made.get("$defs", {}).items():
        if name in kinds:
            _described(definition, kinds[name])
    _described(made, RunRecord)
    made["properties"]["schema"] = {"const": SCHEMA, "description": "of this record"}
    made["title"] = f"unstuck --json, schema {SCHEMA}"
    return {"$schema": URL, **made}


def _kinds(kind: Any) -> dict[str, type]:
    """All dataclasses and enumerations that a record's fields name, by name."""
    found: dict[str, type] = {}
    left = [kind]
    while left:
        one = left.pop()
        module = sys.modules[one.__module__]
        for field in dataclasses.fields(one) if dataclasses.is_dataclass(one) else ():
            for name in re.findall(r"\w+", str(field.type)):
                named = getattr(module, name, None)
                if dataclasses.is_dataclass(named) and name not in found:
                    assert isinstance(named, type)
                    found[name] = named
                    left.append(named)
    return found


def _described(definition: dict[str, Any], kind: type) -> None:
    """Puts the docstring's sentences where they belong; all that is written is always there."""
    about = inspect.getdoc(kind) or ""
    definition["description"] = " ".join(about.split("\n\n")[0].split())
    says = fields(kind)
    properties = definition["properties"]
    for name, described in properties.items():
        described.pop("default", None)
        if name in says:
            described["description"] = says[name]
    definition["required"] = list(properties)
    definition["additionalProperties"] = False


def fields(kind: type) -> dict[str, str]:
    """What a dataclass's docstring, and those of what it inherits from, say of each field."""
    about = inspect.getdoc(kind) or ""
    bases = filter(dataclasses.is_dataclass, kind.__bases__)
    inherited = {name: says for base in bases for name, says in fields(base).items()}
    if "Args:\n" not in about:
        return inherited
    block = about.split("Args:\n", 1)[1].split("\n\n")[0]
    whole = re.sub(r"\n {5,}", " ", block)
    # "low, high: its interval" and "seconds: so long; budget: what it was given".
    made = inherited
    known = {field.name for field in dataclasses.fields(kind)}
    for line in whole.splitlines():
        for part in re.split(r"; (?=\w+: )", line.strip()):
            names, _, says = part.partition(": ")
            for name in names.split(", "):
                if name in known:
                    made[name] = re.sub(r"\b(None|NaN)\b", "null", says.removesuffix("."))
    return made
