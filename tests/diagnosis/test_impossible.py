"""Settings and statistics with which nothing can learn are suspected, or refused in words."""

from typing import Any

import numpy as np
import optax
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

import unstuck
from unstuck.errors import UsageError
from unstuck.guards.guard import Guard

X = np.random.default_rng(0).normal(size=(400, 8)).astype("f4")
Y = (X[:, 0] > 0).astype("i8")
NAN = float("nan")


def suspected(*args: Any, **given: Any) -> dict[str, Any]:
    """Name of each suspect, and what its first evidence shows."""
    report = unstuck.diagnose(*args, **given)
    return {s.name: s.evidence[0].value for s in report.suspects}


def net(**norm: Any) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8, **norm), nn.ReLU(), nn.Linear(8, 2))


def looked(model: nn.Module, kind: Any = torch.optim.Adam, **settings: Any) -> dict[str, Any]:
    """With settings that are written into the optimizer by hand."""
    optimizer = kind(model.parameters(), lr=0.01)
    optimizer.param_groups[-1].update(settings)
    return suspected(model, X, Y, loss=nn.CrossEntropyLoss(), optimizer=optimizer)


@pytest.mark.parametrize(("settings", "says"), [
    ({"betas": (2.0, 0.9)}, "β₁ = 2"),
    ({"betas": (NAN, 0.9)}, "β₁ = NaN"),
    ({"weight_decay": -10.0}, "a weight decay of -10"),
    ({"weight_decay": NAN}, "a weight decay of NaN"),
    ({"eps": -1.0}, "ε = -1"),
    ({"lr": torch.tensor(NAN)}, "a learning rate of NaN"),
    ({"lr": -0.1}, "a learning rate of -0.1"),
], ids=str)  # fmt: skip
def test_settings_of_torch_outside_their_ranges(settings: dict[str, Any], says: str) -> None:
    assert looked(net(), **settings) == {"uphill-steps": says}


def test_a_second_group_is_looked_at_too() -> None:
    model = net()
    groups = [{"params": model[0].parameters()}, {"params": model[3].parameters(), "lr": NAN}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    found = suspected(model, X, Y, loss=nn.CrossEntropyLoss(), optimizer=optimizer)
    assert found["uphill-steps"] == "a learning rate of NaN"


@pytest.mark.parametrize(("settings", "expected"), [
    ({"lr": None}, "a number"),
    ({"lr": "a"}, "a number"),
    ({"lr": [0.1]}, "a number"),
    ({"lr": torch.ones(2)}, "a number"),
    ({"betas": (0.9,)}, "2 numbers"),
    ({"betas": "adam"}, "2 numbers"),
    ({"eps": None}, "a number"),
], ids=str)  # fmt: skip
def test_settings_of_another_type_are_refused(settings: dict[str, Any], expected: str) -> None:
    (name,) = settings
    with pytest.raises(UsageError, match=f"the optimizer's {name} is") as caught:
        looked(net(), **settings)
    assert caught.value.expected == expected


@pytest.mark.parametrize("betas", [-1, "adam", None, (), (0.9,), (0.9, 0.99, 0.999)], ids=str)
def test_settings_that_an_optimizer_does_not_have_say_nothing(betas: Any) -> None:
    assert looked(net(), torch.optim.RMSprop, betas=betas) == {}


def test_a_rate_that_an_optimizer_is_made_without_is_none() -> None:
    class Relative(torch.optim.SGD):
        """Finds its own rate, as Adafactor may."""

        def __init__(self, params: Any) -> None:
            super().__init__(params, lr=0.1)
            self.defaults["lr"] = None
            self.param_groups[0]["lr"] = None

        def step(self, closure: Any = None) -> None:
            self.param_groups[0]["lr"] = 0.1
            super().step()
            self.param_groups[0]["lr"] = None

    model = net()
    given = {"loss": nn.CrossEntropyLoss(), "optimizer": Relative(model.parameters())}
    assert suspected(model, X, Y, **given) == {}


@pytest.mark.parametrize("made", [
    {"running_var": NAN}, {"running_var": -3.0}, {"running_mean": np.inf}, {"momentum": NAN}, {},
], ids=str)  # fmt: skip
def test_moving_statistics_of_torch(made: dict[str, float]) -> None:
    model = net()
    for name, value in made.items():
        if name == "momentum":
            model[1].momentum = value
        else:
            getattr(model[1], name)[0] = value
    assert list(looked(model)) == (["non-finite-weights"] if made else [])


def test_nothing_is_proven_around_statistics_that_trials_begin_without() -> None:
    model = net()
    model[1].running_var[0] = NAN
    given = {"loss": "cross_entropy", "optimizer": "adam"}
    with pytest.raises(UsageError, match="moving statistics"):
        unstuck.diagnose(model, X, Y, **given).prove(5.0)
    with pytest.raises(UsageError, match="moving statistics"):
        Guard(5.0).learns(model, X, Y, within=3, **given)


def test_an_output_that_the_network_itself_makes_nan() -> None:
    class Root(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.sqrt()

    model = nn.Sequential(nn.Linear(8, 8), Root(), nn.Linear(8, 2))
    report = unstuck.diagnose(
        model, X, Y, loss="cross_entropy", optimizer=torch.optim.SGD(model.parameters(), 0.1)
    )
    assert [s.name for s in report.suspects] == ["non-finite-loss"]
    assert report.suspects[0].evidence[0].where == "output"


@pytest.mark.parametrize(("optimizer", "expected"), [
    (optax.sgd(NAN), ["uphill-steps"]),
    (optax.adam(0.01, b1=NAN), ["uphill-steps"]),
    (optax.sgd(optax.linear_schedule(0.01, 0.3, 5)), []),  # rises, which is no momentum
], ids=["rate NaN", "b1 NaN", "warms up"])  # fmt: skip
def test_steps_of_jax_that_are_no_numbers(optimizer: Any, expected: list[str]) -> None:
    kernel = np.random.default_rng(1).normal(0, 0.3, size=(8, 2)).astype("f4")
    found = suspected(
        (lambda p, x: x @ p["w"], {"w": kernel}), X, Y,
        loss=optax.softmax_cross_entropy_with_integer_labels, optimizer=optimizer,
    )  # fmt: skip
    assert list(found) == expected


def test_a_momentum_that_forgets_nothing() -> None:
    model = MLPClassifier((8,), solver="sgd", momentum=1.0)
    assert suspected(model, X, Y) == {"uphill-steps": "a momentum of 1"}
