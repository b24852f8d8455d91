"""Reports and proofs made by hand: what a display shows does not depend on what measures."""

from dataclasses import replace
from typing import Any

from unstuck.records.effect import Effect
from unstuck.records.fix import Fix, Level
from unstuck.records.proof import Agreement, Arm, Interaction, Part, Proof, Repair, Trial
from unstuck.records.report import Evidence, Link, Report, Suspect, Tested
from unstuck.records.run import SubjectRecord, Watched
from unstuck.records.states import State, Status
from unstuck.records.training import Witness
from unstuck.records.where import Where
from unstuck.report.sentence import of_subject

UNITS = {
    "input_size": "units of the inputs",
    "frozen_examples": "share",
    "pre_activation_spread": "units of z",
    "dead_units": "share",
    "learning_rate_excess": "ratio",
    "label_coding": "name",
    "classes": "classes",
    "target_mean": "units of the targets",
    "saturated_units": "share",
}

SOUND = Report(
    framework="keras",
    backend="tensorflow",
    setup={
        "loss": "sparse_categorical_crossentropy",
        "output": "softmax",
        "optimizer": "adam, rate 0.001",
        "batch size": "32",
        "looked at": "2,048 of 60,000 examples",
    },
    suspects=(),
    probes={
        "input_size": 1.0012,
        "frozen_examples": 0.0,
        "pre_activation_spread": {"dense": 1.234, "dense_1": 0.00112},
        "dead_units": {"dense": 0.25},
        "learning_rate_excess": 4.2e-5,
        "label_coding": "ids 0 to 9",
        "classes": 10,
        "target_mean": None,
        "saturated_units": {},
    },
    units=UNITS,
    limits=(),
    seconds={"subject": 0.31, "static": 0.94},
)

SPREAD = Suspect(
    "input-spread",
    "inputs spread over far more than about 1",
    "Pre-activations grow with the inputs. A step throws the function far off.",
    1,
    (
        Evidence("input_size", 123.519, "inputs of a size about 1, at most 5", "", "LeCun 1998"),
        Evidence("frozen_examples", 0.7616, "below 5 % of examples", "", "a test"),
        Evidence("pre_activation_spread", 148.9, "about 1", "dense_1", "He et al. 2015"),
    ),
    (
        Link("size of the inputs", "input_size", 123.519, 1.288),
        Link("offset of the inputs", "input_offset", 1.0808, 1.0808),
        Link("pre-activations: sd", "pre_activation_spread", 148.9, 1.6),
        Link("wrong examples with zero gradient", "frozen_examples", 0.7616, 0.0),
        Link("learning rate over the critical one", "learning_rate_excess", 796.05, 0.713),
    ),
    "x = (x - x_train.mean()) / x_train.std()",
    ("frozen-examples", "rate-above-critical"),
    "inputs divided by their standard deviation",
)

CLIPPING = Suspect(
    "loss-clipping",
    "probabilities clipped to zero gradient",
    "A loss on probabilities clips them. What is clipped has no gradient.",
    2,
    (Evidence("frozen_examples", 0.7616, "below 5 % of examples", "", "a test"),),
    (
        Link("size of the inputs", "input_size", 123.519),
        Link("dead hidden units", "dead_units", 0.0),
        Link("wrong examples with zero gradient", "frozen_examples", 0.7616),
    ),
    "from_logits=True",
    ("frozen-examples",),
)

STUCK = replace(
    SOUND,
    suspects=(SPREAD, CLIPPING),
    limits=("the recurrent layer's pre-activations cannot be seen", "hooks are left out"),
)

MARKUP = "<script>alert('x')</script> & [bold]x[/bold] [/] {{ x }}"

# All that a user can name, named so as to break a display.
HOSTILE = replace(
    SOUND,
    setup={"loss": MARKUP},
    suspects=(
        replace(
            SPREAD,
            title=MARKUP,
            mechanism=MARKUP,
            cure=MARKUP,
            what_if=MARKUP,
            evidence=(Evidence("input_size", MARKUP, MARKUP, MARKUP, MARKUP),),
        ),
    ),
    probes={"input_size": {MARKUP: 1.0}, MARKUP: MARKUP},
    limits=(MARKUP,),
)

# What cannot be measured, and what is beyond all bounds.
BARE = Report("torch", "torch", {}, (), {}, {}, (), {})
BEYOND = replace(
    STUCK,
    suspects=(
        replace(
            SPREAD,
            evidence=(
                Evidence("input_size", float("inf"), "finite"),
                Evidence("learning_rate_excess", float("nan"), "finite"),
            ),
            chain=(
                Link("size of the inputs", "input_size", float("inf"), None),
                Link("sd", "pre_activation_spread", float("nan"), 1.0),
            ),
        ),
        replace(CLIPPING, evidence=(), chain=(), removes=(), cure=""),
    ),
)

# Trials of the stuck one: two causes, a repair of two parts, one of which restores alone.


def effect(base: float, value: float, status: Status, sign: int = 1, n: int = 6) -> Effect:
    """An effect whose base and gain add up to its value."""
    gain = sign * (value - base)
    return Effect(gain, gain - 0.02, gain + 0.02, n, value, base, status)


def trial(changes: tuple[str, ...], seed: int, value: float) -> Trial:
    curve = tuple((step, 2.3 / step) for step in range(1, 65))
    return Trial(
        changes, " and ".join(changes) or "as it is", seed, 290, value, value, value, True, curve,
        ((290, value),), 0.4,
    )  # fmt: skip


