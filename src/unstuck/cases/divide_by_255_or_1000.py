"""Case 3: why divide the pixels at all, and why is dividing by more not better still?"""

from collections.abc import Mapping
from dataclasses import replace

from unstuck.cases.case import (
    Case,
    Claim,
    Figure,
    Prediction,
    Quantity,
    Question,
    as_good,
    better,
    exactly,
)
from unstuck.cases.results import PLATEAU, Results
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import FirstKernel, Setup
from unstuck.scalers import scaler

# Half of the gap between the published /255 and /1000 losses of epoch 1 (0.0416).
UNDONE = 0.02

_UP = 1000.0 / 255.0  # what / 1000 lacks against / 255


def networks(classes: int) -> Mapping[str, Setup]:
    """The case's network, 784-128-10, with every arm of cases 3 and 4 that both share."""
    clipped = "sparse_categorical_crossentropy_clipped"
    logits = "sparse_categorical_crossentropy_logits"
    scaled = Setup(
        mlp([128], classes), clipped, keras("adam"), scaler("/255"), epochs=5, batch_size=32
    )
    raw = replace(scaled, scaler=scaler("none"))
    arms = {"/255": scaled, "raw": raw}
    for name, setup in (("/255", scaled), ("raw", raw)):
        arms[f"{name}, from logits"] = replace(
            setup, network=mlp([128], classes, output="linear"), loss=logits
        )
        for activation in ("sigmoid", "tanh"):
            arms[f"{name}, {activation}"] = replace(setup, network=mlp([128], classes, activation))
    return arms


def _arms(classes: int) -> Mapping[str, Setup]:
    arms = dict(networks(classes))
    scaled, raw = arms["/255"], arms["raw"]
    for k in (100, 1000, 3000, 10000):
        arms[f"/{k}"] = replace(scaled, scaler=scaler(f"/{k}"))
    thousandth = arms["/1000"]
    for name, factors in {
        "first-layer rate × 3.92": FirstKernel(learning_rate=_UP),
        "initial kernel × 3.92": FirstKernel(initial=_UP),
        "ε ÷ 3.92": FirstKernel(epsilon=1 / _UP),
        "all three": FirstKernel(initial=_UP, learning_rate=_UP, epsilon=1 / _UP),
    }.items():
        arms[f"/1000, {name}"] = replace(thousandth, first_kernel=factors)
    arms["/1000, every rate × 3.92"] = replace(
        thousandth, optimizer=keras("adam", learning_rate=1e-3 * _UP)
    )
    for name, setup in (("/255", scaled), ("raw", raw)):
        arms[f"{name}, squared error"] = replace(setup, loss="mean_squared_error")
    arms["raw, categorical"] = replace(raw, loss="categorical_crossentropy_clipped")
    return arms


_PUBLISHED = {
    "/255": ([0.5012, 0.3798, 0.3412, 0.3182, 0.2966], 0.3385),
    "raw": ([13.0456, 13.0127, 12.9553, 12.9172, 12.9154], 12.9235),
    "/1000": ([0.5428, 0.4010, 0.3587, 0.3322, 0.3120], 0.3718),
}


def _figures() -> tuple[Figure, ...]:
    figures = []
    for arm, (losses, test) in _PUBLISHED.items():
        quantities = [
            *((Quantity(arm, "loss", e + 1), v) for e, v in enumerate(losses)),
            (Quantity(arm, "val_loss"), test),
        ]
        for of, value in quantities:
            figure = exactly(of, value)
            figures.append(replace(figure, kind="plateau") if arm == "raw" else figure)
    return tuple(figures)


def _undoes(says: str, arm: str) -> tuple[Prediction, ...]:
    return (
        Prediction(
            says, Quantity(arm, "loss", 1), Quantity("/255", "loss", 1), UNDONE, relation="same"
        ),
    )


