"""Settings under which training on raw inputs follows training on scaled ones step for step.

Let the scaled run see x' = a·(x − μ) (a = 1/scale, per feature or for all) and have first
kernel W' and bias b'. The raw run computes the same function with W = a·W' (row by row) and
b = b' − μᵀW. For μ = 0 its gradient is ∂L/∂W = (1/a)·∂L/∂W', so that every step keeps W = a·W'
if, on the first kernel alone,

| optimizer | learning rate | ε | decoupled decay | L2 | initial accumulator |
|---|---|---|---|---|---|
| SGD, momentum, Nesterov | × a² | | ÷ a² | ÷ a² | |
| Adam, AdamW; RMSprop, PyTorch form | × a | ÷ a | ÷ a | ÷ a² | |
| RMSprop, Keras form (ε under the root) | × a | ÷ a² | ÷ a | ÷ a² | |
| Adagrad, Keras form (ε under the root) | × a | ÷ a² | ÷ a | ÷ a² | ÷ a² |
| Adagrad, PyTorch form | × a | ÷ a | ÷ a | ÷ a² | ÷ a² |

with |a| for a, should a scale be negative. Momentum, β₁, β₂, ρ, every other parameter and the
batches stay as they are. The decoupled decay is p −= lr·wd·p, hence ÷ a where the learning rate
is × a.

A shift μ ≠ 0 mixes kernel and bias: with x̃ = [x; 1], x̃' = T x̃ and W̃ = [W; bᵀ], a raw
gradient G̃ must move W̃ by Tᵀu(T G̃), where u is the optimizer's step in the scaled run. SGD and
its momenta are linear in the gradient: this is the constant preconditioner TᵀT. Adagrad,
RMSprop and Adam divide element by element, which does not commute with the mixing: what they
must do to one bias depends on several combinations of the gradient's entries at once, whereas a
per-parameter setting lets it depend on one entry, and a preconditioner on one combination. For
them there is only running the optimizer in the scaled coordinates (`Equivalence.wrap`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import UsageError
from unstuck.scalers import Affine
from unstuck.setups.unmoved import unmoved

if TYPE_CHECKING:
    import optax

    from unstuck.engine.optimizers import Optimizer

Setting = NDArray[np.float64]  # shape () for one scale, (features, 1) for one a feature

# Powers of a by which each number of the optimizer is multiplied on the first kernel.
_POWERS: Mapping[str, Mapping[str, int]] = {
    "sgd": {"learning_rate": 2, "weight_decay": -2, "l2": -2},
    "adam": {"learning_rate": 1, "epsilon": -1, "weight_decay": -1, "l2": -2},
    "rmsprop": {"learning_rate": 1, "epsilon": -1, "weight_decay": -1, "l2": -2},
    "adagrad": {
        "learning_rate": 1,
        "epsilon": -1,
        "weight_decay": -1,
        "l2": -2,
        "initial_accumulator": -2,
    },
}
_EPSILON_UNDER_ROOT = {("rmsprop", "keras"), ("adagrad", "keras")}
_LABELS = {
    "learning_rate": "learning rate",
    "epsilon": "ε",
    "weight_decay": "weight decay",
    "l2": "L2",
    "initial_accumulator": "initial accumulator",
}


@dataclass(frozen=True, eq=False)
class Equivalence:
    """How to train on raw inputs exactly as on scaled ones, for an `optimizer` and the scaling
    `affine`.

    `factors` multiply the optimizer's numbers for the first kernel; all other parameters keep
    theirs. A shift has no such settings: `exists` is False, `factors` empty, and `statement`
    names what serves instead, `preconditioner` (SGD family) or `wrap` (any). The initial
    kernel and bias must be those of `initial` in any case.
    """

    optimizer: "Optimizer"
    affine: Affine
    factors: Mapping[str, Setting]
    exists: bool
    statement: str

    @property
    def first_kernel(self) -> dict[str, Setting]:
        """The optimizer's numbers for the first kernel on raw inputs.

        Raises:
            UsageError: none exist, since the scaling shifts.
        """
        if not self.exists:
            raise UsageError(self.statement, "a scaling without a shift")
        numbers = self.optimizer.numbers()
        return {name: numbers[name] * factor for name, factor in self.factors.items()}

    def initial(
        self, kernel: NDArray[Any], bias: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Initial kernel (features, units) and bias (units,) for raw inputs, same function."""
        return self.affine.fold(kernel, bias)

    def preconditioner(self, features: int) -> NDArray[np.float64]:
        """TᵀT (features + 1, features + 1): multiplies the stacked gradient [∂L/∂W; ∂L/∂b].

        With it, SGD with any momentum on raw inputs follows the scaled run. L2, if any, is
        added after it; both decays keep their numbers and act on kernel and bias alike.

        Raises:
            UsageError: the optimizer divides element by element; no preconditioner exists.
        """
        if self.optimizer.name != "sgd":
            raise UsageError(
                f"{self.optimizer.name} divides each gradient entry by its own history",
                "an optimizer that is linear in the gradient (SGD, momentum, Nesterov)",
                "run it in the scaled coordinates with Equivalence.wrap, or scale the inputs",
            )
        inverse = 1.0 / np.broadcast_to(self.affine.scale, (features,))
        t = np.diag(np.append(inverse, 1.0))
        t[:-1, -1] = -inverse * self.affine.shift
        return np.asarray(t.T @ t)

    def wrap(self, inner: "optax.GradientTransformation") -> "optax.GradientTransformation":
        """Runs `inner` in the scaled coordinates: exact for every optimizer, scale and shift.

        It does inside the optimizer what scaling does outside. Rounding grows with
        `|shift| / scale`.

        Args:
            inner: what the scaled run uses, with that run's numbers. Its parameters are
                {"kernel", "bias"} dictionaries, one or a tuple, the first on the inputs.
        """
        import optax

        a, mu = np.reshape(1.0 / self.affine.scale, (-1, 1)), self.affine.shift.reshape(-1, 1)

        def constants(like: Any) -> tuple[Any, Any]:
            # In the parameters' dtype: NumPy's float64 would promote float32 under x64.
            return a.astype(like.dtype), mu.astype(like.dtype)

        def to_scaled_gradient(g: Any) -> Any:  # T G̃
            scale, shift = constants(g["kernel"])
            return {"kernel": scale * (g["kernel"] - shift * g["bias"]), "bias": g["bias"]}

        def to_scaled_parameter(p: Any) -> Any:  # T⁻ᵀ W̃
            scale, shift = constants(p["kernel"])
            bias = p["bias"] + (shift * p["kernel"]).sum(axis=0)
            return {"kernel": p["kernel"] / scale, "bias": bias}

        def to_raw_update(u: Any) -> Any:  # Tᵀ u
            scale, shift = constants(u["kernel"])
            kernel = scale * u["kernel"]
            return {"kernel": kernel, "bias": u["bias"] - (shift * kernel).sum(axis=0)}

        def on_first(function: Any, tree: Any) -> Any:
            if isinstance(tree, tuple):
                return (function(tree[0]), *tree[1:])
            return function(tree)

        def init(params: Any) -> Any:
            return inner.init(on_first(to_scaled_parameter, params))

        def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
            scaled = None if params is None else on_first(to_scaled_parameter, params)
            updates, state = inner.update(on_first(to_scaled_gradient, grads), state, scaled)
            return on_first(to_raw_update, updates), state

        return optax.GradientTransformation(init, update)

    def __str__(self) -> str:
        if not self.exists:
            return fill(self.statement, 88)
        lines = [f"{self.statement}, given on the first kernel"]
        numbers = self.optimizer.numbers()
        for name, value in self.first_kernel.items():
            if numbers[name]:
                lines.append(f"  {_LABELS[name]:<20} {numbers[name]:g} → {_span(value)}")
        lines.append(f"  {'initial kernel':<20} as drawn, divided by {_span(self.affine.scale)}")
        return "\n".join([*lines, "and all else as in the scaled run."])


