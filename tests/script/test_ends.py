"""An output activation taken off where the script applies it, and only where that is plain."""

import pytest

from unstuck.cures.printed import Unwrap
from unstuck.patch.ends import unwrapped
from unstuck.patch.text import Text
from unstuck.patch.tree import Tree

MODEL = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 3)
        self.end = nn.Softmax(dim=1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        {}
"""
ONE = "x = torch.sigmoid(self.hidden(x))\n        "


@pytest.mark.parametrize(
    ("forward", "name", "after"),
    [
        ("return F.softmax(self.out(x), dim=1)", "softmax", "return self.out(x)"),
        ("return torch.softmax(self.out(x), 1)", "softmax", "return self.out(x)"),
        ("return self.out(x).softmax(dim=1)", "softmax", "return self.out(x)"),
        ("return self.end(self.out(x))", "softmax", "return self.out(x)"),
        ("return self.sigmoid(self.out(x))", "sigmoid", "return self.out(x)"),
        ("x = self.out(x)\n        return F.log_softmax(x, 1)", "log_softmax",
         "x = self.out(x)\n        return x"),
        ("x = self.out(x)\n        x = self.end(x)\n        return x", "softmax",
         "x = self.out(x)\n        x = x\n        return x"),
        (ONE + "return torch.sigmoid(self.out(x))", "sigmoid", ONE + "return self.out(x)"),
        (ONE + "return torch.sigmoid(self.out(x)).squeeze(1)", "sigmoid",
         ONE + "return self.out(x).squeeze(1)"),
        ("return torch.log(F.softmax(x, 1))", "softmax", None),
        ("if x.ndim:\n            return F.softmax(x, 1)\n        return x", "softmax", None),
        ("return 2 * F.softmax(x, 1)", "softmax", None),
        ("return self.out(x)", "softmax", None),
    ],
)  # fmt: skip
def test_in_forward(forward, name, after):
    source = MODEL.format(forward)
    expected = None if after is None else MODEL.format(after)
    assert taken_off(source, name) == expected


def test_at_the_end_of_a_sequential():
    source = "net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Softmax(dim=1))\n"
    assert taken_off(source, "softmax") == "net = nn.Sequential(nn.Linear(4, 3), nn.ReLU())\n"
    assert taken_off(source, "relu") is None
    assert taken_off(source + source.replace("net", "other"), "softmax") is None


def test_another_in_its_place():
    source = "net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))\n"
    assert taken_off(source, "softmax", "sigmoid") == (
        "net = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid())\n"
    )
    source = MODEL.format("return F.softmax(self.out(x), dim=1)")
    wanted = MODEL.format("return torch.sigmoid(self.out(x))")
    assert taken_off(source, "softmax", "sigmoid") == wanted


def test_the_class_that_was_trained_goes_first():
    one = MODEL.format("return F.softmax(self.out(x), dim=1)")
    both = one + one.replace("class Net", "class Other")
    taken = taken_off(both, "softmax")
    assert taken == MODEL.format("return self.out(x)") + one.replace("class Net", "class Other")


def taken_off(source, name, by=""):
    tree = Tree(source)
    plan = unwrapped(tree, Unwrap(name, "Net", by))
    if plan is None:
        return None
    text = Text(source, tree)
    for _, node, code in plan:
        text.replace(node, code)
    return text.result()
