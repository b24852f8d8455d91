"""Updates that are computed and thrown away."""

from unstuck.causes.cause import Cause

CAUSE = Cause(
    "updates-discarded",
    "updates that are thrown away",
    "What applies updates gives new parameters: JAX's arrays do not change, and in PyTorch"
    " p = p - … gives them to a name."
    " Where they are not kept and handed on, every step begins from the first weights.",
    signs=(),
    cures={
        "torch": "p -= rate * p.grad under torch.no_grad(), which changes the parameter itself",
        "": "params = optax.apply_updates(params, updates), returned and used by the next step",
    },
)
