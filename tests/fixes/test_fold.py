"""Folding a scaler into the first layer, for every framework."""

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn import preprocessing as sk
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

import unstuck
from fixes.fold_parts import (
    CHANNELS,
    DIVIDED,
    DRAW,
    FLOAT32,
    FLOAT64,
    IMAGES,
    SCALERS,
    WHOLE,
    X,
    close,
    scaled,
)
from unstuck.errors import UsageError
from unstuck.scalers import Affine

torch = pytest.importorskip("torch")
nn = torch.nn


def outputs(model, x, dtype=torch.float32):
    with torch.no_grad():
        return model.eval()(torch.tensor(x, dtype=dtype)).numpy()


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("bias", [True, False])
def test_torch_dense(name, bias):
    model = nn.Sequential(nn.Linear(6, 8, bias=bias), nn.Tanh(), nn.Dropout(), nn.Linear(8, 3))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    folded = unstuck.fold(model, SCALERS[name])
    close(outputs(folded, X), outputs(model, scaled(SCALERS[name], X)), FLOAT32)
    assert all(torch.equal(v, model.state_dict()[k]) for k, v in before.items())
    exact = unstuck.fold(model.double(), SCALERS[name])
    wanted = outputs(model, scaled(SCALERS[name], X), torch.float64)
    close(outputs(exact, X, torch.float64), wanted, FLOAT64)


def test_torch_flattened():
    per_pixel = Affine(DRAW.normal(size=192), DRAW.uniform(1, 9, 192))
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 4)).double()
    z = per_pixel(IMAGES.reshape(5, -1)).reshape(IMAGES.shape)
    folded = unstuck.fold(model, per_pixel)
    close(outputs(folded, IMAGES, torch.float64), outputs(model, z, torch.float64), FLOAT64)


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("scaler", [CHANNELS, WHOLE, DIVIDED])
def test_torch_convolution(groups, padding, scaler):
    model = nn.Sequential(nn.Conv2d(3, 6, 3, padding=padding, groups=groups), nn.ReLU()).double()
    if padding and np.any(scaler.shift != 0):
        with pytest.raises(UsageError, match="pads with zeros"):
            unstuck.fold(model, scaler)
        return
    z = np.moveaxis(scaler(np.moveaxis(IMAGES, 1, -1)), -1, 1)
    folded = unstuck.fold(model, scaler)
    close(outputs(folded, IMAGES, torch.float64), outputs(model, z, torch.float64), FLOAT64)


def test_padding_with_the_images_own_values_is_exact():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")).double()
    folded = unstuck.fold(model, WHOLE)
    wanted = outputs(model, WHOLE(IMAGES), torch.float64)
    close(outputs(folded, IMAGES, torch.float64), wanted, FLOAT64)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x):
        return x + self.layer(x)


def test_inputs_that_go_elsewhere_are_refused():
    with pytest.raises(UsageError, match="reach more than the first"):
        unstuck.fold(Residual(), SCALERS["standard"])


def test_what_cannot_be_folded():
    with pytest.raises(UsageError, match="no scaling can be read"):
        unstuck.fold(nn.Linear(6, 2), sk.PowerTransformer().fit(X))
    with pytest.raises(UsageError, match="no scaler was given"):
        unstuck.fold(nn.Linear(6, 2))
    with pytest.raises(UsageError, match="features"):
        unstuck.fold(nn.Linear(5, 2), SCALERS["standard"])
    with pytest.raises(UsageError, match="no dense or convolution"):
        unstuck.fold(nn.Sequential(nn.ReLU()), SCALERS["standard"])
    with pytest.raises(UsageError, match="a torch module"):
        unstuck.fold("model", SCALERS["standard"])


def perceptron(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MLPClassifier(8, max_iter=20, random_state=0).fit(x, np.arange(len(x)) % 3)


@pytest.mark.parametrize("name", SCALERS)
def test_sklearn(name):
    z = scaled(SCALERS[name], X)
    model = perceptron(z)
    folded = unstuck.fold(model, SCALERS[name])
    close(folded.predict_proba(X), model.predict_proba(z), FLOAT64)
    assert not np.array_equal(model.coefs_[0], folded.coefs_[0])


def test_sklearn_pipeline():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(
            sk.MinMaxScaler(), sk.StandardScaler(), MLPClassifier(8, max_iter=20, random_state=0)
        ).fit(X, np.arange(60) % 3)
    folded = unstuck.fold(pipeline)
    assert isinstance(folded, MLPClassifier)
    close(folded.predict_proba(X), pipeline.predict_proba(X), FLOAT64)


# TensorFlow was seen to hang now and then when a process that is done with it ends by itself.
WITHOUT_FAREWELL = """
import os, sys, pytest
status = pytest.main(["-q", "-p", "no:cacheprovider", "-n0", sys.argv[1]])
sys.stdout.flush()
os._exit(status)
"""


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_keras(backend):
    """In a process of its own: one process holds one backend."""
    pytest.importorskip("keras")
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"Keras with {backend} is not installed")
    checks = Path(__file__).with_name("keras_folds.py")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FAREWELL, str(checks)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_module_of_unstucks_own_is_folded_away():
    from unstuck.frameworks.torch.cure import Scaled

    model = nn.Sequential(Scaled([1.0, 2, 3, 4, 5, 6], 7.0), nn.Linear(6, 2)).double()
    close(outputs(unstuck.fold(model), X, torch.float64), outputs(model, X, torch.float64), FLOAT64)


def test_a_model_that_takes_sequences_alone():
    class Sequences(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense, self.recurrent = torch.nn.Linear(4, 3), torch.nn.GRU(3, 2, batch_first=True)

        def forward(self, x):
            return self.recurrent(self.dense(x))[0][:, -1]

    model, x = Sequences(), torch.randn(5, 6, 4) * 9 + 3
    scaler = Affine(np.full(4, 3.0), np.full(4, 9.0))
    with torch.no_grad():
        wanted, found = model((x - 3) / 9), unstuck.fold(model, scaler)(x)
    torch.testing.assert_close(found, wanted)


def test_layers_that_are_no_model_are_refused():
    with pytest.raises(UsageError, match="no input could be found"):
        unstuck.fold(torch.nn.ModuleList([torch.nn.Linear(4, 3)]), Affine(np.zeros(4), np.ones(4)))
