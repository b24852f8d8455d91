"""Plain JAX: an apply function, its parameters and an optax optimizer; and what rests on it.

`JaxSubject` looks at any pure function of parameters; the engine's networks and scikit-learn's
are turned into one. Each of its functions is compiled once per shape of the data.

Limits of a bare (apply, parameters): layers cannot be told apart, so pre-activations and the
output's activation are not seen, and `logits` are the output; an optax optimizer does not tell
its name, so its rule and learning rate are inferred from two steps it takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, value
from unstuck.errors import UsageError
from unstuck.setups.arrays import sample_of
from unstuck.setups.compiling import quick
from unstuck.setups.routine import Routine
from unstuck.setups.subject import (
    About,
    Floats,
    Given,
    Inputs,
    Layer,
    LossView,
    Observation,
    Parameter,
    Sample,
    UpdateRule,
)

if TYPE_CHECKING:
    from unstuck.frameworks.jax.training import JaxTrainer


class Seen(NamedTuple):
    """What a forward pass shows beside the mean loss."""

    losses: Array | None  # (n,)
    output: Array  # (n, k)
    logits: Array  # (n, k)
    pre_activations: tuple[Array, ...]  # (n, units) a layer


# (parameters, inputs, targets, delta added to the logits) -> mean loss, what was seen
Forward = Callable[[Any, tuple[Array, ...], Array | None, Array | float], tuple[Array, Seen]]
# (gradients, parameters) -> what the optimizer's next step adds
Update = Callable[[Any, Any], Any]


class Parts(NamedTuple):
    """What a trial is made of."""

    forward: Forward
    optimizer: optax.GradientTransformation
    predict: Callable[[Any, tuple[Array, ...]], Array]  # (n, k) in evaluation mode, as the user's


class Template(Protocol):
    """What copies of a set-up are made from."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What trials do not do as training does."""
        ...

    def refuses(self, changes: Combination) -> str:
        """See `Trainer`; of all but what the loop itself does."""
        ...

    def parts(self, changes: Combination) -> Parts:
        """With these changes, those of the loop left out."""
        ...

    def params(self, changes: Combination, seed: int) -> Any:
        """Parameters drawn anew."""
        ...

    def model_of(self, changes: Combination, params: Any) -> tuple[Any, dict[str, Any]]:
        """Model and arguments for `unstuck.diagnose` of such a copy."""
        ...

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        ...


@dataclass(frozen=True)
class Slot:
    """Where a parameter stands in the network; see `subject.Parameter`."""

    name: str
    layer: str
    fan_in: int | None = None
    unit_axis: int | None = None


