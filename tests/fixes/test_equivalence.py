"""Training on raw inputs against training on scaled ones, step for step.

The network is written out here (two layers, cross-entropy from logits), so that nothing of the
engine but its optimizers is trusted; PyTorch's own optimizers are then driven as a user would.
Every number is chosen so large that it matters: a part that could be left out would be found.
"""

import doctest
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.typing import NDArray
from sklearn import preprocessing as sk

import unstuck
from unstuck.cures import equivalence as module
from unstuck.cures.equivalence import Equivalence, equivalence
from unstuck.engine.optimizers import NUMBERS, Optimizer, build, keras, torch
from unstuck.errors import UsageError
from unstuck.scalers import Affine, Scaler

STEPS, EXAMPLES, BATCH, FEATURES, UNITS, CLASSES = 200, 64, 16, 5, 6, 3

# Largest |raw − scaled| over all steps and entries of a parameter, in the scaled run's
# coordinates, relative to that parameter's largest entry there; of the losses, to the largest.
TOLERANCE = {
    "float64": 1e-9,  # the claim; 200 roundings of 1e-16 a step would be 2e-14
    # 200 roundings of 6e-8, all in one direction: 1e-5; × 10, since with a shift x − μ is formed
    # within the network, by cancellation.
    "float32": 1e-4,
}
BROKEN = 1e3  # times the tolerance: what leaving a part out must exceed

SGD = {"learning_rate": 0.05, "weight_decay": 0.02, "l2": 0.02}
ADAPTIVE = {"learning_rate": 0.01, "epsilon": 0.02, "weight_decay": 0.1, "l2": 0.02}
SPECS: Mapping[str, Optimizer] = {
    "sgd": keras("sgd", **SGD),
    "momentum": keras("sgd", momentum=0.9, **SGD),
    "nesterov": keras("sgd", momentum=0.9, nesterov=True, **SGD),
    **{
        f"{name}-{form.__name__}": form(name, **ADAPTIVE, **more)
        for name, more in (
            ("adagrad", {"initial_accumulator": 0.05}),
            ("rmsprop", {}),
            ("adam", {}),
            ("adamw", {}),
        )
        for form in (keras, torch)
    },
}
SGD_FAMILY = ("sgd", "momentum", "nesterov")
ADAPTIVE_SPECS = tuple(name for name in SPECS if name not in SGD_FAMILY)

SCALES = np.array([1e-2, 1.0, 1e1, 1e3, 1e4])  # what features are measured in


class Case(NamedTuple):
    """Raw inputs, and how the scaled run scales them."""

    x: NDArray[np.float64]
    y: NDArray[np.int64]
    scaler: Any

    @property
    def affine(self) -> Affine:
        return equivalence("sgd", self.scaler).affine


@lru_cache
def case(name: str) -> Case:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (EXAMPLES, FEATURES)).astype(float)
    measured = (rng.standard_normal((EXAMPLES, FEATURES)) + rng.uniform(-3, 3, FEATURES)) * SCALES
    y = rng.integers(0, CLASSES, EXAMPLES)
    return {
        "/255": Case(pixels, y, 255),
        "per-feature": Case(measured, y, Affine(np.zeros(()), SCALES)),
        "mirrored": Case(measured, y, Affine(np.zeros(()), SCALES * [1, -1, 1, 1, -1])),
        "StandardScaler": Case(measured, y, sk.StandardScaler().fit(measured)),
        "[-1,1]": Case(pixels, y, Affine(np.array(127.5), np.array(127.5))),
    }[name]


Params = tuple[dict[str, Any], ...]


def drawn() -> Params:
    """What both runs start from, in the scaled run's coordinates; biases are not zero."""
    rng = np.random.default_rng(1)
    return tuple(
        {
            "kernel": 0.7 * rng.standard_normal(shape),
            "bias": 0.3 * rng.standard_normal(shape[1]),
        }
        for shape in ((FEATURES, UNITS), (UNITS, CLASSES))
    )


