"""The changes a trial asks for, made in an unfitted network of scikit-learn: {part: how}."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import clone
from sklearn.neural_network import MLPClassifier

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.setups.routine import Routine
from unstuck.setups.trainer import Refused

RATES = {"adam": 1e-3, "sgd": 1e-2}
PLAIN = (64, 64)
NUMBERS = ("beta_1", "beta_2", "epsilon", "momentum", "nesterovs_momentum", "learning_rate")


@dataclass
class Changed:
    """A network with changes in it.

    Args:
        network: unfitted; changed in place.
        routine: what is done around its steps.
        balanced: whether all classes have the same weight.
    """

    network: Any
    routine: Routine
    balanced: bool = False

    def sets(self, **parameters: Any) -> None:
        """Sets parameters of the network."""
        self.network.set_params(**parameters)


def changed(estimator: Any, changes: Combination, routine: Routine) -> Changed:
    """An unfitted copy of a network with these changes, those of data passed over.

    Raises:
        Refused: one of them cannot be made.
    """
    network = clone(estimator)
    done = Changed(network, routine)
    done.sets(warm_start=False)
    wanted = {c.part for c in of_setup(changes)} - {Part.STEPS, Part.ORDER}
    for part in wanted:
        if part not in HOW:
            raise Refused(WHY.get(part, f"scikit-learn has no {part.value.replace('-', ' ')}"))
    for part, how in HOW.items():
        if part in wanted:
            how(done, value(changes, part))
    return done


def _plain(done: Changed, _: Value) -> None:
    done.sets(hidden_layer_sizes=PLAIN, activation="relu")


def _width(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    sizes = done.network.hidden_layer_sizes
    sizes = sizes if hasattr(sizes, "__iter__") else (sizes,)
    if not len(sizes):
        raise Refused("there are no hidden units")
    done.sets(hidden_layer_sizes=tuple(max(1, round(size * factor)) for size in sizes))


def _activation(done: Changed, name: Value) -> None:
    if name not in ("relu", "tanh"):
        raise Refused("scikit-learn has no leaky ReLU")
    done.sets(activation=name)


def _penalty(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    if not done.network.alpha:
        raise Refused("there is no penalty")
    done.sets(alpha=done.network.alpha * factor)


def _optimizer(done: Changed, name: Value) -> None:
    defaults = MLPClassifier().get_params()
    numbers = {n: defaults[n] for n in NUMBERS}
    done.sets(**numbers, solver=name, learning_rate_init=RATES[str(name)])


def _stepping(done: Changed) -> Any:
    if done.network.solver == "lbfgs":
        raise Refused("lbfgs chooses the size of its steps itself, from all examples")
    return done.network


def _rate(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    done.sets(learning_rate_init=_stepping(done).learning_rate_init * factor)


def _epsilon(done: Changed, epsilon: Value) -> None:
    if _stepping(done).solver != "adam":
        raise Refused("SGD has no ε")
    done.sets(epsilon=epsilon)


def _batch(done: Changed, size: Value) -> None:
    _stepping(done)
    done.sets(batch_size=size)


def _shuffling(done: Changed, shuffled: Value) -> None:
    _stepping(done)
    done.sets(shuffle=bool(shuffled))


def _schedule(done: Changed, kind: Value) -> None:
    network = _stepping(done)
    if network.solver != "sgd" or network.learning_rate == "constant":
        raise Refused("the learning rate is constant")
    if kind != "constant":
        raise Refused("scikit-learn lowers the rate by its own rules")
    done.sets(learning_rate="constant")


def _class_weights(done: Changed, kind: Value) -> None:
    if not isinstance(done.network, MLPClassifier):
        raise Refused("there are no classes")
    if kind == "none" and not done.routine.weights:
        raise Refused("there are no class weights")
    done.routine = replace(done.routine, weights=())
    done.balanced = kind == "balanced"


HOW: dict[Part, Callable[[Changed, Value], None]] = {
    Part.NETWORK: _plain,
    Part.WIDTH: _width,
    Part.ACTIVATION: _activation,
    Part.PENALTY: _penalty,
    Part.CLASS_WEIGHTS: _class_weights,
    Part.OPTIMIZER: _optimizer,
    Part.RATE: _rate,
    Part.EPSILON: _epsilon,
    Part.BATCH: _batch,
    Part.SHUFFLING: _shuffling,
    Part.SCHEDULE: _schedule,
}

WHY = {
    Part.LOSS: "scikit-learn's networks have one loss each, computed from logits",
    Part.OUTPUT: "scikit-learn chooses the output activation itself",
    Part.START: "scikit-learn draws kernels by its own rule",
    Part.HELD: "everything is trained as it is",
    Part.CLIPPING: "scikit-learn does not clip gradients",
    Part.ZEROING: "scikit-learn computes its gradients anew in each step",
    Part.MODE: "the layers know no evaluation mode",
    Part.BATCH_AXIS: "rows are the examples",
}
