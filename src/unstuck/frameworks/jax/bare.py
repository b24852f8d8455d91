"""Plain JAX: an apply function, its parameters and an optax optimizer.

Limits of a bare (apply, parameters): layers cannot be told apart, so pre-activations and the
output's activation are not seen, and `logits` are the output; an optax optimizer does not tell
its name, so its rule and learning rate are inferred from two steps it takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, value
from unstuck.errors import UsageError
from unstuck.frameworks.jax.flat import flattened, read
from unstuck.frameworks.jax.known_loss import ROWS, known_loss, view_of
from unstuck.frameworks.jax.subject import (
    Forward,
    JaxSubject,
    Parts,
    Seen,
    Slot,
    on_device,
    target_of,
)
from unstuck.frameworks.jax.traced import Traced
from unstuck.setups.arrays import sample_of
from unstuck.setups.compiling import quick
from unstuck.setups.subject import About, Floats, Given, LossView, UpdateRule

DRAWS = "outputs are judged with what the loss draws, as in training"


def subject(
    model: tuple[Callable[..., Any], Any],
    given: Given,
    made_of: Callable[[Any], Any] | None = None,
) -> JaxSubject:
    """A bare JAX set-up: apply(params, x) ↦ output, a loss(output, y), an optax optimizer.

    Args:
        model: (apply, params).
        given: `loss` is a function (output, y) ↦ (n,) or scalar, or the name of one of the
            engine's; `optimizer` an optax GradientTransformation.
        made_of: parameters ↦ the user's model with them; None where that is (apply, params).

    Raises:
        UsageError: no loss, or the functions do not fit the data.
    """
    apply, params = model
    loss_of, view = _loss(given.loss)
    sample = sample_of(given)
    first = on_device(tuple(a[:2] for a in sample.x))
    forward, activation = forward_of(apply, loss_of), "unknown"
    fans: dict[int, tuple[int, int | None]] = {}
    limits = ["the layers of a bare JAX function cannot be told apart"]
    if isinstance(apply, Traced):
        forward, loss_of, view = apply.forward, apply.loss, LossView(apply.name)
        fans, activation = apply.fans(first), apply.activation(first)
    draws = _draws(apply, params, first)
    limits += [DRAWS] if draws else []

    paths, _ = jax.tree_util.tree_flatten_with_path(params)
    names = [
        jax.tree_util.keystr(path, simple=True, separator=".") or "params" for path, _ in paths
    ]
    about = About(
        "jax",
        "jax",
        view,
        activation,
        None,
        given.batch_size or 32,
        given.shuffle,
        limits=tuple(limits),
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
        tuple(
            Slot(n, n.rpartition(".")[0] or n, *fans.get(i, (None, None)))
            for i, n in enumerate(names)
        ),
        (),
        forward,
        update,
    )
    _try(made)
    shape = jax.eval_shape(apply, params, first[0] if len(first) == 1 else first).shape[1:]
    template = Bare(model, given, forward, loss_of, shape, about.output_activation, draws, made_of)
    if view.targets == "unknown" and sample.y is not None:
        some = on_device(tuple(a[:ROWS] for a in sample.x)), jnp.asarray(sample.y[:ROWS])
        given_x = some[0][0] if len(first) == 1 else some[0]
        about = replace(about, loss=known_loss(apply, loss_of, params, given_x, some[1]) or view)
    made = replace(made, about=about, template=template, output_shape=shape)
    if given.optimizer is None:
        return made
    return replace(made, about=replace(about, rule=_inferred(made, given.optimizer)))


def _draws(apply: Callable[..., Any], params: Any, x: tuple[Array, ...]) -> bool:
    if isinstance(apply, Traced):
        return apply.draws(x)
    try:
        flat = flattened(apply, params, x[0] if len(x) == 1 else x)
    except Exception:  # what does not fit is explained where it is tried
        return False
    return any(e.draws for e in flat.equations)


def forward_of(apply: Callable[..., Any], loss_of: Callable[..., Array]) -> Forward:
    """The loss of a function's outputs, with what is added to them."""

    def forward(
        params: Any, x: tuple[Array, ...], y: Array | None, delta: Array | float
    ) -> tuple[Array, Seen]:
        output = apply(params, x[0] if len(x) == 1 else x)
        logits = output.reshape(len(output), -1) + delta
        losses = loss_of(logits.reshape(output.shape), y)
        per_example = losses.reshape(len(x[0]), -1).mean(axis=1) if losses.ndim else None
        return jnp.mean(losses), Seen(per_example, logits, logits, ())

    return forward


OPTIMIZERS = {"adam": (optax.adam, 1e-3), "sgd": (optax.sgd, 1e-2)}