WHOLE = effect(0.105, 0.831, Status.PROVEN)
SCALED = Part(
    "divided", "inputs divided by their standard deviation", ("input-spread",),
    effect(0.30, 0.831, Status.PROVEN), effect(0.105, 0.80, Status.PROVEN),
)  # fmt: skip
LOGITS = Part(
    "from-logits", "the loss computed from logits", ("loss-clipping",),
    effect(0.80, 0.831, Status.INCONCLUSIVE), effect(0.105, 0.12, Status.REFUTED),
)  # fmt: skip
REPAIR = Repair((SCALED, LOGITS), f"{SCALED.says} and {LOGITS.says}", WHOLE)

TESTED = replace(
    STUCK,
    suspects=(
        replace(
            SPREAD,
            status=Status.PROVEN,
            tested=Tested(SCALED.says, effect(0.30, 0.831, Status.PROVEN), (LOGITS.says,)),
        ),
        replace(
            CLIPPING,
            status=Status.REFUTED,
            tested=Tested(LOGITS.says, effect(0.105, 0.12, Status.REFUTED)),
        ),
    ),
)

PROOF = Proof(
    report=TESTED,
    state=State.STUCK,
    measure="accuracy",
    higher=True,
    rows="held-out",
    trivial=0.109,
    value=0.105,
    best=0.831,
    beside={"balanced accuracy": (float("nan"), 0.1, 0.83)},
    repair=REPAIR,
    others=(Repair((), "leaky units", effect(0.105, 0.7, Status.PROVEN)),),
    left=(Repair((), "batch normalization in front", effect(0.831, 0.88, Status.PROVEN)),),
    agreement=Agreement(True, "loss 14.5 in the script, 14.4 in trials as it is"),
    arms=(Arm(("divided",), SCALED.says, 6, 0.8, 0.78),),
    placebo=Effect(0.001, -0.004, 0.006, 6, 0.106, 0.105, Status.REFUTED),
    trusted=True,
    interactions=(Interaction("input-spread", "SGD", 0.7, 0.2, 0.5, 0.4, 0.6, 6),),
    trials=(trial((), 0, 0.105), trial(("divided",), 0, 0.8)),
    setup={"steps": "290", "trials": "21"},
    seconds=11.2,
    budget=30.0,
    notes=("the trials do not augment",),
)

FIX = Fix(
    ("input-spread",), REPAIR.says, SPREAD.mechanism, "x = x / x.std()\n",
    Level(0.105, 0.09, 0.12, 6), Level(0.831, 0.82, 0.84, 6),
    effect(0.105, 0.831, Status.PROVEN), "accuracy", True,
)  # fmt: skip

LEARNS = replace(
    PROOF, report=SOUND, state=State.LEARNING, value=0.83, repair=None, others=(), left=()
)
MSE = {"measure": "mse", "higher": False, "trivial": 1.0, "value": 1.1, "best": 0.1}
RMSE = {"rmse": (float("nan"), 1.05, 0.316)}
LOSS = replace(
    PROOF,
    **MSE,  # type: ignore[arg-type]
    beside=RMSE,
    report=replace(
        TESTED,
        suspects=(
            replace(
                SPREAD,
                status=Status.PROVEN,
                tested=Tested(SCALED.says, effect(1.1, 0.1, Status.PROVEN, -1)),
            ),
        ),
    ),
    repair=Repair(
        (replace(SCALED, necessary=None, sufficient=effect(1.1, 0.1, Status.PROVEN, -1)),),
        SCALED.says,
        effect(1.1, 0.1, Status.PROVEN, -1),
    ),
)
PROOFS = {
    "stuck": PROOF,
    "loss": LOSS,
    "learns": LEARNS,
    "improvable": replace(PROOF, state=State.IMPROVABLE),
    "slow": replace(PROOF, state=State.SLOW),
    "diverged": replace(PROOF, state=State.DIVERGED, value=float("nan")),
    "nothing": replace(LEARNS, state=State.NOTHING),
    "unknown": replace(LEARNS, state=State.UNKNOWN, more=42.0),
    "no-cause": replace(PROOF, report=STUCK, repair=None, more=12.0),
    "not-trusted": replace(PROOF, trusted=False),
    "placebo": replace(
        PROOF, trusted=False, placebo=Effect(0.3, 0.2, 0.4, 6, 0.4, 0.1, Status.PROVEN)
    ),
    "disagrees": replace(
        LEARNS,
        report=STUCK,
        agreement=Agreement(False, "the trials don't do what the script does: loss 2, not 1"),
    ),
}


def subject(proof: Proof | None = None, **more: Any) -> SubjectRecord:
    """A subject of a run, with a proof or without."""
    judges = proof is not None and proof.agreement.agrees is not False
    report = proof.report if proof is not None and judges else STUCK
    seen = Witness("step", 290, ((1, 14.6), (290, 14.5)), steps=290, nothing=2.3)
    made = SubjectRecord(
        Where("sub/train.py", 14), "keras", "jax",
        State.STUCK if proof is None else proof.state, "", report,
        watched=(Watched("stuck", "stuck: loss 14.6 → 14.5", 14.6, 14.4, 14.5, seen),),
        witness=seen, proof=proof, seconds={"static": 0.9, "proof": None},
    )  # fmt: skip
    return of_subject(replace(made, **more))
