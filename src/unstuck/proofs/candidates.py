"""What is to be tried on a set-up: every suspect's changes, and the twin that should work."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.causes import load
from unstuck.changes.activation import RELU, TANH
from unstuck.changes.batch import BATCH_32
from unstuck.changes.capacity import PLAIN, WIDER
from unstuck.changes.change import Change, Combination, in_order
from unstuck.changes.data import Data
from unstuck.changes.epsilon import EPSILON
from unstuck.changes.initialization import GLOROT
from unstuck.changes.input_scaling import PER_FEATURE, STANDARD
from unstuck.changes.label_coding import LABELS
from unstuck.changes.loop import (
    CONSTANT,
    DIFFERENTIATED,
    LOSS_ITSELF,
    STATISTICS,
    STEPPED,
    TRAINING_MODE,
    ZEROED,
)
from unstuck.changes.loss import CROSSENTROPY, LOGITS, SQUARED, UNIT_A_CLASS
from unstuck.changes.optimizer import ADAM
from unstuck.changes.output_activation import LINEAR, SIGMOID, exclusive
from unstuck.changes.restraint import NO_DROPOUT, NO_PENALTY
from unstuck.changes.shuffling import SHUFFLED
from unstuck.changes.target_scaling import TARGETS
from unstuck.changes.target_shape import SHAPED
from unstuck.judging.yardstick import ACCURACY, Yardstick
from unstuck.proofs.asks import Suspected
from unstuck.records.report import Suspect
from unstuck.records.training import Sighting
from unstuck.setups.routine import Zeroing
from unstuck.setups.subject import About, UpdateRule

# Causes that may be there though their symptoms stay below the thresholds, the change that changes
# least first. All others are seen for certain, or are not there.
UNSUSPECTED = (
    "input-spread",
    "input-too-small",
    "input-offset",
    "target-scale",
    "input-outliers",
    "loss-clipping",
    "optimizer-epsilon",
    "feature-scales",
    "initialization",
    "learning-rate-high",
    "learning-rate-low",
)
SATURATING = frozenset({"sigmoid", "tanh", "hard_sigmoid", "softsign", "hardtanh", "hardsigmoid"})
BOUNDED = SATURATING | {"softmax", "relu", "relu6", "softplus"}
# Causes that are read off the program, not off numbers that may be harmless: like those that the
# watch sees for certain they are cured first, and nothing is proven around them.
CERTAIN = frozenset(
    {
        "outputs-few",
        "loss-mismatch",
        "target-range",
        "split-by-class",
        "examples-mixed",
        "id-fractions",
    }
)
# Seen for certain, and yet what other faults come to: no more than suspects beside them.
OF_OTHERS = frozenset({"training-short"})
FOR_CLASSES, FOR_NUMBERS = frozenset({LOGITS, CROSSENTROPY}), frozenset({SQUARED, LINEAR})
FOR_CLASSES |= {UNIT_A_CLASS, SIGMOID}
# Hidden units below which none may be a ReLU's: a layer of k is born dead in a share of draws that
# falls with k like 2⁻ᵏ (Lu et al. 2020, "Dying ReLU and initialization", theorem 3.3), and one
# that dies later takes a good part of so few.
NARROW = 8
# What steps that find no gradient are to be given one by.
WITH_GRADIENT = {
    Zeroing.BEFORE_STEP: STEPPED,
    Zeroing.NO_BACKWARD: DIFFERENTIATED,
    Zeroing.CUT_OFF: LOSS_ITSELF,
}
USUAL_RATE, OFF = 1e-3, 3.0  # of Adam; factor beyond which a rate is not the usual one any more
USUAL_EPSILON = 1e-3  # of Adam, at most: frameworks have 10⁻⁸ to 10⁻⁷
GAINS = (0.3, 2.0)  # root mean square × √fan_in of usual starts: 0.6 PyTorch's, 1 LeCun's, 1.4 He's
# Axes of a batch of images: a convolution shares its weights between pixels, which must keep one
# scale (Krizhevsky et al. 2012 centre them; LeCun et al. 1998 scale all alike).
IMAGES = 4
NEAR = 0.1  # of what standardized data have: mean within and spread about it are as they should be


@dataclass(frozen=True)
class Facts:
    """What is known of a set-up before anything is trained.

    Args:
        about: the set-up.
        data: one split.
        outputs: of the network.
        output_ndim: axes of one batch of outputs, as the model returns it; None where the loss
            sees to the shapes.
        hidden: activations of the hidden layers.
        classes: whether it is a classification.
        undivided: classes, where they are more than the outputs can tell apart; else 0.
        narrowest: units of the narrowest hidden layer; None for no hidden layer.
        gains: of the kernels: root mean square × √fan_in; see `probes.kernel_gain`.
    """

    about: About
    data: Data
    outputs: int
    output_ndim: int | None
    hidden: tuple[str, ...]
    classes: bool
    undivided: int = 0
    narrowest: int | None = None
    gains: tuple[float, ...] = ()


def suspected(
    suspects: Sequence[Suspect], sightings: Sequence[Sighting], facts: Facts
) -> tuple[Suspected, ...]:
    """Causes seen for certain first, then those that symptoms point to, in their order."""
    sighted = [s.cause for s in sightings]
    sighted += [s.name for s in suspects if s.name in CERTAIN and s.name not in sighted]
    pointed = [s.name for s in suspects if s.name not in sighted]
    late = [name for name in sighted if name in OF_OTHERS]
    sighted = [name for name in sighted if name not in OF_OTHERS]
    names = dict.fromkeys([*sighted, *pointed, *late])
    made = [Suspected(name, _against(name, facts), name in sighted) for name in names]
    return tuple(suspect for suspect in made if suspect.changes)


def _against(name: str, facts: Facts) -> tuple[Combination, ...]:
    """A cause's changes that fit the task."""
    wrong = FOR_NUMBERS if _coded(facts) else FOR_CLASSES
    return tuple((c,) for c in load(name).changes if c not in wrong)


