"""A framework that nobody has heard of, to see what adding one takes: this folder and one line."""

from unstuck.frameworks.known import Framework, Kind

TOY = Framework(
    "toy", (Kind(frozenset({"frameworks"}), frozenset({"Line"})),), home="frameworks.toy"
)
