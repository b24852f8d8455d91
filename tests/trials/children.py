"""Worker processes that this one has."""

from multiprocessing import active_children
from multiprocessing.context import SpawnProcess


def our_children():
    """Those of `Workers`; not loky's, which live on from other tests in the same process."""
    return [child for child in active_children() if isinstance(child, SpawnProcess)]
