"""Updates that are computed and thrown away."""

from unstuck.causes.cause import Cause

CAUSE = Cause(
    "updates-discarded",
    "updates that are thrown away",
    "JAX's arrays do not change: what applies updates returns new parameters."
    " Where these are not kept and handed on, every step begins from the first weights.",
    signs=(),
    cures={"": "params = optax.apply_updates(params, updates), returned and used by the next step"},
)
