"""A proven fix put into the user's script, as text and as a diff."""

from unstuck.patch.diffs import diff
from unstuck.patch.tree import NotPlaced
from unstuck.patch.write import patched

__all__ = ["NotPlaced", "diff", "patched"]
