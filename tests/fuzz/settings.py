"""Settings of every estimator, optimizer and loss: what the framework takes, we look at or refuse."""

import inspect
from functools import cache

from hypothesis import strategies as st

from .calls import HEAD, IMPORTS, Call
from .odd import numbers, values

# What scikit-learn's perceptrons can be given, and what is usual.
PERCEPTRON = {
    "hidden_layer_sizes": ("(8,)", "(4, 4)", "()", "8", "[8]", "(1,) * 9", "np.array([4])"),
    "activation": ("'identity'", "'logistic'", "'tanh'", "'relu'"),
    "solver": ("'lbfgs'", "'sgd'", "'adam'"),
    "alpha": ("0", "1e-4", "1.0", "1e6"),
    "batch_size": ("'auto'", "8", "1", "1000"),
    "learning_rate": ("'constant'", "'invscaling'", "'adaptive'"),
    "learning_rate_init": ("0.1", "1e-9", "10.0", "1e3"),
    "power_t": ("0.5", "0", "2.0", "-1.0"),
    "max_iter": ("1", "200", "10_000"),
    "shuffle": ("True", "False"),
    "random_state": ("0", "None", "np.random.RandomState(3)"),
    "tol": ("0.0", "1e-4", "1.0"),
    "verbose": ("True", "False", "3"),
    "warm_start": ("True", "False"),
    "momentum": ("0.0", "0.9", "1.0"),
    "nesterovs_momentum": ("True", "False"),
    "early_stopping": ("True", "False"),
    "validation_fraction": ("0.1", "0.5", "0.99", "0.0"),
    "beta_1": ("0.0", "0.9", "0.999999"),
    "beta_2": ("0.0", "0.999", "0.5"),
    "epsilon": ("1e-8", "1.0", "1e-300"),
    "n_iter_no_change": ("1", "10", "np.inf"),
    "max_fun": ("1", "15000"),
}
TORCH = {  # by the names that optimizers and losses give their settings
    "lr": ("0.1", "1e-3", "0.0", "1e3", "1e-9", "torch.tensor(0.01)"),
    "betas": ("(0.9, 0.999)", "(0.0, 0.0)", "(0.999, 0.9)", "[0.9, 0.99]"),
    "eps": ("1e-8", "1.0", "0.0", "1e-30", "(1e-30, 1e-3)"),
    "momentum": ("0.0", "0.9", "0.5", "1.0"),
    "dampening": ("0", "0.1"),
    "weight_decay": ("0", "0.01", "10.0"),
    "alpha": ("0.99", "0.0", "0.5"),
    "rho": ("0.9", "0.0"),
    "lr_decay": ("0", "0.1"),
    "etas": ("(0.5, 1.2)",),
    "step_sizes": ("(1e-6, 50)",),
    "reduction": ("'mean'", "'sum'", "'none'"),
    "label_smoothing": ("0.0", "0.1", "1.0"),
    "weight": ("None", "torch.ones(3)", "torch.tensor([1.0, 0.0, 2.0])", "torch.ones(2)"),
    "pos_weight": ("None", "torch.ones(1)", "torch.tensor([1e6])"),
    "ignore_index": ("-100", "0", "1"),
    "beta": ("1.0", "1e-6", "0.0"),
    "delta": ("1.0", "1e-6"),
    "margin": ("1.0", "0.0", "-1.0"),
    "p": ("1", "2"),
    "blank": ("0",),
    "log_target": ("True", "False"),
    "log_input": ("True", "False"),
    "full": ("True", "False"),
}
TARGETS = (
    "torch.as_tensor(rng.integers(0, 3, 40))",
    "torch.randn(40, 1)",
    "torch.randn(40, 3)",
    "torch.randint(0, 2, (40, 1)).float()",
    "torch.rand(40, 3).softmax(1)",
    "torch.randint(0, 2, (40, 3)).float() * 2 - 1",
    "torch.randn(40)",
    "torch.rand(40, 3)",
)


