"""More units, or plain layers in place of the network's own."""

from unstuck.changes.change import Change, Part

WIDER = Change("width-times-4", "four times the hidden units", Part.WIDTH, 4)
PLAIN = Change(
    "network-plain",
    "two dense layers of 64 ReLU units in place of the network's own",
    Part.NETWORK,
    "plain",
    excludes=frozenset(
        {Part.ACTIVATION, Part.OUTPUT, Part.START, Part.WIDTH, Part.DROPOUT, Part.MODE}
    ),
)
