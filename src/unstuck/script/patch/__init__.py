"""A proven fix put into the user's script, as text and as a diff."""

from unstuck.script.patch.diffs import diff
from unstuck.script.patch.tree import NotPlaced
from unstuck.script.patch.write import patched

__all__ = ["NotPlaced", "diff", "patched"]
