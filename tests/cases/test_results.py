"""Quantities, steps and published figures on records made by hand, with answers by hand."""

import math

import numpy as np
import pytest

from unstuck.cases.case import ACCURACY_MARGIN, SAME_ACCURACY, Figure, Quantity, exactly, is_share
from unstuck.cases.results import PLATEAU, Results, classes_right, meet, staircase

NAN, INF = math.nan, math.inf


def run(val_accuracy, loss=(0.5,), end=None, start=None, val_loss=None):
    return {
        "loss": list(loss),
        "accuracy": [0.0] * len(loss),
        "val_loss": list(loss if val_loss is None else val_loss),
        "val_accuracy": list(val_accuracy),
        "start": start or {},
        "end": end or {},
    }


def results(*records, classes=10):
    return Results({"arm": records}, tuple(range(len(records))), classes)


def of(metric, epoch=None):
    return Quantity("arm", metric, epoch)


def seeds(*values, classes=10):
    """Runs of one epoch that ended at these accuracies."""
    return results(*(run([v]) for v in values), classes=classes)


def losses(*values):
    return results(*(run([0.1], [v]) for v in values))


def test_curves_are_read_by_epoch():
    measured = results(run([0.1, 0.2, 0.3]), run([0.4, 0.5, 0.6]))
    assert measured.values(of("val_accuracy", 1)).tolist() == [0.1, 0.4]
    assert measured.values(of("val_accuracy", 3)).tolist() == [0.3, 0.6]
    assert measured.values(of("val_accuracy")).tolist() == [0.3, 0.6]
    assert measured.median("arm") == pytest.approx(0.45)
    assert measured.median("arm", "val_accuracy", 2) == pytest.approx(0.35)


def test_a_run_that_stopped_early_keeps_its_last_value():
    measured = results(run([0.1, 0.2]), run([0.3, 0.4, 0.5, 0.6]))
    assert measured.values(of("val_accuracy", 3)).tolist() == [0.2, 0.5]
    assert measured.values(of("val_accuracy", 50)).tolist() == [0.2, 0.6]
    assert measured.values(of("val_accuracy")).tolist() == [0.2, 0.6]


def test_probes_are_read_by_name_and_layer():
    start = {"input_mean": 0.3, "gradient_norms": [100.0, 0.0, NAN]}
    measured = results(run([0.1], start=start, end={"input_mean": 7.0}))

    def value(metric):
        return measured.values(of(metric)).item()

    assert value("start.input_mean") == 0.3
    assert value("end.input_mean") == 7.0
    assert value("start.gradient_norms[0]") == 100.0
    assert value("log10 start.gradient_norms[0]") == 2.0
    assert value("start.gradient_norms[1]") == 0.0
    assert value("log10 start.gradient_norms[1]") == -INF  # a frozen network's, not a norm of 1
    assert math.isnan(value("log10 start.gradient_norms[2]"))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (run([0.1], [0.5, 0.4]), 0.0),
        (run([0.1], [0.5, NAN]), 1.0),
        (run([0.1], [INF, 0.5]), 1.0),
        (run([0.1], [0.5], val_loss=[NAN]), 1.0),
    ],
)
def test_not_finite(record, expected):
    assert results(record).values(of("not_finite")).tolist() == [expected]


@pytest.mark.parametrize(
    ("accuracy", "classes", "expected"),
    [
        (0.0, 10, 1.0),
        (0.1, 10, 1.0),
        (0.14, 10, 1.0),
        (0.16, 10, 0.0),
        (0.2, 10, 0.0),
        (0.9, 10, 0.0),
        (0.33, 3, 1.0),
        (0.67, 3, 0.0),
    ],
)
def test_on_lowest_step(accuracy, classes, expected):
    measured = seeds(accuracy, classes=classes)
    assert measured.values(of("on_lowest_step")).tolist() == [expected]


def test_loss_in_plateaus():
    measured = results(run([0.1], end={"loss": 14.506285}))
    assert measured.values(of("loss_in_plateaus")).item() == pytest.approx(0.9, abs=1e-6)


def test_the_plateau_is_one_clipped_example():
    assert pytest.approx(16.11809565) == PLATEAU


@pytest.mark.parametrize(
    ("metric", "value", "classes", "right"),
    [
        ("loss", 14.5063, 10, 1),  # −ln 1e-7 × 0.9
        ("loss", 12.8945, 10, 2),
        ("val_loss", 12.9235, 10, 2),
        ("loss", 13.0456, 10, 2),
        ("loss", 11.2827, 10, 3),
        ("loss", 0.0, 10, 10),
        ("loss", 16.1181, 10, 0),
        ("val_loss", 10.7454, 3, 1),
        ("val_accuracy", 0.1, 10, 1),
        ("val_accuracy", 0.199, 10, 2),
        ("val_accuracy", 0.83, 10, 8),
        ("val_accuracy", 0.33, 3, 1),
    ],
)
def test_classes_right(metric, value, classes, right):
    assert classes_right(np.array([value]), metric, classes).tolist() == [right]


def test_a_staircase_counts_all_seeds_and_shows_those_that_stand_on_it():
    values = np.array([0.1, 0.2, 0.1, NAN])
    assert staircase(values, "val_accuracy", 10) == {1: 0.5, 2: 0.25}
    assert staircase(np.array([NAN]), "val_accuracy", 10) == {}
    assert list(staircase(np.array([0.9, 0.1]), "val_accuracy", 10)) == [1, 9]


