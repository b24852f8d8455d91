"""An example's output depends on the other examples of its batch."""

from typing import Any

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.changes.batch_axis import BATCH_FIRST, MOVED_FIRST
from unstuck.changes.loss import LOGITS
from unstuck.symptoms.wiring import EXAMPLES_MIXED


def _recurrent(says: str, batch_first: bool) -> Example:
    """PyTorch: how many of 12 numbers are above 0, by an LSTM with 16 units."""
    import torch

    class Counter(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(1, 16, batch_first=batch_first)
            self.head = torch.nn.Linear(16, 1)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(x)[0][:, -1])

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Counter()
    x = np.random.default_rng(0).normal(size=(600, 12, 1)).astype(np.float32)
    y = ((x > 0).mean(axis=1) * 4 - 2).astype(np.float32)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    return Example(
        says, model, {"x": x, "y": y, "loss": torch.nn.MSELoss(), "optimizer": optimizer}
    )


def _shows() -> Example:
    return _recurrent("sequences (n, time, 1) for an LSTM that wants (time, n, 1)", False)


def _look_alike() -> Example:
    return _recurrent("sequences (n, time, 1) for an LSTM with batch_first=True", True)


CAUSE = Cause(
    "examples-mixed",
    "outputs that depend on the other examples of the batch",
    "Some operation runs along the axis of the examples: a recurrence that takes it for time, a"
    " softmax or a mean over it, a view that cuts across it."
    " What an example is answered then hangs on what happens to be beside it.",
    signs=(EXAMPLES_MIXED,),
    cures={
        "torch": (
            "batch_first=True in recurrent and attention layers; dim=-1 in softmax; permute and"
            " not view to move axes"
        ),
        "": "softmax and means along the last axis; transpose and not reshape to move axes",
    },
    harms=("examples-mixed",),
    changes=(BATCH_FIRST, MOVED_FIRST, LOGITS),
    shows=_shows,
    look_alike=_look_alike,
)
