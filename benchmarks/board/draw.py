"""The draw: which set-ups a half has, and what each of them is."""

from dataclasses import dataclass, replace

import numpy as np

from board.data import BY_SUBJECT, NUMBERS
from board.faults import FAULTS, able
from board.spec import FRAMEWORKS, KERAS, SUBJECTS, Settings, Spec

HEALTHY, FAULTY, GROUPS = 240, 360, 12  # slots of a half; groups of mirrored set-ups
FRAMEWORK = {"torch": 0.4, "keras": 0.3, "sklearn": 0.15, "jax": 0.15}
COUNTS = {1: 0.35, 2: 0.3, 3: 0.2, 4: 0.1, 5: 0.05}  # of faults at once
MIRRORED = ("", "", "", "input-spread", "feature-scales", "target-scale", "learning-rate-low",
            "learning-rate-high", "input-too-small", "optimizer-epsilon", "input-offset",
            "batch-large")  # fmt: skip
RATES = {"adam": 3e-3, "sgd": 0.02, "rmsprop": 2e-3}
# How often the report half was opened: each opening has seeds of its own.
OPENED = 2


@dataclass(frozen=True)
class Slot:
    """A place to be filled: the draws' first seed, framework, how many faults, and the group of
    mirrored set-ups with its fault."""

    number: int
    framework: str
    faults: int
    mirror: int = -1
    fault: str = ""

    @property
    def name(self) -> str:
        """Its identity in the file of results."""
        return f"{self.number} {self.framework} {self.faults} {self.mirror} {self.fault}"


def slots(half: str) -> list[Slot]:
    """All of a half, in an order of which every beginning is a fair sample."""
    report = half == "report"
    rng = np.random.default_rng(1 if report else 0)
    made: list[tuple[str, int]] = []
    for healthy in (True, False):
        for i in range(HEALTHY if healthy else FAULTY):
            name = str(rng.choice(list(FRAMEWORK), p=list(FRAMEWORK.values())))
            count = 0 if healthy else int(rng.choice(list(COUNTS), p=list(COUNTS.values())))
            made.append((KERAS[i % 3] if name == "keras" else name, count))
    first = 10_000_000 * OPENED + 1 if report else 0
    found = [Slot(first + 100 * int(i), *made[i]) for i in rng.permutation(len(made))]
    every = len(found) // GROUPS
    for group in reversed(range(GROUPS)):  # spread over the half
        fault = MIRRORED[group]
        number = first + 1_000_000 + 100 * group
        found[group * every + 20 : group * every + 20] = [
            Slot(number, framework, int(bool(fault)), group, fault) for framework in FRAMEWORKS
        ]
    return found


