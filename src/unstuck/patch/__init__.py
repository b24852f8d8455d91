"""A cure put into the user's script, as text and as a diff."""

from unstuck.patch.diffs import diff
from unstuck.patch.tree import NotPlaced
from unstuck.patch.write import Printer, Site, patched

__all__ = ["NotPlaced", "Printer", "Site", "diff", "patched"]
