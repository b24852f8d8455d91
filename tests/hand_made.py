"""Reports made by hand: what a display shows does not depend on what measures."""

from dataclasses import replace

from unstuck.records.report import Evidence, Link, Report, Suspect

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
