"""The changes a trial asks for, planned for a copied Keras set-up: one table {part: how}."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.changes.loss import MOST_CLASSES, classes_of
from unstuck.changes.output_activation import exclusive
from unstuck.frameworks.keras import architecture
from unstuck.frameworks.keras.architecture import BOUNDED, Edits, Refusal
from unstuck.frameworks.keras.optimizer import config_of, inner, rate_of
from unstuck.frameworks.keras.remaking import remade
from unstuck.frameworks.keras.restraints import droppers, penalties, weaker
from unstuck.setups.routine import Routine
from unstuck.setups.subject import Floats, LossView

if TYPE_CHECKING:
    from unstuck.frameworks.keras.subject import KerasSubject

REPLACED = {"adam": ("Adam", 1e-3), "sgd": ("SGD", 1e-2)}

_FROM_LOGITS = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
}
# What is proportional to the learning rate in the schedules of Keras.
_RATES = ("initial_learning_rate", "end_learning_rate", "warmup_target", "values")


@dataclass(eq=False)
class Plan:
    """A set-up with changes in it, before anything is made of it.

    Args:
        subject: the set-up as the user has it; never written to.
        kind, config: the optimizer's class, and what it is made with but for its rate.
        rate: a number, or a schedule.
        routine: what is done around its steps.
        batch_size, shuffled: examples a step, and whether they are drawn in new orders.
        edits: what layers of the copy are made with otherwise.
        loss: in place of the user's own; None for that.
        end: activation that was taken off the output, which evaluation puts on again; "" for none.
        output: the output's activation.
        own: whether the network is the user's own, else plain dense layers.
        classes: outputs in place of its own; 0 for these.
        normalized: whether a batch normalization stands in front.
        start: rule by which kernels are drawn; "" for the layers' own.
        held: whether everything is trained.
    """

    subject: "KerasSubject"
    kind: Any
    config: dict[str, Any]
    rate: Any
    routine: Routine
    batch_size: int
    shuffled: bool
    output: str
    edits: Edits = field(default_factory=dict)
    loss: Any = None
    end: str = ""
    own: bool = True
    classes: int = 0
    normalized: bool = False
    start: str = ""
    held: bool = False

    @property
    def scheduled(self) -> bool:
        """Whether the optimizer's rate is no number."""
        return not isinstance(self.rate, float)

    @property
    def reshaped(self) -> bool:
        """Whether weights are others than the user's by their shapes."""
        return not self.own or any("units" in edit for edit in self.edits.values())

    def optimizer(self) -> Any:
        """A fresh one, without state."""
        return remade(self.kind, self.config | {"learning_rate": self.rate})

    def edit(self, layers: Any, **config: Any) -> None:
        """Has layers made with something else."""
        for layer in layers:
            self.edits.setdefault(id(layer), {}).update(config)

    def restored(self, output: Floats) -> Floats:
        """A trial's outputs (n, k) with the activation that was taken off."""
        from scipy.special import expit, softmax

        if self.end == "softmax" and output.shape[1] > 1:
            return np.asarray(softmax(output.astype(np.float64), axis=1))
        return np.asarray(expit(output.astype(np.float64))) if self.end else output


def planned(subject: "KerasSubject", changes: Combination) -> Plan:
    """The set-up with the changes made, in the order of `HOW`.

    Raises:
        Refusal: one of them cannot be made.
    """
    wanted = {c.part for c in of_setup(changes)} - {Part.STEPS, Part.ORDER}
    for part in wanted - set(HOW):
        raise Refusal(REFUSED.get(part, f"Keras has no way to change the {part.value}"))
    about, own = subject.about, subject._optimizer
    if own is None and Part.OPTIMIZER not in wanted:
        raise Refusal("the model was compiled without an optimizer, and none was given")
    own = keras.optimizers.Adam() if own is None else inner(own)
    routine = about.routine
    rate = _rate_in_use(own)
    if routine.rates and routine.reference and isinstance(rate, float):
        rate = routine.reference
    shuffled = about.shuffled is not False
    plan = Plan(
        subject,
        type(own),
        config_of(own),
        rate,
        routine,
        about.batch_size,
        shuffled,
        about.output_activation,
    )
    for part, how in HOW.items():
        if part in wanted:
            how(plan, value(changes, part))
    return plan


# --- Optimizer. ---