def others(facts: Facts, known: Sequence[Suspected]) -> tuple[Suspected, ...]:
    """Causes to try though nothing points to them."""
    values = [a for a, kind in zip(facts.data.x, facts.data.kinds, strict=True) if kind == "values"]
    large = any(np.nanmean(np.square(a, dtype=np.float64)) > 1 for a in values)
    out = {s.name for s in known} | {"input-too-small" if large else "input-spread"}
    rest = [Suspected(n, _against(n, facts)) for n in UNSUSPECTED if n not in out]
    return (*rest, Suspected("optimizer-unsuited", ((ADAM,),)))


def twin(facts: Facts) -> Combination:
    """The differences between a set-up and one that works, those left out that are none."""
    made = [*_data(facts), *_network(facts), *_loss(facts), *_loop(facts)]
    return in_order(made)


def plain(facts: Facts) -> Combination:
    """What else can be exchanged: the network itself, unless its narrow middle is its purpose."""
    return () if compresses(facts.data) else (PLAIN,)


def beside(facts: Facts) -> Combination:
    """What may gain beside a repair alone: more units, where they are few."""
    narrow = facts.narrowest is not None and facts.narrowest < NARROW
    return (WIDER,) if narrow and plain(facts) else ()


def compresses(data: Data) -> bool:
    """Whether the targets are the inputs, which anything that is wide enough can copy."""
    x, y = data.x[0], data.y
    return len(data.x) == 1 and x.size == y.size and np.array_equal(x.ravel(), y.ravel())


def _data(facts: Facts) -> list[Change]:
    made: list[Change] = []
    data = facts.data
    values = [a for a, kind in zip(data.x, data.kinds, strict=True) if kind == "values"]
    if any(not _standardized(a) for a in values):
        made.append(STANDARD if all(a.ndim >= IMAGES for a in values) else PER_FEATURE)
    if mismatched(facts):
        made.append(SHAPED)
    if not _coded(facts) and data.y.dtype.kind == "f" and not _standardized(data.y):
        made.append(TARGETS)
    if outside(facts):
        made.append(LABELS)
    return made


def _coded(facts: Facts) -> bool:
    """Whether the targets are classes, whatever the loss takes them for: ids, or zeros and ones."""
    return facts.classes or set(np.unique(facts.data.y).tolist()) <= {0, 1}


def mismatched(facts: Facts) -> bool:
    """Whether targets (n,) meet outputs (n, 1), or the other way round, which losses that broadcast
    take for n × n pairs; Keras and scikit-learn see to the shapes themselves."""
    if facts.about.framework not in ("torch", "jax") or facts.output_ndim is None:
        return False
    one = facts.outputs == 1 and facts.data.y.size == len(facts.data.y)
    return one and not facts.classes and facts.data.y.ndim != facts.output_ndim


