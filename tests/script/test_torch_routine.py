"""What a loop does around its steps, faults of its own, and what its losses are measured by."""

import math

import numpy as np
import pytest
import torch

from script import routines
from script.loops import LOOPS, ROWS, gan, net, tensors
from script.recording import Recording
from script.routines import FAULTY, SOUND
from unstuck.changes.attaching import ATTACHED
from unstuck.frameworks.recognize import recognize
from unstuck.frameworks.torch.watch import Loops
from unstuck.frameworks.torch.watch.graph import parameters
from unstuck.frameworks.torch.watch.nothing import knowing_nothing
from unstuck.setups.routine import Zeroing
from unstuck.setups.split import split
from unstuck.setups.subject import Given
from unstuck.watching.place import Place

# loop -> fields of its routine that are not a plain loop's
EXPECTED = {
    "clipped_by_norm": {"clip_norm": 0.5},
    "clipped_by_value": {"clip_value": 0.1},
    "clipped_in_parts": {"unseen": ("gradients are clipped in several parts",)},
    "clipped_sometimes": {"unseen": ("gradients are clipped differently from step to step",)},
    "scaled": {"scaled": 65536.0, "autocast": "bfloat16"},
    "evaluated_between": {"evaluating": False},
    "weighted_sampler": {"weights": (2 / 3, 2.0)},
}


@pytest.fixture
def seen():
    """Runs a loop and gives its trainings as they were recorded; nothing is diagnosed."""
    recording = Recording()
    loops = Loops(recording)
    loops.install()

    def run(loop, *args):
        loop(*args)
        loops.finish()
        return recording.trainings

    yield run
    loops.remove()


@pytest.mark.parametrize("name", SOUND)
def test_sound_loops_have_no_fault(seen, name):
    for training in seen(SOUND[name]):
        assert not training.sightings
        assert not training.watch.void
        assert training.routine_seen.zeroing is Zeroing.STEP
        for field, value in EXPECTED.get(name, {}).items():
            found = getattr(training.routine_seen, field)
            assert found == (pytest.approx(value) if field == "weights" else value)


@pytest.mark.parametrize("name", LOOPS)
def test_usual_loops_are_plain(seen, name):
    (training,) = seen(LOOPS[name], False)
    assert not training.sightings
    assert not training.watch.void
    routine = training.routine_seen
    assert (routine.zeroing, routine.rates, routine.unseen) == (Zeroing.STEP, (), ())
    assert routine.steps == len(training.watch.values)


@pytest.mark.parametrize("loop", FAULTY)
def test_faults(seen, loop):
    (training,) = seen(loop)
    assert list(training.sightings) == [FAULTY[loop]]
    found = training.sightings[FAULTY[loop]]
    assert any(letter.isdigit() for letter in found.says)
    assert found.evidence[0].source


def test_every_fault_is_a_cause_with_a_cure():
    from unstuck.causes import LOOP, load

    elsewhere = {"updates-discarded", "training-mode"}  # the next test; test_evaluations.py
    assert set(FAULTY.values()) == set(LOOP) - elsewhere
    for name in LOOP:
        cause = load(name)
        assert cause.name == name
        assert cause.cure("torch")


@pytest.mark.parametrize("file", [routines.__file__, __file__])
def test_steps_that_are_given_to_a_name(file):
    """Only where the script's text says so: others may want the gradients alone."""
    recording = Recording()
    recording.here = lambda: Place(file, 1)
    loops = Loops(recording)
    loops.install()
    try:
        routines.thrown_away()
        loops.finish()
    finally:
        loops.remove()
    if file == __file__:
        assert not recording.trainings
        return
    (training,) = recording.trainings
    assert list(training.sightings) == ["updates-discarded"]
    assert (
        "those of the first of 10 backward passes" in training.sightings["updates-discarded"].says
    )
    assert len(training.watch.values) == 30


def test_gradients_that_are_zeroed_seldom_or_never(seen):
    assert seen(routines.never_zeroed)[0].routine_seen.zeroing is Zeroing.NEVER


def test_gradients_that_are_zeroed_each_epoch(seen):
    assert seen(routines.zeroed_each_epoch)[0].routine_seen.zeroing is Zeroing.EPOCH