def _span(value: NDArray[np.float64]) -> str:
    low, high = float(np.min(value)), float(np.max(value))
    return f"{low:.6g}" if low == high else f"{low:.6g} … {high:.6g} (one a feature)"


@unmoved()
def equivalence(optimizer: "Optimizer | str", scaler: Any) -> Equivalence:
    """Per-layer settings under which training on raw inputs follows training on scaled ones.

    Args:
        optimizer: what the scaled run uses: a specification from `unstuck.engine.optimizers`
            (`keras("adam", learning_rate=1e-3)`, `torch(...)`), or a name for Keras's defaults.
        scaler: how the scaled run scales: an `Affine`, a number k (inputs divided by k), or a
            fitted StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler of scikit-learn.

    Returns:
        The settings, if they exist, with a sentence; the tests hold them step for step.

    Raises:
        UsageError: an unknown optimizer, a scaler that is not affine or not fitted, or a scale
            of zero or that is not finite.

    Examples:
        >>> print(equivalence("adam", 255))
        adam on raw inputs follows the scaled run step for step, given on the first kernel
          learning rate        0.001 → 3.92157e-06
          ε                    1e-07 → 2.55e-05
          initial kernel       as drawn, divided by 255
        and all else as in the scaled run.

        In PyTorch, on pixels 0..255 as they are:

        >>> import torch
        >>> from unstuck.engine import optimizers
        >>> kernel, *rest = torch.nn.Linear(784, 10).parameters()
        >>> first = equivalence(optimizers.torch("adam"), 255).first_kernel
        >>> kernel.data /= 255
        >>> own = {"params": kernel, "lr": first["learning_rate"], "eps": first["epsilon"]}
        >>> adam = torch.optim.Adam([own, {"params": rest}])

        Where the scaling shifts:

        >>> from unstuck.scalers import Affine
        >>> equivalence("adam", Affine(72.9, 90.0)).exists
        False

    Source: change of variables in the first layer; see the module's docstring.
    """
    from unstuck.engine.optimizers import Optimizer, keras

    spec = keras(optimizer) if isinstance(optimizer, str) else optimizer
    if not isinstance(spec, Optimizer):
        raise UsageError(f"the optimizer is a {type(spec).__name__}", "the name of one")
    affine = affine_map(scaler)
    if np.any(affine.shift != 0):
        return Equivalence(spec, affine, {}, False, _shifted(spec.name))
    powers = dict(_POWERS["adam" if spec.name == "adamw" else spec.name])
    if (spec.name, spec.form) in _EPSILON_UNDER_ROOT:
        powers["epsilon"] = -2
    a = np.abs(1.0 / affine.scale)
    column = a[:, None] if a.ndim else a  # (features, 1) broadcasts over a kernel's units
    return Equivalence(
        spec,
        affine,
        {name: column**power for name, power in powers.items()},
        True,
        f"{spec.name} on raw inputs follows the scaled run step for step",
    )


