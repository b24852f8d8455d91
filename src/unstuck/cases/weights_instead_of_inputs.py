"""Case 2: scale the first kernel instead of the inputs; should the two not train alike?"""

import math
from collections.abc import Mapping
from dataclasses import replace

from unstuck.cases.case import Case, Claim, Prediction, Quantity, Question, as_good, better
from unstuck.cases.results import Results
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import FirstKernel, Setup
from unstuck.scalers import scaler

_A = 1 / 255
_SAME_LOSS = 0.01  # over 5 epochs in float32 rounding alone moves the loss by about 0.001


def _arms(classes: int) -> Mapping[str, Setup]:
    network = mlp([300, 100], classes, first_kernel="glorot_normal_untruncated")
    a = Setup(
        network,
        "sparse_categorical_crossentropy_clipped",
        keras("sgd"),
        scaler("/255"),
        epochs=5,
        drop_remainder=True,
        validation_split=1 / 12,  # the last 5,000 of 60,000
    )
    b = replace(a, scaler=scaler("none"), first_kernel=FirstKernel(initial=_A))
    adam = replace(a, optimizer=keras("adam"))
    raw_adam = replace(b, optimizer=keras("adam"))
    exact = FirstKernel(initial=_A, learning_rate=_A**2)
    return {
        "A": a,
        "B": b,
        "B, first-layer rate ÷ 255²": replace(b, first_kernel=exact),
        "B, every rate ÷ 255": replace(b, optimizer=keras("sgd", learning_rate=0.01 * _A)),
        "B, every rate ÷ 255²": replace(b, optimizer=keras("sgd", learning_rate=0.01 * _A**2)),
        "raw, first-layer rate ÷ 255²": replace(b, first_kernel=FirstKernel(learning_rate=_A**2)),
        "B, from logits": replace(
            b,
            network=mlp(
                [300, 100],
                classes,
                output="linear",
                first_kernel="glorot_normal_untruncated",
            ),
            loss="sparse_categorical_crossentropy_logits",
        ),
        "A, Adam": adam,
        "B, Adam": raw_adam,
        "B, Adam, first-layer rate ÷ 255": replace(
            raw_adam, first_kernel=FirstKernel(initial=_A, learning_rate=_A)
        ),
        "B, Adam, first-layer rate ÷ 255, ε × 255": replace(
            raw_adam, first_kernel=FirstKernel(initial=_A, learning_rate=_A, epsilon=1 / _A)
        ),
    }


def _like_a(arm: str, reference: str = "A") -> tuple[Prediction, ...]:
    return (
        as_good("held-out accuracy as good", arm, reference),
        Prediction(
            "training loss of the last epoch the same",
            Quantity(arm, "loss"),
            Quantity(reference, "loss"),
            _SAME_LOSS,
            relation="same",
        ),
    )


