"""What reaches the network in a step, against figures that NumPy gives and images as they were."""

import base64
import zlib

import numpy as np
import pytest

from unstuck.probes.batch import batch
from unstuck.records.batch import Content
from unstuck.setups.subject import About, LossView, Sample

DRAW = np.random.default_rng(0)
ABOUT = About("torch", "torch", LossView("mse"), "linear", None, batch_size=8)
IMAGES = DRAW.integers(0, 256, (20, 12, 12, 3)).astype(np.uint8)


def arrays(x, y=None, kind="values", **rest):
    return batch(ABOUT, Sample((x,), y, kinds=(kind,), **rest)).arrays


@pytest.mark.parametrize(
    ("x", "kind", "content", "columns"),
    [
        (DRAW.normal(size=(20, 5)), "values", Content.FEATURES, 5),
        (DRAW.normal(size=(20, 400)), "values", Content.FEATURES, 400),
        (DRAW.normal(size=20), "values", Content.FEATURES, 1),
        (DRAW.normal(size=(20, 30, 4)), "values", Content.SEQUENCES, 4),
        (DRAW.integers(0, 9, (20, 30)), "ids", Content.TOKENS, 1),
        (DRAW.normal(size=(20, 28, 28)), "values", Content.IMAGES, 1),
        (DRAW.normal(size=(20, 16, 20, 3)), "values", Content.IMAGES, 3),
        (DRAW.normal(size=(20, 1, 16, 20)), "values", Content.IMAGES, 1),
        (DRAW.normal(size=(20, 2, 3, 4)), "values", Content.FEATURES, 24),
    ],
)
def test_what_numbers_stand_for_is_told_by_shape_and_use(x, kind, content, columns):
    (array,) = arrays(x, kind=kind)
    assert (array.content, array.columns_in_all) == (content, columns)
    assert array.shape == (8, *x.shape[1:])
    assert len(array.columns) == min(columns, 12)


def test_figures_are_of_what_is_finite():
    x = DRAW.normal(3, 2, (50, 2))
    x[:5, 1] = np.nan
    first, second = arrays(x)[0].columns
    told = first.low, first.mean, first.high, first.spread, first.missing
    np.testing.assert_allclose(
        told, (x[:, 0].min(), x[:, 0].mean(), x[:, 0].max(), x[:, 0].std(), 0)
    )
    assert second.missing == pytest.approx(0.1)
    np.testing.assert_allclose(second.mean, np.nanmean(x[:, 1]))


@pytest.mark.parametrize(
    ("y", "content", "distinct"),
    [
        (np.repeat([0, 3], [15, 5]), Content.CLASSES, 2),
        (np.eye(3)[[0, 1, 2, 2] * 5], Content.CLASSES, 3),
        (np.tile([-1.0, 1.0], 10), Content.CLASSES, 2),
        (DRAW.normal(size=(20, 2)), Content.NUMBERS, 0),
        (np.full(20, np.nan), Content.NUMBERS, 0),
    ],
)
def test_targets_are_classes_or_numbers(y, content, distinct):
    _, targets = arrays(DRAW.normal(size=(20, 2)), y)
    assert (targets.content, targets.distinct) == (content, distinct)
    assert sum(n for _, n in targets.counts) == (20 if distinct else 0)


@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
def test_thumbnails_are_the_images(first):
    (array,) = arrays(np.moveaxis(IMAGES, -1, 1) if first else IMAGES)
    kept = array.thumbnails
    pixels = np.frombuffer(zlib.decompress(base64.b64decode(kept.pixels)), np.uint8)
    shape = kept.count, kept.height, kept.width, kept.channels
    assert shape == (8, 12, 12, 3)
    few = IMAGES[:8].astype(float)
    np.testing.assert_allclose(pixels.reshape(shape), 255 * (few - few.min()) / np.ptp(few), atol=1)


def test_large_images_are_kept_small():
    (array,) = arrays(DRAW.normal(size=(20, 200, 100, 1)))
    assert max(array.thumbnails.height, array.thumbnails.width) <= 32


def test_validation_stands_beside():
    x = DRAW.normal(size=(20, 2))
    made = batch(ABOUT, Sample((x,), x[:, 0], x_validation=(x[:5],), y_validation=x[:5, 0]))
    assert [a.shape[0] for a in made.validation] == [5, 5]
    assert (made.size, made.examples) == (8, 20)
