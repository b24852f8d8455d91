"""Who judges: a program run as it stands, and the user's own set-up trained with changes, on seeds
that no proof uses, both by the program's held-out measure."""

import contextlib
import io
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from board.data import arrays
from board.faults import settings
from board.programs import program
from board.spec import Spec

SEEDS = (77_001, 77_002)
BITES, REACHES, MENDS = 0.8, 0.8, 0.8  # of the reference; of the reference; of the gain
FLOOR = -1.0  # skill below which all is alike


def native(spec: Spec, seeds: tuple[int, ...] = SEEDS, text: str = "") -> float:
    """Median skill of a program, run as it stands.

    Args:
        text: another script in place of the spec's own, with the same data.
    """
    kept = os.getcwd()
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            rows = arrays(spec, judged=True)
            np.savez("data.npz", **rows)
            for seed in seeds:
                source = (text or program(spec).text).replace("SEED = 0", f"SEED = {seed}")
                scores.append(skill(spec, _run(source), rows["y_test"]))
        finally:
            os.chdir(kept)
    return float(np.median(scores))


def _run(source: str) -> float:
    """The score that a script comes to."""
    inside: dict[str, Any] = {"__name__": "__main__"}
    code = compile(source, str(Path("script.py").absolute()), "exec")
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            exec(code, inside)
    return float(inside["score"])


def skill(spec: Spec, score: float, y_test: Any) -> float:
    """A program's score as skill: 0 is the best constant answer, 1 perfect; at least −1."""
    if not np.isfinite(score):
        return FLOOR
    if spec.sound.loss == "squared":
        return max(score, FLOOR)
    counts = np.bincount(y_test)
    luck = 1 / np.sum(counts > 0) if spec.subject == "imbalanced" else counts.max() / counts.sum()
    return max(float((score - luck) / (1 - luck)), FLOOR)


def measured(spec: Spec, output: Any, y_test: Any) -> float:
    """The program's score of held-out outputs (n, k) in the targets' units."""
    output = np.asarray(output)
    if spec.sound.loss == "squared":
        off = output.reshape(y_test.shape) - y_test
        return float(1 - (off**2).mean() / ((y_test - y_test.mean(0)) ** 2).mean())
    told = output.argmax(1) if output.shape[1] > 1 else (output[:, 0] > 0.5).astype(int)
    if spec.subject == "imbalanced":
        return float(np.mean([(told[y_test == k] == k).mean() for k in np.unique(y_test)]))
    return float((told == y_test).mean())


def trained(spec: Spec, proven: Any, changes: Any, seeds: tuple[int, ...] = SEEDS) -> float:
    """Median skill of the set-up that was proven, trained with changes on the program's training
    rows for as many steps as the program, on its held-out rows."""
    from unstuck.changes.change import Part, changed, of_setup, value, without
    from unstuck.changes.data import Data
    from unstuck.errors import UnstuckError

    sample, rows = proven.subject.sample, arrays(spec, judged=True)
    x_test = rows["x_test"].astype(sample.x[0].dtype)
    y_test = rows["y_test"].astype(sample.y.dtype)
    y_test = y_test.reshape(len(y_test), *sample.y.shape[1:])
    base = Data(sample.x, sample.y, (x_test,), y_test, tuple(sample.kinds))
    factor = value(changes, Part.STEPS, 1)
    scores = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            data = changed(base, changes)
            wanted = of_setup(without(changes, Part.STEPS))
            try:
                run = proven.bench.trainer.train(data, wanted, seed, int(factor * steps(spec)))
            except UnstuckError:
                return FLOOR
            y = np.asarray(base.y_held if len(data.y_held) == len(y_test) else data.y_held)
            y = y.reshape(len(y), *rows["y_test"].shape[1:])
            scores.append(skill(spec, measured(spec, data.restored(run.output), y), y))
    return float(np.median(scores))


def steps(spec: Spec) -> int:
    """Of a program."""
    made, n = settings(spec), len(arrays(spec)["x_train"])
    batch = min(made.batch, n)
    return made.epochs * (n // batch if spec.kind == "jax" else -(-n // batch))


def mends(skill: float, faulty: float, reference: float) -> bool:
    """Whether a skill is a repair: 80 % of what taking the faults away gains."""
    floor = max(faulty, 0.0)
    return bool(skill - floor >= MENDS * (reference - floor))


def reference(spec: Spec) -> float:
    """Skill that a healthy set-up is held against: a forest's, a linear projection's of an
    autoencoder; 1 where the targets follow from the inputs."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    if spec.data in ("waves", "sums", "tokens", "xor", "parity"):
        return 1.0
    rows = arrays(spec, judged=True)
    x, x_test = (rows[k].reshape(len(rows[k]), -1) for k in ("x_train", "x_test"))
    y, y_test = rows["y_train"], rows["y_test"]
    if spec.subject == "autoencoder":
        base = PCA(spec.sound.hidden[0], random_state=0).fit(x)
        back = base.inverse_transform(base.transform(x_test))
        return skill(spec, measured(spec, back, y_test), y_test)
    if spec.sound.loss == "squared":
        forest: Any = ExtraTreesRegressor(100, random_state=0).fit(x, y.ravel())
        return skill(spec, measured(spec, forest.predict(x_test)[:, None], y_test), y_test)
    weights = "balanced" if spec.subject == "imbalanced" else None
    forest = ExtraTreesClassifier(100, random_state=0, class_weight=weights).fit(x, y)
    told = np.eye(int(y.max()) + 1)[forest.predict(x_test)]
    return skill(spec, measured(spec, told, y_test), y_test)