_CLAIMS = (
    Claim(
        "same-initial-function",
        "Do A and B start as the same function?",
        (
            Prediction(
                "equal loss before the first step",
                Quantity("B", "start.loss"),
                Quantity("A", "start.loss"),
                1e-4,
                relation="same",
            ),
        ),
    ),
    Claim("same-training", "Should the two not behave the same?", _like_a("B")),
    Claim(
        "gradient-proportional-to-input",
        "Does the first layer's gradient differ by orders of magnitude, as its input does?",
        (
            Prediction(
                "the first kernel's gradient is over 10 times larger",
                Quantity("B", "log10 start.gradient_norms[0]"),
                Quantity("A", "log10 start.gradient_norms[0]"),
                1.0,
            ),
            Prediction(
                "it is at least 255 / 1.01 times larger",
                Quantity("B", "log10 start.gradient_norms[0]"),
                Quantity("A", "log10 start.gradient_norms[0]"),
                math.log10(255 / 1.01),
            ),
            Prediction(
                "it is at most 255 × 1.01 times larger",
                Quantity("B", "log10 start.gradient_norms[0]"),
                Quantity("A", "log10 start.gradient_norms[0]"),
                math.log10(255 * 1.01),
                relation="same",
            ),
            Prediction(
                "the other layers' gradients are the same",
                Quantity("B", "log10 start.gradient_norms[1]"),
                Quantity("A", "log10 start.gradient_norms[1]"),
                0.01,
                relation="same",
            ),
        ),
    ),
    Claim(
        "matching-rate-first-layer",
        "Does a matching learning rate (first layer ÷ 255², SGD) make the two agree?",
        _like_a("B, first-layer rate ÷ 255²"),
    ),
    Claim(
        "matching-rate-every-layer",
        "Does one learning rate for every layer (÷ 255 or ÷ 255²) make the two agree?",
        (*_like_a("B, every rate ÷ 255"), *_like_a("B, every rate ÷ 255²")),
    ),
    Claim(
        "matching-rate-without-initial-scale",
        "Is the learning rate alone enough, with the first kernel as drawn?",
        _like_a("raw, first-layer rate ÷ 255²"),
    ),
    Claim(
        "matching-rate-adam",
        "Do first-layer learning rate ÷ 255 and ε × 255 make the two agree under Adam?",
        _like_a("B, Adam, first-layer rate ÷ 255, ε × 255", "A, Adam"),
    ),
    Claim(
        "clipping-part",
        "Is it the clipped loss, not the step size, that keeps B from converging?",
        (
            better("from logits B beats B", "B, from logits", "B"),
            as_good("from logits B does as well as A", "B, from logits", "A"),
        ),
    ),
)


def _same(r: Results) -> str:
    ratio = r.values(Quantity("B", "start.gradient_norms[0]")) / r.values(
        Quantity("A", "start.gradient_norms[0]")
    )
    return (
        f"They start with the same loss ({r.median('B', 'start.loss'):.4f} and"
        f" {r.median('A', 'start.loss'):.4f}). The first kernel's gradient is the input times what"
        f" flows back: {ratio.mean():.1f} times larger in B, on weights 255 times smaller, so one"
        f" step of SGD changes the function 255² = 65,025 times as much. By the end A is at"
        f" {r.median('A'):.1%} held-out accuracy, B at {r.median('B'):.1%}, {r.against('B', 'A')}"
        f" A and {r.froze('B')}. From logits B is {r.against('B, from logits', 'A')} A as well"
        f" ({r.median('B, from logits'):.1%})."
    )


def _adjust(r: Results) -> str:
    def told(arm: str, other: str) -> str:
        return f"{r.median(arm):.1%}, {r.against(arm, other)} {other} ({r.median(other):.1%})"

    return (
        f"SGD with the first kernel's rate ÷ 255²: {told('B, first-layer rate ÷ 255²', 'A')}; its"
        f" loss {r.median('B, first-layer rate ÷ 255²', 'loss'):.4f} against"
        f" {r.median('A', 'loss'):.4f}. One rate for every layer, ÷ 255:"
        f" {told('B, every rate ÷ 255', 'A')}; ÷ 255²: {told('B, every rate ÷ 255²', 'A')}."
        f" Adam as it is: {told('B, Adam', 'A, Adam')}; first kernel's rate ÷ 255:"
        f" {told('B, Adam, first-layer rate ÷ 255', 'A, Adam')}; and ε × 255:"
        f" {told('B, Adam, first-layer rate ÷ 255, ε × 255', 'A, Adam')}. In exact arithmetic the"
        f" settings of unstuck.equivalence(optimizer, 255) follow A step for step, for every"
        f" optimizer."
    )


CASE = Case(
    name="weights-instead-of-inputs",
    title="Scaling the first kernel instead of the inputs: should they not train alike?",
    source="Cross Validated, February 2020",
    story=(
        "784-300-100-10, ReLU, sparse cross-entropy on softmax probabilities, SGD, 55,000 images,"
        " the last 5,000 held out. A: pixels / 255. B: raw pixels, first kernel / 255. The asker"
        " printed no figures; A 'converges fast', B 'does not'."
    ),
    arms=_arms,
    figures=(),
    claims=_CLAIMS,
    questions=(
        Question("Should the two not behave the same?", _same),
        Question("Can a matching learning rate make them agree?", _adjust),
    ),
    staircase=("B",),
    chart=("B", "B, from logits", "B, every rate ÷ 255²", "A"),
)
