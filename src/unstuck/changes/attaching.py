"""No tensor detached between the layers and the loss."""

from unstuck.changes.change import Change, Part

ATTACHED = Change(
    "attached", "nothing detached on the way from the layers to the loss", Part.DETACHING, False
)
