"""Data sets of a script's own: which arrays they hand out as they were given them."""

import libcst as cst
import pytest

from unstuck.patch.datasets import handed
from unstuck.patch.tree import Tree

HEAD = """class Rows(Dataset):
    def __init__(self, a, b, train=True):
        {init}

    def __getitem__(self, i):
        {item}

made = Rows({call})
"""
PLAIN = "self.a, self.b = a, b", "return self.a[i], self.b[i]"


def found(init, item, call="x, y"):
    tree = Tree(HEAD.format(init=init, item=item, call=call))
    (made,) = (n for n in tree.module.body if not isinstance(n, cst.ClassDef))
    got = handed(tree, made.body[0].value)
    return got and {name: tree.code(e) for name, e in got.items()}


@pytest.mark.parametrize(
    ("init", "item", "call", "expected"),
    [
        (*PLAIN, "x, y", ("x", "y")),
        (*PLAIN, "b=y[:9], a=x[:9]", ("x[:9]", "y[:9]")),
        (
            "self.a = torch.from_numpy(a).float()\n        self.b = torch.tensor(b.values).long()",
            "return self.a[i], self.b[i]",
            "x, y",
            ("x", "y"),
        ),
        (
            "a = a.astype('float32')\n        self.b = b\n        self.a = a",
            "row = self.a[i]\n        return torch.tensor(row), self.b[i]",
            "x, y",
            ("x", "y"),
        ),
        (
            "self.a, self.b = a, b",
            "row = self.a[i]\n        return torch.tensor(row), self.b[i]",
            "x, y",
            ("x", "y"),
        ),
        ("self.a, self.b = a / 255, b", PLAIN[1], "x, y", None),
        (PLAIN[0], "return self.a[i] / 255, self.b[i]", "x, y", None),
        (PLAIN[0], "return self.a[i + 1], self.b[i]", "x, y", None),
        (PLAIN[0], "return {'x': self.a[i], 'y': self.b[i]}", "x, y", None),
        ("self.a, self.b = load(a), b", PLAIN[1], "x, y", None),
    ],
)
def test_what_is_handed_on(init, item, call, expected):
    wanted = expected and dict(zip(("x", "y"), expected, strict=True))
    assert found(init, item, call) == wanted


def test_a_class_of_another_file_is_not_read():
    tree = Tree("made = Rows(x, y)\n")
    assert handed(tree, tree.module.body[0].body[0].value) is None
