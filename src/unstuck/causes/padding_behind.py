"""Padding behind short sequences, of which a recurrent network remembers nothing else."""

from typing import Any

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.changes.sequences import IN_FRONT
from unstuck.symptoms.wiring import PADDED_OUT


def _recurrent(says: str, in_front: bool) -> Example:
    """PyTorch: whether one of two words is in a sentence of 3 to 12, padded to 80, by an LSTM."""
    import torch

    class Reader(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(20, 16)
            self.lstm = torch.nn.LSTM(16, 16, batch_first=True)
            self.head = torch.nn.Linear(16, 1)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(self.words(x))[0][:, -1])

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Reader()
    draw = np.random.default_rng(0)
    x = np.zeros((600, 80), np.int64)
    for row, length in zip(x, draw.integers(3, 13, 600), strict=True):
        row[:length] = draw.integers(1, 20, length)
        if in_front:
            row[:] = np.roll(row, 80 - length)
    y = (x == 7).any(axis=1).astype(np.float32)[:, None]
    loss, optimizer = torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 1e-2)
    return Example(says, model, {"x": x, "y": y, "loss": loss, "optimizer": optimizer})


CAUSE = Cause(
    "padding-behind",
    "padding behind the sequences, which a recurrent network ends on",
    "Its last state is that of dozens of steps of padding, which wash away what came before."
    " So the answer is the same for every example, and no gradient finds its way back.",
    signs=(PADDED_OUT,),
    cures={
        "": "padding in front of the sequences, or the state at each one's own last step",
        "keras": 'Embedding(…, mask_zero=True), or pad_sequences(…, padding="pre")',
        "torch": "pack_padded_sequence(…), or padding in front of the sequences",
    },
    harms=("padding-in-charge",),
    changes=(IN_FRONT,),
    shows=lambda: _recurrent("sentences of 3 to 12 words and 68 zeros behind them", False),
    look_alike=lambda: _recurrent("the same with the zeros in front", True),
)
