"""Whether there is anything to learn: a forest of trees, a linear model and counts, which no scale,
start or learning rate can hold up."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.judging.yardstick import Yardstick

ROWS, COLUMNS, TREES = 2_048, 256, 50
NUMBERS = 4_096  # distinct ones that are counted


def reference(
    data: Data, held: Yardstick, output_activation: str, width: int = 1
) -> dict[str, float]:
    """The best held-out skill of these, by measure; empty where none can be fitted.

    An extremely randomized forest (Geurts et al. 2006) and ridge or logistic regression on
    standardized features, both on one-row-a-feature views of the inputs that are values; for
    classes of whole numbers, naive Bayes on how often each occurs, as of words (Manning et al.
    2008, chapter 13).

    Args:
        width: outputs of the network: where there are several to one number, all get the same.
    """
    if held.labels is not None and len(held.labels) != len(held.y):
        return {}  # a target at every position
    x, x_held = _flat(data.x), _flat(data.x_held)
    if not x.shape[1] or len(x) < 4:
        return {}
    counts = _counts(x, x_held)
    sd = x.std(axis=0)
    scale, middle = np.where(sd > 0, sd, 1.0), x.mean(axis=0)
    x, x_held = (x - middle) / scale, (x_held - middle) / scale
    outputs = (
        _numbers(data, x, x_held)
        if held.labels is None
        else _classes(data, ((x, x_held), counts), held, output_activation)
    )
    best: dict[str, float] = {}
    for output in outputs:
        if held.labels is None and output.shape[1] == 1 < width:
            output = np.repeat(output, width, axis=1)
        for name, skill in held.judged(output).skills.items():
            best[name] = max(best.get(name, -1.0), skill)
    return best


def _flat(parts: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    columns = [p.reshape(len(p), -1) for p in parts]
    x = np.concatenate(columns, axis=1)
    return np.nan_to_num(x[:, :: -(-x.shape[1] // COLUMNS)].astype(np.float64))


def _counts(x: Any, held: Any) -> tuple[Any, Any] | None:
    """How often each whole number occurs in an example; None where they are none, or too many."""
    both = np.concatenate([x[:ROWS], held])
    if both.shape[1] < 2 or (both < 0).any() or (both != np.round(both)).any():
        return None
    numbers, ids = np.unique(both, return_inverse=True)
    if len(numbers) > NUMBERS:
        return None
    made = np.zeros((len(both), len(numbers)))
    np.add.at(made, (np.arange(len(both))[:, None], ids.reshape(both.shape)), 1)
    return made[: len(x[:ROWS])], made[len(x[:ROWS]) :]


def _numbers(data: Data, x: Any, held: Any) -> Iterator[NDArray[np.float64]]:
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge

    y = data.y[:ROWS].reshape(len(data.y[:ROWS]), -1).astype(np.float64)
    if not np.isfinite(y).all():
        return
    for model in (ExtraTreesRegressor(TREES, min_samples_leaf=3, random_state=0), Ridge(1.0)):
        with warnings.catch_warnings(action="ignore"):  # of its own training
            model.fit(x[:ROWS], y if y.shape[1] > 1 else y[:, 0])
        yield np.asarray(model.predict(held), np.float64).reshape(len(held), -1)


def _classes(
    data: Data,
    inputs: tuple[tuple[Any, Any], tuple[Any, Any] | None],
    yardstick: Yardstick,
    activation: str,
) -> Iterator[NDArray[np.float64]]:
    """Outputs for held-out examples, of inputs (training, held-out) as they are and as counts."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    flat = data.y[:ROWS].reshape(len(data.y[:ROWS]), -1)
    one_hot = flat.shape[1] > 1
    ids = flat.argmax(axis=1) if one_hot else np.unique(flat[:, 0], return_inverse=True)[1]
    if len(np.unique(ids)) < 2:
        return
    weight = None if yardstick.weights is None else "balanced"
    k = int(yardstick.labels.max()) + 1 if yardstick.labels is not None else 2
    plain, counts = inputs
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=3, random_state=0, class_weight=weight)
    models = [(forest, plain), (LogisticRegression(max_iter=100, class_weight=weight), plain)]
    if counts is not None:
        models.append((MultinomialNB(), counts))
    for model, (x, held) in models:
        with warnings.catch_warnings(action="ignore"):
            model.fit(x[:ROWS], ids)
        shares = np.full((len(held), max(k, int(ids.max()) + 1)), 1e-7)
        shares[:, np.asarray(model.classes_, int)] = model.predict_proba(held)
        probabilities = activation in ("softmax", "sigmoid")
        safe = np.clip(shares, 1e-7, 1 - 1e-7)
        if yardstick.binary:
            p = safe[:, 1:2]
            yield p if probabilities else np.log(p / (1 - p))
        else:
            yield safe if probabilities else np.log(safe)
