"""The parts of two scripts: what is exchanged alone, what only together, and what is none."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.comparing.differences import pair

FIRST = """import numpy as np
x = load()
rate = 0.1

def net():
    return Net(
        10,
        act="relu",
    )

fit(net(), x, rate)
"""
CHANGED = {
    "one line": ([("rate = 0.1", "rate = 0.9")], [[3]]),
    "two lines apart": ([("rate = 0.1", "rate = 0.9"), ("        10", "        20")], [[3], [7]]),
    "a comment": ([("x = load()", "x = load()  # all of it")], []),
    "a blank line": ([("rate = 0.1", "\nrate = 0.1")], []),
    "one that makes what another uses": (
        [("import numpy as np", "import numpy as np\ns = 255"), ("rate)", "rate / s)")],
        [[2, 11]],
    ),
    "one that is used where it was before": (
        [("rate = 0.1", "rate = 0.9"), ("fit(net(), x, rate)", "fit(net(), x, 2 * rate)")],
        [[3], [11]],
    ),
    "brackets opened and closed": (
        [("    return Net(", "    return wrap(Net("), ("    )\n", "    ))\n")],
        [[6, 9]],
    ),
}


@pytest.mark.parametrize(("changes", "parts"), CHANGED.values(), ids=CHANGED)
def test_parts(changes, parts):
    second = FIRST
    for old, new in changes:
        assert old in second
        second = second.replace(old, new)
    made = pair(FIRST, second)
    assert [[a[0] + 1 for a, _ in part.spans] for part in made.parts] == parts
    every = range(len(made.parts))
    assert ast.dump(ast.parse(made.text(every))) == ast.dump(ast.parse(second))
    assert made.text([]) == FIRST
    for i in every:
        ast.parse(made.text([i]))


LINES = st.lists(st.sampled_from(["a = 1", "b = a", "c = 2", "print(a)", "", "d = c"]), max_size=8)


@given(LINES, LINES)
def test_all_parts_are_the_other_script_and_none_is_this_one(first, second):
    a, b = ("".join(f"{line}\n" for line in lines) for lines in (first, second))
    made = pair(a, b)
    assert made.text([]) == a
    whole = made.text(range(len(made.parts)))
    assert ast.dump(ast.parse(whole)) == ast.dump(ast.parse(b))
    back = made.reversed()
    assert back.text([]) == b
    assert len(back.parts) == len(made.parts)


def test_a_part_is_told_as_a_diff():
    made = pair(FIRST, FIRST.replace("0.1", "0.9"))
    assert "-rate = 0.1\n+rate = 0.9\n" in made.diff(0)
    assert "-rate = 0.9\n+rate = 0.1\n" in made.reversed().diff(0)
