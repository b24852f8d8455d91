"""A multilayer perceptron in NumPy, as scikit-learn computes it.

Every output activation goes with a loss whose gradient with respect to the logits is
output − target, which no clipping touches; kernels have L2, biases none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unstuck.setups.routine import Routine
from unstuck.setups.subject import (
    About,
    Floats,
    Inputs,
    Layer,
    Observation,
    Parameter,
    Sample,
    UpdateRule,
)

if TYPE_CHECKING:
    from unstuck.frameworks.sklearn.training import MlpTrainer

EPSILON = float(np.finfo(np.float64).eps)  # scikit-learn's bound of probabilities

# z ↦ activation, and (z, activation) ↦ slope; for complex z too, see `hessian_product`.
HIDDEN: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "linear": (lambda z: z, lambda z, a: np.ones_like(z)),
    "relu": (lambda z: np.where(z.real > 0, z, 0), lambda z, a: z.real > 0),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "sigmoid": (lambda z: _logistic(z), lambda z, a: a * (1 - a)),
}


def _logistic(z: Any) -> Any:
    return (1 + np.tanh(z / 2)) / 2


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.real.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _softmax_loss(z: Floats, f: Floats, y: Floats) -> Floats:
    top = z.max(axis=1)
    total: Floats = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - (z * y).sum(axis=1)
    return total


# Output activation, and (logits, output, targets) ↦ loss of each example, summed over outputs.
OUTPUT: dict[str, tuple[Callable[[Any], Any], Callable[[Floats, Floats, Floats], Floats]]] = {
    "softmax": (_softmax, _softmax_loss),
    "sigmoid": (_logistic, lambda z, f, y: (np.logaddexp(0, z) - y * z).sum(axis=1)),
    "linear": (lambda z: z, lambda z, f, y: 0.5 * np.square(f - y).sum(axis=1)),
    "exponential": (np.exp, lambda z, f, y: (f - y * z + _of_targets(y)).sum(axis=1)),
}


def _of_targets(y: Floats) -> Floats:
    """What makes Poisson's deviance 0 for a perfect output: y ln y − y."""
    return np.asarray(y * np.log(np.where(y > 0, y, 1)) - y)


