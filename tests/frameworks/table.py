"""The table that every framework is held to: change × set-up, made three ways.

A trial's copy, the object that a cure builds and the code that it prints must change the same
quantity to the same value, or all refuse with a reason. A framework brings a `Case`.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pytest

import unstuck.changes
from unstuck.changes.change import Change, Part, changed
from unstuck.cures.cure import cure
from unstuck.cures.printed import Names, code
from unstuck.errors import UsageError
from unstuck.frameworks.known import framework
from unstuck.frameworks.recognize import recognize
from unstuck.setups.split import split
from unstuck.setups.subject import Given

STEPS = 2
NAMES = Names(x_held="x_held", y_held="y_held")


def every_change() -> dict[str, Change]:
    """All changes there are, by name."""
    found = {}
    for module in pkgutil.iter_modules(unstuck.changes.__path__):
        for value in vars(importlib.import_module(f"unstuck.changes.{module.name}")).values():
            for change in value if isinstance(value, tuple) else (value,):
                if isinstance(change, Change):
                    found[change.name] = change
    return found


CHANGES = every_change()


@dataclass
class Case:
    """A set-up and what is to be seen of it.

    Args:
        make: () ↦ what the user has: "model", "x", "y", and what else diagnosing it takes.
        quantities: (model, arguments) ↦ all numbers of a set-up that a change may change.
        refused: parts that cannot be changed here.
        loop: parts that the user's own loop does, so that code says them in words or edits.
        reaches: (model, x, y, arguments) ↦ inputs and targets as they reach the network.
    """

    make: Callable[[], dict[str, Any]]
    quantities: Callable[[Any, dict[str, Any]], dict[str, Any]]
    refused: frozenset[Part]
    loop: frozenset[Part] = frozenset()
    reaches: Callable[..., tuple[Any, Any]] | None = None
    keys: tuple[str, ...] = field(default=("loss", "optimizer"))

    @cached_property
    def subject(self) -> Any:
        """The set-up as it is recognized."""
        return self.recognized(**self.make())

    @cached_property
    def trainer(self) -> Any:
        """Of the set-up."""
        return self.subject.trainer()

    @cached_property
    def data(self) -> Any:
        """Its examples, split."""
        return split(self.subject.sample)

    def recognized(self, model: Any, x: Any, y: Any, **arguments: Any) -> Any:
        """A set-up of these parts."""
        return recognize(model, Given(x, y, **arguments))

    def arrived(self, model: Any, x: Any, y: Any, arguments: dict[str, Any]) -> tuple[Any, Any]:
        """Inputs and targets as they reach the network."""
        if self.reaches is not None:
            return self.reaches(model, x, y, arguments)
        sample = self.recognized(model, x, y, **arguments).sample
        return sample.x[0], sample.y


def check(case: Case, change: Change, same: bool = False) -> None:
    """One row of the table.

    Args:
        same: whether the change makes no difference to this set-up.
    """
    subject, trainer = case.subject, case.trainer
    of = framework(subject.about.framework).module("cure")
    why = trainer.refuses((change,))
    assert bool(why) == (change.part in case.refused), why
    if why:
        assert "_" not in why  # a reason, and no name of ours
        with pytest.raises(UsageError):
            of.printed(subject, cure((change,)), NAMES)
        with pytest.raises(UsageError):
            trainer.train(case.data, (change,), 0, STEPS)
        return
    data = changed(case.data, (change,))
    made = of.built(subject, cure((change,)))
    blocks = of.printed(subject, cure((change,)), NAMES)
    text = code(blocks)
    assert "import unstuck" not in text
    own, before = case.make(), case.make()
    named = {"x_held": case.data.x_held[0].copy(), "y_held": case.data.y_held.copy()}
    done = {**own, "x": case.data.x[0].copy(), "y": case.data.y.copy(), **named}
    exec(compile(text, "<cure>", "exec"), done)
    given = {k: done[k] for k in case.keys if k in own}
    if change.of_data:
        if any(b.lines for b in blocks):
            x, y = case.arrived(done["model"], done["x"], done["y"], given)
            alike(x, data.x[0])
            alike(y, data.y)
        else:  # where what is held out comes from, the script alone knows
            assert all(b.comment for b in blocks)
        built = made.data
        x, y = case.arrived(made.model, built.x[0], built.y, made.arguments)
        alike(x, data.x[0])
        alike(y, data.y)
        return
    run = trainer.train(data, (change,), 0, STEPS)
    trial = case.quantities(run.model, run.arguments)
    alike(case.quantities(made.model, made.arguments), trial)
    if change.part in case.loop:
        assert all(b.edits or b.comment for b in blocks)
        return
    same = same or change.part in (Part.ORDER, Part.STEPS)
    assert same or any(b.lines for b in blocks)
    alike(case.quantities(done["model"], given), trial)
    if not same:
        as_it_is = case.quantities(before["model"], {k: v for k, v in before.items() if k in given})
        with pytest.raises(AssertionError):
            alike(as_it_is, trial)


def alike(found: Any, wanted: Any) -> None:
    """Equal, numbers to the three digits that code has."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            alike(found[key], value)
    elif isinstance(wanted, np.ndarray):
        # Code computes in the arrays' own precision, float32 as a rule.
        np.testing.assert_allclose(found, wanted, rtol=6e-3, atol=1e-5)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=6e-3)
    else:
        assert found == wanted