@pytest.mark.parametrize(
    ("loop", "rate"),
    [
        (routines.schedule_each_epoch, lambda k: 0.1 * 0.1 ** (k // 10)),
        (routines.warm_up_by_hand, lambda k: 0.1 * min(1, k / 10)),
        (routines.cosine_each_batch, lambda k: 0.05 * (1 + math.cos(math.pi * k / 40))),
    ],
)
def test_rates_are_those_that_were_used(seen, loop, rate):
    (training,) = seen(loop)
    routine = training.routine_seen
    for k in range(routine.steps):
        assert routine.reference * routine.rate(k) == pytest.approx(rate(k), abs=1e-9)


def test_losses_of_a_scaler_are_told_unscaled(seen):
    (training,) = seen(SOUND["scaled"])
    assert training.watch.values[0] == pytest.approx(math.log(3), abs=0.5)


def test_losses_that_are_added_up_are_told_whole(seen):
    (training,) = seen(LOOPS["accumulation"], False)
    assert training.watch.values[0] == pytest.approx(math.log(3), abs=0.5)


def test_a_range_test_says_nothing_and_the_training_after_it_does(seen):
    sweep, training = seen(routines.range_test_then_training)
    assert "range test" in sweep.watch.void
    assert not training.watch.void
    assert training.arguments
    assert not training.sightings


@pytest.mark.parametrize(
    ("loop", "why"),
    [
        (lambda: gan(False), "adversarial"),
        (routines.taught, "another model's output"),
        (routines.features_of_another, ""),
        (routines.advantages, "reinforcement"),
        (routines.margins, ""),
    ],
)
def test_losses_that_say_nothing(seen, loop, why):
    for training in seen(loop):
        assert why in training.watch.void
        assert bool(training.watch.void) == bool(why)
        assert not training.sightings


@pytest.mark.parametrize("name", ["unused_labels", "flattened_autoencoder"])
def test_targets_are_what_the_loss_reads(seen, name):
    (training,) = seen(getattr(routines, name))
    x, y = next(iter(training.arguments["x"]))
    assert x is y or torch.equal(x, y)


def test_knowing_nothing_as_the_loss_counts(seen):
    y = np.arange(ROWS) % 10
    first = np.mean((np.arange(ROWS) % 2)[y >= 5])
    entropy = -(first * np.log(first) + (1 - first) * np.log(1 - first))
    (training,) = seen(routines.ignored_positions)
    assert training.watch.nothing == pytest.approx(entropy, rel=1e-3)


def test_knowing_nothing_of_a_quantile(seen):
    (training,) = seen(routines.quantile)
    assert training.watch.nothing == pytest.approx(0.045, rel=0.01)


def test_knowing_nothing_of_examples_as_they_are_drawn(seen):
    (training,) = seen(routines.weighted_sampler)  # one class in four, drawn three times as often
    assert training.watch.nothing == pytest.approx(math.log(2), rel=1e-3)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log-probabilities"])
def test_knowing_nothing_of_classes_is_the_entropy_of_their_frequencies(kind):
    y = torch.tensor([0] * 71 + [1] * 9 + [2] * 20)
    shares = np.array([0.71, 0.09, 0.20])
    logits = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    loss, output = {
        "logits": (torch.nn.functional.cross_entropy, logits),
        "probabilities": (
            lambda p, y: torch.nn.functional.nll_loss(torch.log(p), y),
            logits.softmax(1),
        ),
        "log-probabilities": (torch.nn.functional.nll_loss, logits.log_softmax(1)),
    }[kind]
    found = knowing_nothing(loss, output, y, whole=True)
    assert found == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-3)


def test_knowing_nothing_of_squared_errors_is_the_variance():
    y = torch.arange(50.0)[:, None] * 1000
    found = knowing_nothing(torch.nn.functional.mse_loss, torch.zeros(50, 1), y, whole=True)
    assert found == pytest.approx(float(y.var(unbiased=False)), rel=1e-3)


def test_parameters_of_a_loss():
    model = net()
    x, y = tensors(False)
    loss = torch.nn.functional.cross_entropy(model[2](model[0](x).detach()), y)
    assert {id(p) for p in parameters(loss)} == {id(p) for p in model[2].parameters()}


def test_trials_with_nothing_detached_train_what_was_cut_off(seen):
    (training,) = seen(routines.detached_between)
    subject = recognize(
        training.arguments["model"],
        Given(**{k: v for k, v in training.arguments.items() if k != "model"}),
    )
    trainer, data = subject.trainer(), split(subject.sample)
    kernels = {}
    for changes in ((), (ATTACHED,)):
        moved = [trainer.train(data, changes, 0, steps).model for steps in (1, 9)]
        first, last = (next(m.parameters()).detach() for m in moved)
        kernels[changes] = bool((first - last).abs().max() > 1e-4)
    assert kernels == {(): False, (ATTACHED,): True}
