"""What a tool is called with, held against its JSON schema."""

from collections.abc import Mapping
from typing import Any

from unstuck.errors import UsageError
from unstuck.names import unknown

_KINDS: dict[str, tuple[str, Any]] = {
    "string": ("text", str),
    "number": ("a number", (int, float)),
    "array": ("a list", list),
    "null": ("null", type(None)),
}


def must_fit(tool: str, arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuses what a tool does not have, lacks, or cannot take.

    Args:
        tool: its name.
        arguments: as they were given.
        schema: of the tool: properties of one type, or of one of several.

    Raises:
        UsageError: with the argument, and what it is to be.
    """
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in arguments:
        if name not in known and not known:
            raise UsageError(f"{tool} was given {name!r}", "no arguments")
        if name not in known:
            raise unknown(f"argument of {tool}", name, tuple(known))
    for name, wanted in known.items():
        if name not in arguments:
            if name in schema.get("required", ()):
                raise UsageError(f"{tool} without {name!r}", _says(wanted))
        elif not _fits(arguments[name], wanted):
            raise UsageError(f"{name}={arguments[name]!r:.200} for {tool}", _says(wanted))


def _fits(value: Any, wanted: Mapping[str, Any]) -> bool:
    if "anyOf" in wanted:
        return any(_fits(value, one) for one in wanted["anyOf"])
    _, kind = _KINDS[wanted["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, list):
        return all(_fits(item, wanted["items"]) for item in value)
    if isinstance(value, str | None):
        return True
    return bool(wanted.get("minimum", value) <= value <= wanted.get("maximum", value))


def _says(wanted: Mapping[str, Any]) -> str:
    """ "a number from 1 to 3600: of trials."."""
    kinds = wanted.get("anyOf", [wanted])
    about = next((one["description"] for one in (wanted, *kinds) if "description" in one), "")
    return ", or ".join(map(_kind, kinds)) + (f": {about[0].lower()}{about[1:]}" if about else "")


def _kind(wanted: Mapping[str, Any]) -> str:
    says = _KINDS[wanted["type"]][0]
    if "items" in wanted:
        says += f" of {_kind(wanted['items'])}"
    if "minimum" in wanted:
        says += f" from {wanted['minimum']} to {wanted['maximum']}"
    return says
