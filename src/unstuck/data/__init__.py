"""Data sets to train on: bundled, published, or the user's own files."""

from unstuck.data.dataset import Dataset, hold_out, subsample
from unstuck.data.outliers import Outliers, plant
from unstuck.data.sources import DataRef

__all__ = ["DataRef", "Dataset", "Outliers", "hold_out", "plant", "subsample"]
