"""The cases as tables: names hold together, figures are the published ones, one thing at a time."""

import re
from dataclasses import fields

import pytest

from synthetic import CASES, record
from unstuck import cases
from unstuck.cases.case import Quantity
from unstuck.cases.results import Results
from unstuck.errors import UsageError

# Typed from the threads as CASES.md gives them: (arm, metric, epoch) -> as printed.
PUBLISHED = {
    "relu-adam-raw": {
        ("raw", "val_accuracy", None): 0.20,
        ("raw, sigmoid, squared error, SGD", "val_accuracy", 50): 0.85,
    },
    "weights-instead-of-inputs": {},
    "divide-by-255-or-1000": {
        ("/255", "loss", 1): 0.5012,
        ("/255", "loss", 2): 0.3798,
        ("/255", "loss", 3): 0.3412,
        ("/255", "loss", 4): 0.3182,
        ("/255", "loss", 5): 0.2966,
        ("/255", "val_loss", None): 0.3385,
        ("raw", "loss", 1): 13.0456,
        ("raw", "loss", 2): 13.0127,
        ("raw", "loss", 3): 12.9553,
        ("raw", "loss", 4): 12.9172,
        ("raw", "loss", 5): 12.9154,
        ("raw", "val_loss", None): 12.9235,
        ("/1000", "loss", 1): 0.5428,
        ("/1000", "loss", 2): 0.4010,
        ("/1000", "loss", 3): 0.3587,
        ("/1000", "loss", 4): 0.3322,
        ("/1000", "loss", 5): 0.3120,
        ("/1000", "val_loss", None): 0.3718,
    },
    "same-scale-features": {
        ("/255", "val_accuracy", None): 0.85,
        ("raw", "val_accuracy", None): 0.10,
    },
}

# Where a comparison needs arms that differ in more than one thing, and why it still decides.
LOGITS = {"output activation", "loss"}
KERNEL = {"scaler", "first kernel initial"}
SEVERAL = [
    (LOGITS, "logits go with a linear output: softmax and the loss's clipping are one thing"),
    (KERNEL, "the case's own pair: the same initial function, scaled in another place"),
    (KERNEL | {"first kernel learning_rate"}, "the same start with a matching rate"),
    (
        KERNEL | {"first kernel learning_rate", "first kernel epsilon"},
        "all parts of the equivalence for Adam: the same training",
    ),
    (KERNEL | {"optimizer learning_rate"}, "the same start with a rate for every layer"),
    (
        {"scaler", "first kernel learning_rate"},
        "the rate alone, held against what it is said to undo",
    ),
    ({"scaler", "first kernel epsilon"}, "ε alone, held against what it is said to undo"),
    ({"scaler", "optimizer learning_rate"}, "the rate alone, held against what it is to undo"),
    (KERNEL | LOGITS, "B without its clipping, held against A: is that all there is to it?"),
    ({"scaler", "hidden activation"}, "another unit in place of scaling: does it do as well?"),
    (
        {"optimizer name", "optimizer weight_decay"},
        "AdamW is Adam with weight decay, and has another name",
    ),
    (
        {"hidden activation", "loss", "epochs", "patience"}
        | {"optimizer name", "optimizer learning_rate"},
        "the published comparison: another network altogether learns raw pixels",
    ),
]


def differences(a, b):
    """The things in which two set-ups differ, in words; a scaler is one thing."""

    def parts(setup):
        layers = setup.network.layers
        first_kernel = {f"first kernel {k}": v for k, v in vars(setup.first_kernel).items()}
        optimizer = {f"optimizer {k}": v for k, v in vars(setup.optimizer).items()}
        rest = {f.name: getattr(setup, f.name) for f in fields(setup)}
        for name in ("network", "first_kernel", "optimizer"):
            del rest[name]
        return {
            "units": [layer.units for layer in layers],
            "hidden activation": [layer.activation for layer in layers[:-1]],
            "output activation": layers[-1].activation,
            "initialisers": [(layer.kernel, layer.bias) for layer in layers],
            **first_kernel,
            **optimizer,
            **rest,
        }

    ours, others = parts(a), parts(b)
    return {name for name in ours if ours[name] != others[name]}


def quantities(case):
    """Every quantity that a case judges."""
    for claim in case.claims:
        for p in claim.predictions:
            yield from (q for q in (p.a, p.b) if isinstance(q, Quantity))
    yield from (figure.of for figure in case.figures)


