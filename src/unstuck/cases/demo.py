"""The demonstration: case 3's network on bundled digits, in half a minute, offline."""

from collections.abc import Mapping
from dataclasses import replace

from unstuck.cases.case import Case, Claim, Quantity, Question, better
from unstuck.cases.divide_by_255_or_1000 import networks
from unstuck.cases.results import Results
from unstuck.engine.setup import Setup

EPOCHS = 20


def _arms(classes: int) -> Mapping[str, Setup]:
    arms = networks(classes)
    return {
        name: replace(arms[name], epochs=EPOCHS) for name in ("raw", "raw, from logits", "/255")
    }


def _beats_raw(id: str, question: str, says: str, arm: str) -> Claim:
    return Claim(id, question, (better(says, arm, "raw"),))


def _failed(r: Results) -> str:
    return (
        f"The network with raw pixels: {r.median('raw'):.0%} of held-out digits right after"
        f" {EPOCHS} epochs, where guessing gives {1 / r.classes:.0%} (median of"
        f" {len(r.seeds)} seeds; they ended between {r.values(Quantity('raw')).min():.0%} and"
        f" {r.values(Quantity('raw')).max():.0%})."
    )


def _why(r: Results) -> str:
    return (
        f"Pixels up to 255 give logits of standard deviation"
        f" {r.median('raw', 'start.pre_activation_sd[1]'):.0f} before the first step (with / 255:"
        f" {r.median('/255', 'start.pre_activation_sd[1]'):.2f}). The softmax is then 0 or 1, and"
        f" cross-entropy computed on probabilities clips them at 1e-7: for"
        f" {r.median('raw', 'start.zero_gradient_wrong'):.0%} of all examples the answer is wrong"
        f" and the gradient exactly zero. At the end it still is for"
        f" {r.median('raw', 'end.zero_gradient_wrong'):.0%}; none of them teaches it anything."
    )


def _cure(r: Results) -> str:
    cures = {
        "/255": "divide the inputs by 255",
        "raw, from logits": (
            "compute the loss from logits (Keras: a linear output and from_logits=True)"
        ),
    }
    told = [
        f"{what}: {r.median(arm):.0%}, {r.against(arm, 'raw')} raw" for arm, what in cures.items()
    ]
    found = [arm for arm in cures if r.against(arm, "raw") == "better than"]
    advice = ("Neither was seen to.", "Do that.", "Each does alone; do both.")[len(found)]
    return f"{told[0].capitalize()}. Or {told[1]}. {advice}"


DEMO = Case(
    name="demo",
    title="A dense network that does not learn",
    source="The network of a question on Cross Validated, July 2019",
    story=(
        "64-128-10, ReLU, sparse cross-entropy on softmax probabilities, Adam, on scikit-learn's"
        " handwritten digits as 8-bit pixels."
    ),
    arms=_arms,
    figures=(),
    claims=(
        _beats_raw("scale", "Does scaling the inputs cure it?", "/ 255 beats raw", "/255"),
        _beats_raw(
            "clipping",
            "Does the loss from logits cure it, on the very same raw pixels?",
            "raw from logits beats raw",
            "raw, from logits",
        ),
    ),
    questions=(
        Question("What failed?", _failed),
        Question("Why?", _why),
        Question("What cures it?", _cure),
    ),
    staircase=(),
    chart=("raw", "raw, from logits", "/255"),
)
