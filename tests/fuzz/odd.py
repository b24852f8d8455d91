"""Values as Python source: usual ones, and ones that nobody means (`odd_things/`, one a line)."""

from functools import cache
from pathlib import Path

from hypothesis import strategies as st

FOLDER = Path(__file__).parent / "odd_things"


@cache
def things(name: str) -> tuple[str, ...]:
    """The lines of a file: expressions, or statements."""
    return tuple((FOLDER / f"{name}.txt").read_text("utf-8").splitlines())


numbers = st.sampled_from(things("numbers"))
values = st.sampled_from((*things("numbers"), *things("objects")))
