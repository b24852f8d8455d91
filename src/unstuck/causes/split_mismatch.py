"""Training and validation inputs scaled differently."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits, standardized
from unstuck.changes.splits import SPLITS
from unstuck.symptoms.inputs import SPLIT_SHIFT


def _shows() -> Example:
    x, y = digits()
    return classifier(
        "training inputs / 255, validation inputs raw", x / 255, validation_data=(x, y)
    )


def _look_alike() -> Example:
    x, y = standardized(), digits()[1]
    few = y < 5
    return classifier("validation on half of the classes", validation_data=(x[few], y[few]))


CAUSE = Cause(
    "split-mismatch",
    "training and validation inputs scaled differently",
    "The network is asked about inputs of a size it has never seen."
    " It may have learnt, and the validation figures do not show it.",
    signs=(SPLIT_SHIFT,),
    cures={
        "": "apply the scaler fitted on the training inputs to both splits",
        "sklearn": "make_pipeline(StandardScaler(), network): it scales whatever it is given",
    },
    harms=("splits-on-different-scales",),
    changes=(SPLITS,),
    shows=_shows,
    look_alike=_look_alike,
)
