"""What is injected: each fault with the programs that can have it, what it does to their settings
(`data.py` does it to data), and which changes undo it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from board.spec import KERAS, Settings, Spec, between

Injected = Callable[[Settings, float], Settings]
ALL = ("torch", *KERAS, "sklearn", "jax")
BUILT = ("torch", *KERAS, "jax")  # whose layers and loss are the program's own
LOOPS = ("torch",)  # whose loop is written by hand, step by step
INPUTS = ("inputs-", "features-standardized", "normalization-first")
SHRUNK = 15  # part of the epochs that is left where training is too short


@dataclass(frozen=True)
class Fault:
    """One fault.

    Args:
        place: what of a set-up it is in: two faults of one place exclude each other.
        frameworks: that can express it.
        undone: how the names of changes begin that take it away.
        inject: settings and strength ↦ settings with the fault; `data.py` knows those of data.
        fits: whether a sound set-up can have it.
    """

    place: str
    frameworks: tuple[str, ...]
    undone: tuple[str, ...]
    inject: Injected = lambda settings, strength: settings
    fits: Callable[[Spec], bool] = lambda spec: True


def _values(spec: Spec) -> bool:
    return spec.data != "tokens"


def _table(spec: Spec) -> bool:
    return spec.subject in ("classes", "numbers", "few rows", "imbalanced")


def _numbers(spec: Spec) -> bool:
    return spec.sound.loss == "squared" and spec.subject != "autoencoder"


def _classes(spec: Spec) -> bool:
    return spec.sound.loss != "squared"


def _dense(spec: Spec) -> bool:
    return _table(spec) or spec.subject == "autoencoder"


def _enough(spec: Spec) -> bool:
    return _values(spec) and spec.data not in ("xor", "parity")


def _script(spec: Spec) -> bool:
    return spec.route == "script"


def _curved(spec: Spec) -> bool:
    return _table(spec) and spec.data in ("digits", "moons", "friedman", "friedman2", "xor",
                                          "parity", "spirals")  # fmt: skip


def _start(settings: Settings, strength: float) -> Settings:
    starts = ("ones", "zeros", "tiny", "large")
    return replace(settings, start=starts[int(4 * strength)])


def _activation(settings: Settings, strength: float) -> Settings:
    deep = settings.hidden if len(settings.hidden) > 2 else (*settings.hidden[:1],) * 4
    if strength < 0.5:
        return replace(settings, activation="linear")
    return replace(settings, activation="sigmoid", hidden=deep)


def _restraint(settings: Settings, strength: float) -> Settings:
    return replace(settings, decay=between(0.3, 3, strength))


def _short(settings: Settings, strength: float) -> Settings:
    return replace(settings, epochs=max(1, settings.epochs // SHRUNK))


FAULTS: dict[str, Fault] = {
    "input-spread": Fault("inputs", ALL, INPUTS, fits=_values),
    "input-offset": Fault("inputs", ALL, INPUTS, fits=_values),
    "feature-scales": Fault("inputs", ALL, INPUTS, fits=lambda s: _table(s) and _enough(s)),
    "input-outliers": Fault(
        "outliers", ALL, ("outliers-clipped", "inputs-robust", "inputs-log"),
        fits=lambda s: _table(s) and s.subject != "few rows",
    ),
    "input-too-small": Fault("inputs", ALL, INPUTS, fits=_values),
    "split-mismatch": Fault(
        "split", ALL, ("splits-",),
        fits=lambda s: _table(s) and s.subject != "few rows" and (
            s.route == "api" or s.kind == "keras"),
    ),
    "non-finite-data": Fault(
        "rows", BUILT, ("finite-only",), fits=lambda s: _table(s) and s.subject != "few rows"
    ),
    "target-scale": Fault("targets", ALL, ("targets-standardized",), fits=_numbers),
    "target-range": Fault(
        "targets", BUILT, ("output-linear", "loss-squared", "targets-standardized"),
        lambda s, _: replace(s, output="sigmoid"), _numbers,
    ),
    "target-shape": Fault(
        "target shape", ("torch", "jax"), ("targets-shaped",),
        lambda s, _: replace(s, column=False), _numbers,
    ),
    "not-shuffled": Fault(
        "order", ALL, ("shuffled",), lambda s, _: replace(s, shuffle=False),
        lambda s: _classes(s) and s.subject not in ("few rows", "imbalanced")
        and s.sound.balance != "sampler",
    ),
    "loss-mismatch": Fault(
        "loss", BUILT, ("loss-",), lambda s, _: replace(s, output="softmax"),
        lambda s: s.sound.loss == "crossentropy",
    ),
    "initialization": Fault("start", BUILT, ("initial-", "normalization-first"), _start, _dense),
    "dead-units": Fault(
        "start", BUILT, ("initial-", "activation-"),
        lambda s, x: replace(s, bias=between(20, 200, x), activation="relu"), _dense,
    ),
    "hidden-activation": Fault(
        "activation", ALL, ("activation-", "network-plain"), _activation, _curved
    ),
    "capacity-small": Fault(
        "size", ALL, ("width-", "network-plain"),
        lambda s, _: replace(s, hidden=(1,) * len(s.hidden)), _table,
    ),
    "frozen-parameters": Fault(
        "held", ("torch", *KERAS), ("unfrozen",), lambda s, _: replace(s, frozen=True)
    ),
    "regularization-strong": Fault("restraint", ("torch",), ("no-",), _restraint, _dense),
    "dropout-strong": Fault(
        "restraint", ("torch", *KERAS), ("no-",),
        lambda s, x: replace(s, dropout=0.9 + 0.09 * x), _dense,
    ),
    "learning-rate-high": Fault(
        "rate", ALL, ("learning-rate-over-", "optimizer-"),
        lambda s, x: replace(s, rate=s.rate * between(100, 10_000, x)),
    ),
    "learning-rate-low": Fault(
        "rate", ALL, ("learning-rate-times-", "optimizer-", "steps-times-"),
        lambda s, x: replace(s, rate=s.rate * between(1e-5, 1e-2, x)),
    ),
    "optimizer-epsilon": Fault(
        "optimizer", ALL, ("epsilon-small", "optimizer-", "learning-rate-times-"),
        lambda s, x: replace(s, epsilon=between(10, 1_000, x)),
        lambda s: s.sound.optimizer != "sgd",
    ),
    "batch-large": Fault(
        "steps", ALL, ("batch-", "learning-rate-times-", "steps-times-"),
        lambda s, _: replace(s, batch=100_000), lambda s: s.subject != "few rows",
    ),
    "training-short": Fault(
        "steps", ALL, ("steps-times-", "learning-rate-times-", "optimizer-"), _short,
        lambda s: _script(s) and not s.sound.schedule,
    ),
    "schedule-per-batch": Fault(
        "schedule", ("torch",), ("schedule-per-epoch", "rate-constant"),
        lambda s, _: replace(s, schedule="step", per_batch=True),
        lambda s: _script(s) and s.sound.schedule == "step",
    ),
    "gradients-not-zeroed": Fault(
        "loop", LOOPS, ("gradients-zeroed",), lambda s, _: replace(s, zeroing=False), _script
    ),
    "step-before-backward": Fault(
        "loop", LOOPS, ("step-behind-backward",), lambda s, _: replace(s, early_step=True), _script
    ),
    "evaluation-mode": Fault(
        "mode", LOOPS, ("training-mode",), lambda s, _: replace(s, evaluating=True),
        lambda s: _script(s) and s.sound.normalized,
    ),
    "optimizer-of-another-model": Fault(
        "held", LOOPS, ("unfrozen",), lambda s, _: replace(s, other_model=True), _script
    ),
    "layers-not-registered": Fault(
        "held", LOOPS, ("unfrozen",), lambda s, _: replace(s, registered=False),
        lambda s: _script(s) and _table(s) and not s.sound.normalized and len(s.sound.hidden) > 1,
    ),
}  # fmt: skip


def able(spec: Spec) -> list[str]:
    """Faults that a sound set-up can have."""
    return [n for n, f in FAULTS.items() if spec.framework in f.frameworks and f.fits(spec)]


def settings(spec: Spec) -> Settings:
    """The settings with the injected faults in them."""
    made = spec.sound
    for fault, strength in zip(spec.faults, spec.strengths, strict=True):
        made = FAULTS[fault].inject(made, strength)
    return made


def undoes(change: str, spec: Spec) -> bool:
    """Whether a change takes one of the injected faults away."""
    prefixes = [p for fault in spec.faults for p in FAULTS[fault].undone]
    if spec.subject == "autoencoder" and any(FAULTS[f].place == "inputs" for f in spec.faults):
        prefixes.append("targets-standardized")  # its targets are its inputs
    if spec.sound.loss == "clipped" and any(FAULTS[f].place == "inputs" for f in spec.faults):
        prefixes.append("loss-from-logits")  # clipping and scale are two cuts of one chain
    return change.startswith(tuple(prefixes)) if prefixes else False
