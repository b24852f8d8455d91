"""Functions that the user hands over to be told, and watches that are used out of order."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

import unstuck
from unstuck.errors import UsageError

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def raises(shown):
    raise ZeroDivisionError("no words")


def takes_nothing():
    """Cannot be called with what is told."""


WRONG = {raises: "ZeroDivisionError: no words", takes_nothing: "TypeError: takes_nothing() takes 0"}


def watch(**given):
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    return unstuck.watch(model, torch.optim.SGD(model.parameters(), 0.1), **given)


def train(seen, steps=5):
    for _ in range(steps):
        seen.optimizer.zero_grad()
        nn.functional.cross_entropy(seen.model(torch.tensor(X)), torch.tensor(Y)).backward()
        seen.optimizer.step()


@pytest.mark.parametrize("tell", WRONG)
def test_one_that_fails_ends_no_training(tell, capsys):
    with watch(tell=tell) as seen:
        train(seen)
    assert seen.report.diagnosed.witness.count == 5  # its losses came to the end
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1  # once
    assert WRONG[tell] in said[0]
    assert "tell=" in said[0]


@pytest.mark.parametrize("told", WRONG)
def test_one_that_fails_ends_no_proof(told, capsys):
    report = unstuck.diagnose(MLPClassifier((4,)), X * 300, Y)
    assert report.prove(2, told=told).record.setup["trials"]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert WRONG[told] in said[0]


def test_a_watch_that_did_not_begin_or_goes_on_is_refused():
    seen = watch()
    with pytest.raises(UsageError, match=r"ends before it began(.|\n)*with unstuck\.watch"):
        seen.__exit__(None, None, None)
    with seen, pytest.raises(UsageError, match="within its own block"), seen:
        pass
    assert not hasattr(torch.autograd.backward, "__wrapped__")  # nothing is left


def quiet(shown):
    """Tells nobody; a function of the module's, so that it can be pickled."""


def keras_watch():
    return unstuck.keras.Watch(X, Y, stop=True, tell=quiet)


WATCHES = {
    "keras": keras_watch,
    "lightning": lambda: unstuck.lightning.Watch(True, quiet),
    "skorch": lambda: unstuck.skorch.Watch(True, quiet),
    "transformers": lambda: unstuck.transformers.Watch(True, quiet),
    "torch": lambda: watch(stop=True, tell=quiet),
}


@pytest.mark.parametrize("copied", [deepcopy, lambda watch: pickle.loads(pickle.dumps(watch))])
@pytest.mark.parametrize("library", WATCHES)
def test_watches_are_copied_and_pickled_without_what_they_saw(library, copied):
    pytest.importorskip(library)
    made = copied(WATCHES[library]())
    if library == "torch":
        with made:
            train(made)
        assert made.report.suspects == ()
    if library != "skorch":  # which has its watch from the first training on
        held = getattr(made, "_watcher", None) or made._hooks
        assert (held._stop, held._tell) == (True, quiet)


def test_a_keras_watch_that_has_watched_is_copied_and_watches():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    seen = keras_watch()
    model.fit(X, Y, verbose=0, callbacks=[seen])
    again = deepcopy(seen)
    with pytest.raises(UsageError, match="no training was seen"):
        _ = again.report
    model.fit(X, Y, verbose=0, callbacks=[again])
    assert again.report.framework == "keras"


def test_a_report_is_pickled_as_what_was_found():
    report = unstuck.diagnose(MLPClassifier((4,)), X * 300, Y)
    found = pickle.loads(pickle.dumps(report))
    assert str(found) == str(report)
    assert found.to_json() == report.to_json()
    proof = report.prove(2)
    proven = pickle.loads(pickle.dumps(proof))
    assert proven.to_json() == proof.to_json()
    for goes_on in (found.prove, lambda: found.batch, proven.fix):
        with pytest.raises(UsageError, match=r"did not come with what was pickled(.|\n)*to_json"):
            goes_on()
    assert deepcopy(report).prove(2).record.setup  # a copy has all of it


def test_a_watched_report_is_pickled_too():
    with watch(tell=quiet) as seen:
        train(seen)
    report = pickle.loads(pickle.dumps(seen.report))
    assert report.suspects == ()
    with pytest.raises(UsageError, match="did not come with what was pickled"):
        report.prove(2)