_CLAIMS = (
    Claim(
        "scaling-needed",
        "Is scaling needed although all features share one scale?",
        (
            better("with the loss on clipped probabilities, / 255 beats raw", "/255", "raw"),
            better("from logits, / 255 beats raw", "/255, from logits", "raw, from logits"),
        ),
    ),
    Claim(
        "clipping-freezes",
        "Does the clipping of probabilities, rather than the pixels alone, stop training?",
        (better("the same raw network learns from logits", "raw, from logits", "raw"),),
    ),
    Claim(
        "raw-loss-is-frozen-share",
        "Is the raw loss so high because each frozen example adds −ln 1e-7 = 16.118?",
        (
            Prediction(
                "final loss / 16.118 equals the share of examples frozen wrong",
                Quantity("raw", "loss_in_plateaus"),
                Quantity("raw", "end.zero_gradient_wrong"),
                0.02,
                relation="same",
            ),
        ),
    ),
    Claim(
        "dividing-by-more",
        "Is dividing by more better still?",
        (
            better("/ 1000 beats / 255", "/1000", "/255"),
            better("/ 3000 beats / 1000", "/3000", "/1000"),
            better("/ 10000 beats / 1000", "/10000", "/1000"),
        ),
    ),
    Claim(
        "thousand-slower",
        "Is / 1000 slower than / 255?",
        (
            Prediction(
                "its loss over epoch 1 is higher",
                Quantity("/1000", "loss", 1),
                Quantity("/255", "loss", 1),
                UNDONE,
            ),
        ),
    ),
    Claim(
        "undone-by-rate",
        "Does a first-layer learning rate × 3.92 alone undo dividing by 1000?",
        _undoes("epoch 1 as with / 255", "/1000, first-layer rate × 3.92"),
    ),
    Claim(
        "undone-by-every-rate",
        "Does a learning rate × 3.92 for every layer undo dividing by 1000?",
        _undoes("epoch 1 as with / 255", "/1000, every rate × 3.92"),
    ),
    Claim(
        "undone-by-initial-scale",
        "Does a first kernel × 3.92 at the start alone undo dividing by 1000?",
        _undoes("epoch 1 as with / 255", "/1000, initial kernel × 3.92"),
    ),
    Claim(
        "undone-by-epsilon",
        "Does Adam's ε ÷ 3.92 alone undo dividing by 1000?",
        _undoes("epoch 1 as with / 255", "/1000, ε ÷ 3.92"),
    ),
    Claim(
        "undone-by-all-three",
        "Do the three together undo dividing by 1000?",
        _undoes("epoch 1 as with / 255", "/1000, all three"),
    ),
    Claim(
        "sparse-to-blame",
        "Is the sparse form of cross-entropy to blame?",
        (better("raw learns with the categorical form", "raw, categorical", "raw"),),
    ),
    Claim(
        "cross-entropy-to-blame",
        "Is clipped cross-entropy to blame, so that another loss learns?",
        (
            better("raw learns better from logits", "raw, from logits", "raw"),
            better("raw learns better with squared error", "raw, squared error", "raw"),
        ),
    ),
    Claim(
        "relu-to-blame",
        "Is ReLU to blame, so that bounded units learn on raw pixels?",
        (
            better("raw learns better with sigmoid units", "raw, sigmoid", "raw"),
            better("raw learns better with tanh units", "raw, tanh", "raw"),
            as_good(
                "raw with sigmoid units does as well as / 255 with ReLU", "raw, sigmoid", "/255"
            ),
        ),
    ),
)


def _why_needed(r: Results) -> str:
    sd = r.values(Quantity("raw", "start.pre_activation_sd[1]"))
    frozen = r.median("raw", "start.zero_gradient_wrong")
    return (
        f"One shared scale is not a small scale. Raw pixels drive the logits to a standard"
        f" deviation of {sd.mean():.0f} at the start"
        f" (with / 255: {r.median('/255', 'start.pre_activation_sd[1]'):.2f}); the softmax is"
        f" then 0 or 1, the loss clips it, and {frozen:.0%} of all examples are wrong and send"
        f" exactly zero gradient. In the end raw is"
        f" at {r.median('raw'):.1%} held-out accuracy, {r.froze('raw')}; / 255 is at"
        f" {r.median('/255'):.1%}. The same raw network with the loss from logits is at"
        f" {r.median('raw, from logits'):.1%}, {r.against('raw, from logits', 'raw')} raw and"
        f" {r.against('raw, from logits', '/255, from logits')} / 255 from logits"
        f" ({r.median('/255, from logits'):.1%})."
    )


