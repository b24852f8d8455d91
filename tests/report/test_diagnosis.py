"""Diagnoses on the terminal and as text: all that decides, in words that promise little."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from hand_made import BARE, BEYOND, CLIPPING, HOSTILE, MARKUP, SOUND, SPREAD, STUCK
from unstuck.records.report import Link
from unstuck.report import diagnosis
from unstuck.report.diagnosis import NO_PROMISE, NO_PROOF, links, renderable, text
from unstuck.report.wording import quantity
from unstuck.sessions import Session as session

ALL = {"sound": SOUND, "stuck": STUCK, "hostile": HOSTILE, "bare": BARE, "beyond": BEYOND}
INF, NAN = float("inf"), float("nan")


def flat(told):
    return re.sub(r"\s+", " ", told)


def shown(report, width, **options):
    out = io.StringIO()
    Console(file=out, width=width, **options).print(renderable(report))
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (149.2, "", "149"),
        (0.0011, "", "0.0011"),
        (1.6, "ratio", "1.6"),
        (0.0, "", "0"),
        (-34.31, "", "−34.3"),
        (12_345.0, "", "12,300"),
        (999.96, "", "1,000"),
        (30_250_056.0, "", "3.03 × 10⁷"),
        (1.2562e-06, "", "1.26 × 10⁻⁶"),
        (-1.2562e-06, "", "−1.26 × 10⁻⁶"),
        (1437, "examples", "1,437"),
        (0.7616, "share", "76 %"),
        (0.0195, "share of ln K", "1.9 %"),
        (0.00053, "share", "0.053 %"),
        (2.18, "share of the loss", "218 %"),
        (1.0, "share", "100 %"),
        (0.9996, "share", "99.96 %"),
        (0.9999999, "share", "99.99 %"),
        (0, "share", "0 %"),
        (0.5, "shares of a company", "0.5"),
        ("ids 0 to 9", "name", "ids 0 to 9"),
        (None, "share", "not measured"),
        (INF, "", "∞"),
        (-INF, "share", "−∞"),
        (NAN, "share", "NaN"),
    ],
)
def test_quantities(value, unit, told):
    assert quantity(value, unit) == told


def test_the_typical_case_fits_on_one_screen():
    told = text(STUCK)
    assert len(told.splitlines()) <= 45
    assert max(map(cell_len, told.splitlines())) <= 80
    assert str(session(STUCK)) == told
    assert all(line == line.rstrip() for line in told.splitlines())


def test_the_order_is_set_up_verdict_suspects_limits_caveat():
    told = flat(text(STUCK))
    parts = [
        "keras on tensorflow",
        "Suspected, not tested yet: inputs spread over far more than about 1",
        "optimizer adam, rate 0.001",
        "looked at 2,048 of 60,000 examples in 0.9 s",
        "nothing was trained",
        "suspected: 2 causes",
        "1. inputs spread over far more than about 1 input-spread",
        SPREAD.mechanism,
        "input_size 124 inputs of a size about 1, at most 5",
        "frozen_examples 76 % below 5 % of examples",
        "pre_activation_spread (dense_1) 149 about 1",
        "Inputs divided by their standard deviation",
        "size of the inputs 124 → 1.29",
        "pre-activations: sd 149 → 1.6",
        "wrong examples with zero gradient 76 % → 0 %",
        "Goes away: frozen examples, rate above critical",
        f"Candidate cure: {SPREAD.cure}",
        "2. probabilities clipped to zero gradient loss-clipping",
        "frozen_examples 76 %; expected: below 5 % of examples",
        "Would account for: frozen examples",
        "Candidate cure: from_logits=True",
        "Limits",
        "the recurrent layer",
        "hooks are left out",
        NO_PROOF,
    ]
    places = [told.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_only_the_first_suspect_is_told_in_full():
    told = flat(text(STUCK))
    assert CLIPPING.mechanism not in told
    alone = flat(text(replace(STUCK, suspects=(replace(CLIPPING, rank=1),))))
    assert CLIPPING.mechanism in alone
    assert "suspected: 1 cause " in alone


def test_nothing_is_claimed_to_be_proven():
    for report in ALL.values():
        told = flat(text(report)).lower()
        assert "proven" not in told
        assert "not a proof" in told


def test_a_sound_set_up_says_what_was_checked():
    told = flat(text(SOUND))
    assert "nothing suspicious" in told
    assert "suspected:" not in told
    assert "7 of 9 probes apply and were measured" in told
    assert re.search(r"\d\d symptoms judged, \d\d causes considered", told)
    assert told.endswith(NO_PROMISE)
    assert "Limits" not in told


def test_the_chain_tells_what_the_cut_moves():
    assert [link.probe for link in links(SPREAD)] == [
        "input_size",
        "pre_activation_spread",
        "frozen_examples",
        "learning_rate_excess",
    ]


def test_a_chain_without_a_cut_tells_what_is_not_zero():
    assert [link.probe for link in links(CLIPPING)] == ["input_size", "frozen_examples"]
    assert "124 →" not in text(replace(STUCK, suspects=(CLIPPING,)))


def test_a_link_lost_with_the_cut_says_so():
    lost = replace(SPREAD, chain=(*SPREAD.chain[:1], Link("logits: sd", "logit_spread", 129.0)))
    assert "129 → not measured" in flat(text(replace(STUCK, suspects=(lost,))))


def test_a_chain_that_a_cut_does_not_move_is_told_all_the_same():
    still = replace(SPREAD, chain=(Link("size", "input_size", 2.0, 2.0),))
    assert links(still) == still.chain


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ALL)
def test_every_report_fits_every_width(name, width):
    told = shown(ALL[name], width)
    assert max(map(cell_len, told.splitlines())) <= width
    assert "\x1b" not in told


def test_colours_do_not_change_the_words():
    told = shown(STUCK, 80, force_terminal=True, color_system="standard")
    assert "\x1b[" in told
    assert re.sub(r"\x1b\[[\d;]*m", "", told) == shown(STUCK, 80)


def test_what_looks_like_markup_is_shown_as_it_stands():
    assert flat(text(HOSTILE)).count("[bold]x[/bold] [/] {{ x }}") >= 6


def test_figures_beyond_all_bounds():
    told = flat(text(BEYOND))
    assert "input_size ∞ finite" in told
    assert "learning_rate_excess NaN finite" in told
    assert "∞ → not measured" in told
    assert "NaN → 1" in told


def test_a_report_displays_itself_on_a_console():
    out = io.StringIO()
    Console(file=out, width=80).print(session(STUCK))
    assert "input-spread" in out.getvalue()


def test_one_word_where_framework_and_backend_are_one():
    assert diagnosis.heading(BARE) == "torch"
    assert diagnosis.effort(BARE) == "nothing was trained"


def test_markup_itself_is_hostile():
    assert "<" in MARKUP
    assert "[" in MARKUP
