"""Data, scalers and tolerances of the tests of folding."""

import numpy as np
from sklearn import preprocessing as sk

from unstuck.scalers import Affine

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 6)) * [1, 10, 100, 1, 5, 0.1] + [0, 50, -300, 2, 7, 1]
IMAGES = DRAW.normal(size=(5, 3, 8, 8)) * 40 + 100
CHANNELS = Affine(np.array([100.0, 90.0, 110.0]), np.array([40.0, 30.0, 50.0]))
WHOLE = Affine(np.asarray(100.0), np.asarray(40.0))
DIVIDED = Affine(np.zeros(()), np.asarray(255.0))
SCALERS = {
    "standard": sk.StandardScaler().fit(X),
    "minmax": sk.MinMaxScaler().fit(X),
    "robust": sk.RobustScaler().fit(X),
    "maxabs": sk.MaxAbsScaler().fit(X),
    "affine": Affine(np.asarray(20.0), np.asarray(60.0)),
}
# W / scale and shift · W / scale are rounded to float32 once each, where shift / scale is at most
# some tens; a sum over six inputs. The float64 networks of scikit-learn have no such loss.
FLOAT32, FLOAT64 = 2e-5, 1e-12


def scaled(scaler, x):
    return scaler(x) if isinstance(scaler, Affine) else scaler.transform(x)


def close(found, wanted, tolerance):
    np.testing.assert_allclose(found, wanted, atol=tolerance * max(1, np.abs(wanted).max()))