def _why_high(r: Results) -> str:
    return (
        f"Each example whose true class got a probability under 1e-7 adds −ln 1e-7 ="
        f" {PLATEAU:.3f} and no gradient. Final raw loss {r.median('raw', 'end.loss'):.2f} ="
        f" {r.median('raw', 'loss_in_plateaus'):.3f} × {PLATEAU:.3f}, and"
        f" {r.median('raw', 'end.zero_gradient_wrong'):.1%} of examples are frozen wrong"
        f" (medians over seeds). A seed's step is the number of classes it has right: one right"
        f" gives {PLATEAU * (1 - 1 / r.classes):.2f}, two"
        f" {PLATEAU * (1 - 2 / r.classes):.2f}."
    )


def _why_not_more(r: Results) -> str:
    gaps = {
        name: r.median(f"/1000, {name}", "loss", 1) - r.median("/255", "loss", 1)
        for name in (
            "first-layer rate × 3.92",
            "initial kernel × 3.92",
            "ε ÷ 3.92",
            "every rate × 3.92",
            "all three",
        )
    }
    gap = r.median("/1000", "loss", 1) - r.median("/255", "loss", 1)
    told = ", ".join(f"{name}: {value:+.4f}" for name, value in gaps.items())
    accuracies = ", ".join(f"/ {k} {r.median(f'/{k}'):.1%}" for k in (100, 255, 1000, 3000, 10000))
    return (
        f"Adam moves every weight by about its learning rate whatever the gradient's size, so"
        f" inputs 3.92 times smaller make the first layer's steps count 3.92 times less, from a"
        f" start that is 3.92 times smaller. Loss of epoch 1 against / 255: / 1000 {gap:+.4f};"
        f" with {told}. All three together are the same training step for step."
        f" Accuracy by divisor: {accuracies}."
    )


def _why_loss(r: Results) -> str:
    def told(arm: str) -> str:
        return f"{r.median(arm):.1%} ({r.against(arm, 'raw')} raw)"

    def bounded(unit: str) -> str:
        saturated = r.median(f"raw, {unit}", "start.saturated_units[0]")
        return (
            f"{unit} {told(f'raw, {unit}')}, with {saturated:.0%} of its outputs saturated at the"
            f" start; with / 255 {r.median(f'/255, {unit}'):.1%}"
        )

    return (
        f"Held-out accuracy of the raw network {r.median('raw'):.1%}; with categorical instead of"
        f" sparse cross-entropy, the same formula, {told('raw, categorical')}; from logits instead"
        f" of clipped probabilities {told('raw, from logits')}; with squared error"
        f" {told('raw, squared error')}, with / 255 {r.median('/255, squared error'):.1%}. ReLU"
        f" passes the scale on to the logits, where bounded units stop it:"
        f" {bounded('sigmoid')}; {bounded('tanh')}."
    )


CASE = Case(
    name="divide-by-255-or-1000",
    title="Why divide by 255, and why is dividing by 1000 not better still?",
    source="Cross Validated, July 2019, post 420231",
    story=(
        "784-128-10, ReLU, sparse cross-entropy on softmax probabilities, Adam, 5 epochs;"
        " pixels divided by 255, raw, divided by 1000."
    ),
    arms=_arms,
    figures=_figures(),
    claims=_CLAIMS,
    questions=(
        Question("Why is scaling needed when all features share one scale?", _why_needed),
        Question("Why is the raw loss so high?", _why_high),
        Question("Why is dividing by more not better still?", _why_not_more),
        Question("Does sparse cross-entropy or ReLU have to do with it?", _why_loss),
    ),
    staircase=("raw",),
    chart=("raw", "raw, from logits", "/1000", "/255"),
)
