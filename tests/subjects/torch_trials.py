"""Small torch set-ups on the digits, and trials of them."""

import pytest

from unstuck.causes.examples import digits
from unstuck.frameworks.recognize import recognize
from unstuck.judging.yardstick import yardstick
from unstuck.setups.split import split
from unstuck.setups.settings import Settings
from unstuck.setups.subject import Given

torch = pytest.importorskip("torch")
nn = torch.nn
F = nn.functional

X, Y = digits()
AS_IT_IS = Settings()
LOGITS = Settings(logits=True)


def clamped(p, y):
    return -torch.log(p.clamp(1e-7, 1 - 1e-7))[torch.arange(len(y)), y.long()].mean()


def mlp(*end, seed=0, hidden=nn.ReLU):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 64), hidden(), nn.Linear(64, 10), *end)


def subject_of(model, x=X, y=Y, loss=clamped, optimizer="adam", **given):
    return recognize(model, Given(x, y, loss=loss, optimizer=optimizer, **given))


def trained(subject, settings=AS_IT_IS, seed=0, steps=150, data=None, trainer=None):
    trainer = trainer or subject.trainer()
    assert trainer.refuses(settings) == ""
    return trainer.train(data or split(subject.sample), settings, seed, steps)


def judged(subject, run):
    data = split(subject.sample)
    return yardstick(subject.about, data, run.output.shape[1]).value(run.output)
