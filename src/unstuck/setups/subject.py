"""The protocol every framework's set-up obeys, and the records it answers with.

A subject is a training set-up as it stands: model, loss, optimizer, data. It can be looked at and
is left as it was: everything is computed on copies, in training mode, and returned as NumPy
arrays, so that probes know nothing of frameworks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Inputs as Inputs
from unstuck.setups.routine import PLAIN, Routine
from unstuck.setups.sample import EXAMPLES

if TYPE_CHECKING:
    from unstuck.setups.trainer import Trainer

Floats = NDArray[np.floating]

Task = Literal["classification", "binary", "regression", "unknown"]


@dataclass(frozen=True)
class LossView:
    """What a loss wants.

    Args:
        name: as the framework calls it.
        takes: what it expects of the model's output.
        targets: "ids" (n,), "one-hot" (n, k), "binary" (0 or 1 an output), "values".
        ignored: class id that it leaves out; None for none.
        pairs: whether it holds every output (n, 1) against every target (n,), where others see
            to the shapes.
    """

    name: str
    takes: Literal["probabilities", "logits", "log-probabilities", "values", "unknown"] = "unknown"
    targets: Literal["ids", "one-hot", "binary", "values", "unknown"] = "unknown"
    ignored: int | None = None
    pairs: bool = False

    def counted(self, y: NDArray[Any]) -> NDArray[Any]:
        """Targets without those that are left out."""
        return y if self.ignored is None else y[y != self.ignored]


@dataclass(frozen=True)
class UpdateRule:
    """An optimizer's name and numbers, as far as they are known.

    Args:
        name: lower case: "sgd", "rmsprop", "adagrad", "adam", "adamw", or the class's own name.
        learning_rate: in use at the next step; None if it cannot be read.
        momentum: 0 if there is none.
        nesterov: whether the momentum is Nesterov's.
        beta_1, beta_2, rho: decay rates of moving averages; None if the rule has none.
        epsilon: added to the root of the second moment, as the weights' precision holds it; None
            if the rule has none.
        weight_decay: 0 if there is none.
    """

    name: str
    learning_rate: float | None
    momentum: float = 0.0
    nesterov: bool = False
    beta_1: float | None = None
    beta_2: float | None = None
    rho: float | None = None
    epsilon: float | None = None
    weight_decay: float = 0.0

    @property
    def impossible(self) -> str:
        """The first setting with which no optimizer can learn, in words; "" where there is none.

        A learning rate below 0 is none of them: it may be meant to maximize.
        """
        share = 1.0  # of what came before that is kept: at 1 and above nothing is forgotten
        ranges = (
            ("a learning rate", self.learning_rate, -math.inf, math.inf),
            ("a momentum", self.momentum, -share, share),
            ("β₁", self.beta_1, -share, share),
            ("β₂", self.beta_2, 0.0, share),
            ("ρ", self.rho, *((0.0, share) if self.name == "rmsprop" else (-math.inf, math.inf))),
            ("ε", self.epsilon, 0.0, math.inf),
            ("a weight decay", self.weight_decay, 0.0, math.inf),
        )
        for name, value, low, high in ranges:
            sound = value is None or value == low == 0 or low < value < high
            if not sound:
                joint = " of " if name.startswith("a ") else " = "
                return f"{name}{joint}{value:g}".replace("nan", "NaN")
        return ""


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer saw.

    Args:
        name: unique in the model, in the order of the forward pass.
        kind: the class's name, e.g. "Dense", "Conv2d".
        activation: what follows the pre-activation, as a standard lower-case name ("relu",
            "tanh", "sigmoid", "softmax", "log_softmax", "leaky_relu", "gelu", …), "linear" if
            nothing follows, "unknown" if that cannot be seen.
        pre_activation: (rows, units), float; rows are examples, or examples × some positions for
            convolutions and sequences. None if it cannot be seen.
        unseen: why it cannot be seen, as half a sentence; "" if it can.
    """

    name: str
    kind: str
    activation: str
    pre_activation: Floats | None
    unseen: str = ""


@dataclass(frozen=True, eq=False)
class Parameter:
    """One array of parameters with what the first step would do to it.

    Args:
        name: as the framework calls it, unique.
        layer: name of its layer.
        value: as it stands.
        gradient: of the mean loss over the sample, same shape; None if the loss does not depend
            on it or it is not trainable.
        update: what the optimizer's next step would add; None if the optimizer does not hold it.
        trainable: whether the framework would compute a gradient for it.
        held: whether the optimizer holds it.
        fan_in: number of inputs to a unit, for kernels of dense and convolution layers; else None.
        unit_axis: axis of `value` along which units are counted, for such kernels; else None.
    """

    name: str
    layer: str
    value: Floats
    gradient: Floats | None
    update: Floats | None
    trainable: bool = True
    held: bool = True
    fan_in: int | None = None
    unit_axis: int | None = None


@dataclass(frozen=True, eq=False)
class Moving:
    """Moving statistics of a normalization layer, with which it evaluates.

    Args:
        layer: its name.
        mean, variance: as they stand, of one shape.
        momentum: what weighs the old against the new; None where nothing does.
    """

    layer: str
    mean: Floats
    variance: Floats
    momentum: float | None = None