def folded(params: Params, affine: Affine) -> Params:
    kernel, bias = affine.fold(params[0]["kernel"], params[0]["bias"])
    return ({"kernel": kernel, "bias": bias}, *params[1:])


def batches() -> NDArray[np.int64]:
    rng = np.random.default_rng(2)
    return np.stack([rng.permutation(EXAMPLES)[:BATCH] for _ in range(STEPS)])


def loss_of(params: Params, x: Any, y: Any) -> Any:
    hidden = jnp.tanh(x @ params[0]["kernel"] + params[0]["bias"])
    logits = hidden @ params[1]["kernel"] + params[1]["bias"]
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(y)), y])


class Run(NamedTuple):
    losses: Any  # (steps,)
    params: Any  # a leading axis of steps


def _loop(
    transformation: optax.GradientTransformation, mix: Any, params: Any, x: Any, y: Any
) -> Run:
    def step(carry: Any, rows: Any) -> tuple[Any, Run]:
        params, state = carry
        loss, gradients = jax.value_and_grad(loss_of)(params, x[rows], y[rows])
        if mix is not None:
            first = gradients[0]
            stacked = mix @ jnp.vstack([first["kernel"], first["bias"]])
            gradients = ({"kernel": stacked[:-1], "bias": stacked[-1]}, *gradients[1:])
        updates, state = transformation.update(gradients, state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), Run(loss, params)

    return jax.lax.scan(step, (params, transformation.init(params)), batches())[1]


@partial(jax.jit, static_argnums=0)
def _grouped(spec: Optimizer, first: Any, rest: Any, mix: Any, params: Any, x: Any, y: Any) -> Run:
    groups = {"first": build(spec, first), "rest": build(spec, rest)}
    labels = ({"kernel": "first", "bias": "rest"}, {"kernel": "rest", "bias": "rest"})
    return _loop(optax.partition(groups, labels), mix, params, x, y)


def train(
    spec: Optimizer,
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    params: Params,
    first: Mapping[str, Any] | None = None,
    mix: NDArray[np.float64] | None = None,
    dtype: str = "float64",
) -> Run:
    """200 steps; `first` replaces numbers of the first kernel, `mix` preconditions the layer."""
    cast = partial(jnp.asarray, dtype=dtype)
    own = {
        n: np.broadcast_to(v, (FEATURES, 1))
        for n, v in (spec.numbers() | dict(first or {})).items()
    }
    if mix is None and spec.name == "sgd":
        mix = np.eye(FEATURES + 1)  # so that runs with and without one share a program
    with jax.enable_x64(True):
        run = _grouped(
            spec.structure(),
            jax.tree.map(cast, own),
            jax.tree.map(cast, spec.numbers()),
            None if mix is None else cast(mix),
            jax.tree.map(cast, params),
            cast(x),
            jnp.asarray(y),
        )
        return jax.tree.map(np.asarray, run)


@lru_cache
def scaled_run(spec: Optimizer, name: str, dtype: str = "float64") -> Run:
    x, y, _ = case(name)
    return train(spec, case(name).affine(x), y, drawn(), dtype=dtype)


def deviation(raw: Run, scaled: Run, affine: Affine) -> float:
    """As described at TOLERANCE: W_raw = W'/scale and b_raw = b' − μᵀW_raw at every step."""
    if not all(np.isfinite(p).all() for p in jax.tree.leaves(raw)):
        return np.inf
    kernel, bias = (np.asarray(raw.params[0][k], np.float64) for k in ("kernel", "bias"))
    scale = np.broadcast_to(affine.scale, FEATURES)[:, None]
    shift = np.broadcast_to(affine.shift, FEATURES)
    unfolded = ({"kernel": kernel * scale, "bias": bias + shift @ kernel}, *raw.params[1:])
    pairs = zip(
        jax.tree.leaves((unfolded, raw.losses)),
        jax.tree.leaves((scaled.params, scaled.losses)),
        strict=True,
    )
    return max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in pairs)


