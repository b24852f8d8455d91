"""The build fails where a public name, method or field is not on the page of the API."""

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import unstuck

LOGGER = logging.getLogger(__name__)


def undocumented(known: set[str]) -> Iterator[str]:
    """What the API page lacks, in words.

    Args:
        known: full names of all that it describes.
    """
    for name in unstuck.__all__:
        if name == "__version__":
            continue
        value = getattr(unstuck, name)
        if f"unstuck.{name}" not in known:
            yield f"unstuck.{name} is not on the page"
        if not inspect.getdoc(value):
            yield f"unstuck.{name} has no docstring"
        if inspect.isclass(value):
            yield from _members(name, value)


def _members(name: str, of: type) -> Iterator[str]:
    told = inspect.getdoc(of) or ""
    for member, value in vars(of).items():
        if member.startswith("_") or not (inspect.isfunction(value) or isinstance(value, property)):
            continue
        if not inspect.getdoc(value):
            yield f"unstuck.{name}.{member} has no docstring"
    if is_dataclass(of):
        for field in fields(of):
            if not _names(told, field.name):
                yield f"unstuck.{name}: its docstring does not tell of {field.name}"


def _names(told: str, field: str) -> bool:
    """Whether a docstring has a line or a phrase about a field."""
    heads = (line.partition(":")[0] for line in told.splitlines())
    if f"`{field}`" in told or f"; {field}: " in told:
        return True
    return any(field in head.replace(",", " ").split() for head in heads)


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warns of each, which `make site` makes an error."""
    objects: Any = env.domains["py"].data["objects"]
    for lack in undocumented(set(objects)):
        LOGGER.warning("%s", lack)


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True}