@dataclass(frozen=True, eq=False)
class Observation:
    """One sample seen through the network and one step of training, without a trace.

    Args:
        layers: in the order of the forward pass, in training mode.
        parameters: all of them, trainable or not (moving statistics are not parameters).
        output: (n, k) of the model as it stands; (n, 1) where it returns (n,). Trailing axes of
            sequence or image outputs are flattened into rows.
        logits: (n, k) pre-activation of the last layer; the output itself if nothing follows it
            or that cannot be seen.
        logit_gradients: (n, k), n × gradient of the mean loss with respect to `logits`, so row i
            is the gradient of example i's own loss; None if it cannot be computed.
        loss: mean over the sample as trained, regularisation included.
        losses: (n,) of each example, regularisation not included; None if the loss gives no
            value for each example.
        output_after: (n, k) of the model after one step of the optimizer on this sample, for the
            same examples; None without an optimizer.
        loss_after: mean loss after that step; None without an optimizer.
        output_shape: of one example's output as the model returns it; () for one number.
        dependence: see `setups.dependence`; None where it cannot be told.
        moving: one a normalization layer that has such statistics.
    """

    layers: tuple[Layer, ...]
    parameters: tuple[Parameter, ...]
    output: Floats
    logits: Floats
    logit_gradients: Floats | None
    loss: float
    losses: Floats | None
    output_after: Floats | None = None
    loss_after: float | None = None
    output_shape: tuple[int, ...] | None = None
    dependence: float | None = None
    moving: tuple[Moving, ...] = ()


@dataclass(frozen=True, eq=False)
class Sample:
    """Examples the subject is looked at with, as they reach the network.

    Args:
        x: one array an input, each (n, ...), in its own dtype.
        y: (n, ...) targets as the loss gets them; None if they cannot be told from the inputs.
        x_validation, y_validation: the same for the validation data; None if there are none.
        order: (m,) or (m, k): the first targets in the order they stand in, unsampled, to tell
            whether they are sorted; None if unknown.
        examples: number of training examples in all; None if unknown.
        names: one an input.
        kinds: one an input: "values", or "ids" where the first layer is an embedding.
    """

    x: Inputs
    y: NDArray[Any] | None
    x_validation: Inputs | None = None
    y_validation: NDArray[Any] | None = None
    order: NDArray[Any] | None = None
    examples: int | None = None
    names: tuple[str, ...] = ("x",)
    kinds: tuple[Literal["values", "ids"], ...] = ("values",)


@dataclass(frozen=True)
class About:
    """The set-up in words and numbers.

    Args:
        framework: "keras", "torch", "sklearn", "engine", "jax".
        backend: what computes: "jax", "torch", "tensorflow", "numpy".
        loss: what the loss wants.
        output_activation: of the last layer, as in `Layer.activation`.
        rule: the optimizer; None if there is none.
        batch_size: examples a step.
        shuffled: whether training shuffles the examples; None if unknown.
        elements: activations of all layers for one example, the memory a look at it takes.
        limits: what could not be seen, one sentence each.
        routine: what the script's loop does around a step, where it was seen.
    """

    framework: str
    backend: str
    loss: LossView
    output_activation: str
    rule: UpdateRule | None
    batch_size: int
    shuffled: bool | None = None
    elements: int = 0
    limits: tuple[str, ...] = ()
    routine: Routine = PLAIN


@dataclass(frozen=True, eq=False)
class Given:
    """What the user handed over beside the model; None where nothing was said.

    Args:
        x: arrays, tensors, a data set or loader of the model's framework.
        y: targets; None where `x` yields them.
        validation_data: (x, y), or a data set or loader.
        loss, optimizer: objects or names of the model's framework.
        batch_size: examples a step.
        shuffle: whether training shuffles.
        step: (model, batch) ↦ loss, for training loops that are not loss(model(x), y).
        examples: how many are looked at, at most.
    """

    x: Any
    y: Any = None
    validation_data: Any = None
    loss: Any = None
    optimizer: Any = None
    batch_size: int | None = None
    shuffle: bool | None = None
    step: Callable[..., Any] | None = None
    examples: int = EXAMPLES


class Subject(Protocol):
    """A training set-up as it stands, looked at without a trace."""

    about: About
    sample: Sample

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """Looks at these examples, in training mode, and at one step of the optimizer on them.

        The same call gives the same observation: whatever is random in a layer is seeded.
        """
        ...

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """Gradient of the mean loss with respect to all trainable, held parameters, as one flat
        float array in the order of `Observation.parameters`, C order within each."""
        ...

    def hessian_product(
        self, x: Inputs, y: NDArray[Any] | None
    ) -> Callable[[Floats], Floats] | None:
        """v ↦ Hessian of the mean loss times v, over the parameters of `gradient`; None if the
        framework cannot differentiate twice through this model."""
        ...

    def trainer(self) -> "Trainer":
        """Trains fresh copies of it."""
        ...

    def with_routine(self, routine: Routine) -> "Subject":
        """The same with what was seen around its steps."""
        ...
