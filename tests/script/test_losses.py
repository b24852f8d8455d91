"""The loss itself in place of a tensor that is made of its number."""

import libcst as cst
import pytest

from unstuck.patch.losses import unmade
from unstuck.patch.roles import called
from unstuck.patch.text import Text
from unstuck.patch.tree import Tree, nodes

LOOP = "for x, y in loader:\n    loss = f(net(x), y)\n    {}\n    optimizer.step()\n"
GONE = "for x, y in loader:\n    loss = f(net(x), y)\n    loss.backward()\n    optimizer.step()\n"
PAIRS = [
    ("loss = Variable(loss.data, requires_grad=True)\n    loss.backward()", GONE),
    ("loss = torch.tensor(loss.item(), requires_grad=True)\n    loss.backward()", GONE),
    ("loss = torch.tensor([loss.item()]).requires_grad_()\n    loss.backward()", GONE),
    ("loss = torch.from_numpy(loss.detach().numpy())\n    loss.backward()", GONE),
    ("torch.autograd.Variable(loss, requires_grad=True).backward()", GONE),
    (
        "total = torch.tensor(loss.item(), requires_grad=True)\n    total.backward()",
        LOOP.format("total = loss\n    total.backward()"),
    ),
    ("total = loss / 4\n    total.backward()", None),
    ("loss.backward()", None),
]


@pytest.mark.parametrize(("lines", "after"), PAIRS)
def test_what_is_made_anew(lines, after):
    source = LOOP.format(lines)
    tree = Tree(source)
    (call,) = [n for n in nodes(tree.module) if isinstance(n, cst.Call) and called(n) == "backward"]
    assert isinstance(call.func, cst.Attribute)
    plan = unmade(tree, call.func.value, call)
    if after is None:
        assert plan is None
        return
    text = Text(source, tree)
    for what, node, code in plan:
        text.out(node) if what == "out" else text.replace(node, code)
    assert text.result() == after