@cache
def _kinds(of: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every optimizer, or loss, of PyTorch: its name and those of its settings."""
    import torch

    module, base = (torch.optim, torch.optim.Optimizer) if of == "optim" else (torch.nn, None)
    found = []
    for name, kind in sorted(vars(module).items()):
        is_loss = base is None and name.endswith("Loss") and inspect.isclass(kind)
        is_optimizer = base is not None and inspect.isclass(kind) and issubclass(kind, base)
        if (is_loss or is_optimizer) and kind is not base:
            settings = [p for p in inspect.signature(kind).parameters if p != "params"]
            found.append((name, tuple(settings)))
    return tuple(found)


@st.composite
def settings(draw) -> Call:
    """A usual set-up with settings drawn, of scikit-learn or PyTorch."""
    return draw(_sklearn() if draw(st.integers(0, 2)) == 0 else _torch())


@st.composite
def _given(draw, known: dict[str, tuple[str, ...]], names: tuple[str, ...]) -> str:
    """Some settings, usual ones and now and then an odd one."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=4, unique=True)) if names else []
    odd = draw(st.integers(0, 3)) == 0
    given = []
    for i, name in enumerate(chosen):
        usual = st.sampled_from(known.get(name, ("True", "False", "None")))
        value = draw(st.one_of(numbers, values) if odd and i == 0 else usual)
        given.append(f"{name}={value}")
    return ", ".join(given)


@st.composite
def _sklearn(draw) -> Call:
    kind = draw(st.sampled_from(["Classifier", "Classifier", "Regressor"]))
    names = tuple(n for n in PERCEPTRON if not (kind == "Classifier" and n == "loss"))
    model = f"MLP{kind}({draw(_given(PERCEPTRON, names))})"
    y = {
        "Classifier": ("rng.integers(0, 3, 40)", "(x > 0).astype(int)", "['a', 'b'] * 20"),
        "Regressor": ("rng.normal(size=40)", "rng.normal(size=(40, 2))", "rng.poisson(2, 40)"),
    }[kind]
    wrapped = draw(
        st.sampled_from(["{}", "{}", "make_pipeline(StandardScaler(), {})", "{}.fit(x, y)"])
    )
    before = (
        f"{HEAD}{IMPORTS['sklearn']}rng = np.random.default_rng(0)\n"
        f"x = rng.normal(size=(40, 4))\ny = {draw(st.sampled_from(y))}\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        f"model = {wrapped.format(model)}\n"
    )
    return Call("sklearn", before, "unstuck.diagnose(model, x, y)")


@st.composite
def _torch(draw) -> Call:
    optimizer, names = draw(st.sampled_from(_kinds("optim")))
    optimizer = f"torch.optim.{optimizer}(model.parameters(), {draw(_given(TORCH, names))})"
    loss, names = draw(st.sampled_from([*_kinds("nn"), ("CrossEntropyLoss", ()), ("MSELoss", ())]))
    loss = f"nn.{loss}({draw(_given(TORCH, names))})"
    outputs = draw(st.sampled_from([1, 3, 3]))
    end = draw(
        st.sampled_from(["", "", "", ", nn.Softmax(1)", ", nn.LogSoftmax(1)", ", nn.Sigmoid()"])
    )
    before = (
        f"{HEAD}{IMPORTS['torch']}rng = np.random.default_rng(0)\nx = torch.randn(40, 4)\n"
        f"y = {draw(st.sampled_from(TARGETS))}\n"
        f"model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, {outputs}){end})\n"
        f"loss = {loss}\noptimizer = {optimizer}\n"
    )
    if draw(st.integers(0, 5)) == 0:  # as scripts write into it later
        name = draw(st.sampled_from(["lr", "betas", "eps", "momentum", "weight_decay"]))
        value = draw(st.one_of(st.sampled_from(TORCH[name]), numbers, values))
        before += f"optimizer.param_groups[0][{name!r}] = {value}\n"
    return Call("torch", before, "unstuck.diagnose(model, x, y, loss=loss, optimizer=optimizer)")
