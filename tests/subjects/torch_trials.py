"""Small torch set-ups on the digits, and trials of them."""

import pytest

from unstuck.causes.examples import digits
from unstuck.changes.change import Change, Part
from unstuck.changes.loss import LOGITS as FROM_LOGITS
from unstuck.frameworks.recognize import recognize
from unstuck.setups.split import split
from unstuck.setups.subject import Given

torch = pytest.importorskip("torch")
nn = torch.nn
F = nn.functional

X, Y = digits()
AS_IT_IS = ()
LOGITS = (FROM_LOGITS,)


def changes(**values):
    """A combination by parts: changes(rate=9.0, start="lsuv")."""
    parts = {name: Part[name.upper()] for name in values}
    return tuple(Change(n, n, parts[n], value) for n, value in values.items())


def clamped(p, y):
    return -torch.log(p.clamp(1e-7, 1 - 1e-7))[torch.arange(len(y)), y.long()].mean()


def mlp(*end, seed=0, hidden=nn.ReLU):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 64), hidden(), nn.Linear(64, 10), *end)


def subject_of(model, x=X, y=Y, loss=clamped, optimizer="adam", **given):
    return recognize(model, Given(x, y, loss=loss, optimizer=optimizer, **given))


def trained(subject, combination=AS_IT_IS, seed=0, steps=150, data=None, trainer=None):
    trainer = trainer or subject.trainer()
    assert trainer.refuses(combination) == ""
    return trainer.train(data or split(subject.sample), combination, seed, steps)


def judged(subject, run):
    """Accuracy, or for one output R², on the held-out examples."""
    y = split(subject.sample).y_held
    if run.output.shape[1] == 1:
        flat = y.reshape(-1, 1)
        if set(flat.ravel().tolist()) <= {0, 1}:
            return float(((run.output > 0.5) == flat).mean())
        return 1 - float(((run.output - flat) ** 2).mean() / flat.var())
    return float((run.output.argmax(axis=1) == y).mean())
