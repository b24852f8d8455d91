"""Rates of descents that scripts write out."""

import pytest

from unstuck.patch.descent import rates
from unstuck.patch.tree import Tree

STEP = "def update(w, x, y{more}):\n    dw = jax.grad(loss)(w, x, y)\n    return {new}\n"
BY_HAND = "lr = 0.5\nfor p in net.parameters():\n    {}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (STEP.format(more="", new="w - 0.1 * dw"), ["0.1"]),
        (STEP.format(more="", new="[a - b * 0.1 for a, b in zip(w, dw)]"), ["0.1"]),
        (STEP.format(more=", lr=1e-3", new="w - lr * dw"), ["1e-3"]),
        ("rate = 3\n" + STEP.format(more="", new="w - rate * dw"), ["3"]),
        ("size, rate = 32, 0.5\n" + STEP.format(more="", new="w - rate * dw"), ["0.5"]),
        ("for x, y in data:\n    w -= 0.1 * grad(loss)(w, x, y)\n", ["0.1"]),
        (BY_HAND.format("p -= 0.1 * p.grad"), ["0.1"]),
        (BY_HAND.format("p.data -= lr * p.grad.data"), ["0.5"]),
        (BY_HAND.format("p.sub_(p.grad * lr)"), ["0.5"]),
        (BY_HAND.format("p.data.add_(-lr * p.grad.data)"), ["0.5"]),
        (BY_HAND.format("p.data.add_(p.grad, alpha=-lr)"), ["0.5"]),
        (BY_HAND.format("p.data.sub_(p * 0.1)"), []),
        # Handed in, changed on the way, or no descent at all.
        (STEP.format(more=", lr", new="w - lr * dw"), []),
        ("lr = 1\nlr = 2\n" + STEP.format(more="", new="w - lr * dw"), []),
        ("lr = 1 / 3\n" + STEP.format(more="", new="w - lr * dw"), []),
        ("def centred(x):\n    return x - 0.5 * width\n", []),
    ],
)
def test_rates(source: str, expected: list[str]) -> None:
    tree = Tree(source)
    assert [tree.code(n) for n in rates(tree)] == expected
