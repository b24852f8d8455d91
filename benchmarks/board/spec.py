"""A drawn set-up, and what a program of it is told."""

from dataclasses import asdict, dataclass, replace

KERAS = ("keras-jax", "keras-torch", "keras-tensorflow")
FRAMEWORKS = ("torch", *KERAS, "sklearn", "jax")
# Subject -> frameworks that have a program of it.
SUBJECTS = {
    "classes": FRAMEWORKS,
    "numbers": FRAMEWORKS,
    "few rows": FRAMEWORKS,
    "imbalanced": ("torch", *KERAS, "jax"),
    "autoencoder": FRAMEWORKS,
    "sequences": ("torch", *KERAS),
    "images": ("torch", *KERAS),
    "transformer": ("torch", *KERAS),
}


@dataclass(frozen=True)
class Settings:
    """All numbers and names of a program but for its data; the defaults are sound ones.

    Args:
        hidden: units of the hidden layers; of a recurrent or convolution network its one size.
        activation: of hidden layers: "relu", "tanh", "sigmoid" or "linear".
        loss: "crossentropy" (from logits), "clipped" (cross-entropy of clipped probabilities) or
            "squared".
        optimizer, rate: "adam", "sgd" (momentum 0.9) or "rmsprop", and its learning rate.
        batch, epochs: examples a step, passes.
        epsilon: of Adam and RMSprop.
        schedule: "step", "cosine", "warm-up" or "" for a constant rate.
        per_batch: whether the schedule is stepped each batch though it counts epochs.
        clip: gradients to this norm; 0 for not.
        balance: of classes: "weights", "sampler" or "".
        start: kernels that are "ones", "zeros", "tiny" or "large"; "" for the framework's own.
        bias: of the first layer, taken off.
        output: one more activation behind the last layer: "softmax", "sigmoid" or "".
        dropout, decay: share, and L2 penalty (weight decay).
        shuffle: whether examples come in a new order each epoch.
        frozen: whether all but the last layer's bias are frozen.
        normalized: whether a batch normalization stands behind the first layer.
        registered, zeroing, evaluating, early_step, other_model: of a loop written by hand:
            hidden layers in a module list, gradients zeroed, evaluation mode left on, the step
            before the backward pass, an optimizer made for a model that was replaced.
        column: whether targets of one number are (n, 1), as the output is.
    """

    hidden: tuple[int, ...]
    activation: str
    loss: str
    optimizer: str
    rate: float
    batch: int
    epochs: int
    epsilon: float = 1e-7
    schedule: str = ""
    per_batch: bool = False
    clip: float = 0.0
    balance: str = ""
    start: str = ""
    bias: float = 0.0
    output: str = ""
    dropout: float = 0.0
    decay: float = 0.0
    shuffle: bool = True
    frozen: bool = False
    normalized: bool = False
    registered: bool = True
    zeroing: bool = True
    evaluating: bool = False
    early_step: bool = False
    other_model: bool = False
    column: bool = True


@dataclass(frozen=True)
class Spec:
    """A set-up.

    Args:
        seed: of the draw; even ones are for development, odd ones only to report.
        subject: one of `SUBJECTS`.
        data: name of a data set in `data.SETS`.
        rows: training and held-out rows together; 0 for all that the data set has.
        scaler: "standard", "minmax" or "maxabs".
        framework: one of `FRAMEWORKS`.
        route: "script" (`unstuck run`) or "api" (`unstuck.diagnose`).
        sound: settings without a fault.
        faults, strengths: injected, each with a number in [0, 1).
        mirror: number of the group of mirrored set-ups it belongs to; −1 for none.
    """

    seed: int
    subject: str
    data: str
    rows: int
    scaler: str
    framework: str
    route: str
    sound: Settings
    faults: tuple[str, ...] = ()
    strengths: tuple[float, ...] = ()
    mirror: int = -1

    @property
    def kind(self) -> str:
        """The framework without its backend."""
        return self.framework.split("-")[0]

    def strength(self, fault: str) -> float:
        """Of an injected fault."""
        return self.strengths[self.faults.index(fault)]

    def having(self, faults: tuple[str, ...], strengths: tuple[float, ...]) -> "Spec":
        """The same with these faults in place of its own."""
        return replace(self, faults=faults, strengths=strengths)

    @property
    def told(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def of_told(told: dict[str, object]) -> Spec:
    """The spec that was told so."""
    given = dict(told)
    sound = dict(given.pop("sound"))  # type: ignore[call-overload]
    settings = Settings(**{**sound, "hidden": tuple(sound["hidden"])})
    for name in ("faults", "strengths"):
        given[name] = tuple(given[name])  # type: ignore[arg-type]
    return Spec(sound=settings, **given)  # type: ignore[arg-type]


def between(low: float, high: float, share: float) -> float:
    """A number that lies this share of the way from low to high, on a logarithmic scale."""
    return float(low * (high / low) ** share)