def _shifted(name: str) -> str:
    mixed = "a shift mixes the gradients of the first kernel and bias"
    if name == "sgd":
        return (
            f"{mixed}: no per-parameter setting exists, but a constant preconditioner of the"
            " two does (Equivalence.preconditioner)"
        )
    return (
        f"{mixed}, and {name} divides them element by element: no per-parameter setting and no"
        " gradient preconditioner exists; shift the inputs, or run the optimizer in the scaled"
        " coordinates (Equivalence.wrap)"
    )


def affine_map(scaler: Any) -> Affine:
    if isinstance(scaler, Affine):
        return scaler
    if isinstance(scaler, Real) and not isinstance(scaler, bool):
        return Affine(np.zeros(()), np.asarray(float(scaler)))
    from sklearn import preprocessing as sk

    if hasattr(scaler, "n_features_in_") and not getattr(scaler, "clip", False):  # it is fitted
        if isinstance(scaler, sk.MinMaxScaler):
            inverse = 1.0 / scaler.scale_
            return Affine(scaler.data_min_ - scaler.feature_range[0] * inverse, inverse)
        if isinstance(scaler, sk.StandardScaler):
            return _switched(scaler.mean_, scaler.with_mean, scaler.scale_, scaler.with_std)
        if isinstance(scaler, sk.RobustScaler):
            return _switched(
                scaler.center_, scaler.with_centering, scaler.scale_, scaler.with_scaling
            )
        if isinstance(scaler, sk.MaxAbsScaler):
            return Affine(np.zeros(()), scaler.scale_)
    raise UsageError(
        f"no scaling can be read from {scaler!r}",
        "an Affine, a number to divide by, or a fitted StandardScaler, MinMaxScaler,"
        " MaxAbsScaler or RobustScaler that does not clip",
    )


def _switched(shift: Any, shifts: bool, scale: Any, scales: bool) -> Affine:
    return Affine(shift if shifts else np.zeros(()), scale if scales else np.ones(()))
