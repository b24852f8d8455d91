"""Layers that the model does not list."""

from unstuck.causes.cause import Cause
from unstuck.changes.unfreezing import UNFROZEN

CAUSE = Cause(
    "layers-not-registered",
    "layers that the model does not list",
    "Layers in a plain list or dictionary are in no model.parameters(), so that the"
    " optimizer does not hold them."
    " They stay as they were drawn while what follows them trains.",
    signs=(),
    cures={
        "torch": "self.layers = nn.ModuleList(layers) in place of a plain list",
        "": "keep layers where the model lists them",
    },
    changes=(UNFROZEN,),
)
