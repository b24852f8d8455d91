"""Parameters that training does not change."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import LOGITS, classifier, digits, standardized
from unstuck.changes.unfreezing import UNFROZEN
from unstuck.symptoms.start import NO_GRADIENT
from unstuck.symptoms.wiring import FORGOTTEN, NOTHING_TRAINS


def _shows() -> Example:
    import jax
    import jax.numpy as jnp
    import optax

    def cut_off(params, x):  # type: ignore[no-untyped-def]
        hidden = jax.nn.relu(x @ params["first"] + params["bias"])
        return jax.lax.stop_gradient(hidden @ params["last"])

    first, last = jax.random.split(jax.random.key(0))
    params = {
        "first": jax.random.normal(first, (64, 64)) / 8,
        "bias": jnp.zeros(64),
        "last": jax.random.normal(last, (64, 10)) / 8,
    }
    return Example(
        "an output cut off from the gradient",
        (cut_off, params),
        {"x": standardized(), "y": digits()[1], "loss": LOGITS, "optimizer": optax.adam(1e-3)},
    )


def _look_alike() -> Example:
    return classifier("a network whose every part trains")


CAUSE = Cause(
    "frozen-parameters",
    "parameters that training does not change",
    "The optimizer was not given them, they are marked as not trainable, or the loss does not"
    " depend on them."
    " What is left to train cannot make up for layers that stay as they were drawn.",
    signs=(FORGOTTEN, NOTHING_TRAINS, NO_GRADIENT),
    cures={
        "keras": "layer.trainable = True before compile",
        "torch": (
            "optimizer over model.parameters(), each with requires_grad=True, and no detach() or"
            " no_grad() on the way"
        ),
        "": "give the optimizer all parameters, and cut the gradient nowhere",
    },
    harms=(
        "optimizer-holds-too-little",
        "nothing-trains",
        "no-gradient",
        "gradient-vanishes",
        "next-to-no-progress",
    ),
    fits=lambda e: not e.numbers("dead_units") or max(e.numbers("dead_units").values()) < 0.99,
    changes=(UNFROZEN,),
    shows=_shows,
    look_alike=_look_alike,
)
