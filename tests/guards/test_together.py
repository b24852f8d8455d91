"""Several watches in one process: a script's own under `unstuck run`, or those of one trainer."""

import json

import pytest
import torch
from torch import nn

import unstuck
from script.running import python, unstuck_run
from unstuck.watching.standing import put

HEAD = """
import torch, unstuck
from torch import nn
torch.manual_seed(0)
x = torch.randn(120, 4); y = (x[:, 0] > 0).long()
def net():
    model = nn.Linear(4, 2)
    return model, torch.optim.SGD(model.parameters(), 0.1)
def train(model, optimizer, steps=5):
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
def told(seen):
    print([s.name for s in seen.report.suspects], seen.state, [type(s).__name__ for s in TOLD])
TOLD = []
"""
LIGHTNING = """
import logging, warnings; logging.disable(50); warnings.simplefilter("ignore")
import lightning as L, unstuck.lightning
class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 2)
    def training_step(self, batch, index):
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)
watches = [unstuck.lightning.Watch(tell=TOLD.append) for _ in range(2)]
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 32)
off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
L.Trainer(max_epochs=1, callbacks=watches, **dict.fromkeys(off, False)).fit(Model(), data)
for watch in watches:
    told(watch)
"""
LOOPS = """
model, optimizer = net()
with unstuck.watch(model, optimizer, tell=TOLD.append) as seen:
    train(model, optimizer)
told(seen)
with unstuck.watch(model, optimizer, tell=TOLD.append) as late:  # it trains already
    train(model, optimizer)
    with unstuck.watch(*net(), tell=TOLD.append) as within:
        train(within.model, within.optimizer)
        told(late)
told(within)
"""
PROOFS = """
model, optimizer = net()
with unstuck.watch(model, optimizer, tell=TOLD.append) as seen:
    train(model, optimizer)
print(seen.report.prove(2).record.setup["steps"])
report = unstuck.diagnose(model, x * 300, y, loss=nn.CrossEntropyLoss(), optimizer=optimizer)
report.prove(2)
print([s.name for s in report.suspects])
"""
SCRIPTS = {"loops": LOOPS, "proofs": PROOFS, "a trainer's two": LIGHTNING}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_scripts_own_watches_see_what_they_see_alone(name, tmp_path):
    if SCRIPTS[name] is LIGHTNING:
        pytest.importorskip("lightning")
    (tmp_path / "own.py").write_text(HEAD + SCRIPTS[name])
    alone = python(tmp_path, "own.py")
    run = unstuck_run(tmp_path, "--json", "found.json", "own.py")
    assert alone.status == 0, alone.err
    assert alone.out
    assert (run.status, run.out) == (0, alone.out), run.err
    found = json.loads((tmp_path / "found.json").read_text())["subjects"]
    assert [one["report"]["suspects"] for one in found] == [[]]  # no trial is a training of it


def test_what_stands_in_a_place_leaves_it_in_any_order():
    class Library:
        def act(self):
            return "act"

    original = vars(Library)["act"]

    def around(name):
        return lambda inner: lambda self: f"{name}({inner(self)})"

    for first in (0, 1):
        undo = [put(Library, "act", around(name)) for name in "ab"]
        assert Library().act() == "b(a(act))"
        undo.pop(first)()
        assert Library().act() == "ba"[first] + "(act)"
        undo.pop()()
        assert vars(Library)["act"] is original


def test_what_others_put_around_it_meanwhile_stays():
    class Library:
        def act(self):
            return "act"

    undo = put(Library, "act", lambda inner: lambda self: f"ours({inner(self)})")
    inner = Library.act
    Library.act = lambda self: f"theirs({inner(self)})"
    assert Library().act() == "theirs(ours(act))"
    undo()
    assert Library().act() == "theirs(act)"


def test_watches_that_overlap_leave_nothing_behind():
    backward = torch.autograd.backward
    pairs = []
    for _ in range(2):
        model = nn.Linear(4, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        pairs.append(unstuck.watch(model, optimizer, tell=lambda shown: None).__enter__())
    for seen in pairs:  # the one that came first leaves first
        seen.__exit__(None, None, None)
    assert torch.autograd.backward is backward
