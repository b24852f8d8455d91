"""Models of Equinox and Flax NNX, handed over as they are."""

import jax
import numpy as np
import optax
import pytest

from unstuck.causes.examples import LOGITS, digits
from unstuck.changes.learning_rate import rate
from unstuck.cures.cure import cure
from unstuck.diagnosis import diagnosed
from unstuck.errors import UsageError
from unstuck.frameworks.jax.cure import built
from unstuck.setups.split import split

X, Y = digits()
X, Y = (X[:300] / 255).astype(np.float32), Y[:300]


def net(eqx):
    a, b = jax.random.split(jax.random.key(0))
    layers = eqx.nn.Linear(64, 16, key=a), eqx.nn.Lambda(jax.nn.relu), eqx.nn.Dropout(0.5)
    return eqx.nn.Sequential((*layers, eqx.nn.Linear(16, 10, key=b)))


def test_equinox_draws_anew_and_is_handed_back_as_a_model():
    eqx = pytest.importorskip("equinox")
    model = net(eqx)
    before = jax.device_get(eqx.filter(model, eqx.is_array))
    subject = diagnosed(model, X, Y, loss=LOGITS, optimizer=optax.adam(1e-2)).again(300)
    trainer, data = subject.trainer(), split(subject.sample)
    runs = [trainer.train(data, (), seed, 60) for seed in (0, 1)]
    assert runs[0].curve != runs[1].curve
    assert isinstance(runs[0].model, eqx.nn.Sequential)
    made = built(subject, cure((rate(-2),)))
    assert isinstance(made.model, eqx.nn.Sequential)
    assert "optax.scale" in made.code
    after = jax.device_get(eqx.filter(model, eqx.is_array))
    assert all(map(np.array_equal, jax.tree.leaves(before), jax.tree.leaves(after)))


def test_flax_linen_holds_no_parameters():
    pytest.importorskip("flax")
    from flax import linen

    with pytest.raises(UsageError, match="holds no parameters"):
        diagnosed(linen.Dense(10), X, Y, loss=LOGITS, optimizer=optax.adam(1e-2))
