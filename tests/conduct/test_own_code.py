"""The script's own code under a look: on copies, and called again as seldom as is promised."""

import json

import pytest
import torch

import unstuck
from script.running import python, unstuck_run

FORWARDS, READS = 16, 1  # more calls of the forward pass a look; of each item of a data set

HEAD = "import torch\nfrom torch import nn\ntorch.manual_seed(0)\ncalls = []\n"
LOOP = """
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x, y in batches:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
"""
MODEL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 2)
    def forward(self, x):
        {does}
        return self.layer(x)
model = Net()
x = torch.arange(600 * 16).reshape(600, 16).fmod(251).float()
batches = [(x, (x[:, 0] > 128).long())] * 5
"""


def both(folder, script):
    (folder / "s.py").write_text(script)
    found = [how(folder, "s.py") for how in (python, unstuck_run)]
    assert found[0].status == 0, found[0].err
    assert "training at s.py" in found[1].err
    assert "the script goes on" not in found[1].err  # as it does after an error of ours
    return found


@pytest.mark.parametrize("does", ["x.div_(2)", "x.data.mul_(0.5)", "x[:, 0] = 0"])
def test_a_forward_pass_that_works_in_place_does_so_as_often_as_it_would(does, tmp_path):
    script = HEAD + MODEL.format(does=does) + LOOP + "print(repr(loss.item()), x.sum().item())\n"
    as_it_is, watched = both(tmp_path, script)
    assert watched.out == as_it_is.out


FUNCTIONAL = """
def computed(params, x, y):
    output = torch.func.functional_call(model, params, (x,))
    return nn.functional.cross_entropy(output, y)
params = dict(model.named_parameters())
for x, y in batches:
    gradients = torch.func.grad(computed)(params, x, y)
    params = {k: (v - 0.1 * gradients[k]).detach() for k, v in params.items()}
"""


@pytest.mark.parametrize("loop", [LOOP, FUNCTIONAL], ids=["optimizer", "torch.func"])
def test_a_look_calls_the_forward_pass_a_few_times_and_tells_how_often(loop, tmp_path):
    script = HEAD + MODEL.format(does="calls.append(1)") + loop + "print(len(calls))\n"
    as_it_is, watched = (int(run.out) for run in both(tmp_path, script))
    assert as_it_is == 5
    assert as_it_is < watched <= as_it_is + FORWARDS
    told = unstuck_run(tmp_path, "--verbose", "--json", "o.json", "s.py")
    (subject,) = json.loads((tmp_path / "o.json").read_text())["subjects"]
    more = int(told.out) - as_it_is
    assert subject["report"]["calls"] == more
    assert f"forward pass and loss computed {more}× on copies" in " ".join(told.err.split())


def test_a_diagnosis_tells_how_often_it_called_model_and_loss():
    calls = {"model": 0, "loss": 0}

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def forward(self, x):
            calls["model"] += 1
            return self.layer(x)

    def loss(output, target):
        calls["loss"] += 1
        return torch.nn.functional.cross_entropy(output, target)

    net, x = Net(), torch.randn(100, 4)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    report = unstuck.diagnose(net, x, (x[:, 0] > 0).long(), loss=loss, optimizer=optimizer)
    assert report.calls == calls["model"] == calls["loss"] > 0


def test_a_look_reads_each_item_once(tmp_path):
    data = (
        "class Items(torch.utils.data.Dataset):\n"
        "    def __len__(self):\n        return 600\n"
        "    def __getitem__(self, i):\n        calls.append(i)\n"
        "        return torch.randn(16), i % 2\n"
        "batches = torch.utils.data.DataLoader(Items(), 50, shuffle=True)\n"
        "model = nn.Linear(16, 2)\n"
    )
    last = "from collections import Counter\nprint(loss.item(), max(Counter(calls).values()))\n"
    as_it_is, watched = both(tmp_path, HEAD + data + LOOP + last)
    assert watched.out.split()[0] == as_it_is.out.split()[0]
    assert int(watched.out.split()[1]) <= int(as_it_is.out.split()[1]) + READS