@dataclass(frozen=True)
class Home:
    """Where a network stands in pipelines, searches and wrappers, as ends of expressions.

    Args:
        prefix: of the names of its parameters, e.g. "mlpclassifier__".
        network: itself, e.g. "[-1]" or ".regressor".
        pipeline: the innermost pipeline with steps in front of it; None if there is none.
    """

    prefix: str = ""
    network: str = ""
    pipeline: str | None = None


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A dense network of scikit-learn's kind; see `Subject`.

    Args:
        weights: (kernel (d, units), bias (units,)) of each layer.
        hidden: activation of all layers but the last, a key of `HIDDEN`.
        l2: ½·l2·Σ kernel² is added to the mean loss.
        estimator: the user's MLPClassifier or MLPRegressor.
        home: where that stands in what the user handed over.
        table: whether the user's inputs are no arrays.
    """

    about: About
    sample: Sample
    weights: tuple[tuple[Floats, Floats], ...]
    hidden: str
    l2: float
    estimator: Any = None
    home: Home = Home()
    table: bool = False

    def with_routine(self, routine: Routine) -> "Perceptron":
        """See the protocol."""
        return replace(self, about=replace(self.about, routine=routine))

    def trainer(self) -> "MlpTrainer":
        """See the protocol."""
        from unstuck.frameworks.sklearn.training import MlpTrainer

        return MlpTrainer(self)

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol."""
        target, per = self._targets(y), self._per_loss
        zs, output = self._forward(self._flat_weights(), x[0])
        gradients = self._gradients(self._flat_weights(), x[0], target)
        losses = OUTPUT[self.about.output_activation][1](zs[-1], output, target) / per
        output_after = loss_after = updates = None
        if self.about.rule is not None:
            updates = [first_step(self.about.rule, g) for g in gradients]
            moved = [w + u for w, u in zip(self._flat_weights(), updates, strict=True)]
            zs_after, output_after = self._forward(moved, x[0])
            loss_after = self._mean(moved, zs_after[-1], output_after, target) / per
        names = [f"dense_{i}" if i else "dense" for i in range(len(self.weights))]
        activations = [self.hidden] * (len(names) - 1) + [self.about.output_activation]
        layers = (Layer(n, "Dense", a, z) for n, a, z in zip(names, activations, zs, strict=True))
        parameters = tuple(
            Parameter(
                f"{names[i // 2]}.{'bias' if i % 2 else 'kernel'}",
                names[i // 2],
                value,
                gradients[i] / per,
                None if updates is None else updates[i],
                fan_in=None if i % 2 else value.shape[0],
                unit_axis=None if i % 2 else 1,
            )
            for i, value in enumerate(self._flat_weights())
        )
        return Observation(
            tuple(layers),
            parameters,
            output,
            zs[-1],
            (output - target) / per,
            self._mean(self._flat_weights(), zs[-1], output, target) / per,
            losses,
            output_after,
            loss_after,
            output_shape=output.shape[1:],
        )

    @property
    def _per_loss(self) -> int:
        """What is minimized, over the loss that is told: scikit-learn steps along the gradient of
        the squared errors' sum over the outputs, and tells their mean."""
        return self.weights[-1][1].size if self.about.output_activation == "linear" else 1

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        return _flat(self._gradients(self._flat_weights(), x[0], self._targets(y)))

    def hessian_product(self, x: Inputs, y: NDArray[Any] | None) -> Callable[[Floats], Floats]:
        """v ↦ Hessian times v: the derivative of the gradient along v, by a complex step.

        Exact to rounding: Squire & Trapp 1998, "Using complex variables to estimate derivatives".
        """
        target, weights = self._targets(y), self._flat_weights()
        ends = np.cumsum([w.size for w in weights])[:-1]

        def product(v: Floats) -> Floats:
            parts = np.split(np.asarray(v, np.float64), ends)
            moved = [w + 1e-30j * p.reshape(w.shape) for w, p in zip(weights, parts, strict=True)]
            return _flat([g.imag / 1e-30 for g in self._gradients(moved, x[0], target)])

        return product

    def _flat_weights(self) -> list[Any]:
        return [w for layer in self.weights for w in layer]

    def _targets(self, y: NDArray[Any] | None) -> Floats:
        assert y is not None
        outputs = self.weights[-1][1].size
        if self.about.output_activation == "softmax" and y.ndim == 1:
            return np.asarray(np.eye(outputs)[y])
        return y.reshape(len(y), outputs).astype(np.float64)

    def loss(self, output: Floats, y: NDArray[Any], weights: Floats | None = None) -> float:
        """Mean loss of outputs (n, k) as scikit-learn computes it, regularisation left out.

        Args:
            weights: (n,) of examples.
        """
        f, t = np.asarray(output, np.float64), self._targets(y)
        if self.about.output_activation == "linear":
            each = 0.5 * np.square(f - t).mean(axis=1)
        elif self.about.output_activation == "exponential":
            with np.errstate(all="ignore"):
                each = (f - t * np.log(f) + _of_targets(t)).sum(axis=1)
        else:
            f = np.clip(f, EPSILON, 1 - EPSILON)
            each = -(t * np.log(f)).sum(axis=1)
            if self.about.output_activation == "sigmoid":
                each -= ((1 - t) * np.log1p(-f)).sum(axis=1)
        return float(np.average(each, weights=weights))

    def _forward(self, weights: Sequence[Any], x: NDArray[Any]) -> tuple[list[Any], Any]:
        zs, value = [], x.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is a finding
            for i in range(0, len(weights), 2):
                zs.append(value @ weights[i] + weights[i + 1])
                value = HIDDEN[self.hidden][0](zs[-1])
            return zs, OUTPUT[self.about.output_activation][0](zs[-1])

    def _gradients(self, weights: Sequence[Any], x: NDArray[Any], target: Floats) -> list[Any]:
        """Of the mean loss; analytic in the weights, so that they may be complex."""
        zs, output = self._forward(weights, x)
        activate, slope = HIDDEN[self.hidden]
        back = (output - target) / len(x)
        gradients: list[Any] = []
        with np.errstate(over="ignore", invalid="ignore"):
            for i in reversed(range(len(zs))):
                before = activate(zs[i - 1]) if i else x.astype(np.float64)
                gradients = [
                    before.T @ back + self.l2 * weights[2 * i],
                    back.sum(axis=0),
                    *gradients,
                ]
                if i:
                    back = (back @ weights[2 * i].T) * slope(zs[i - 1], before)
        return gradients

    def _mean(self, weights: Sequence[Floats], z: Floats, output: Floats, target: Floats) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            losses = OUTPUT[self.about.output_activation][1](z, output, target)
            decay = 0.5 * self.l2 * sum(float(np.square(w).sum()) for w in weights[::2])
            return float(losses.mean()) + decay


def first_step(rule: UpdateRule, gradient: Floats) -> Floats:
    """What scikit-learn's "sgd" or "adam" adds in its first step."""
    rate = rule.learning_rate
    assert rate is not None
    if rule.name == "sgd":
        return -rate * gradient * (1 + rule.momentum if rule.nesterov else 1.0)
    assert rule.beta_2 is not None
    assert rule.epsilon is not None
    corrected = rate * np.sqrt(1 - rule.beta_2)
    root = np.sqrt((1 - rule.beta_2) * np.square(gradient))
    step: Floats = -corrected * gradient / (root + rule.epsilon)
    return step


def _flat(arrays: Sequence[Any]) -> Floats:
    return np.concatenate([a.ravel() for a in arrays])
