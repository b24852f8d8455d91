"""A loss that falls as errors grow."""

from typing import Any

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import digits, standardized
from unstuck.changes.loss import CROSSENTROPY, SIGN, SQUARED
from unstuck.symptoms.start import REWARDS_ERRORS


def _with_sign(sign: float, says: str) -> Example:
    """A linear classifier of the digits, by the mean of its log-probabilities with a sign."""
    import jax
    import jax.numpy as jnp
    import optax

    def apply(params: Any, x: Any) -> Any:
        return x @ params["kernel"] + params["bias"]

    def loss(output: Any, target: Any) -> Any:
        picked = jnp.take_along_axis(jax.nn.log_softmax(output), target[:, None], axis=1)
        return sign * jnp.mean(picked)

    params = {"kernel": jnp.zeros((64, 10)), "bias": jnp.zeros(10)}
    given = {"x": standardized(), "y": digits()[1], "loss": loss, "optimizer": optax.adam(1e-3)}
    return Example(says, (apply, params), given)


CAUSE = Cause(
    "loss-negated",
    "a loss that falls as errors grow",
    "Its sign is turned round: a score is minimized that should be maximized, or a logarithm lost"
    " its minus. Training lowers it, and with it every right answer.",
    signs=(REWARDS_ERRORS,),
    cures={"": "the loss with its other sign: −log p, (output − target)²"},
    harms=("loss-rewards-errors",),
    changes=(SIGN, CROSSENTROPY, SQUARED),
    shows=lambda: _with_sign(1.0, "the mean log-probability, minimized"),
    look_alike=lambda: _with_sign(-1.0, "its negative, minimized"),
)