def _rate_in_use(optimizer: Any) -> Any:
    rate = optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return rate
    if callable(rate) and not hasattr(rate, "numpy"):
        return rate
    return float(keras.ops.convert_to_numpy(rate))


def _optimize(plan: Plan, name: Value) -> None:
    kind, rate = REPLACED[str(name)]
    plan.kind = getattr(keras.optimizers, kind)
    config = plan.kind().get_config()
    plan.config = {k: v for k, v in config.items() if k != "learning_rate"}
    plan.rate = rate


def _constant(plan: Plan, kind: Value) -> None:
    if kind != "constant":
        raise Refusal("no schedule is stepped by hand")
    if not plan.routine.rates and not plan.scheduled:
        raise Refusal("the learning rate is constant")
    plan.routine = replace(plan.routine, rates=())
    if plan.scheduled:
        plan.rate = rate_of(inner(plan.subject._optimizer)).used


def _rate(plan: Plan, factor: Value) -> None:
    assert isinstance(factor, float | int)
    if not plan.scheduled:
        plan.rate *= factor
        return
    if not type(plan.rate).__module__.startswith("keras."):
        raise Refusal("the learning rate follows a schedule of the user's own")
    config = plan.rate.get_config()
    for name in _RATES:
        number = config.get(name)
        if isinstance(number, list | tuple):
            config[name] = [v * factor for v in number]
        elif number is not None:
            config[name] = number * factor
    plan.rate = type(plan.rate).from_config(config)


def _epsilon(plan: Plan, epsilon: Value) -> None:
    if "epsilon" not in plan.config:
        raise Refusal(f"the optimizer ({plan.kind.__name__}) has no ε")
    plan.config["epsilon"] = epsilon


def _clip(plan: Plan, norm: Value) -> None:
    plan.config |= {"clipnorm": None, "clipvalue": None, "global_clipnorm": norm}


def _hold(plan: Plan, _: Value) -> None:
    plan.held = True


# --- Loop. ---


def _batch(plan: Plan, size: Value) -> None:
    assert isinstance(size, int)
    plan.batch_size = size


def _shuffle(plan: Plan, shuffled: Value) -> None:
    plan.shuffled = bool(shuffled)


def _class_weights(plan: Plan, kind: Value) -> None:
    if kind == "none":
        if not plan.routine.weights:
            raise Refusal("there are no class weights")
        plan.routine = replace(plan.routine, weights=())
        return
    y = plan.subject.sample.y
    if y is None or plan.subject.about.loss.targets not in ("ids", "one-hot", "binary"):
        raise Refusal("the targets are no classes")
    plan.routine = replace(plan.routine, weights=balanced(class_ids(y)))


