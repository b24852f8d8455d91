"""Text that no encoding has: bytes of a file's name that are not UTF-8, halves of a character.

Python holds each as a lone surrogate, which can be neither written nor shown; it is spelt: \\udcff.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any


def spelt(value: Any) -> Any:
    """A record, or what it holds, with all that cannot be written spelt; itself where all can."""
    if isinstance(value, str):
        return type(value)(value.encode("utf-8", "backslashreplace").decode())
    if is_dataclass(value) and not isinstance(value, type):
        held = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
        made = {name: spelt(one) for name, one in held.items()}
        return replace(value, **{n: one for n, one in made.items() if one is not held[n]})
    if isinstance(value, dict):
        return {spelt(key): spelt(one) for key, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(spelt, value))
    return value
