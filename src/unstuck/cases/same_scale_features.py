"""Case 4: the tutorial network; must features be scaled that already share a scale?"""

from collections.abc import Mapping
from dataclasses import replace

from unstuck.cases.case import Case, Claim, Figure, Prediction, Quantity, Question, as_good, better
from unstuck.cases.divide_by_255_or_1000 import networks
from unstuck.cases.results import Results
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import FirstKernel, Setup
from unstuck.scalers import scaler

# Keras's AdamW default; any usual value would do.
_DECAY = 0.004


def _arms(classes: int) -> Mapping[str, Setup]:
    arms = dict(networks(classes))
    scaled, raw = arms["/255"], arms["raw"]
    arms["raw, first kernel ÷ 255"] = replace(raw, first_kernel=FirstKernel(initial=1 / 255))
    arms["raw, first kernel, its rate and 1/ε ÷ 255"] = replace(
        raw, first_kernel=FirstKernel(initial=1 / 255, learning_rate=1 / 255, epsilon=255)
    )
    decaying = keras("adamw", weight_decay=_DECAY)
    arms["raw, weight decay"] = replace(raw, optimizer=decaying)
    arms["/255, weight decay"] = replace(scaled, optimizer=decaying)
    for name, kind in {
        "centred": "center",
        "standardized": "standard",
        "standardized per feature": "standard-per-feature",
    }.items():
        arms[name] = replace(raw, scaler=scaler(kind))
    return arms


_CLAIMS = (
    Claim(
        "initial-weights-tuned",
        "Are the initial weights tuned to an input range, so that adapting them cures raw input?",
        (
            as_good(
                "raw with the first kernel ÷ 255 does as well as / 255",
                "raw, first kernel ÷ 255",
                "/255",
            ),
        ),
    ),
    Claim(
        "initial-weights-help",
        "Does adapting the initial weights at least help?",
        (better("raw with the first kernel ÷ 255 beats raw", "raw, first kernel ÷ 255", "raw"),),
    ),
    Claim(
        "initial-weights-rate-epsilon",
        "Do initial weights together with the first layer's learning rate and ε cure it?",
        (
            as_good(
                "raw with all three adapted does as well as / 255",
                "raw, first kernel, its rate and 1/ε ÷ 255",
                "/255",
            ),
        ),
    ),
    Claim(
        "weight-decay-tuned",
        "Is weight decay tuned to an input range, so that it is what hurts raw input?",
        (
            better("raw does better without weight decay than with it", "raw", "raw, weight decay"),
            as_good("without weight decay raw does as well as / 255", "raw", "/255"),
        ),
    ),
    Claim(
        "sigmoid-tanh-saturate",
        "Do sigmoid and tanh saturate outside a narrow range, and does ReLU suffer less?",
        (
            Prediction(
                "raw saturates more sigmoid units at the start than / 255",
                Quantity("raw, sigmoid", "start.saturated_units[0]"),
                Quantity("/255, sigmoid", "start.saturated_units[0]"),
                0.05,
            ),
            Prediction(
                "raw saturates more tanh units at the start than / 255",
                Quantity("raw, tanh", "start.saturated_units[0]"),
                Quantity("/255, tanh", "start.saturated_units[0]"),
                0.05,
            ),
            better("on raw input ReLU does better than sigmoid", "raw", "raw, sigmoid"),
            better("on raw input ReLU does better than tanh", "raw", "raw, tanh"),
        ),
    ),
    Claim(
        "standardization-needed",
        "Does the background swamp the rest, so that mean 0 and standard deviation 1 are needed?",
        (
            better("standardized beats / 255", "standardized", "/255"),
            better("standardized per feature beats / 255", "standardized per feature", "/255"),
            better("centring alone beats raw", "centred", "raw"),
        ),
    ),
    Claim(
        "rescaling-is-not-standardization",
        "Is dividing by 255 rescaling and not standardization?",
        (
            Prediction(
                "after / 255 the mean is not 0", Quantity("/255", "start.input_mean"), 0.0, 0.05
            ),
            Prediction(
                "after standardization it is",
                Quantity("standardized", "start.input_mean"),
                0.0,
                0.05,
                relation="same",
            ),
            Prediction(
                "after standardization the standard deviation is 1",
                Quantity("standardized", "start.input_sd"),
                1.0,
                0.05,
                relation="same",
            ),
            Prediction(
                "the standard deviation after standardization exceeds that after / 255",
                Quantity("standardized", "start.input_sd"),
                Quantity("/255", "start.input_sd"),
                0.05,
            ),
        ),
    ),
)


def _must_scale(r: Results) -> str:
    return (
        f"With this loss, / 255 is {r.against('/255', 'raw')} raw: {r.median('/255'):.1%} against"
        f" {r.median('raw'):.1%} held-out accuracy, and raw is {r.froze('raw')}. With the loss"
        f" from logits, / 255 is {r.against('/255, from logits', 'raw, from logits')} raw:"
        f" {r.median('/255, from logits'):.1%} against {r.median('raw, from logits'):.1%}."
    )


def _which_scaling(r: Results) -> str:
    return (
        f"Held-out accuracy: centring alone {r.median('centred'):.1%}, / 255 alone"
        f" {r.median('/255'):.1%}, standardization {r.median('standardized'):.1%}, per feature"
        f" {r.median('standardized per feature'):.1%}. Centring alone is"
        f" {r.against('centred', '/255')} / 255; standardization is"
        f" {r.against('standardized', '/255')} / 255. After / 255 the pixels have mean"
        f" {r.median('/255', 'start.input_mean'):.2f} and standard deviation"
        f" {r.median('/255', 'start.input_sd'):.2f}: that is rescaling, not standardization."
    )


def _weights(r: Results) -> str:
    return (
        f"Shrinking only the first kernel by 255 gives the same initial function as / 255 and"
        f" {r.median('raw, first kernel ÷ 255'):.1%}"
        f" ({r.against('raw, first kernel ÷ 255', '/255')} / 255); with its learning rate"
        f" ÷ 255 and ε × 255 as well, {r.median('raw, first kernel, its rate and 1/ε ÷ 255'):.1%}"
        f" ({r.against('raw, first kernel, its rate and 1/ε ÷ 255', '/255')} / 255: the same"
        f" training step for step). Weight decay is no part of the network; adding it leaves raw at"
        f" {r.median('raw, weight decay'):.1%} and / 255 at"
        f" {r.median('/255, weight decay'):.1%}."
    )


CASE = Case(
    name="same-scale-features",
    title="Must features be scaled that already share one scale?",
    source="Cross Validated, October 2018",
    story=(
        "The TensorFlow basic-classification tutorial: 784-128-10, ReLU, sparse cross-entropy on"
        " softmax probabilities, Adam, 5 epochs."
    ),
    arms=_arms,
    figures=(
        Figure(Quantity("/255"), 0.85, 0.85, 1.0, wording="above 85 %"),
        Figure(Quantity("raw"), 0.10, 0.10, 0.10, kind="plateau", wording="10 %"),
    ),
    claims=_CLAIMS,
    questions=(
        Question("Must the pixels be scaled at all?", _must_scale),
        Question("Which part of scaling matters: rescaling or standardization?", _which_scaling),
        Question("Is it the initial weights or weight decay?", _weights),
    ),
    staircase=("raw", "centred", "raw, weight decay"),
    chart=("raw", "centred", "raw, from logits", "/255"),
)
