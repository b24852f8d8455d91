"""scikit-learn under `unstuck run`: nothing changes, and the outermost training is seen."""

import json

import numpy as np
import pytest

from .running import bootstrapped, python, unstuck_run

SCRIPT = """\
import os, pickle, sys, warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import HalvingGridSearchCV

warnings.simplefilter("ignore")
np.random.seed(0)
x, y = load_digits(return_X_y=True)
x, y = x[:400], y[:400]
kept = []

def mlp(**options):
    return MLPClassifier((16,), max_iter=8, **options)

def keep(network):
    kept.extend([*network.coefs_, *network.intercepts_])
    print(repr(network.loss_), network.n_iter_)

raw = mlp(solver="sgd", random_state=0)
keep(raw.fit(x * 1000, y))  # raw
keep(make_pipeline(StandardScaler(), mlp(learning_rate_init=0.01)).fit(x, y)[-1])  # pipeline
search = GridSearchCV(make_pipeline(StandardScaler(), mlp()), {"mlpclassifier__alpha": [0, 1]})
keep(search.fit(x, y).best_estimator_[-1])  # search
halving = HalvingGridSearchCV(mlp(), {"alpha": [0, 1]}, min_resources=100)
halving.fit(x / 16, y)  # halving
regressor = MLPRegressor(hidden_layer_sizes=8, max_iter=8)
target = TransformedTargetRegressor(regressor, transformer=StandardScaler())
keep(target.fit(x / 16, y * 1e4).regressor_)  # target
print(cross_val_score(mlp(), x / 16, y, cv=3))  # scores
online = mlp()
for i in range(4):
    part = slice(i * 100, i * 100 + 100)
    online.partial_fit(x[part] / 16, y[part], classes=range(10))  # partial
keep(online)
LogisticRegression(max_iter=5).fit(x / 16, y)
print(hasattr(mlp(solver="lbfgs"), "partial_fit"), hasattr(mlp(), "partial_fit"))
with ThreadPoolExecutor(2) as pool:
    for network in pool.map(lambda s: mlp(random_state=s).fit(x / 16, y), range(2)):  # threads
        keep(network)
threaded = GridSearchCV(mlp(random_state=0), {"alpha": [0, 1]}, n_jobs=2)
if os.name == "posix":
    import joblib
    with joblib.parallel_backend("threading"):
        threaded.fit(x / 16, y)  # n_jobs
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        keep(pool.submit(mlp(random_state=0).fit, x / 16, y).result())
print(pickle.loads(pickle.dumps(raw.fit)).__name__, np.random.rand())
np.savez("weights.npz", *kept)
try:
    mlp().fit(x, y[:7])  # wrong
except ValueError as error:
    print(error)
mlp().fit(x / 16, "text")
"""
LINES = {
    line.split("  # ")[1]: number
    for number, line in enumerate(SCRIPT.splitlines(), 1)
    if "  # " in line
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    (folder / "train.py").write_text(SCRIPT)
    plain = python(folder, "train.py")
    before = dict(np.load(folder / "weights.npz"))
    seen = unstuck_run(folder, "--json", "o.json", "train.py")
    weights = [before, dict(np.load(folder / "weights.npz"))]
    subjects = json.loads((folder / "o.json").read_text())["subjects"]
    return plain, seen, weights, {s["where"]["line"]: s for s in subjects}


def test_nothing_changes(both):
    plain, seen, weights, _ = both
    assert (seen.status, seen.out) == (plain.status, plain.out)
    assert len(weights[0]) > 10
    for name in weights[0]:
        assert weights[0][name].tobytes() == weights[1][name].tobytes()
    end = seen.err[seen.err.rindex("Traceback") :]
    assert plain.err[plain.err.rindex("Traceback") :] == end[: end.index("\nunstuck")]


def test_each_line_is_one_subject(both):
    subjects = both[3]
    counts = {name: len(subjects[line]["watched"]) for name, line in LINES.items()}
    assert counts == {name: {"scores": 3, "threads": 2}.get(name, 1) for name in LINES}
    assert len(subjects) == len(LINES) + 1  # and the line that crashes


def test_what_is_found(both):
    subjects = both[3]
    raw, pipeline = subjects[LINES["raw"]], subjects[LINES["pipeline"]]
    assert raw["report"]["suspects"][0]["name"] == "input-spread"
    assert raw["state"] in ("stuck", "slow")
    assert (pipeline["report"]["suspects"], pipeline["state"]) == ([], "learning")
    assert pipeline["watched"][0]["witness"]["count"] == 8
    assert subjects[LINES["partial"]]["watched"][0]["witness"]["count"] == 4
    assert "7 targets" in subjects[LINES["wrong"]]["refused"]


SHORT = """\
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
x, y = load_digits(return_X_y=True)
network = MLPClassifier((16,), max_iter=8, solver="sgd", random_state=0)
network.fit(x * 1000, y)
print("trained")
network.set_params(learning_rate_init=7.0)
x[:] = 0
"""


@pytest.mark.parametrize(
    ("options", "status", "out"),
    [
        ([], 10, "trained\n"),
        (["--fail-on", "proven"], 0, "trained\n"),
        (["--fail-on", "never"], 0, "trained\n"),
        (["--stop"], 10, ""),
        pytest.param(["--prove", "60"], 11, "trained\n", marks=pytest.mark.acceptance),
    ],
    ids=["none", "proven", "never", "stop", "prove"],
)
def test_options_and_status(options, status, out, tmp_path):
    (tmp_path / "train.py").write_text(SHORT)
    seen = unstuck_run(tmp_path, *options, "--json", "o.json", "train.py")
    assert (seen.status, seen.out) == (status, out), seen.err
    (subject,) = json.loads((tmp_path / "o.json").read_text())["subjects"]
    if "--prove" not in options:
        assert subject["fix"] is None
        return
    assert subject["report"]["suspects"][0]["status"] == "proven"
    assert subject["fix"]["verified"]
    assert subject["seconds"]["proof"] > 0


BREAKS = """
import unstuck.diagnosis
def broken(**arguments):
    raise RuntimeError("ours")
unstuck.diagnosis.diagnosed = broken
"""


def test_an_error_of_ours_is_told_once_and_the_training_goes_on(tmp_path):
    (tmp_path / "train.py").write_text(SHORT)
    seen = bootstrapped(tmp_path, BREAKS, "train.py")
    assert (seen.status, seen.out) == (0, "trained\n")
    assert seen.err.count("RuntimeError: ours; the script goes on") == 1
