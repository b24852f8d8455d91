"""Every change × scikit-learn, the engine and plain JAX; see `table`."""

from dataclasses import asdict

import jax
import numpy as np
import optax
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from frameworks.table import CHANGES, Case, check
from unstuck.causes.examples import CLIPPED, LOGITS, digits, regression
from unstuck.changes.change import Part
from unstuck.changes.initialization import GLOROT, HE
from unstuck.cures.cure import cure
from unstuck.cures.printed import Names, code
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import Setup
from unstuck.frameworks.jax.cure import built, printed
from unstuck.frameworks.sklearn.subject import _unwrap

X, Y = digits()
X, Y = X[:300], Y[:300]
FLOATS, VALUES = (a[:300] for a in regression())

# What no set-up of these frameworks has.
NEVER = {Part.NORMALIZATION, Part.DROPOUT, Part.STATISTICS, Part.HELD, Part.ZEROING, Part.MODE,
         Part.BATCH_AXIS, Part.SIGN, Part.DETACHING}  # fmt: skip

# -- scikit-learn ---------------------------------------------------------------------------


def classifier():
    network = MLPClassifier(
        (16,), activation="logistic", alpha=0.01, batch_size=50, learning_rate_init=0.0123,
        epsilon=0.1, shuffle=False,
    )  # fmt: skip
    return {"model": network, "x": X, "y": Y}


def regressor():
    network = MLPRegressor(
        hidden_layer_sizes=(16, 8), activation="tanh", solver="sgd", learning_rate="adaptive",
        alpha=0.0, momentum=0.5, shuffle=False,
    )  # fmt: skip
    return {"model": network, "x": FLOATS, "y": VALUES[:, 0]}


def parameters(model, arguments):
    """All of the network but what a trial sets for itself."""
    found = _unwrap(model)[0].get_params()
    return {k: v for k, v in found.items() if k not in ("random_state", "max_iter", "warm_start")}


SKLEARN = NEVER | {Part.LOSS, Part.OUTPUT, Part.START, Part.CLIPPING}

# -- engine ---------------------------------------------------------------------------------


def clipped():
    network = mlp([16], 10, "sigmoid")
    optimizer = keras("adam", epsilon=0.1, learning_rate=0.0123, weight_decay=0.01)
    return {"model": Setup(network, CLIPPED, optimizer, batch_size=50), "x": X, "y": Y}


def plain():
    network = mlp([16], 1, "leaky_relu", "sigmoid", kernel="random_normal")
    setup = Setup(network, "mean_absolute_error", keras("sgd", momentum=0.9), kernel_l2=0.01)
    return {"model": setup, "x": FLOATS, "y": VALUES}


def fields(model, arguments):
    """All fields of the set-up."""
    setup = model[0] if isinstance(model, tuple) else model
    return asdict(setup)


ENGINE = NEVER | {Part.CLASS_WEIGHTS, Part.SCHEDULE}
LOOP = frozenset({Part.SHUFFLING, Part.CLIPPING, Part.STEPS})

# -- JAX ------------------------------------------------------------------------------------


def bare():
    keys = jax.random.split(jax.random.key(0))
    params = {
        "first": jax.random.normal(keys[0], (64, 16)) / 8,
        "last": jax.random.normal(keys[1], (16, 10)) / 4,
    }

    def apply(p, x):
        return jax.nn.relu(x @ p["first"]) @ p["last"]

    return {
        "model": (apply, params), "x": X, "y": Y, "loss": LOGITS, "optimizer": optax.adamw(0.0123),
        "batch_size": 50, "shuffle": False,
    }  # fmt: skip


def steps(model, arguments):
    """Two steps on a large gradient: name, rate, decay and clipping all show in them."""
    params, optimizer = model[1], arguments["optimizer"]
    params = jax.tree.map(np.ones_like, params)
    state, told = optimizer.init(params), {}
    for i, size in enumerate((100.0, 1.0)):
        gradient = jax.tree.map(lambda p, size=size: size * np.ones_like(p), params)
        update, state = optimizer.update(gradient, state, params)
        told[f"step {i}"] = np.asarray(update["first"])
    return told


