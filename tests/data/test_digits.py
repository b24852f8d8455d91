"""The bundled digits."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from unstuck.data import digits


def test_digits_are_scikit_learns_brought_to_8_bits() -> None:
    data = digits.load()
    assert data.x_train.shape == (1437, 64)
    assert data.x_test.shape == (360, 64)
    assert data.x_train.dtype == np.uint8
    assert data.y_train.dtype == np.int32
    assert (data.feature_shape, data.classes) == ((8, 8), 10)
    assert data.x_train.max() == 255
    assert len(np.unique(data.x_train)) == 17  # no two of the 17 ink counts fall together

    ink, y = load_digits(return_X_y=True)
    ink_train, ink_test, y_train, y_test = train_test_split(
        ink, y, test_size=0.2, random_state=0, stratify=y
    )
    # Half a grey level is what rounding to 8 bits may cost.
    np.testing.assert_allclose(data.x_train, ink_train * 255 / 16, rtol=0, atol=0.5)
    np.testing.assert_allclose(data.x_test, ink_test * 255 / 16, rtol=0, atol=0.5)
    np.testing.assert_array_equal(data.y_train, y_train)
    np.testing.assert_array_equal(data.y_test, y_test)


def test_digits_are_the_same_each_time() -> None:
    assert digits.load().fingerprint == digits.load().fingerprint
