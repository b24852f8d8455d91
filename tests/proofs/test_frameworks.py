"""One fault proven in each of the cheaper frameworks, with real trainings in fixed numbers of
steps: the clock counts steps, and nothing depends on how busy the machine is."""

from dataclasses import replace

import numpy as np
import optax
import pytest

from unstuck.causes.examples import digits
from unstuck.diagnosis import Diagnosed, diagnosed
from unstuck.proofs.fix import fix
from unstuck.proofs.prove import prove
from unstuck.records.states import State, Status


class Counted:
    """A subject whose trainer's steps move a clock, a millisecond each."""

    def __init__(self, subject, clock):
        self._subject, self._clock = subject, clock

    def __getattr__(self, name):
        return getattr(self._subject, name)

    def trainer(self):
        trainer, clock, train = self._subject.trainer(), self._clock, None
        train = trainer.train

        def counted(data, changes, seed, steps, seconds=float("inf")):
            run = train(data, changes, seed, steps)
            clock.steps += run.steps
            return run

        trainer.train = counted
        return trainer


class StepClock:
    steps = 0

    def __call__(self):
        return self.steps / 1000


def proof(found: Diagnosed, steps: int, trials: int):
    clock = StepClock()

    def again(examples):
        subject = found.again(examples)
        routine = replace(subject.about.routine, steps=steps)
        return Counted(subject.with_routine(routine), clock)

    return prove(Diagnosed(found.report, again), trials * steps / 1000, clock=clock)


def few():
    x, y = digits()
    return (x[:600] / 255).astype(np.float32), y[:600]


def sklearn():
    from sklearn.neural_network import MLPClassifier

    x, y = few()
    return diagnosed(MLPClassifier((16,), learning_rate_init=1e-6, batch_size=50), x, y)


def torch():
    torch = pytest.importorskip("torch")
    x, y = few()
    model = torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)
    tensors = torch.tensor(x), torch.tensor(y).long()
    loss = torch.nn.CrossEntropyLoss()
    return diagnosed(model, *tensors, loss=loss, optimizer=optimizer, batch_size=50)


def cross_entropy(logits, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits, y)


def nnx():
    pytest.importorskip("flax")
    from flax import nnx

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.hidden, self.out = nnx.Linear(64, 16, rngs=rngs), nnx.Linear(16, 10, rngs=rngs)
            self.norm, self.drop = nnx.BatchNorm(16, rngs=rngs), nnx.Dropout(0.1, rngs=rngs)

        def __call__(self, x):
            return self.out(self.drop(nnx.relu(self.norm(self.hidden(x)))))

    x, y = few()
    model = Net(nnx.Rngs(0))
    return diagnosed(model, x, y, loss=cross_entropy, optimizer=optax.adam(1e-6), batch_size=50)


@pytest.mark.parametrize("make", [sklearn, torch, nnx])
def test_a_rate_far_too_low(make) -> None:
    proven = proof(make(), steps=90, trials=90)
    record = proven.record
    assert record.state is State.STUCK, record.outcome
    assert record.repair.effect.status is Status.PROVEN
    parts = {part.change for part in record.repair.parts}
    assert any(p.startswith(("learning-rate-times", "optimizer-adam")) for p in parts), parts
    made = fix(replace(proven, subject=proven.subject._subject))
    assert made.record.verified
    assert made.record.code
    assert not isinstance(made.model, tuple)