@dataclass(frozen=True, eq=False)
class Bare:
    """See `Template`: how parameters were drawn is not known, so they stay.

    Args:
        model: (apply, parameters).
        given: by the user.
        forward, loss_of: as in `subject`.
        shape: of one example's output.
        activation: of the output.
        draws: whether random numbers are drawn.
        made_of: see `subject`.
    """

    model: tuple[Callable[..., Any], Any]
    given: Given
    forward: Forward
    loss_of: Callable[..., Array]
    shape: tuple[int, ...]
    activation: str = "unknown"
    draws: bool = False
    made_of: Callable[[Any], Any] | None = None
    notes: tuple[str, ...] = (
        "parameters are kept as given: seeds differ in the order of the examples",
    )

    def refuses(self, changes: Combination) -> str:
        """See `Template`."""
        known = {Part.OPTIMIZER, Part.SIGN} | (
            {Part.START} if value(changes, Part.START) in RULES else set()
        )
        linear = value(changes, Part.OUTPUT) in (None, "linear")
        if linear and isinstance(self.model[0], Traced) and self.activation in BOUNDED:
            known.add(Part.OUTPUT)
        unknown = [c.part for c in changes if c.part not in known]
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

        apply = self._apply(changes)

        def predict(params: Any, x: tuple[Array, ...]) -> Array:
            output = apply(params, x[0] if len(x) == 1 else x)
            return jnp.reshape(output, (len(output), -1))

        optimizer = self.optimizer(changes)
        if isinstance(apply, Traced):
            return Parts(apply.forward, optimizer, predict, apply.training)
        turned = value(changes, Part.SIGN) is not None
        forward = forward_of(apply, self._loss_of(changes)) if turned else self.forward
        training = partial(self._training, -1.0 if turned else 1.0) if self.draws else None
        return Parts(forward, optimizer, predict, training)

    def _training(
        self, sign: float, params: Any, x: tuple[Array, ...], y: Any, key: Array
    ) -> Array:
        given = (params, x[0] if len(x) == 1 else x)
        flat = flattened(self.model[0], *given)
        values = flat.evaluate(jax.tree.leaves(given), draw=jax.random.bits(key))
        return sign * jnp.mean(self.loss_of(jnp.asarray(read(values, flat.outputs[0])), y))

    def _apply(self, changes: Combination) -> Callable[..., Any]:
        apply = self.model[0]
        if not isinstance(apply, Traced):
            return apply
        if value(changes, Part.SIGN) is not None:
            apply = replace(apply, sign=-1.0)
        return apply if value(changes, Part.OUTPUT) is None else replace(apply, linear=True)

    def _loss_of(self, changes: Combination) -> Any:
        """As the user gave it, but for its sign."""
        own = self.loss_of
        if value(changes, Part.SIGN) is None:
            return self.given.loss
        return lambda output, y: -own(output, y)

    def params(self, changes: Combination, seed: int) -> Any:
        """See `Template`."""
        rule = value(changes, Part.START)
        return self.model[1] if rule is None else drawn(self.model[1], str(rule), seed)

    def model_of(self, changes: Combination, params: Any) -> tuple[Any, dict[str, Any]]:
        """See `Template`."""
        given = {"loss": self._loss_of(changes), "optimizer": self.optimizer(changes)}
        made = (self._apply(changes), params) if self.made_of is None else self.made_of(params)
        return made, given

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Template`."""
        try:
            shaped = jnp.asarray(output.reshape(len(output), *self.shape))
            if y.size == shaped.size:  # one target an output, whatever broadcasting makes of them
                y = y.reshape(shaped.shape)
            return float(jnp.mean(self.loss_of(shaped, jnp.asarray(y))))
        except Exception:  # whatever a user's function makes of targets that were changed
            return float("nan")


BOUNDED = ("sigmoid", "tanh")
# Rules that kernels are drawn by; JAX's own, whose next to last axis is that of inputs.
RULES = {"glorot": jax.nn.initializers.glorot_uniform, "he": jax.nn.initializers.he_normal}


def drawn(params: Any, rule: str, seed: int) -> Any:
    """Parameters drawn anew: what has two axes or more by a rule, all else 0 but for factors of 1.

    Args:
        rule: one of `RULES`.
    """
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    new = [
        RULES[rule]()(key, p.shape, p.dtype) if p.ndim > 1 else jnp.where(p == 1, p, 0)
        for key, p in zip(keys, map(jnp.asarray, leaves), strict=True)
    ]
    return jax.tree.unflatten(structure, new)


WHY = {
    Part.START: "layers of a bare JAX function cannot be told apart",
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


def _try(made: JaxSubject) -> None:
    """Two examples, by shape alone, so that what does not fit is explained before anything."""
    x, y = tuple(a[:2] for a in made.sample.x), made.sample.y
    try:
        jax.eval_shape(
            made.forward, made.params, on_device(x), target_of(None if y is None else y[:2]), 0.0
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

    def two(params: Any, gradient: Any) -> tuple[Array, Array]:
        first, state = optimizer.update(gradient, optimizer.init(params), params)
        second, _ = optimizer.update(gradient, state, params)
        return ravel_pytree(first)[0], ravel_pytree(second)[0]

    steps = jax.jit(two, compiler_options=quick())(made.params, unravel(jnp.asarray(flat)))
    return rule_behind(flat, [np.asarray(step) for step in steps])


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
                # A rate that rises looks like a momentum of 1 and above.
                return UpdateRule(name, rate, momentum if 1e-3 < momentum < 1 else 0.0)
            return UpdateRule(name, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    return UpdateRule("unknown", None)