@dataclass(frozen=True, eq=False)
class JaxSubject:
    """A set-up whose model and loss are one pure function of its parameters.

    Args:
        about, sample: as in the protocol.
        params: a pytree of float arrays, all of them trained.
        slots: one a leaf of `params`, in the order of its leaves.
        layers: name, kind, activation of each pre-activation that `forward` returns.
        forward: the loss in training mode.
        update: the optimizer's next step; None without an optimizer.
        template: what copies of it are made from for trials.
        output_shape: of one example's output, as the model returns it.
    """

    about: About
    sample: Sample
    params: Any
    slots: tuple[Slot, ...]
    layers: tuple[tuple[str, str, str], ...]
    forward: Forward
    update: Update | None
    template: Template | None = None
    output_shape: tuple[int, ...] | None = None

    def with_routine(self, routine: Routine) -> "JaxSubject":
        """See the protocol."""
        return replace(self, about=replace(self.about, routine=routine))

    def trainer(self) -> "JaxTrainer":
        """See the protocol."""
        from unstuck.frameworks.jax.training import JaxTrainer

        return JaxTrainer(self)

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol."""
        seen = jax.device_get(self._look(self.params, _on_device(x), _target(y)))
        parameters = tuple(
            Parameter(
                slot.name,
                slot.layer,
                value,
                gradient,
                update,
                fan_in=slot.fan_in,
                unit_axis=slot.unit_axis,
            )
            for slot, value, gradient, update in zip(
                self.slots,
                jax.tree.leaves(jax.device_get(self.params)),
                jax.tree.leaves(seen["gradients"]),
                jax.tree.leaves(seen["updates"]) or [None] * len(self.slots),
                strict=True,
            )
        )
        layers = tuple(
            Layer(*layer, z)
            for layer, z in zip(self.layers, seen["seen"].pre_activations, strict=True)
        )
        losses = seen["seen"].losses
        return Observation(
            layers,
            parameters,
            seen["seen"].output,
            seen["seen"].logits,
            seen["logit_gradients"],
            float(seen["loss"]),
            losses,
            seen["output_after"],
            None if self.update is None else float(seen["loss_after"]),
            self.output_shape,
        )

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        return np.asarray(self._gradient(self.params, _on_device(x), _target(y)))

    def hessian_product(self, x: Inputs, y: NDArray[Any] | None) -> Callable[[Floats], Floats]:
        """See the protocol."""
        on_device = _on_device(x), _target(y)
        return lambda v: np.asarray(self._hessian(self.params, *on_device, jnp.asarray(v)))

    @cached_property
    def _look(self) -> Callable[..., dict[str, Any]]:
        def look(params: Any, x: tuple[Array, ...], y: Array | None) -> dict[str, Any]:
            logits = jax.eval_shape(lambda: self.forward(params, x, y, 0.0)[1].logits)
            (loss, seen), (gradients, delta) = jax.value_and_grad(
                lambda p, d: self.forward(p, x, y, d), argnums=(0, 1), has_aux=True
            )(params, jnp.zeros(logits.shape, logits.dtype))
            result = {
                "loss": loss,
                "seen": seen,
                "gradients": gradients,
                "logit_gradients": delta * len(x[0]),
                "updates": None,
                "output_after": None,
                "loss_after": None,
            }
            if self.update is not None:
                updates = self.update(gradients, params)
                after = jax.tree.map(jnp.add, params, updates)
                loss_after, seen_after = self.forward(after, x, y, 0.0)
                result |= {
                    "updates": updates,
                    "output_after": seen_after.output,
                    "loss_after": loss_after,
                }
            return result

        return jax.jit(look, compiler_options=quick())

    @cached_property
    def _gradient(self) -> Callable[..., Array]:
        def gradient(params: Any, x: tuple[Array, ...], y: Array | None) -> Array:
            return ravel_pytree(jax.grad(lambda p: self.forward(p, x, y, 0.0)[0])(params))[0]

        return jax.jit(gradient, compiler_options=quick())

    @cached_property
    def _hessian(self) -> Callable[..., Array]:
        def product(params: Any, x: tuple[Array, ...], y: Array | None, v: Array) -> Array:
            _, unravel = ravel_pytree(params)
            gradient = jax.grad(lambda p: self.forward(p, x, y, 0.0)[0])
            return ravel_pytree(jax.jvp(gradient, (params,), (unravel(v),))[1])[0]

        return jax.jit(product, compiler_options=quick())


def _on_device(x: Inputs) -> tuple[Array, ...]:
    return tuple(jnp.asarray(a) for a in x)


def _target(y: NDArray[Any] | None) -> Array | None:
    return None if y is None else jnp.asarray(y)


def subject(model: tuple[Callable[..., Any], Any], given: Given) -> JaxSubject:
    """A bare JAX set-up: apply(params, x) ↦ output, a loss(output, y), an optax optimizer.

    Args:
        model: (apply, params).
        given: `loss` is a function (output, y) ↦ (n,) or scalar, or the name of one of the
            engine's; `optimizer` an optax GradientTransformation.

    Raises:
        UsageError: no loss, or the functions do not fit the data.
    """
    apply, params = model
    loss_of, view = _loss(given.loss)
    sample = sample_of(given)

    def forward(
        params: Any, x: tuple[Array, ...], y: Array | None, delta: Array | float
    ) -> tuple[Array, Seen]:
        output = apply(params, x[0] if len(x) == 1 else x)
        logits = output.reshape(len(output), -1) + delta
        losses = loss_of(logits.reshape(output.shape), y)
        per_example = losses.reshape(len(x[0]), -1).mean(axis=1) if losses.ndim else None
        return jnp.mean(losses), Seen(per_example, logits, logits, ())

    paths, _ = jax.tree_util.tree_flatten_with_path(params)
    names = [
        jax.tree_util.keystr(path, simple=True, separator=".") or "params" for path, _ in paths
    ]
    about = About(
        "jax",
        "jax",
        view,
        "unknown",
        None,
        given.batch_size or 32,
        given.shuffle,
        limits=("the layers of a bare JAX function cannot be told apart",),
    )
    update = None
    if given.optimizer is not None:
        if not hasattr(given.optimizer, "update"):
            raise UsageError(
                f"the optimizer is a {type(given.optimizer).__name__}",
                "an optax optimizer, such as optax.adam(1e-3)",
            )
        state = given.optimizer.init(params)

        def update(gradients: Any, params: Any) -> Any:
            return given.optimizer.update(gradients, state, params)[0]

    made = JaxSubject(
        about,
        sample,
        params,
        tuple(Slot(n, n.rpartition(".")[0] or n) for n in names),
        (),
        forward,
        update,
    )
    _try(made)
    first = _on_device(tuple(a[:2] for a in sample.x))
    shape = jax.eval_shape(apply, params, first[0] if len(first) == 1 else first).shape[1:]
    template = Bare(model, given, forward, loss_of, shape)
    made = replace(made, template=template, output_shape=shape)
    if given.optimizer is None:
        return made
    return replace(made, about=replace(about, rule=_inferred(made, given.optimizer)))


OPTIMIZERS = {"adam": (optax.adam, 1e-3), "sgd": (optax.sgd, 1e-2)}


@dataclass(frozen=True, eq=False)
class Bare:
    """See `Template`: how parameters were drawn is not known, so they stay.

    Args:
        model: (apply, parameters).
        given: by the user.
        forward, loss_of: as in `subject`.
        shape: of one example's output.
    """

    model: tuple[Callable[..., Any], Any]
    given: Given
    forward: Forward
    loss_of: Callable[..., Array]
    shape: tuple[int, ...]
    notes: tuple[str, ...] = (
        "parameters are kept as given: seeds differ in the order of the examples",
    )

    def refuses(self, changes: Combination) -> str:
        """See `Template`."""
        unknown = [c.part for c in changes if c.part is not Part.OPTIMIZER]
        return WHY.get(unknown[0], "a bare JAX function does not show it") if unknown else ""

    def optimizer(self, changes: Combination) -> Any:
        """The user's with these changes, or another one."""
        name, factor = value(changes, Part.OPTIMIZER), value(changes, Part.RATE, 1.0)
        clip = value(changes, Part.CLIPPING)
        assert isinstance(factor, float | int)
        if name is not None:
            kind, rate = OPTIMIZERS[str(name)]
            made = kind(rate * factor)
        elif factor != 1:
            made = optax.chain(self.given.optimizer, optax.scale(factor))
        else:
            made = self.given.optimizer
        return made if clip is None else optax.chain(optax.clip_by_global_norm(clip), made)

    def parts(self, changes: Combination) -> Parts:
        """See `Template`."""

        def predict(params: Any, x: tuple[Array, ...]) -> Array:
            output = self.model[0](params, x[0] if len(x) == 1 else x)
            return jnp.reshape(output, (len(output), -1))

        return Parts(self.forward, self.optimizer(changes), predict)

    def params(self, changes: Combination, seed: int) -> Any:
        """See `Template`."""
        return self.model[1]

    def model_of(self, changes: Combination, params: Any) -> tuple[Any, dict[str, Any]]:
        """See `Template`."""
        given = {"loss": self.given.loss, "optimizer": self.optimizer(changes)}
        return (self.model[0], params), given

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Template`."""
        try:
            shaped = jnp.asarray(output.reshape(len(output), *self.shape))
            return float(jnp.mean(self.loss_of(shaped, jnp.asarray(y))))
        except Exception:  # whatever a user's function makes of targets that were changed
            return float("nan")


WHY = {
    Part.START: "how the parameters of a bare JAX function were drawn is not known",
    Part.HELD: "everything is trained as it is",
    Part.ZEROING: "JAX computes its gradients anew in each step",
    Part.EPSILON: "an optax optimizer does not show its ε",
    Part.PENALTY: "an optax optimizer does not show its weight decay",
}


def _loss(loss: Any) -> tuple[Callable[..., Array], LossView]:
    if callable(loss):
        return loss, LossView(getattr(loss, "__name__", "loss"))
    from unstuck.engine.losses import LOSSES

    if loss not in LOSSES:
        raise UsageError(
            "no loss was given" if loss is None else f"unknown loss {loss!r}",
            f"a function (output, y) ↦ loss, or one of {', '.join(LOSSES)}",
        )
    return LOSSES[loss], view_of(loss)


def view_of(loss: str) -> LossView:
    """What one of the engine's losses wants."""
    if "crossentropy" not in loss:
        return LossView(loss, "values", "values")
    targets = loss.split("_")[0]
    return LossView(
        loss,
        "logits" if loss.endswith("_logits") else "probabilities",
        {"sparse": "ids", "categorical": "one-hot"}.get(targets, "binary"),  # type: ignore[arg-type]
    )


def _try(made: JaxSubject) -> None:
    """Two examples, by shape alone, so that what does not fit is explained before anything."""
    x, y = tuple(a[:2] for a in made.sample.x), made.sample.y
    try:
        jax.eval_shape(
            made.forward, made.params, _on_device(x), _target(None if y is None else y[:2]), 0.0
        )
    except Exception as error:
        shapes = ", ".join(f"{a.shape[1:]} {a.dtype}" for a in made.sample.x)
        raise UsageError(
            f"the model cannot take the data: {str(error).splitlines()[0][:200]}",
            "apply(params, x) ↦ output and loss(output, y) that fit together",
            f"one example has shape {shapes}",
        ) from error


def _inferred(made: JaxSubject, optimizer: Any) -> UpdateRule:
    """The rule behind an optax optimizer, from two steps with the same gradient.

    The first step of SGD is −lr·g, its second 1 + β times that with momentum β; Adam's first two
    are −lr·sign(g) wherever g is far above ε.
    """
    size = min(len(made.sample.x[0]), 256)
    y = made.sample.y
    flat = made.gradient(tuple(a[:size] for a in made.sample.x), None if y is None else y[:size])
    _, unravel = ravel_pytree(made.params)
    gradient, state = unravel(jnp.asarray(flat)), optimizer.init(made.params)
    steps = []
    for _ in range(2):
        update, state = optimizer.update(gradient, state, made.params)
        steps.append(np.asarray(ravel_pytree(update)[0]))
    return rule_behind(flat, steps)


def rule_behind(gradient: Floats, steps: Sequence[Floats]) -> UpdateRule:
    """The update rule that makes these two steps from this gradient, as far as it shows.

    Args:
        gradient: (p,), the same for both steps; zeros tell nothing.
        steps: two (p,) arrays, what each step adds.
    """
    large = np.abs(gradient) > 1e-3 * np.abs(gradient).max(initial=0)
    if not large.any():
        return UpdateRule("unknown", None)
    for name, direction in (("sgd", gradient[large]), ("adam", np.sign(gradient[large]))):
        first, second = (-step[large] / direction for step in steps)
        rate = float(np.median(first))
        if rate > 0 and np.allclose(first, rate, rtol=1e-2):
            momentum = float(np.median(second)) / rate - 1.0 if name == "sgd" else 0.0
            if name == "sgd":
                return UpdateRule(name, rate, momentum if momentum > 1e-3 else 0.0)
            return UpdateRule(name, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    return UpdateRule("unknown", None)
