"""Whether there is anything to learn: a forest of trees, which no scale or start can hold up."""

import numpy as np

from unstuck.changes.data import Data
from unstuck.judging.yardstick import Yardstick

SKILL = 0.1  # held-out skill above which there is something to learn
ROWS, COLUMNS = 4_096, 1_024


def learnable(data: Data, yardstick: Yardstick) -> bool:
    """Whether an extremely randomized forest predicts held-out targets better than nothing does.

    Source: Geurts et al. 2006; on one-row-a-feature views of the inputs that are values.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    def flat(parts: tuple[np.ndarray, ...]) -> np.ndarray:
        columns = [p.reshape(len(p), -1) for p in parts]
        x = np.concatenate(columns, axis=1)[:ROWS]
        return np.nan_to_num(x[:, :: -(-x.shape[1] // COLUMNS)].astype(np.float64))

    x, held = flat(data.x), flat(data.x_held)
    y = data.y[:ROWS].reshape(len(x), -1)
    if yardstick.targets is not None:
        if not np.isfinite(y).all():
            return False
        forest = ExtraTreesRegressor(100, min_samples_leaf=3, random_state=0)
        forest.fit(x, y if y.shape[1] > 1 else y[:, 0])
        said = np.asarray(forest.predict(held)).reshape(len(held), -1)
        error = float(np.sqrt(np.mean(np.square(said - yardstick.targets[: len(held)]))))
        return yardstick.skill(error) > SKILL
    labels = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    classifier = ExtraTreesClassifier(100, min_samples_leaf=2, random_state=0)
    classifier.fit(x, labels.astype(str))
    truth = data.y_held[: len(held)].reshape(len(held), -1)
    truth = truth.argmax(axis=1) if truth.shape[1] > 1 else truth[:, 0]
    right = float(np.mean(classifier.predict(held) == truth.astype(str)))
    return yardstick.skill(right) > SKILL
