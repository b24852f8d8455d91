"""How people set their tools to hunt for NaN: what raises for them does not for our trials."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier

import unstuck

X = np.random.default_rng(0).normal(size=(300, 8)).astype("f4") * 200
Y = (X[:, 0] > 0).astype("i8")


@pytest.fixture
def strict():
    """Floating-point errors, warnings and NaN in a backward pass raise."""
    with (
        np.errstate(all="raise"),
        warnings.catch_warnings(action="error"),
        torch.autograd.set_detect_anomaly(True),
    ):
        yield
        assert torch.is_anomaly_enabled()
        assert set(np.geterr().values()) == {"raise"}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("framework", ["sklearn", "torch"])
def test_a_set_up_that_diverges_is_proven_under_strict_settings(framework):
    if framework == "sklearn":
        given = {"model": MLPClassifier((8,), solver="sgd", learning_rate_init=10.0)}
    else:
        model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), 1e6)
        given = {"model": model, "loss": "cross_entropy", "optimizer": optimizer}
    report = unstuck.diagnose(x=X, y=Y, **given)
    assert report.suspects
    assert report.prove(budget=3).seconds > 0
