"""Handwritten digits, 8×8 pixels: real images that come with scikit-learn, so always there."""

import numpy as np

from unstuck.data.dataset import Dataset, split_test


def load() -> Dataset:
    """The 1,797 digits of UCI's test part, brought to 8 bits: 1,437 to train, 360 to test.

    scikit-learn stores ink counts 0..16. A network fed 0..16 hardly suffers; the question here
    is what pixels 0..255 do to it, so values are stretched to 8 bits (× 255/16, rounded), as
    any image file would hold them. The 80/20 split keeps the classes' shares and has a fixed
    seed, because a figure is only comparable with another on the same split.

    Returns:
        uint8 features of 64 pixels, int32 classes 0..9.

    Source: Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998.
    """
    from sklearn.datasets import load_digits

    ink, y = load_digits(return_X_y=True)
    x = np.rint(ink * (255 / 16)).astype(np.uint8)
    x_train, y_train, x_test, y_test = split_test(x, y.astype(np.int32), classes=10)
    return Dataset("digits", x_train, y_train, x_test, y_test, (8, 8), 10)
