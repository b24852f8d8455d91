"""Fits of scikit-learn's networks, alone and in what wraps them."""

from hypothesis import strategies as st

from .ways import Lines, data_scale, ended, oddities, one, some

SETTINGS = ("solver='sgd'", "solver='adam'", "activation='tanh'", "activation='logistic'", "early_stopping=True", "learning_rate_init=0.1", "learning_rate_init=1e3",
    "batch_size=8", "alpha=1.0", "shuffle=False", "tol=0.0", "warm_start=True", "hidden_layer_sizes=(4, 4)", "n_iter_no_change=3", "momentum=0.5", "verbose=True", "beta_1=0.5")  # fmt: skip
CLASSES = ("(x[:, 0] > 0).astype(int)", "np.random.randint(0, 3, N)", "np.array(['a', 'b', 'c'])[np.random.randint(0, 3, N)]", "np.sign(x[:, 0] + 1e-9)", "(x > 0).astype(int)", "np.zeros(N, int) + (np.arange(N) < 3)")  # fmt: skip
NUMBERS = (
    "x[:, 0] * 3 + 1",
    "x[:, :2] * 100",
    "np.random.randn(N)",
    "1e5 + 1e4 * x[:, 0]",
    "np.ones(N)",
)
WRAPPED = ("{}", "{}", "{}", "make_pipeline(StandardScaler(), {})", "make_pipeline(MinMaxScaler(), PCA(2), {})", "GridSearchCV({}, {{'alpha': [1e-4, 1.0]}}, cv=2)",
    "RandomizedSearchCV({}, {{'alpha': [1e-4, 1.0]}}, n_iter=2, cv=2, random_state=0)", "make_pipeline(FunctionTransformer(np.tanh), {})")  # fmt: skip
OF_CLASSES = (
    "CalibratedClassifierCV({}, cv=2)",
    "BaggingClassifier({}, 2)",
    "OneVsRestClassifier({})",
    "VotingClassifier([('a', {}), ('b', {})])",
)
OF_NUMBERS = (
    "TransformedTargetRegressor({}, transformer=StandardScaler())",
    "BaggingRegressor({}, 2)",
    "MultiOutputRegressor({})",
)
FITS = ("net.fit(x, y)", "net.fit(x, y)", "net.fit(x[:30], y[:30])", "net.fit(x, y); net.fit(x, y)", "net.fit(x.tolist(), y.tolist())", "print(cross_val_score(net, x, y, cv=2)); net.fit(x, y)",
    "net = clone(net).fit(x, y)", "net.fit(np.asfortranarray(x), y)", "a, b, c, d = train_test_split(x, y, test_size=0.25); net.fit(a, c); print(net.score(b, d))",
    "net.fit(X=x, y=y)")  # fmt: skip
STEPS = (
    "for i in range(4): net.partial_fit(x, y, classes=np.unique(y)); print(net.loss_)",
    "for i in range(3):\n    for b in np.split(np.arange(N), 4): net.partial_fit(x[b], y[b], np.unique(y))\n    print(i, net.loss_)",
)
LEFT = ("print(net.predict(x[:5]))", "print(net.score(x, y))", "pickle.dump(net.get_params(), open('net.pkl', 'wb'))", "print(net)", "print(sorted(k for k in vars(net) if not k.startswith('_')))",
    "print(copy.deepcopy(net).predict(x[:3]))", "print(x.sum(), x.flags.writeable)", "print(np.random.rand())", "np.save('p.npy', net.predict(x))")  # fmt: skip
OF_MLP = (
    "print(net.loss_curve_)",
    "print(net.n_iter_, net.t_)",
    "print(net.coefs_[0].sum(), net.intercepts_[-1])",
    "print(net.best_loss_)",
    "print(net._random_state.rand())",
)
IMPORTS = ("import copy, pickle, random, sys; random.seed(0)", "import numpy as np", "from sklearn.base import clone", "from sklearn.calibration import CalibratedClassifierCV",
    "from sklearn.compose import TransformedTargetRegressor", "from sklearn.decomposition import PCA", "from sklearn.ensemble import BaggingClassifier, BaggingRegressor, VotingClassifier",
    "from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, train_test_split", "from sklearn.multiclass import OneVsRestClassifier",
    "from sklearn.multioutput import MultiOutputRegressor", "from sklearn.neural_network import MLPClassifier, MLPRegressor", "from sklearn.pipeline import make_pipeline",
    "from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler")  # fmt: skip


@st.composite
def fits(draw) -> str:
    """One or more fits."""
    kind = draw(st.sampled_from(["Classifier", "Regressor"]))
    targets = draw(one(CLASSES if kind == "Classifier" else NUMBERS))
    given = draw(st.lists(one(SETTINGS), max_size=3, unique_by=lambda s: s.split("=")[0]))
    seeded = draw(
        st.sampled_from(
            ["random_state=0", "random_state=np.random.RandomState(3)", "random_state=None"]
        )
    )
    net = f"MLP{kind}({', '.join([f'max_iter={draw(st.sampled_from([1, 3, 12, 30]))}', seeded, *given])})"
    wrapped = draw(one([*WRAPPED, *(OF_CLASSES if kind == "Classifier" else OF_NUMBERS)]))
    alone = wrapped == "{}"
    fit = draw(one(FITS + STEPS * (2 * (alone and kind == "Classifier" and "early" not in net))))
    needed = f"{wrapped} {net} {fit}"
    imports = [
        line
        for line in IMPORTS
        if "import copy" in line
        or " numpy " in line
        or line.endswith(" np")
        or any(n in needed for n in line.rpartition("import ")[2].split(", "))
    ]
    lines = Lines(*imports)
    lines += draw(oddities("sklearn"))
    if draw(st.booleans()):
        lines += [f"np.random.seed({draw(st.integers(0, 9))})"]
    lines += [
        f"N, D = 40, {draw(st.integers(2, 5))}",
        f"x = {draw(data_scale('np.random.randn(N, D)'))}",
        f"y = {targets}",
        f"net = {wrapped.replace('{}', net).replace('{{', '{').replace('}}', '}')}",
        fit,
    ]
    lines += draw(some(LEFT + OF_MLP * alone, 3))
    lines += draw(ended())
    return lines.text