def draw(slot: Slot, attempt: int) -> Spec:
    """A sound set-up for a slot, in its framework."""
    seed = slot.number + 2 * attempt
    rng = np.random.default_rng(seed)
    mirrored = slot.mirror >= 0
    subjects = [s for s, frameworks in SUBJECTS.items() if slot.framework in frameworks]
    weights = np.array([2.0 if s in ("classes", "numbers", "few rows") else 1.5 for s in subjects])
    subject = str(rng.choice(subjects, p=weights / weights.sum()))
    if mirrored:
        subject = (
            "numbers" if slot.fault == "target-scale" else ("classes", "numbers")[seed // 2 % 2]
        )
    data = str(rng.choice(BY_SUBJECT[subject]))
    rows = 0
    if subject == "few rows" and data not in ("xor", "parity"):
        rows = round(float(np.exp(rng.uniform(np.log(60), np.log(200)))))
    script = rng.random() < (0.7 if slot.framework.split("-")[0] in ("torch", "keras") else 0.5)
    spec = Spec(
        seed,
        subject,
        data,
        rows,
        str(rng.choice(["standard", "minmax", "maxabs"])),
        slot.framework,
        "script" if script and not mirrored else "api",
        _settings(subject, data, rng),
        mirror=slot.mirror,
    )
    return _expressible(spec, rng)


def _settings(subject: str, data: str, rng: np.random.Generator) -> Settings:
    optimizer = str(rng.choice(["adam", "adam", "sgd", "rmsprop"]))
    rate = RATES[optimizer] * float(rng.uniform(0.5, 2))
    hidden = tuple(int(u) for u in rng.choice([16, 32, 64], size=rng.integers(1, 3)))
    loss = "squared" if data in NUMBERS or subject == "autoencoder" else "crossentropy"
    if loss == "crossentropy" and rng.random() < 0.25:
        loss = "clipped"
    activation = str(rng.choice(["relu", "relu", "tanh"]))
    epochs = 20
    schedule = str(rng.choice(["", "", "", "step", "cosine", "warm-up"]))
    clip = float(rng.choice([0.0, 0.0, 1.0, 5.0]))
    balance = str(rng.choice(["weights", "sampler"])) if subject == "imbalanced" else ""
    normalized = bool(rng.random() < 0.2) and subject in ("classes", "images")
    batch = 32
    if subject == "few rows":
        batch, epochs = 8, 150
        hidden = tuple(max(u, 32) for u in hidden)
    if subject == "few rows" and data in ("xor", "parity"):
        batch, epochs, activation, schedule = 4, 400, "tanh", ""
    if subject == "autoencoder":
        hidden, epochs = (16 if data == "digits" else 6,), 25
    if subject == "sequences":
        hidden, activation, epochs, batch = (24,), "tanh", 10, 32
        optimizer, rate = "adam", 5e-3 * float(rng.uniform(0.5, 2))
    if subject == "images":
        hidden, epochs, activation = (8,), 8, "relu"
    if subject == "transformer":
        hidden, epochs, activation = (32,), 10, "relu"
        optimizer, rate = "adam", 2e-3 * float(rng.uniform(0.5, 2))
    return Settings(hidden, activation, loss, optimizer, rate, batch, epochs, schedule=schedule,
                    clip=clip, balance=balance, normalized=normalized)  # fmt: skip


def _expressible(spec: Spec, rng: np.random.Generator) -> Spec:
    """What the framework or a mirrored set-up cannot have is left out."""
    s = spec.sound
    plain = spec.kind == "sklearn" or spec.mirror >= 0
    if plain and s.optimizer == "rmsprop":
        s = replace(s, optimizer="adam", rate=RATES["adam"])
    if plain:
        loss = "squared" if s.loss == "squared" else "crossentropy"
        s = replace(s, schedule="", clip=0.0, loss=loss, normalized=False)
    if spec.route == "api":  # a schedule is the loop's, which only a script has
        s = replace(s, schedule="")
        if spec.kind == "torch":
            s = replace(s, clip=0.0)
        if s.balance:
            s = replace(s, balance="weights" if spec.kind in ("torch", "jax") else "")
    if spec.kind == "jax":
        s = replace(s, normalized=False)
    if spec.kind != "torch" and s.balance == "sampler":
        s = replace(s, balance="weights")
    route = spec.route
    if spec.subject == "imbalanced" and spec.kind == "keras":
        route, s = "script", replace(s, balance="weights")
    return replace(spec, sound=s, route=route)


def candidates(spec: Spec, slot: Slot) -> list[tuple[str, float]]:
    """Faults with strengths, in the order in which they are tried on a sound set-up: those of one
    place exclude each other, which is for whoever adds them one by one to see."""
    if slot.fault:
        fits = slot.fault in able(spec)
        return [(slot.fault, 0.5)] if fits else []
    rng = np.random.default_rng(spec.seed + 3)
    names = able(spec)
    return [(names[i], float(rng.random())) for i in rng.permutation(len(names))]


def fits_beside(fault: str, others: tuple[str, ...]) -> bool:
    """Whether a fault can be injected beside others."""
    places = [FAULTS[o].place for o in others]
    clash = {frozenset({"rate", "optimizer"}), frozenset({"inputs", "outliers"}),
             frozenset({"rows", "outliers"}), frozenset({"split", "inputs"}),
             frozenset({"order", "rows"}), frozenset({"start", "held"}),
             frozenset({"mode", "size"})}  # fmt: skip
    mine = FAULTS[fault].place
    return mine not in places and not any(frozenset({mine, p}) in clash for p in places)
