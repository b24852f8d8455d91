"""Every cause's own example shows it, and its look-alike shows nothing."""

import pytest

from unstuck.causes import LOOP, NAMES, TRIED, causes, load
from unstuck.sessions import diagnose

# Clipping needs logits far apart, which something before it in the chain has made: it comes second.
RANKS = dict.fromkeys(NAMES, 1) | {"loss-clipping": 2}

SLUGS = """
backward-missing
input-spread input-offset feature-scales input-outliers input-too-small split-mismatch
split-by-class non-finite-data non-finite-weights non-finite-loss loss-negated uphill-steps
constant-input target-scale target-range outputs-few label-coding loss-mismatch loss-clipping
saturation dead-units initialization epsilon-zero learning-rate-high learning-rate-low
optimizer-epsilon frozen-parameters not-shuffled examples-mixed target-shape padding-behind
id-fractions
layers-not-registered optimizer-of-another-model loss-detached step-before-backward
gradients-not-zeroed evaluation-mode training-mode schedule-per-batch updates-discarded
optimizer-unsuited training-short batch-large regularization-strong capacity-small hidden-activation
statistics-lag
"""
SHOWN = [name for name in NAMES if name not in (*LOOP, *TRIED)]  # by a look at a set-up


def test_slugs_are_the_published_ones() -> None:
    assert set(NAMES) == set(SLUGS.split())


@pytest.mark.parametrize("name", SHOWN)
def test_example_shows_it(name: str) -> None:
    example = load(name).shows()
    report = diagnose(example.model, **example.arguments)
    ranks = {suspect.name: suspect.rank for suspect in report.suspects}
    assert ranks.get(name) == RANKS[name], ranks
    suspect = report.suspects[RANKS[name] - 1]
    assert suspect.evidence
    assert suspect.cure
    for evidence in suspect.evidence:
        assert evidence.expected
        assert evidence.source


@pytest.mark.parametrize("name", SHOWN)
def test_look_alike_shows_nothing(name: str) -> None:
    example = load(name).look_alike()
    report = diagnose(example.model, **example.arguments)
    assert [suspect.name for suspect in report.suspects] == []
    assert report.verdict == "nothing suspicious"


@pytest.mark.parametrize("cause", causes(), ids=lambda c: c.name)
def test_every_record_is_whole(cause) -> None:
    if cause.name in SHOWN:
        assert cause.signs
        assert cause.cut is not None or cause.harms
    else:  # seen while a script runs, or found by trials
        assert cause.shows is None
        assert cause.signs == ()
    assert cause.mechanism.count(". ") + 1 == 2, "two sentences"
    for framework in ("keras", "torch", "sklearn", "engine", "jax"):
        assert cause.cure(framework)
    for sign in cause.signs:
        assert sign.source
        assert sign.expected
