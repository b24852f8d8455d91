"""Ids that were scaled like values, and are all cut down to the same few."""

from typing import Any

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.changes.sequences import WHOLE_IDS
from unstuck.symptoms.wiring import CUT_IDS


def _bag(says: str, scale: float) -> Example:
    """PyTorch: which of two words is in a sentence of eight, by the mean of its embeddings."""
    import torch

    class Bag(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(50, 16)
            self.head = torch.nn.Linear(16, 1)

        def forward(self, x: Any) -> Any:
            return self.head(self.words(x.long()).mean(1))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Bag()
    ids = np.random.default_rng(0).integers(1, 50, size=(600, 8))
    x = (ids / scale).astype(np.float32)
    y = (ids == 7).any(axis=1).astype(np.float32)[:, None]
    loss, optimizer = torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 1e-2)
    return Example(says, model, {"x": x, "y": y, "loss": loss, "optimizer": optimizer})


CAUSE = Cause(
    "id-fractions",
    "ids that are no whole numbers",
    "An embedding looks up whole numbers, and cuts what is behind the point off."
    " Ids that were divided by their largest are all looked up as the first.",
    signs=(CUT_IDS,),
    cures={"": "the ids as they are: an embedding's inputs are not scaled"},
    harms=("ids-cut",),
    changes=(WHOLE_IDS,),
    shows=lambda: _bag("ids divided by their largest, as if they were pixels", 49.0),
    look_alike=lambda: _bag("ids as floating-point numbers, whole", 1.0),
)
