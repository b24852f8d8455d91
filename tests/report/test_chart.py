"""The chart: its shape, its legend, and what it draws of runs that ended early."""

import re

import pytest

from synthetic import CASES, record, reports
from unstuck.report import terminal
from unstuck.report.chart import curves

HEIGHT = 14
AROUND = 4  # lines: title, frame above and below, axis


@pytest.mark.parametrize("epochs", [1, 2, 50])
@pytest.mark.parametrize("width", [40, 72])
def test_shape(epochs, width):
    lines = {"raw": [0.1] * epochs, "B, every rate ÷ 255²": [0.9] * epochs}
    text = curves(lines, "held-out accuracy", width).splitlines()
    plot = [line for line in text if line.startswith("│")]
    assert len(plot) == HEIGHT
    assert {line.rindex("│") for line in plot} == {width + 1}
    assert max(map(len, text)) <= width + len("││ 100 %")
    assert text[0].strip() == "held-out accuracy"
    assert "\x1b" not in "".join(text)
    legend = text[HEIGHT + AROUND :]
    assert all(name in "\n".join(legend) for name in lines)


def test_a_higher_curve_stands_higher():
    text = curves({"low": [0.1] * 5, "high": [0.9] * 5}, "t").splitlines()
    plot = [line.split("│")[1] for line in text if line.startswith("│")]
    rows = {}
    for name in ("low", "high"):
        mark = re.search(rf"(\S)\1 {name}", text[-1]).group(1)
        rows[name] = [row for row, line in enumerate(plot) if mark in line]
    assert max(rows["high"]) < min(rows["low"])
    # Shares from 0 to 1 fill a window of 0 to 100 %: 90 % is near the top, 10 % near the foot.
    assert max(rows["high"]) <= 3
    assert min(rows["low"]) >= HEIGHT - 4


def test_medians_over_seeds_of_runs_that_ended_at_different_times(monkeypatch):
    def world(setup, seed):
        made = record(setup, epochs=[1, 2, 3][seed])
        made["val_accuracy"] = [[0.1], [0.2, 0.3], [0.3, 0.5, 0.7]][seed]
        return made

    drawn = {}
    monkeypatch.setattr(terminal, "curves", lambda lines, *_: drawn.update(lines) or "")
    case = CASES["same-scale-features"]
    (report,) = reports([case], world, seeds=3)
    terminal.chart(report)
    # Seeds as columns, an ended run keeping its last: (.1 .2 .3), (.1 .3 .5), (.1 .3 .7)
    assert drawn == {arm: [0.2, 0.3, 0.3] for arm in case.chart}
