"""NaN or infinite values in the data."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, standardized
from unstuck.changes.finite import FINITE
from unstuck.symptoms.inputs import NON_FINITE


def _shows() -> Example:
    x = standardized().copy()
    x[17, 5] = np.nan
    return classifier("standardized digits with one NaN", x)


def _look_alike() -> Example:
    x = np.where(standardized() > 2, np.float32(20.0), standardized())
    return classifier("large but finite values", x)


CAUSE = Cause(
    "non-finite-data",
    "NaN or infinite values in the data",
    "One NaN in a batch makes the loss NaN, and the step after it every weight."
    " From then on nothing can be learnt, whatever the data.",
    signs=(NON_FINITE,),
    cures={
        "": "keep = np.isfinite(x).all(axis=1); x, y = x[keep], y[keep]  # or impute",
        "sklearn": "make_pipeline(SimpleImputer(), StandardScaler(), network)",
    },
    harms=("non-finite-data",),
    changes=(FINITE,),
    shows=_shows,
    look_alike=_look_alike,
)
