"""A compiled loop for trials of scikit-learn's networks: an epoch is one program.

`fit` checks, draws and stops by its own rules; the steps between, which are NumPy's otherwise, are
taken by a compiled JAX program with scikit-learn's numerics.
"""

import inspect
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import xlogy
from numpy.typing import NDArray
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from unstuck.engine import optimizers
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.optimizers import Optimizer
from unstuck.setups.compiled import Untranslatable

STEPS = "_fit_stochastic"  # what `fit` has take the steps; without a public name
TAKES = ("X", "y", "sample_weight")  # its first arguments
HIDDEN = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


@dataclass(eq=False)
class EpochLoop:
    """A compiled epoch for networks that differ in numbers, starts, orders and data alone.

    Args:
        activation: of hidden layers.
        spec: structure of the optimizer.

    Attributes:
        start: kernels and biases before the first step of the last training.
    """

    activation: str
    spec: Optimizer
    start: list[NDArray[Any]] = field(default_factory=list)
    _epoch: Callable[..., Any] = field(init=False)

    def __post_init__(self) -> None:
        self._epoch = jax.jit(partial(_epoch, self.activation, self.spec), static_argnames="ends")

    @contextmanager
    def installed(self, network: Any) -> Iterator[None]:
        """Within, a network's `fit` takes its steps here."""
        setattr(network, STEPS, partial(self._fit, network))
        try:
            yield
        finally:
            delattr(network, STEPS)

    def _fit(self, network: Any, x: Any, y: Any, weights: Any, *_: Any) -> None:
        """In place of `_fit_stochastic`, to the same end."""
        with jax.enable_x64(x.dtype == np.float64):
            self._trained(network, x, np.asarray(y, x.dtype), weights)

    def _trained(self, network: Any, x: Any, y: Any, weights: Any) -> None:
        n, size = len(x), batch_size(network, len(x))
        each = -(-n // size)
        counted = np.ones(n, x.dtype) if weights is None else weights.astype(x.dtype)
        data = tuple(jnp.asarray(a) for a in (x, y, counted))
        params = [jnp.asarray(a) for a in (*network.coefs_, *network.intercepts_)]
        self.start = [np.array(a) for a in params]
        own = _optimizer_of(network)
        numbers: dict[str, Any] = dict(spec_of(network).numbers())
        inner = optimizers.build(self.spec, numbers).init(params)
        order = np.arange(n)
        there = (np.arange(each * size) < n).reshape(each, size)  # the last batch may be smaller
        ends = network.out_activation_
        try:
            network.n_iter_ = 0
            for _ in range(network.max_iter):
                if network.shuffle:  # as `sklearn.utils.shuffle` draws
                    drawn = np.arange(n)
                    network._random_state.shuffle(drawn)
                    order = order[drawn]
                rows = np.resize(order, each * size).reshape(each, size)
                numbers["learning_rate"] = own.learning_rate
                params, inner, total = self._epoch(
                    params, inner, data, rows, there, numbers, network.alpha, ends=ends
                )
                _give(network, [np.asarray(p) for p in params])  # no copies
                network.n_iter_ += 1
                network.loss_ = float(total) / n
                network.t_ += n
                network.loss_curve_.append(network.loss_)
                network._update_no_improvement_count(False, None, None, None)
                own.iteration_ends(network.t_)
                if network._no_improvement_count > network.n_iter_no_change:
                    if own.trigger_stopping("", False):
                        break
                    network._no_improvement_count = 0
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        finally:
            _give(network, [np.array(p) for p in params])


def _give(network: Any, params: Sequence[NDArray[Any]]) -> None:
    half = len(params) // 2
    network.coefs_, network.intercepts_ = list(params[:half]), list(params[half:])


def kind_of(network: Any, x: NDArray[Any], y: NDArray[Any], weighted: bool) -> Hashable:
    """What makes the programs of trials differ.

    Args:
        network: not fitted yet.
        x, y: it will be fitted to.
        weighted: whether examples have weights.
    """
    sizes = tuple(np.atleast_1d(network.hidden_layer_sizes).tolist())
    how = network.solver, network.activation, network.nesterovs_momentum, bool(network.momentum)
    what = type(network).__name__, getattr(network, "loss", ""), network.early_stopping
    return (
        sizes,
        how,
        what,
        batch_size(network, len(x)),
        x.shape[1:],
        x.dtype,
        y.shape[1:],
        weighted,
    )


def epoch_loop(network: Any) -> EpochLoop:
    """The loop for networks like this one, not yet tested.

    Raises:
        Untranslatable: it has none.
    """
    taken = tuple(inspect.signature(getattr(network, STEPS, len)).parameters)[: len(TAKES)]
    if taken != TAKES:
        raise Untranslatable("another scikit-learn")
    if network.early_stopping:
        raise Untranslatable("it sets examples apart to stop by")
    if network.solver == "sgd" and network.learning_rate != "constant" and network.momentum:
        raise Untranslatable("momentum holds the rates of the steps before")
    return EpochLoop(HIDDEN[network.activation], spec_of(network).structure())


def spec_of(network: Any) -> Optimizer:
    """Its optimizer in the engine's terms.

    Raises:
        Untranslatable: it has none.
    """
    rate = float(network.learning_rate_init)
    if network.solver == "adam":
        betas = {"beta_1": float(network.beta_1), "beta_2": float(network.beta_2)}
        return optimizers.keras(
            "adam", learning_rate=rate, epsilon=float(network.epsilon), **betas
        )  # fmt: skip
    if network.solver != "sgd":
        raise Untranslatable(f"{network.solver} has no steps")
    momentum, nesterov = float(network.momentum), bool(network.nesterovs_momentum)
    return optimizers.keras("sgd", learning_rate=rate, momentum=momentum, nesterov=nesterov)


def _optimizer_of(network: Any) -> Any:
    """scikit-learn's own, which keeps the rate and says when training ends."""
    if network.solver == "adam":
        return AdamOptimizer([], network.learning_rate_init)
    return SGDOptimizer(
        [], network.learning_rate_init, network.learning_rate, power_t=network.power_t
    )


def batch_size(network: Any, n: int) -> int:
    """Examples a step."""
    if network.solver == "lbfgs":
        return n
    return int(min(200 if network.batch_size == "auto" else network.batch_size, n))


def _epoch(
    activation: str,
    spec: Optimizer,
    params: list[Array],
    inner: Any,
    data: Any,
    rows: Any,
    there: Any,
    numbers: Any,
    alpha: Any,
    ends: str,
) -> tuple[list[Array], Any, Array]:
    """Parameters and optimizer after the steps of one epoch, and the sum of the losses."""
    optimizer = optimizers.build(spec, numbers)
    gradient = jax.value_and_grad(partial(_loss, activation, ends), has_aux=True)

    def step(i: Any, carry: Any) -> Any:
        params, inner, total = carry
        x, y, weights = (a[rows[i]] for a in data)
        counted = weights * there[i]
        (_, told), gradients = gradient(params, x, y, counted, alpha)
        update, inner = optimizer.update(gradients, inner, params)
        params = [p + u.astype(p.dtype) for p, u in zip(params, update, strict=True)]
        return params, inner, total + told * there[i].sum()

    zero = jnp.zeros((), params[0].dtype)
    done: tuple[list[Array], Any, Array] = jax.lax.fori_loop(
        0, len(rows), step, (params, inner, zero)
    )
    return done


def _loss(
    activation: str, ends: str, params: Sequence[Array], x: Any, y: Any, weights: Any, alpha: Any
) -> tuple[Array, Array]:
    """What is stepped along, and what is told: scikit-learn's two differ, see `perceptron`."""
    half = len(params) // 2
    kernels, biases = params[:half], params[half:]
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        x = ACTIVATIONS[activation](x @ kernel + bias)
    z = x @ kernels[-1] + biases[-1]
    stepped, told = ENDS[ends](z, y)
    mass = weights.sum()
    penalty = 0.5 * alpha * sum(jnp.vdot(k, k) for k in kernels) / mass
    return (weights @ stepped) / mass + penalty, (weights @ told) / mass + penalty


def _inside(shares: Any) -> Any:
    """Clipped as scikit-learn does for what it tells."""
    tiny = float(np.finfo(shares.dtype).eps)
    return jnp.clip(shares, tiny, 1 - tiny)


def _shares(z: Any, y: Any) -> tuple[Any, Any]:
    shares = _inside(jax.nn.softmax(z))
    return -(y * jax.nn.log_softmax(z)).sum(axis=1), -xlogy(y, shares).sum(axis=1)


def _share(z: Any, y: Any) -> tuple[Any, Any]:
    share = _inside(jax.nn.sigmoid(z))
    told = -(xlogy(y, share) + xlogy(1 - y, 1 - share)).sum(axis=1)
    return (jnp.logaddexp(0, z) - y * z).sum(axis=1), told


def _numbers(z: Any, y: Any) -> tuple[Any, Any]:
    squares = 0.5 * jnp.square(z - y)
    return squares.sum(axis=1), squares.mean(axis=1)


def _counts(z: Any, y: Any) -> tuple[Any, Any]:
    mean = jnp.exp(z)
    return (mean - y * z).sum(axis=1), (xlogy(y, y / mean) - y + mean).sum(axis=1)


# Output activation -> (logits, targets) ↦ of each example, what is stepped along and what is told.
ENDS = {"softmax": _shares, "logistic": _share, "identity": _numbers, "exp": _counts}
