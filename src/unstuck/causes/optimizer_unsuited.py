"""An optimizer that does not get there, whatever the reason; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.optimizer import ADAM

CAUSE = Cause(
    "optimizer-unsuited",
    "an optimizer that does not get there with its rate",
    "With this optimizer and rate the steps are too large for some weights or too small for"
    " others. Adam, which scales each weight's step by its own gradients, gets there in as many.",
    signs=(),
    cures={
        "keras": "optimizer=keras.optimizers.Adam(0.001)",
        "torch": "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)",
        "sklearn": 'solver="adam"',
        "": "optax.adam(1e-3)",
    },
    changes=(ADAM,),
)