class Watched(dict):
    """Records by arm; notes which arms were asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()

    def __getitem__(self, arm):
        self.asked.add(arm)
        return super().__getitem__(arm)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_every_case_is_in_the_table_above():
    assert PUBLISHED.keys() == CASES.keys() == set(cases.NAMES)
    assert all(name == case.name for name, case in CASES.items())


def test_every_arm_that_is_named_exists(case):
    arms = case.arms(10)
    named = {q.arm for q in quantities(case)} | {*case.staircase, *case.chart}
    assert named <= arms.keys()
    # An answer that asks for another arm raises KeyError here.
    records = Watched({name: [record(setup)] * 3 for name, setup in arms.items()})
    results = Results(records, (0, 1, 2), 10)
    for question in case.questions:
        question.answer(results)
    # What is trained and never told of costs time for nothing.
    assert arms.keys() <= named | records.asked


def test_every_quantity_is_one_that_its_arm_measures(case):
    arms = case.arms(10)
    results = Results({name: [record(setup)] for name, setup in arms.items()}, (0,), 10)
    for quantity in quantities(case):
        assert results.values(quantity).shape == (1,), quantity
        assert quantity.epoch is None or 1 <= quantity.epoch <= arms[quantity.arm].epochs


def test_arms_follow_the_number_of_classes(case):
    for classes in (2, 7):
        for setup in case.arms(classes).values():
            assert setup.network.layers[-1].units == classes


def test_arms_are_told_apart(case):
    arms = case.arms(10)
    assert len(set(arms.values())) == len(arms)
    assert len({q.asked for q in case.questions}) == len(case.questions)


def test_claims_have_ids_of_their_own():
    ids = [claim.id for case in CASES.values() for claim in case.claims]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", claim_id) for claim_id in ids)


def test_every_claim_predicts_something(case):
    for claim in case.claims:
        assert claim.predictions, claim.id
        assert claim.question.endswith("?")
        for prediction in claim.predictions:
            assert prediction.margin > 0, claim.id
            assert prediction.a != prediction.b, claim.id


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_are_those_that_were_published(name):
    figures = CASES[name].figures
    found = {(f.of.arm, f.of.metric, f.of.epoch): f.value for f in figures}
    assert found == PUBLISHED[name]
    assert len(figures) == len(PUBLISHED[name])
    for figure in figures:
        assert figure.low <= figure.value <= figure.high
        # The wording is the value as printed, in percent where it is an accuracy.
        (printed,) = re.findall(r"\d+(?:\.\d+)?", figure.wording)
        scale = 100 if figure.of.metric == "val_accuracy" else 1
        assert float(printed) == pytest.approx(scale * figure.value)
        # Frozen networks stand on steps; the others are compared by an interval.
        assert figure.kind == ("plateau" if figure.of.arm == "raw" else "smooth")


def test_the_differences_of_two_arms_are_found():
    arms = CASES["divide-by-255-or-1000"].arms(10)
    assert differences(arms["raw"], arms["raw"]) == set()
    assert differences(arms["raw"], arms["/255"]) == {"scaler"}
    assert differences(arms["raw"], arms["raw, from logits"]) == LOGITS
    assert differences(arms["/1000"], arms["/1000, ε ÷ 3.92"]) == {"first kernel epsilon"}
    assert differences(arms["/1000"], arms["/1000, every rate × 3.92"]) == {
        "optimizer learning_rate"
    }
    wide = CASES["relu-adam-raw"].arms(10)["raw, 512 units"]
    assert differences(CASES["relu-adam-raw"].arms(10)["raw"], wide) == {"units"}


def compared(case):
    """Claim, prediction, and the things in which the two arms that it compares differ."""
    arms = case.arms(10)
    for claim in case.claims:
        for p in claim.predictions:
            if isinstance(p.b, Quantity):
                apart = differences(arms[p.a.arm], arms[p.b.arm])
                if p.a.metric.removeprefix("log10 ").startswith("start."):
                    apart -= {"epochs", "patience"}  # none has been trained yet
                yield claim.id, p.says, apart


def test_the_arms_of_a_claim_differ_in_one_thing(case):
    allowed = [things for things, _ in SEVERAL]
    for claim, says, apart in compared(case):
        assert len(apart) <= 1 or apart in allowed, (claim, says, apart)


def test_no_exception_to_it_is_idle():
    used = [apart for case in CASES.values() for _, _, apart in compared(case)]
    for things, why in SEVERAL:
        assert things in used, why


def test_setups_are_as_published():
    """What CASES.md says of each network, beside what runs."""
    arms = {name: case.arms(10) for name, case in CASES.items()}
    for name, arm, units, loss, optimizer, epochs in (
        ("relu-adam-raw", "raw", [128, 128, 10], "categorical_crossentropy_clipped", "adam", 20),
        (
            "weights-instead-of-inputs",
            "A",
            [300, 100, 10],
            "sparse_categorical_crossentropy_clipped",
            "sgd",
            5,
        ),
        (
            "divide-by-255-or-1000",
            "raw",
            [128, 10],
            "sparse_categorical_crossentropy_clipped",
            "adam",
            5,
        ),
        (
            "same-scale-features",
            "/255",
            [128, 10],
            "sparse_categorical_crossentropy_clipped",
            "adam",
            5,
        ),
    ):
        setup = arms[name][arm]
        assert [layer.units for layer in setup.network.layers] == units
        assert [layer.activation for layer in setup.network.layers] == [
            *["relu"] * (len(units) - 1),
            "softmax",
        ]
        assert (setup.loss, setup.epochs, setup.batch_size) == (loss, epochs, 32)
        assert (setup.optimizer.name, setup.optimizer.form) == (optimizer, "keras")
        assert setup.optimizer.learning_rate == {"adam": 0.001, "sgd": 0.01}[optimizer]
        assert setup.optimizer.epsilon == 1e-7
    assert arms["relu-adam-raw"]["raw"].patience == 3
    sigmoid = arms["relu-adam-raw"]["raw, sigmoid, squared error, SGD"]
    assert (sigmoid.loss, sigmoid.optimizer.name) == ("mean_squared_error", "sgd")
    assert [layer.activation for layer in sigmoid.network.layers] == [
        "sigmoid",
        "sigmoid",
        "softmax",
    ]
    a, b = (arms["weights-instead-of-inputs"][arm] for arm in "AB")
    assert (a.drop_remainder, round(60_000 * a.validation_split)) == (True, 5_000)
    assert a.network.layers[0].kernel == "glorot_normal_untruncated"  # Normal(0, √(2/(in+out)))
    assert (a.scaler.kind, a.scaler.k, a.first_kernel.initial) == ("divide", 255, 1)
    assert (b.scaler.kind, b.first_kernel.initial) == ("none", 1 / 255)


def test_an_unknown_case_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean relu-adam-raw"):
        cases.load("relu-adam")
    with pytest.raises(UsageError, match="unstuck cases list"):
        cases.load("zzz")
