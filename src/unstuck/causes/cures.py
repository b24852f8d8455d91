"""Candidate cures that several causes share, by framework; "" for all others."""

from collections.abc import Mapping

FEATURES: Mapping[str, str] = {
    "keras": "keras.layers.Normalization() in front, adapted to the training inputs",
    "torch": (
        "x = (x - x_train.mean(0)) / x_train.std(0)  # for both splits, with the training figures"
    ),
    "sklearn": "make_pipeline(StandardScaler(), network)",
    "": "x = (x - x_train.mean(axis=0)) / x_train.std(axis=0)",
}

INPUTS: Mapping[str, str] = {
    "keras": "keras.layers.Normalization(axis=None) in front, adapted to the training inputs",
    "torch": (
        "x = (x - x_train.mean()) / x_train.std()  # for both splits, with the training figures"
    ),
    "sklearn": "make_pipeline(StandardScaler(), network)",
    "": "x = (x - x_train.mean()) / x_train.std()",
}