def raw_run(spec: Optimizer, name: str, left_out: str = "", dtype: str = "float64") -> Run:
    """The raw run with the settings of `equivalence`, but for one part."""
    x, y, scaler = case(name)
    found = equivalence(spec, scaler)
    first = found.first_kernel
    if left_out in first:
        first[left_out] = spec.numbers()[left_out]
    params = drawn() if left_out == "initial kernel" else folded(drawn(), found.affine)
    return train(spec, x, y, params, first, dtype=dtype)


PARTS: Mapping[str, tuple[str, ...]] = {
    "sgd": ("learning_rate", "weight_decay", "l2"),
    "adagrad": ("learning_rate", "epsilon", "weight_decay", "l2", "initial_accumulator"),
    "rmsprop": ("learning_rate", "epsilon", "weight_decay", "l2"),
    "adam": ("learning_rate", "epsilon", "weight_decay", "l2"),
    "adamw": ("learning_rate", "epsilon", "weight_decay", "l2"),
}
EVERY_PART = [(s, p) for s in SPECS for p in (*PARTS[SPECS[s].name], "initial kernel")]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ["/255", "per-feature", "mirrored"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_raw_run_follows_the_scaled_one(spec: Optimizer, name: str, dtype: str) -> None:
    raw, scaled = raw_run(spec, name, dtype=dtype), scaled_run(spec, name, dtype)
    assert deviation(raw, scaled, case(name).affine) < TOLERANCE[dtype]


@pytest.mark.parametrize("spec", ADAPTIVE_SPECS)
def test_raw_run_follows_with_the_smallest_epsilon_too(spec: str) -> None:
    shipped = replace(SPECS[spec], epsilon=1e-10)  # PyTorch's Adagrad; rounding counts most
    raw, scaled = raw_run(shipped, "per-feature"), scaled_run(shipped, "per-feature")
    assert deviation(raw, scaled, case("per-feature").affine) < TOLERANCE["float64"]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_run_that_is_followed_learns(spec: Optimizer) -> None:
    losses = scaled_run(spec, "per-feature").losses
    assert losses[-20:].mean() < losses[:20].mean() - 0.05


@pytest.mark.parametrize("name", ["/255", "per-feature"])
@pytest.mark.parametrize(("spec", "part"), EVERY_PART)
def test_no_part_can_be_left_out(spec: str, part: str, name: str) -> None:
    raw, scaled = raw_run(SPECS[spec], name, left_out=part), scaled_run(SPECS[spec], name)
    assert deviation(raw, scaled, case(name).affine) > BROKEN * TOLERANCE["float64"]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_factors_are_these_parts_and_no_others(spec: Optimizer) -> None:
    assert set(equivalence(spec, 255).factors) == set(PARTS[spec.name])


# --- a shift -------------------------------------------------------------------------------


@partial(jax.jit, static_argnums=(0, 1))
def _wrapped(spec: Optimizer, name: str, numbers: Any, params: Any, x: Any, y: Any) -> Run:
    inner = build(spec, numbers)
    return _loop(equivalence("sgd", case(name).scaler).wrap(inner), None, params, x, y)


def wrapped_run(
    spec: Optimizer, name: str, params: Params | None = None, dtype: str = "float64"
) -> Run:
    cast = partial(jnp.asarray, dtype=dtype)
    x, y, _ = case(name)
    with jax.enable_x64(True):
        run = _wrapped(
            spec.structure(),
            name,
            jax.tree.map(cast, spec.numbers()),
            jax.tree.map(cast, params or folded(drawn(), case(name).affine)),
            cast(x),
            jnp.asarray(y),
        )
        return jax.tree.map(np.asarray, run)


@pytest.mark.parametrize(
    ("spec", "dtype"),
    [
        *((spec, "float64") for spec in SPECS),
        *(
            (spec, "float32")
            for spec in ("nesterov", "adagrad-torch", "rmsprop-keras", "adam-keras")
        ),
    ],
)
def test_wrapped_optimizer_follows_a_standardized_run(spec: str, dtype: str) -> None:
    raw = wrapped_run(SPECS[spec], "StandardScaler", dtype=dtype)
    scaled = scaled_run(SPECS[spec], "StandardScaler", dtype)
    assert deviation(raw, scaled, case("StandardScaler").affine) < TOLERANCE[dtype]
    assert raw.params[0]["kernel"].dtype == dtype


def test_wrapped_optimizer_follows_a_shift_that_all_features_share() -> None:
    raw, scaled = (
        wrapped_run(SPECS["adam-keras"], "[-1,1]"),
        scaled_run(SPECS["adam-keras"], "[-1,1]"),
    )
    assert deviation(raw, scaled, case("[-1,1]").affine) < TOLERANCE["float64"]


@pytest.mark.parametrize("part", ["kernel", "bias"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_shift_needs_initial_kernel_and_bias(spec: Optimizer, part: str) -> None:
    affine = case("StandardScaler").affine
    first, last = folded(drawn(), affine)
    params = ({**first, part: drawn()[0][part]}, last)
    raw, scaled = (
        wrapped_run(spec, "StandardScaler", params),
        scaled_run(spec, "StandardScaler"),
    )
    assert deviation(raw, scaled, affine) > BROKEN * TOLERANCE["float64"]


def preconditioned_run(
    spec: Optimizer, name: str, mix: NDArray[np.float64], dtype: str = "float64"
) -> Run:
    x, y, _ = case(name)
    return train(spec, x, y, folded(drawn(), case(name).affine), mix=mix, dtype=dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ["StandardScaler", "[-1,1]"])
@pytest.mark.parametrize("spec", SGD_FAMILY)
def test_preconditioned_sgd_follows_a_shifted_run(spec: str, name: str, dtype: str) -> None:
    mix = equivalence(SPECS[spec], case(name).scaler).preconditioner(FEATURES)
    raw = preconditioned_run(SPECS[spec], name, mix, dtype)
    scaled = scaled_run(SPECS[spec], name, dtype)
    assert deviation(raw, scaled, case(name).affine) < TOLERANCE[dtype]


@pytest.mark.parametrize("spec", SGD_FAMILY)
def test_preconditioner_cannot_lose_its_mixing(spec: str) -> None:
    name = "StandardScaler"
    mix = equivalence(SPECS[spec], case(name).scaler).preconditioner(FEATURES)
    scaled = scaled_run(SPECS[spec], name)
    for crippled in (np.diag(np.diag(mix)), np.eye(FEATURES + 1)):
        raw = preconditioned_run(SPECS[spec], name, crippled)
        assert deviation(raw, scaled, case(name).affine) > BROKEN * TOLERANCE["float64"]


def needed(spec: Optimizer, gradient: Any) -> Any:
    """First raw update of one unit's [kernel; bias], (features + 1,), for its raw gradient.

    Written out from the scaled run: its gradient is T G̃, its update u, and the raw one Tᵀu.
    """
    affine = case("StandardScaler").affine
    t = np.vstack(
        [
            np.column_stack([np.diag(1 / affine.scale), -affine.shift / affine.scale]),
            np.eye(FEATURES + 1)[-1:],
        ]
    )
    inner = build(replace(spec, weight_decay=0.0, l2=0.0), spec.numbers())
    update, _ = inner.update(t @ gradient, inner.init(jnp.zeros(FEATURES + 1)))
    return t.T @ update


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_shift_has_no_per_parameter_setting(spec: Optimizer) -> None:
    """Two gradients that agree in one entry, which they need moved in opposite directions.

    Whatever learning rate, ε, accumulator or other number that one parameter had, its first
    update would be the same for both.
    """
    one, other = np.zeros(FEATURES + 1), np.zeros(FEATURES + 1)
    one[0] = other[0] = 1.0
    other[-1] = 2.0 / case("StandardScaler").affine.shift[0]  # the bias's gradient
    assert needed(spec, one)[0] < -1e-6
    assert needed(spec, other)[0] > 1e-6


def combinations(spec: Optimizer) -> int:
    """How many linear combinations of the raw gradient decide the bias's first update."""
    gradients = np.random.default_rng(3).standard_normal((20, FEATURES + 1))
    gradients[:, :-1] *= SCALES
    slope = jax.vmap(jax.grad(lambda g: needed(spec, g)[-1]))
    rows = np.asarray(slope(gradients)) * np.append(SCALES, 1.0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(rows, tol=1e-3))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_only_sgd_has_a_preconditioner(spec: Optimizer) -> None:
    """An update of one entry of P G̃, however it is made from it, is decided by one combination.

    The needed one of the adaptive optimizers is decided by all entries independently: neither
    a preconditioner in place of the optimizer nor one in front of it can make it.
    """
    assert combinations(spec) == (1 if spec.name == "sgd" else FEATURES + 1)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_only_sgd_is_linear_in_the_gradient(spec: Optimizer) -> None:
    gradient = np.append(SCALES, 1.0)
    doubled = np.asarray(needed(spec, 2 * gradient) / needed(spec, gradient))
    if spec.name == "sgd":
        assert doubled == pytest.approx(2.0, rel=1e-12)
    else:
        assert (np.abs(doubled - 2.0) > 0.01).all()


@pytest.mark.parametrize("spec", ADAPTIVE_SPECS)
def test_what_does_not_exist_is_said_and_not_given(spec: str) -> None:
    found = equivalence(SPECS[spec], case("StandardScaler").scaler)
    assert not found.exists
    assert not found.factors
    assert "no per-parameter setting and no gradient preconditioner exists" in found.statement
    with pytest.raises(UsageError, match="no per-parameter setting"):
        _ = found.first_kernel
    with pytest.raises(UsageError, match="divides each gradient entry"):
        found.preconditioner(FEATURES)


@pytest.mark.parametrize("spec", SGD_FAMILY)
def test_what_sgd_needs_for_a_shift_is_said(spec: str) -> None:
    found = equivalence(SPECS[spec], case("StandardScaler").scaler)
    assert not found.exists
    assert "Equivalence.preconditioner" in found.statement


# --- PyTorch, end to end -------------------------------------------------------------------

TORCH: Mapping[str, Optimizer] = {
    "SGD": torch("sgd", learning_rate=0.05, l2=0.02),
    "SGD-momentum": torch("sgd", learning_rate=0.05, momentum=0.9, l2=0.02),
    "SGD-nesterov": torch("sgd", learning_rate=0.05, momentum=0.9, nesterov=True, l2=0.02),
    "Adagrad": torch(
        "adagrad", learning_rate=0.05, epsilon=0.02, l2=0.02, initial_accumulator=0.05
    ),
    "RMSprop": torch("rmsprop", learning_rate=0.01, epsilon=0.02, l2=0.02),
    "Adam": torch("adam", learning_rate=0.01, epsilon=0.02, l2=0.02),
    "AdamW": torch("adamw", learning_rate=0.01, epsilon=0.02, weight_decay=0.1),
}


def torch_group(spec: Optimizer, params: Any, numbers: Mapping[str, float]) -> dict[str, Any]:
    """A parameter group under PyTorch's names."""
    decay = numbers["weight_decay" if spec.name == "adamw" else "l2"]
    group = {"params": params, "lr": numbers["learning_rate"], "weight_decay": decay}
    return group | ({} if spec.name == "sgd" else {"eps": numbers["epsilon"]})


def torch_run(
    spec: Optimizer,
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    params: Params,
    first: Mapping[str, Any] | None = None,
    mix: NDArray[np.float64] | None = None,
) -> Run:
    """200 steps of ReLU and cross-entropy with PyTorch's own optimizer.

    PyTorch has one learning rate a tensor: with settings by feature, the first kernel is one
    tensor a feature, joined in the forward pass.
    """
    pt = pytest.importorskip("torch")
    tensor = partial(pt.tensor, dtype=pt.float64)
    numbers = spec.numbers()
    settings = {n: np.ravel(v) for n, v in (numbers | dict(first or {})).items()}
    count = max(map(len, settings.values()))
    own = [{n: float(v[i % len(v)]) for n, v in settings.items()} for i in range(count)]
    columns = [tensor(c.T).requires_grad_() for c in np.split(params[0]["kernel"], count)]
    bias, kernel_2, bias_2 = rest = [
        tensor(a).requires_grad_()
        for a in (params[0]["bias"], params[1]["kernel"].T, params[1]["bias"])
    ]
    groups = [torch_group(spec, [c], n) for c, n in zip(columns, own, strict=True)]
    groups.append(torch_group(spec, rest, numbers))
    optimizer: Any = {
        "sgd": partial(pt.optim.SGD, momentum=spec.momentum, nesterov=spec.nesterov),
        "adagrad": partial(pt.optim.Adagrad, initial_accumulator_value=spec.initial_accumulator),
        "rmsprop": partial(pt.optim.RMSprop, alpha=spec.rho),
        "adam": pt.optim.Adam,
        "adamw": pt.optim.AdamW,
    }[spec.name](groups)
    if spec.name == "adagrad":  # the one setting that PyTorch does not take by group
        for column, n in zip(columns, own, strict=True):
            optimizer.state[column]["sum"].fill_(n["initial_accumulator"])
    inputs, target = tensor(x), pt.tensor(y)
    losses, trail = [], []
    for rows in batches():
        optimizer.zero_grad()
        hidden = pt.relu(pt.nn.functional.linear(inputs[rows], pt.cat(columns, 1), bias))
        logits = pt.nn.functional.linear(hidden, kernel_2, bias_2)
        loss = pt.nn.functional.cross_entropy(logits, target[rows])
        loss.backward()
        if mix is not None:
            stacked = tensor(mix) @ pt.vstack([*(c.grad.T for c in columns), bias.grad])
            mixed = pt.split(stacked[:-1].T, [c.shape[1] for c in columns], dim=1)
            for parameter, gradient in zip((*columns, bias), (*mixed, stacked[-1]), strict=True):
                parameter.grad = gradient.contiguous()
        optimizer.step()
        losses.append(loss.item())
        joined = pt.cat(columns, 1).T
        trail.append([p.detach().numpy().copy() for p in (joined, bias, kernel_2.T, bias_2)])
    kernel, bias, kernel_2, bias_2 = map(np.stack, zip(*trail, strict=True))
    return Run(
        np.array(losses),
        ({"kernel": kernel, "bias": bias}, {"kernel": kernel_2, "bias": bias_2}),
    )


@lru_cache
def torch_scaled_run(spec: Optimizer, name: str) -> Run:
    x, y, _ = case(name)
    return torch_run(spec, case(name).affine(x), y, drawn())


def torch_raw_run(spec: Optimizer, name: str, left_out: str = "") -> Run:
    x, y, scaler = case(name)
    found = equivalence(spec, scaler)
    first = found.first_kernel
    if left_out in first:
        first[left_out] = spec.numbers()[left_out]
    params = drawn() if left_out == "initial kernel" else folded(drawn(), found.affine)
    return torch_run(spec, x, y, params, first)


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """Threads wait for one another ten times longer than these few numbers take."""
    pt = pytest.importorskip("torch")
    threads = pt.get_num_threads()
    pt.set_num_threads(1)
    yield
    pt.set_num_threads(threads)


TORCH_PARTS = [
    (name, part)
    for name, spec in TORCH.items()
    for part in (*PARTS[spec.name], "initial kernel")
    if part == "initial kernel" or spec.numbers()[part]
]


@pytest.mark.usefixtures("one_torch_thread")
@pytest.mark.parametrize("name", ["/255", "per-feature"])
@pytest.mark.parametrize("spec", TORCH.values(), ids=TORCH)
def test_torch_on_raw_inputs_follows_the_scaled_run(spec: Optimizer, name: str) -> None:
    raw, scaled = torch_raw_run(spec, name), torch_scaled_run(spec, name)
    assert deviation(raw, scaled, case(name).affine) < TOLERANCE["float64"]


@pytest.mark.usefixtures("one_torch_thread")
@pytest.mark.parametrize(("spec", "part"), TORCH_PARTS)
def test_torch_no_part_can_be_left_out(spec: str, part: str) -> None:
    raw = torch_raw_run(TORCH[spec], "/255", left_out=part)
    scaled = torch_scaled_run(TORCH[spec], "/255")
    assert deviation(raw, scaled, case("/255").affine) > BROKEN * TOLERANCE["float64"]


@pytest.mark.usefixtures("one_torch_thread")
@pytest.mark.parametrize("spec", ["SGD", "SGD-momentum", "SGD-nesterov"])
def test_torch_preconditioned_sgd_follows_a_standardized_run(spec: str) -> None:
    x, y, scaler = case("StandardScaler")
    found = equivalence(TORCH[spec], scaler)
    raw = torch_run(
        TORCH[spec], x, y, folded(drawn(), found.affine), mix=found.preconditioner(FEATURES)
    )
    scaled = torch_scaled_run(TORCH[spec], "StandardScaler")
    assert deviation(raw, scaled, found.affine) < TOLERANCE["float64"]


# --- what it takes, what it says -----------------------------------------------------------


@pytest.mark.parametrize(
    "scaler",
    [
        sk.StandardScaler(),
        sk.StandardScaler(with_mean=False),
        sk.StandardScaler(with_std=False),
        sk.RobustScaler(),
        sk.RobustScaler(with_centering=False),
        sk.RobustScaler(with_scaling=False),
        sk.MinMaxScaler(),
        sk.MinMaxScaler((-1, 1)),
        sk.MaxAbsScaler(),
    ],
    ids=repr,
)
def test_sklearn_scalers_are_read_exactly(scaler: Any) -> None:
    x = case("StandardScaler").x + 1e6 * SCALES  # far from zero: nothing may cancel
    found = equivalence("sgd", scaler.fit(x)).affine
    assert np.allclose(found(x), scaler.transform(x), rtol=1e-9, atol=1e-9)


def test_a_list_of_settings_reads_well() -> None:
    assert str(equivalence("adamw", 255)).splitlines() == [
        "adamw on raw inputs follows the scaled run step for step, given on the first kernel",
        "  learning rate        0.001 → 3.92157e-06",
        "  ε                    1e-07 → 2.55e-05",
        "  weight decay         0.004 → 1.02",
        "  initial kernel       as drawn, divided by 255",
        "and all else as in the scaled run.",
    ]
    assert "1e-07 … 0.1 (one a feature)" in str(equivalence("adam", Affine(0, [1e-2, 1e4])))


def test_first_kernel_has_one_row_a_feature() -> None:
    found: Equivalence = unstuck.equivalence("adam", Affine(np.zeros(()), SCALES))
    assert found.exists
    assert {v.shape for v in found.first_kernel.values()} == {(FEATURES, 1)}
    assert float(unstuck.equivalence("adam", 255).first_kernel["epsilon"]) == 255 * 1e-7
    assert set(found.first_kernel) <= set(NUMBERS)


def _wrong(*arguments: Any) -> Callable[[], Equivalence]:
    return lambda: equivalence(*arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (_wrong("adam", 0), "a scale of 0"),
        (_wrong("adam", float("inf")), "a scale of inf"),
        (_wrong("adam", float("nan")), "a scale of nan"),
        (_wrong("adamm", 255), "unknown optimizer 'adamm'"),
        (_wrong("adam", "255"), "no scaling can be read from '255'"),
        (_wrong("adam", True), "no scaling can be read from True"),
        (_wrong("adam", Scaler("standard")), "no scaling can be read from Scaler"),
        (_wrong("adam", sk.StandardScaler()), "no scaling can be read from StandardScaler"),
        (_wrong("adam", sk.MinMaxScaler(clip=True).fit([[0.0], [1.0]])), "clip"),
        (_wrong("adam", sk.Normalizer().fit([[0.0], [1.0]])), "Normalizer"),
    ],
)
def test_what_cannot_be_used_is_explained(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


def test_examples_in_the_docstring() -> None:
    pytest.importorskip("torch")
    result = doctest.testmod(module)
    assert result.attempted >= 8
    assert result.failed == 0
