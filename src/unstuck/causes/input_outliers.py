"""A few values far outside the bulk."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits, standardized
from unstuck.changes.input_clipping import CLIP
from unstuck.symptoms.inputs import OUTLIERS


def _shows() -> Example:
    draw = np.random.default_rng(0)
    x = digits()[0] / 255
    wild = draw.choice(len(x), 15, replace=False)
    x[wild, draw.integers(0, 64, 15)] = 2_000.0
    return classifier("one pixel in a hundred images at 2,000", x)


def _look_alike() -> Example:
    draw = np.random.default_rng(0)
    x = standardized() * np.exp(0.5 * draw.normal(size=standardized().shape))
    return classifier("heavy-tailed inputs", x.astype(np.float32))


CAUSE = Cause(
    "input-outliers",
    "a few values far outside the bulk",
    "A wild value dominates the step of its batch and the scale of anything fitted to minimum"
    " and maximum."
    " The bulk of the data is squeezed together or drowned.",
    signs=(OUTLIERS,),
    cures={
        "sklearn": (
            'make_pipeline(RobustScaler(), FunctionTransformer(np.clip, kw_args={"a_min": -5,'
            ' "a_max": 5}), network)'
        ),
        "": "x = np.clip((x - median) / iqr, -5, 5), with the training figures",
    },
    cut=CLIP,
    changes=(CLIP,),
    shows=_shows,
    look_alike=_look_alike,
)