def outside(facts: Facts) -> bool:
    """Whether classes are written as numbers that the loss has no output for, or, two classes
    under a loss for probabilities, as others than 0 and 1: by it, outputs are the better the
    farther they are from any probability."""
    if facts.undivided:
        return False  # no coding helps
    two = facts.classes and facts.outputs == 1 and facts.about.loss.targets == "binary"
    return _without_output(facts) or (two and _outside(facts.data.y, 2))


def _without_output(facts: Facts) -> bool:
    loss = facts.about.loss
    ids = facts.classes and loss.targets == "ids"
    return ids and _outside(loss.counted(facts.data.y), facts.outputs)


def ceiling(facts: Facts, held: Yardstick) -> dict[str, float]:
    """Skill by accuracy that no training as it is exceeds: examples of a class that has no output
    are always answered wrongly."""
    if not facts.undivided and not _without_output(facts):
        return {}
    of = held.y.astype(np.float64)
    share = float(np.mean((of >= 0) & (of < max(facts.outputs, 2))))
    return {m.name: m.skill(share) for m in held.measures if m.name == ACCURACY}


def _network(facts: Facts) -> list[Change]:
    made: list[Change] = []
    narrow = facts.narrowest is not None and facts.narrowest < NARROW
    if narrow and facts.hidden and set(facts.hidden) != {"tanh"}:
        made.append(TANH)
    elif facts.hidden and set(facts.hidden) <= SATURATING | {"linear"}:
        made.append(RELU)
    if not _coded(facts) and facts.about.output_activation in BOUNDED:
        made.append(LINEAR)
    mode = [TRAINING_MODE] if facts.about.routine.evaluating else []
    start = [] if all(GAINS[0] <= gain <= GAINS[1] for gain in facts.gains) else [GLOROT]
    return [*made, *mode, *start, NO_DROPOUT, STATISTICS]


def _loss(facts: Facts) -> list[Change]:
    loss = facts.about.loss
    made: list[Change] = []
    if facts.undivided:
        made.append(UNIT_A_CLASS)
    elif _coded(facts):
        if loss.takes == "values":
            made.append(CROSSENTROPY)
        elif loss.takes == "probabilities":
            made.append(SIGMOID if _shared(facts) else LOGITS)
    elif loss.takes in ("probabilities", "logits", "log-probabilities"):
        made.append(SQUARED)
    return [*made, NO_PENALTY]


def _shared(facts: Facts) -> bool:
    """Whether a softmax shares what labels that do not exclude each other each want for
    themselves."""
    about = facts.about
    own = about.output_activation == "softmax" and about.loss.targets == "binary"
    return own and not exclusive(facts.data.y, facts.outputs)


def _loop(facts: Facts) -> list[Change]:
    about = facts.about
    made: list[Change] = []
    if about.rule is None or not _usual(about.rule):
        made.append(ADAM)
    elif about.rule.epsilon is not None and not 0 < about.rule.epsilon <= USUAL_EPSILON:
        made.append(EPSILON)
    if about.batch_size > max(64, len(facts.data.y) // 8):
        made.append(BATCH_32)
    if about.shuffled is False:
        made.append(SHUFFLED)
    if about.routine.zeroing is not Zeroing.STEP:
        made.append(WITH_GRADIENT.get(about.routine.zeroing, ZEROED))
    if about.routine.rates:
        made.append(CONSTANT)
    return made


def _usual(rule: UpdateRule) -> bool:
    """Whether it is Adam, or one of its kind, at a rate near its usual one."""
    rate = rule.learning_rate
    near = rate is None or USUAL_RATE / OFF <= rate <= USUAL_RATE * OFF
    return rule.name in ("adam", "adamw", "nadam") and near


def _standardized(a: NDArray[np.generic]) -> bool:
    """Whether every column that varies has about mean 0 and standard deviation 1."""
    flat = a.reshape(len(a), -1).astype(np.float64)
    flat = flat[np.isfinite(flat).all(axis=1)]
    if not len(flat):
        return True
    sd = flat.std(axis=0)
    varies = sd > 0
    if not varies.any():
        return True
    off = np.abs(flat.mean(axis=0)[varies])
    return bool((off < NEAR).all() and (np.abs(sd[varies] - 1) < NEAR).all())


def _outside(y: NDArray[np.generic], outputs: int) -> bool:
    flat = y.reshape(-1).astype(np.float64)
    return bool(((flat != np.round(flat)) | (flat < 0) | (flat >= outputs)).any())