BARE = NEVER - {Part.SIGN} | {
    Part.NETWORK, Part.WIDTH, Part.ACTIVATION, Part.OUTPUT, Part.LOSS, Part.PENALTY,
    Part.CLASS_WEIGHTS, Part.EPSILON, Part.SCHEDULE,
}  # fmt: skip

CASES = {
    "sklearn classifier": Case(
        classifier,
        parameters,
        frozenset(SKLEARN | {Part.SCHEDULE}),
        frozenset({Part.CLASS_WEIGHTS}),
    ),
    "sklearn regressor": Case(
        regressor,
        parameters,
        frozenset(SKLEARN | {Part.PENALTY, Part.CLASS_WEIGHTS, Part.EPSILON}),
    ),
    "engine classifier": Case(clipped, fields, frozenset(ENGINE), LOOP),
    "engine regressor": Case(plain, fields, frozenset(ENGINE | {Part.EPSILON}), LOOP),
    "jax": Case(
        bare,
        steps,
        frozenset(BARE),
        frozenset({Part.BATCH, Part.SHUFFLING, Part.STEPS, Part.SIGN}),
    ),
}
# Single values of a part that are refused, beside the parts.
OTHERS = {
    ("sklearn classifier", "activation-leaky-relu"),
    ("sklearn regressor", "activation-leaky-relu"),
    ("sklearn classifier", "classes-unweighted"),
    ("sklearn regressor", "schedule-per-epoch"),
    ("engine classifier", "initial-lsuv"),
    ("engine regressor", "initial-lsuv"),
    ("jax", "initial-lsuv"),
    ("engine regressor", "loss-from-logits"),
    ("engine regressor", "loss-crossentropy"),
    ("engine regressor", "output-unit-a-class"),
    ("engine regressor", "output-sigmoid"),
    ("engine classifier", "output-sigmoid"),
}
# What the set-up has already.
SAME = {
    ("sklearn regressor", "activation-tanh"),
    ("engine classifier", "initial-glorot"),
    ("engine regressor", "activation-leaky-relu"),
    ("engine regressor", "batch-32"),
}
# Classes are no numbers, and numbers no classes; scikit-learn sees to shapes itself.
SENSELESS = {
    ("sklearn classifier", "targets-standardized"),
    ("sklearn classifier", "targets-shaped"),
    ("sklearn regressor", "targets-shaped"),
    ("sklearn regressor", "labels-recoded"),
    ("engine regressor", "labels-recoded"),
}
# Drawn at random: see `test_kernels_of_bare_jax_are_drawn_by_the_rule`.
SENSELESS |= {("jax", "initial-glorot"), ("jax", "initial-he")}
ROWS = [(case, name) for case in CASES for name in CHANGES if (case, name) not in SENSELESS]


@pytest.mark.parametrize(("case", "name"), ROWS, ids=[f"{c}: {n}" for c, n in ROWS])
def test_trial_object_and_code_change_the_same_to_the_same(case, name):
    if (case, name) in OTHERS:
        assert CASES[case].trainer.refuses((CHANGES[name],))
        return
    check(CASES[case], CHANGES[name], same=(case, name) in SAME)


@pytest.mark.parametrize(
    ("change", "variance"), [(GLOROT, lambda i, o: 2 / (i + o)), (HE, lambda i, o: 2 / i)]
)
def test_kernels_of_bare_jax_are_drawn_by_the_rule(change, variance):
    case = CASES["jax"]
    template = case.subject.template
    own = case.make()
    made = built(case.subject, cure((change,)))
    done = {"model": own["model"][1]}
    exec(code(printed(case.subject, cure((change,)), Names())), done)
    for params in (template.params((change,), 1), made.model[1], done["model"]):
        for kernel in params.values():
            # of 160 to 1,024 draws
            assert np.var(kernel) == pytest.approx(variance(*kernel.shape), rel=0.35)
    seeds = [template.params((change,), seed)["first"] for seed in (1, 1, 2)]
    assert (seeds[0] == seeds[1]).all()
    assert not (seeds[0] == seeds[2]).any()