def test_a_smooth_figure_is_held_against_one_more_run():
    values = [0.50, 0.51, 0.49, 0.52, 0.48]
    # mean 0.5, s = √(0.001/4), and Student's t of 4 degrees of freedom from a printed table
    half = 4.604 * math.sqrt(0.001 / 4) * math.sqrt(1 + 1 / 5)
    met = meet(exactly(of("loss", 1), 0.5012), losses(*values))
    assert (met.n, met.median, met.inside, met.steps) == (5, 0.5, True, None)
    assert met.low == pytest.approx(0.5 - half, rel=1e-4)
    assert met.high == pytest.approx(0.5 + half, rel=1e-4)
    assert meet(exactly(of("loss", 1), 0.5 + half + 0.0002), losses(*values)).inside is False
    assert meet(exactly(of("loss", 1), 0.5 - half - 0.0002), losses(*values)).inside is False
    # What the printed digits leave open counts: 0.0001 is 0.00005 to 0.00015.
    assert meet(exactly(of("loss", 1), 0.5 + half + 0.00004), losses(*values)).inside is True


def test_an_interval_ends_where_the_quantity_does():
    met = meet(Figure(of("val_accuracy"), 0.85, 0.85, 1.0), seeds(0.99, 0.999, 0.95))
    assert met.high == 1.0
    assert meet(exactly(of("loss", 1), 0.01), losses(0.001, 0.02, 0.03)).low == 0.0


def test_a_wording_that_leaves_room_is_met_within_it():
    above = Figure(of("val_accuracy"), 0.85, 0.85, 1.0)
    assert meet(above, seeds(0.875, 0.876, 0.877, 0.878)).inside is True
    assert meet(above, seeds(0.775, 0.776, 0.777, 0.778)).inside is False


@pytest.mark.parametrize("values", [(0.9,), (0.9, NAN, 0.9), (0.9, INF)])
def test_an_interval_without_bounds_says_nothing(values):
    met = meet(exactly(of("loss", 1), 0.9), losses(*values))
    assert (met.inside, met.low, met.high) == (None, -INF, INF)
    assert met.n == len(values)


def test_a_plateau_is_met_when_a_seed_landed_on_its_step():
    figure = Figure(of("val_accuracy"), 0.2, 0.15, 0.25, kind="plateau")
    met = meet(figure, seeds(0.1, 0.1, 0.1, 0.205))
    assert (met.inside, met.steps) == (True, {1: 0.75, 2: 0.25})
    assert (met.n, met.median, met.low, met.high) == (4, 0.1, 0.1, 0.205)
    met = meet(figure, seeds(0.1, 0.1, 0.3))
    assert (met.inside, met.steps) == (False, {1: 2 / 3, 3: 1 / 3})


def test_a_plateau_of_losses():
    figure = Figure(of("loss", 1), 12.9154, 12.91535, 12.91545, kind="plateau")
    assert meet(figure, losses(14.506, 12.894)).steps == {1: 0.5, 2: 0.5}
    assert meet(figure, losses(14.506, 12.894)).inside is True
    assert meet(figure, losses(14.506, 11.283)).inside is False


@pytest.mark.filterwarnings("error")
def test_a_diverged_run_stands_on_no_step():
    figure = Figure(of("loss", 1), 12.9154, 12.91535, 12.91545, kind="plateau")
    met = meet(figure, losses(NAN, 12.894, 14.506))
    assert (met.inside, met.steps) == (True, {1: 1 / 3, 2: 1 / 3})
    assert (met.n, met.median, met.low, met.high) == (3, 14.506, 12.894, INF)
    assert meet(figure, losses(NAN, NAN)).inside is False


def test_a_diverged_run_counts_as_infinite_in_a_median():
    assert losses(NAN, 0.3, 0.4).median("arm", "loss") == 0.4
    assert losses(NAN, NAN, 0.4).median("arm", "loss") == INF


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (2 * ACCURACY_MARGIN, "better than"),
        (-2 * ACCURACY_MARGIN, "worse than"),
        (0.0, "as good as"),
        (0.9 * ACCURACY_MARGIN, "as good as"),
        (3 * SAME_ACCURACY, "better than"),
        (-3 * SAME_ACCURACY, "worse than"),
    ],
)
def test_against_says_what_was_measured(gap, words):
    arms = {"a": [run([0.5 + gap])] * 10, "b": [run([0.5])] * 10}
    assert Results(arms, tuple(range(10)), 10).against("a", "b") == words


def test_against_says_when_it_cannot_tell():
    arms = {"a": [run([0.5 + 0.05 * (-1) ** i]) for i in range(10)], "b": [run([0.5])] * 10}
    assert Results(arms, tuple(range(10)), 10).against("a", "b") == "not told apart from"
    few = {name: records[:3] for name, records in arms.items()}
    assert Results(few, (0, 1, 2), 10).against("a", "b") == "not told apart from"


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ("loss", False),
        ("val_loss", False),
        ("val_accuracy", True),
        ("start.saturated_softmax", True),
        ("end.dead_units[1]", True),
        ("start.missing_hyperplanes[0]", True),
        ("end.zero_gradient_wrong", True),
        ("on_lowest_step", True),
        ("not_finite", True),
        ("loss_in_plateaus", False),
        ("start.input_mean", False),
        ("log10 start.gradient_norms[0]", False),
        ("start.pre_activation_sd[2]", False),
    ],
)
def test_is_share(metric, share):
    assert is_share(metric) is share


def test_a_quantity_reads_as_words():
    assert str(Quantity("raw", "loss", 3)) == "loss of raw after epoch 3"
    assert str(Quantity("raw")) == "val_accuracy of raw"
