"""Proofs and fixes told: the finding first, in words; values and effects that add up."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from hand_made import FIX, LOSS, MARKUP, PROOF, PROOFS, SPREAD, effect
from unstuck.records.states import State, Status
from unstuck.report.levels import gain, level
from unstuck.report.sentence import of_proof
from unstuck.report.shown import renderable, text
from unstuck.sessions import Session


def flat(told):
    return re.sub(r"\s+", " ", told)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "stuck",
            "It does not learn. The reason: inputs spread over far more than about 1 (input size"
            " 124; expected inputs of a size about 1, at most 5): proven on 6 seeds. To do: inputs"
            " divided by their standard deviation and the loss computed from logits. Without it"
            " held-out accuracy is 10.5 %, with it 83.1 %.",
        ),
        ("loss", "Without it held-out loss (mse) is 1.1, with it 0.1."),
        (
            "loss",
            "In the targets' units, the error is 1.05 without and 0.316 with it (rmse).",
        ),
        ("learns", "Nothing is wrong: it learns as well as anything that was tried"),
        ("improvable", "It learns, and can do clearly better, which is proven on 6 seeds. To do:"),
        ("slow", "It learns far less than it could. The reason: inputs spread"),
        ("diverged", "Its numbers grow beyond all bounds. The reason: inputs spread"),
        ("nothing", "Nothing to learn here"),
        ("unknown", "Undecided: the trials do not tell whether it learns what it could. About 42"),
        ("no-cause", "the best that was tried: 83.1 %), and no cause is proven. About 12 s more"),
        ("not-trusted", "seeds were too few to tell a change that matters from one that cannot"),
        ("placebo", "a change that cannot matter seemed to matter as well: these trials prove"),
        ("disagrees", "Not judged: the trials don't do what the script does: loss 2, not 1."),
    ],
)
def test_the_finding_is_a_sentence(name, says):
    told = of_proof(PROOFS[name])
    assert says in told
    assert flat(text(PROOFS[name])).split(" ", 5)[5].startswith(told)


def test_without_a_trial_nothing_is_measured() -> None:
    none = replace(PROOFS["learns"], value=float("nan"))
    assert of_proof(none).startswith("It was seen to learn; there was no time")


def test_what_was_outdone_is_not_said_to_learn_as_well_as_anything() -> None:
    outdone = replace(PROOFS["learns"], trivial=0.19, value=0.38, best=0.79, higher=True)
    told = of_proof(outdone)
    assert told.startswith("Nothing is proven to be wrong: it learns.")
    assert "is 38.0 %, knowing nothing 19.0 %, the best that was tried 79.0 %" in told
    assert "as well as anything" not in flat(text(outdone))


@pytest.mark.parametrize("name", ["disagrees", "unknown", "nothing", "no-cause", "not-trusted"])
def test_what_is_not_proven_is_not_told_as_proven(name):
    assert "proven on" not in of_proof(PROOFS[name])


def test_the_order_is_finding_repair_others_suspects_doubts():
    told = flat(text(PROOF))
    parts = [
        "unstuck proof: keras on tensorflow",
        "It does not learn.",
        "steps 290",
        "knowing nothing 10.9 % –",
        "as it is 10.5 % 10.0 %",
        "repaired 83.1 % 83.0 %",
        "The repair: inputs divided by their standard deviation and the loss computed from logits"
        " PROVEN",
        "10.5 % → 83.1 %: +72.6 points better (95 %: +70.6 to +74.6; 6 seeds)",
        "necessary: the repair without it against all of it: 30.0 % → 83.1 %: +53.1",
        "sufficient alone: 10.5 % → 80.0 %: +69.5 points",
        "whether it is necessary is not decided",
        "not sufficient alone: 10.5 % → 12.0 %: +1.5 points",
        "Other repairs that were seen leaky units",
        "On top of the repair, one after the other (proven)",
        "batch normalization in front: 83.1 % → 88.0 %",
        "input-spread PROVEN",
        "loss-clipping REFUTED",
        "Interactions",
        "The trials do what the script does",
        "null, as it must",
        "the trials do not augment",
    ]
    places = [told.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_where_the_trials_disagree_nothing_of_them_is_told():
    told = text(PROOFS["disagrees"])
    for word in ("PROVEN", "REFUTED", "Placebo", "as it is", "learns"):
        assert word not in told


@pytest.mark.parametrize("proof", [PROOF, LOSS], ids=["accuracy", "loss"])
def test_values_and_effects_beside_each_other_add_up(proof):
    """Of what is told: each "a → b: +c", for losses "a → b: mse lower by c", has b − a = ±c, to the
    digits that are shown."""
    number = r"([\d.]+)(?: %)?"
    found = re.findall(rf"{number} → {number}: (?:\+|mse lower by )({number})", flat(text(proof)))
    assert len(found) >= 2
    for base, value, gained, _ in found:
        assert abs(abs(float(value) - float(base)) - float(gained)) < 0.11


@pytest.mark.parametrize(
    ("one", "measure", "told"),
    [
        (effect(0.1, 0.8, Status.PROVEN), "accuracy", "+70.0 points better (95 %: +68.0 to +72.0"),
        (effect(0.8, 0.7, Status.HARMFUL), "accuracy", "10.0 points worse (95 %: +8.0 to +12.0"),
        (effect(1.1, 0.1, Status.PROVEN, -1), "mse", "mse lower by 1 (95 %: 0.98 to 1.02"),
        (effect(0.1, 0.8, Status.INCONCLUSIVE, n=1), "accuracy", "better (1 seed: no interval)"),
        (
            replace(effect(0.1, 0.8, Status.PROVEN), low=float("nan")),
            "accuracy",
            "+70.0 points better (6 seeds: no interval)",
        ),
    ],
)
def test_gains(one, measure, told):
    assert told in gain(one, measure)


def test_what_is_not_finite_is_said_so():
    assert level(float("inf"), "mse") == "not finite"
    assert "not finite" in text(PROOFS["diverged"])


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", PROOFS)
def test_every_proof_fits_every_width(name, width):
    out = io.StringIO()
    Console(file=out, width=width).print(renderable(PROOFS[name]))
    assert max(map(cell_len, out.getvalue().splitlines())) <= width


def test_a_fix_is_told_with_its_code_and_interval():
    told = flat(text(FIX))
    for part in ("verified", "x = x / x.std()", "before 10.5 % (95 %: 9.0 % to 12.0 %; 6 fresh",
                 "after 83.1 %", "+72.6 points better"):  # fmt: skip
        assert part in told
    assert "NOT verified" in text(replace(FIX, verified=False))


def test_names_of_the_user_are_escaped():
    hostile = replace(PROOF, notes=(MARKUP,), setup={"steps": MARKUP})
    assert "[bold]x[/bold]" in text(hostile)


def test_a_session_has_its_record_s_fields_and_cannot_be_changed():
    session = Session(PROOF)
    assert session.state is State.STUCK
    assert session.proven[0].name == SPREAD.name
    assert session.to_json()["state"] == "stuck"
    assert str(session) == text(PROOF)
    with pytest.raises(AttributeError):
        session.state = State.LEARNING
    with pytest.raises(AttributeError, match="nonsense"):
        _ = session.nonsense
