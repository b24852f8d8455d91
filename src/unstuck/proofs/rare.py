"""Advice where classes are rare and accuracy says little of them: weights, or another threshold."""

import numpy as np
from numpy.typing import NDArray

RARE = 0.1  # of the examples, of one class
APART = 0.1  # of accuracy and balanced accuracy
HOW = {
    "keras": "class_weight={{0: 1, 1: {0:.0f}}} in fit()",
    "torch": "pos_weight=torch.tensor({0:.0f}.) of BCEWithLogitsLoss, weight= of CrossEntropyLoss",
    "sklearn": "sample_weight=compute_sample_weight('balanced', y) in fit()",
    "jax": "the losses of the rare class times {0:.0f}",
}


def advice(
    labels: NDArray[np.int64], accuracy: float, balanced: float, framework: str
) -> tuple[str, ...]:
    """One note, where answers lean to the common classes; else none.

    Args:
        labels: (n,) class ids of the held-out examples; below 0 for none.
        accuracy, balanced: of the repaired set-up, or as it is; NaN where they are not known.
    """
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    if len(counts) < 2 or counts.min() > RARE * counts.sum() or not accuracy - balanced >= APART:
        return ()
    how = HOW.get(framework, HOW["jax"]).format(counts.max() / counts.min())
    return (
        f"the rarest class is {100 * counts.min() / counts.sum():.1f} % of the examples: accuracy"
        f" is {100 * accuracy:.1f} %, balanced accuracy {100 * balanced:.1f} %. If missing it costs"
        f" more than a false alarm: {how}, or a lower threshold",
    )
