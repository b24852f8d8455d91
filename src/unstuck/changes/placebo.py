"""Changes that cannot matter: what they seem to do is luck."""

from unstuck.changes.change import Change, Part

PLACEBO = Change(
    "placebo", "the same with the examples drawn in other orders", Part.ORDER, 1, placebo=True
)
