"""A change: one thing about a set-up that is different in a trial, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from unstuck.changes.data import Data
from unstuck.changes.fits import Fit
from unstuck.changes.rows import RowChange

Value = float | int | str | bool | None


class Role(Enum):
    """Where in a program a change belongs, in the order in which programs do things."""

    DATA = "data"
    NETWORK = "network"
    START = "start"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    TRAINING = "training"


class Part(Enum):
    """What of a set-up a change touches: two changes of one part exclude each other.

    A member's `role` says where it belongs; those of data are made by `Change.fit` or
    `Change.rows`, alike for all frameworks; all others by each framework's own table
    {part: how}, which a change's `value` is handed to.
    """

    INPUTS = "inputs", Role.DATA
    OUTLIERS = "outliers", Role.DATA
    TARGETS = "targets", Role.DATA
    LABELS = "labels", Role.DATA
    TARGET_SHAPE = "target-shape", Role.DATA
    ROWS = "rows", Role.DATA
    SPLITS = "splits", Role.DATA
    PADDING = "padding", Role.DATA
    IDS = "ids", Role.DATA
    NETWORK = "network", Role.NETWORK  # "plain": dense layers in place of its own
    WIDTH = "width", Role.NETWORK  # factor on the units of hidden layers
    ACTIVATION = "activation", Role.NETWORK  # of all hidden layers: relu, leaky_relu, tanh
    OUTPUT = "output", Role.NETWORK  # "linear" of a regression, "sigmoid" of labels
    NORMALIZATION = "normalization", Role.NETWORK  # True: a batch normalization in front
    DROPOUT = "dropout", Role.NETWORK  # the rate of all dropout layers
    MODE = "mode", Role.NETWORK  # "training": layers in training mode while it trains
    BATCH_AXIS = "batch-axis", Role.NETWORK  # "first", or "moved": that of the examples
    STATISTICS = "statistics", Role.NETWORK  # momentum of moving statistics, PyTorch's sense
    START = "start", Role.START  # kernels drawn anew: glorot, he, lsuv; biases 0
    LOSS = "loss", Role.LOSS  # "logits", or the name of another loss: see `changes.loss`
    SIGN = "sign", Role.LOSS  # −1: the loss with its other sign
    PENALTY = "penalty", Role.LOSS  # factor on regularisers and weight decay
    CLASS_WEIGHTS = "class-weights", Role.LOSS  # "none" or "balanced"
    OPTIMIZER = "optimizer", Role.OPTIMIZER  # adam (rate 10⁻³) or sgd (rate 10⁻²)
    RATE = "rate", Role.OPTIMIZER  # factor on the learning rate
    EPSILON = "epsilon", Role.OPTIMIZER
    HELD = "held", Role.OPTIMIZER  # True: every parameter trainable and held by the optimizer
    DETACHING = "detaching", Role.TRAINING  # False: nothing on the way to the loss is detached
    CLIPPING = "clipping", Role.TRAINING  # gradients to this global norm
    BATCH = "batch", Role.TRAINING  # examples a step
    STEPS = "steps", Role.TRAINING  # factor on the number of steps; made by whoever asks
    SHUFFLING = "shuffling", Role.TRAINING  # True: examples drawn in a new order each epoch
    ZEROING = (
        "zeroing",
        Role.TRAINING,
    )  # True: before each backward pass; "step", "backward", "loss"
    SCHEDULE = "schedule", Role.TRAINING  # "constant", or "epoch": stepped each epoch
    ORDER = "order", Role.TRAINING  # another stream of data orders: nothing but luck

    role: Role

    def __new__(cls, value: str, role: Role) -> "Part":
        member = object.__new__(cls)
        member._value_ = value
        member.role = role
        return member


@dataclass(frozen=True)
class Change:
    """One change.

    Args:
        name: stable, lower case with hyphens.
        says: the change in a few words.
        part: what it changes.
        value: of the part, for what frameworks change: see `Part`.
        fit: what it does to inputs or targets, and where its numbers come from.
        rows: what it does to examples as a whole.
        excludes: parts, beside its own, that it makes no sense together with.
        placebo: whether it cannot matter.
    """

    name: str
    says: str
    part: Part
    value: Value = None
    fit: Fit | None = None
    rows: RowChange | None = None
    excludes: frozenset[Part] = frozenset()
    placebo: bool = False

    @property
    def of_data(self) -> bool:
        """Whether it changes data alone."""
        return self.fit is not None or self.rows is not None

    def data(self, data: Data) -> Data:
        """The data with the change made; the same where it changes none."""
        if self.rows is not None:
            return self.rows(data)
        if self.fit is None:
            return data
        return data.with_targets(self.fit) if self.part is Part.TARGETS else data.mapped(self.fit)


Combination = tuple[Change, ...]


def changed(data: Data, changes: Iterable[Change]) -> Data:
    """The data with all of these made, in their order."""
    for change in changes:
        data = change.data(data)
    return data


def value(changes: Iterable[Change], part: Part, default: Value = None) -> Value:
    """What is made of a part: the last one's value; of rates and other factors the product."""
    found = [c.value for c in changes if c.part is part and not c.of_data]
    if not found:
        return default
    if part in FACTORS:
        product = 1.0
        for factor in found:
            assert isinstance(factor, float | int)
            product *= factor
        return product
    return found[-1]


FACTORS = frozenset({Part.RATE, Part.STEPS, Part.WIDTH, Part.PENALTY})


def without(changes: Iterable[Change], *parts: Part) -> Combination:
    """The changes of all other parts."""
    return tuple(c for c in changes if c.part not in parts)


def of_setup(changes: Iterable[Change]) -> Combination:
    """The changes that a framework makes, those of data left out."""
    return tuple(c for c in changes if not c.of_data)


def fits_together(changes: Iterable[Change]) -> bool:
    """Whether no two of them exclude each other."""
    seen: set[Part] = set()
    out: set[Part] = set()
    for change in changes:
        if change.part in seen | out or change.excludes & seen:
            return False
        seen.add(change.part)
        out |= change.excludes
    return True


def in_order(changes: Iterable[Change]) -> Combination:
    """The changes in the order in which programs do things."""
    roles, parts = list(Role), list(Part)
    return tuple(sorted(changes, key=lambda c: (roles.index(c.part.role), parts.index(c.part))))


def in_words(changes: Combination) -> str:
    """The combination in words."""
    return " and ".join(c.says for c in changes) or "as it is"


def name_of(changes: Combination) -> str:
    """The combination by names."""
    return "+".join(c.name for c in changes) or "as-it-is"