def class_ids(y: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) classes as `fit` tells them for `class_weight`."""
    if y.ndim > 2:
        raise Refusal("the targets have several axes")
    one = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else np.rint(y.reshape(len(y)))
    return np.asarray(one, np.int64)


def balanced(ids: NDArray[np.int64]) -> tuple[float, ...]:
    """n / (K · count) of each class; 1 for one that has no example."""
    counts = np.bincount(ids[ids >= 0])
    present = counts > 0
    weights = np.ones(len(counts))
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return tuple(weights.tolist())


# --- Loss and output. ---


def _loss(plan: Plan, name: Value) -> None:
    view, network = plan.subject.about.loss, plan.subject._network
    if name == "unit-a-class":
        return _unit_a_class(plan)
    if name == "logits":
        if view.name not in _FROM_LOGITS:
            raise Refusal(f"the loss ({view.name}) cannot be computed from logits")
        if view.targets in ("ids", "one-hot") and (network.output_trail or (1,))[-1] == 1:
            raise Refusal("over a single output a cross-entropy of classes is always 0")
        if view.takes == "logits" and plan.output == "linear":
            raise Refusal("the loss is computed from logits as it is")
        plan.loss = from_logits(network.loss._flat_losses[0].loss, view)
    else:
        y = plan.subject.sample.y
        if y is None or network.loss is None:
            raise Refusal("the model computes its loss itself")
        if name == "mse":
            plan.loss = _squared(y, network.output_trail)
        else:
            plan.loss = crossentropy(y, network.output_trail, logits=view.takes != "values")
            if view.takes == "values":  # what a program read as a number from 0 to 1 stays one
                binary = isinstance(plan.loss, keras.losses.BinaryCrossentropy)
                _end(plan, "sigmoid" if binary else "softmax")
                return
        same = view.takes == "logits" if name == "crossentropy" else view.takes == "values"
        if same and plan.output == "linear" and _alike(plan.loss, view):
            raise Refusal("the loss is that one as it is")
    _end(plan, "linear")
    if name != "mse" and plan.subject.about.output_activation in BOUNDED:
        plan.end = plan.subject.about.output_activation


def _unit_a_class(plan: Plan) -> None:
    y, network = plan.subject.sample.y, plan.subject._network
    if len(network.output_trail) != 1 or not classes_of(y):
        raise Refusal("there is not one class an example")
    last = None if network.at_logits is None else network.at_logits.layer
    if type(last) is not keras.layers.Dense:
        raise Refusal("the output is no dense layer's")
    _end(plan, "linear")
    plan.classes = classes_of(y)
    plan.edit([last], units=plan.classes)
    plan.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _alike(loss: Any, view: LossView) -> bool:
    return view.name.replace("_", "") == type(loss).__name__.lower()


def _output(plan: Plan, name: Value) -> None:
    view = plan.subject.about.loss
    if name == "sigmoid":
        outputs = (plan.subject._network.output_trail or (1,))[-1]
        of_ids = view.targets in ("ids", "one-hot") or view.takes == "logits"
        if plan.output != "softmax" or of_ids or exclusive(plan.subject.sample.y, outputs):
            raise Refusal("there is no softmax of labels that do not exclude each other")
        return _end(plan, "sigmoid")
    if view.takes in ("probabilities", "logits"):
        raise Refusal(f"the loss ({view.name}) is not one of a regression")
    if plan.output in ("linear", "unknown"):
        raise Refusal("the output has no activation that could be taken off")
    _end(plan, "linear")


def _end(plan: Plan, activation: str) -> None:
    """Has the output end in another activation, "linear" for none."""
    if plan.output == "unknown":
        raise Refusal("the output's activation is not known")
    if plan.own and plan.output != activation:
        last = architecture.ending(plan.subject._network, plan.output)
        takes_it = len(last) == 1 and "activation" in last[0].get_config()
        if not last or not (takes_it or activation == "linear"):
            raise Refusal("the output's activation is applied by the model's own code")
        plan.edit(last, activation=activation)
    plan.output = activation


def from_logits(loss: Any, view: LossView) -> Any:
    """The crossentropy that takes logits.

    Args:
        loss: an object of `keras.losses.Loss`.
    """
    kind = getattr(keras.losses, _FROM_LOGITS[view.name])
    if type(loss) is kind:
        return kind.from_config(loss.get_config() | {"from_logits": True})
    return kind(from_logits=True, reduction=loss.reduction)


def _squared(y: NDArray[Any], trail: tuple[int, ...]) -> Any:
    if y.size != len(y) * int(np.prod(trail)):
        raise Refusal("targets and outputs have different shapes")
    return keras.losses.MeanSquaredError()


def crossentropy(y: NDArray[Any], trail: tuple[int, ...], logits: bool) -> Any:
    """The cross-entropy, of logits or of probabilities, that belongs to targets (n, …) and outputs
    (n, *trail).

    Raises:
        Refusal: the targets are no classes of these outputs.
    """
    values = np.unique(y)
    if (
        len(values) > MOST_CLASSES
        or not np.array_equal(values, np.rint(values))
        or values.min() < 0
    ):
        raise Refusal("the targets are no class ids")
    units, truth = (trail or (1,))[-1], set(values.tolist()) <= {0, 1}
    if units > 1 and y.size * units == len(y) * int(np.prod(trail)):
        if values.max() >= units:
            raise Refusal("there are classes without an output")
        return keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    if not truth or y.size != len(y) * int(np.prod(trail)):
        raise Refusal("the targets are no classes of these outputs")
    if units > 1 and (y.sum(axis=-1) == 1).all():
        return keras.losses.CategoricalCrossentropy(from_logits=logits)
    return keras.losses.BinaryCrossentropy(from_logits=logits)


# --- Network. ---


def _plain(plan: Plan, _: Value) -> None:
    subject, trail = plan.subject, plan.subject._network.output_trail
    if len(subject.sample.x) != 1 or tuple(subject.sample.kinds) != ("values",):
        raise Refusal("the network's input is not one array of values")
    if len(trail) != 1:
        raise Refusal("the network's output has several axes")
    if architecture.own_training(subject._model):
        raise Refusal("the model's class trains in a way of its own")
    if plan.output == "unknown":
        raise Refusal("the output's activation is not known")
    plan.own = False


def _widen(plan: Plan, factor: Value) -> None:
    assert isinstance(factor, float | int)
    model = plan.subject._model
    last = plan.subject._network.at_logits
    dense = [x for x in model._flatten_layers() if type(x) is keras.layers.Dense]
    other = [
        x
        for x in model._flatten_layers()
        if x._trainable_variables
        and x not in dense
        and not isinstance(x, keras.layers.BatchNormalization)
    ]
    hidden = [x for x in dense if last is not None and x is not last.layer]
    by_config = isinstance(model, keras.Sequential) or hasattr(model, "_nodes_by_depth")
    if other or not hidden or not by_config:
        raise Refusal("the model is no chain of dense layers")
    for layer in hidden:
        plan.edit([layer], units=int(layer.units * factor))


def _activate(plan: Plan, name: Value) -> None:
    network = plan.subject._network
    last = architecture.of_output(network, plan.subject.about.output_activation)
    hidden = architecture.hidden(network, last)
    if not hidden:
        raise Refusal("the model has no hidden layer whose activation can be exchanged")
    plan.edit(hidden, activation=str(name))


def _normalize(plan: Plan, _: Value) -> None:
    subject = plan.subject
    if architecture.own_training(subject._model):
        raise Refusal("the model's class trains in a way of its own")
    if not any(normalizable(subject)):
        raise Refusal("no input is of values that could be normalized")
    plan.normalized = True


def normalizable(subject: "KerasSubject") -> list[bool]:
    """Whether a batch normalization can stand in front of each input."""
    sample = subject.sample
    return [k == "values" and a.ndim > 1 for k, a in zip(sample.kinds, sample.x, strict=True)]


def _drop(plan: Plan, rate: Value) -> None:
    found = droppers(plan.subject._model, rate)
    if not found:
        raise Refusal("there is no dropout")
    for layer, names in found:
        plan.edit([layer], **dict.fromkeys(names, rate))


def _statistics(plan: Plan, momentum: Value) -> None:
    assert isinstance(momentum, float)
    found = [
        x
        for x in plan.subject._model._flatten_layers()
        if isinstance(x, keras.layers.BatchNormalization) and x.momentum > 1 - momentum
    ]
    if not found:
        raise Refusal("there are no moving statistics with a longer memory")
    plan.edit(found, momentum=1 - momentum)


def _penalty(plan: Plan, factor: Value) -> None:
    assert isinstance(factor, float | int)
    penalized = penalties(plan.subject._model)
    own = plan.subject._optimizer
    if not penalized and (own is None or not config_of(inner(own)).get("weight_decay")):
        raise Refusal("there are no weight decay and no regularisers")
    if plan.config.get("weight_decay"):
        plan.config["weight_decay"] *= factor
    for layer, names in penalized:
        plan.edit([layer], **{name: weaker(vars(layer)[name], factor) for name in names})


def _start(plan: Plan, rule: Value) -> None:
    from unstuck.frameworks.keras import starts

    if not starts.drawable(plan.subject._model):
        raise Refusal("no dense or convolution layer is trained")
    plan.start = str(rule)


How = Callable[[Plan, Value], None]

HOW: dict[Part, How] = {  # in this order
    Part.OUTPUT: _output,
    Part.LOSS: _loss,
    Part.NETWORK: _plain,
    Part.WIDTH: _widen,
    Part.ACTIVATION: _activate,
    Part.NORMALIZATION: _normalize,
    Part.DROPOUT: _drop,
    Part.STATISTICS: _statistics,
    Part.START: _start,
    Part.CLASS_WEIGHTS: _class_weights,
    Part.OPTIMIZER: _optimize,
    Part.PENALTY: _penalty,
    Part.SCHEDULE: _constant,
    Part.RATE: _rate,
    Part.EPSILON: _epsilon,
    Part.HELD: _hold,
    Part.CLIPPING: _clip,
    Part.BATCH: _batch,
    Part.SHUFFLING: _shuffle,
}

REFUSED = {
    Part.ZEROING: "Keras sets gradients to zero itself",
    Part.MODE: "Keras trains in training mode",
}
