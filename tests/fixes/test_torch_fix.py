"""Cures of torch set-ups: the object and the code that makes it are the same."""

import copy
import warnings

import numpy as np
import pytest

from unstuck.causes import load
from unstuck.causes.examples import digits, regression
from unstuck.changes import (
    activation,
    capacity,
    epsilon,
    initialization,
    input_clipping,
    input_scaling,
    learning_rate,
    loop,
    normalization,
    optimizer,
    restraint,
    shuffling,
    target_scaling,
    unfreezing,
)
from unstuck.changes import loss as losses
from unstuck.changes.change import changed
from unstuck.errors import UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.setups.split import split
from unstuck.setups.subject import Given

torch = pytest.importorskip("torch")
nn = torch.nn

from unstuck.cures.cure import cure  # noqa: E402
from unstuck.cures.printed import Names, Unwrap  # noqa: E402
from unstuck.frameworks.torch.cure import built as built_of  # noqa: E402
from unstuck.frameworks.torch.cure import printed  # noqa: E402
from unstuck.patch.write import Site, patched  # noqa: E402


def built(subject, changes):
    return built_of(subject, cure(changes))


X, Y = digits()
SCALE, OFFSET = np.geomspace(1, 500, 8), np.arange(8) * 30.0


def clamped(p, y):
    return -torch.log(p.clamp(1e-7, 1 - 1e-7))[torch.arange(len(y)), y.long()].mean()


def classifier():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10), nn.Softmax(dim=1))
    return model, torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-4)


def executed(code, **names):
    exec(compile(code, "<fix>", "exec"), names)
    return names


def trained(model, loss, optimizer, x, y, steps=5):
    """Losses of some steps on all examples."""
    model.train()
    told = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        told.append(value.item())
    return told


CHANGES = {
    "standardized": (input_scaling.STANDARD,),
    "per feature": (input_scaling.PER_FEATURE,),
    "centered": (input_scaling.CENTER,),
    "robust": (input_scaling.ROBUST,),
    "log": (input_scaling.LOG,),
    "clipped and standardized": (input_clipping.CLIP, input_scaling.STANDARD),
    "logits": (losses.LOGITS,),
    "logits and spread": (input_scaling.SPREAD, losses.LOGITS),
    "rate": (learning_rate.HIGHER[0],),
    "sgd": (optimizer.SGD,),
    "activation": (activation.RELU,),
    "normalized": (normalization.NORMALIZED,),
    "unfrozen": (unfreezing.UNFROZEN,),
    "shuffled": (shuffling.SHUFFLED,),
}


@pytest.mark.parametrize("name", CHANGES)
def test_code_and_object_train_alike(name):
    model, own = classifier()
    before = copy.deepcopy(model.state_dict())
    x, y = torch.from_numpy(X.copy()), torch.from_numpy(Y.astype(np.int64))
    subject = recognize(model, Given(x, y, loss=clamped, optimizer=own))
    made = built(subject, CHANGES[name])
    done = executed(made.code, model=model, x=x, y=y, loss=clamped, optimizer=own)
    assert all(torch.equal(v, before[k]) for k, v in made_state(model, before).items())
    given = made.arguments
    found = trained(made.model, given["loss"], given["optimizer"], x, y)
    wanted = trained(done["model"], done["loss"], done["optimizer"], done["x"].float(), y)
    # Maps are fitted to three quarters of the data in the object, to all of it in the code; else
    # steps differ in float32 rounding.
    fitted = any(c.of_data for c in CHANGES[name])
    np.testing.assert_allclose(found, wanted, rtol=0.2 if fitted else 1e-3)
    recognize(made.model, Given(x, y, **{k: v for k, v in given.items() if k != "targets"}))


def made_state(model, before):
    """The weights of a model whose code may have exchanged layers without weights."""
    return {k: v for k, v in model.state_dict().items() if k in before}


QUANTITIES = {
    "rate": (learning_rate.HIGHER[1],),
    "adam": (optimizer.ADAM,),
    "adam and rate": (optimizer.ADAM, learning_rate.LOWER[0]),
    "epsilon": (epsilon.EPSILON,),
    "no penalty": (restraint.NO_PENALTY,),
    "no dropout": (restraint.NO_DROPOUT,),
    "balanced": (restraint.BALANCED,),
    "unweighted": (restraint.UNWEIGHTED,),
    "statistics": (loop.STATISTICS,),
    "wider": (capacity.WIDER,),
    "plain": (capacity.PLAIN,),
    "plain, from logits": (capacity.PLAIN, losses.LOGITS),
    "put in": (activation.RELU,),
    "unfrozen": (unfreezing.UNFROZEN,),
    "cross-entropy": (losses.CROSSENTROPY,),
}


NUMBERS = ("lr", "eps", "weight_decay")


def quantities(model, loss, optimizer, **_):
    """All numbers that a change may change."""
    group = optimizer.param_groups[0]
    weight = getattr(loss, "weight", None)
    return {
        "optimizer": type(optimizer).__name__,
        "loss": type(loss).__name__,
        "layers": [str(m) for m in model.modules() if not list(m.children())],
        "held": sum(p.numel() for g in optimizer.param_groups for p in g["params"]),
        "trained": [p.requires_grad for p in model.parameters()],
        **{
            k: pytest.approx(group[k], rel=5e-3)
            for k in ("lr", "eps", "weight_decay")
            if k in group
        },
        "weight": weight if weight is None else pytest.approx(weight.tolist(), rel=1e-5),
    }


@pytest.mark.parametrize("name", QUANTITIES)
def test_trial_object_and_code_change_the_same_to_the_same(name):
    torch.manual_seed(0)
    layers = [nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)]
    if name == "put in":  # where there is none
        del layers[1]
    elif name != "wider":
        layers[1:1] = [nn.BatchNorm1d(32, momentum=0.01), nn.Dropout(0.4)]
    if name == "cross-entropy":
        layers.append(nn.Sigmoid())
    if name == "plain, from logits":
        layers.append(nn.Softmax(dim=1))
    model = nn.Sequential(*layers)
    if name == "unfrozen":
        layers[0].requires_grad_(False)
    loss = nn.CrossEntropyLoss(weight=torch.arange(1.0, 11.0) if name == "unweighted" else None)
    held = [p for p in model.parameters() if p.requires_grad]
    own = torch.optim.AdamW(held, lr=0.00123, weight_decay=0.05, eps=1e-4)
    x, y = torch.from_numpy(X), torch.from_numpy(Y.astype(np.int64))
    subject = recognize(model, Given(x, y, loss=loss, optimizer=own))
    trainer = subject.trainer()
    assert trainer.refuses(QUANTITIES[name]) == ""
    before = quantities(copy.deepcopy(model), loss, own)
    run = trainer.train(split(subject.sample), QUANTITIES[name], 0, 1)
    made = built(subject, QUANTITIES[name])
    done = executed(made.code, model=model, x=x, y=y, loss=copy.deepcopy(loss), optimizer=own)
    assert "unstuck" not in made.code
    of_trial = quantities(run.model, run.arguments["loss"], run.arguments["optimizer"])
    of_object = quantities(made.model, made.arguments["loss"], made.arguments["optimizer"])
    of_code = quantities(done["model"], done["loss"], done["optimizer"])
    told = [{k: getattr(v, "expected", v) for k, v in q.items()} for q in (of_trial, of_object)]
    assert told[0] == told[1]
    assert {k: getattr(v, "expected", v) for k, v in of_code.items()} == of_trial
    assert told[0] != {k: getattr(v, "expected", v) for k, v in before.items()}


def test_lsuv_is_measured_on_inputs_as_they_reach_the_layer():
    """On float64 arrays, behind the scaler in front."""
    model, own = classifier()
    x = X.astype(np.float64) * 1000
    y = torch.from_numpy(Y.astype(np.int64))
    both = (input_scaling.STANDARD, initialization.LSUV)
    made = built(recognize(model, Given(x, y, loss=clamped, optimizer=own)), both)
    done = executed(made.code, model=model, x=x, y=y, loss=clamped, optimizer=own)
    with torch.no_grad():
        code = done["model"][0](torch.tensor(done["x"][:256], dtype=torch.float32)).var()
        front, network = made.model
        thing = network[0](front(torch.tensor(x[:64], dtype=torch.float32))).var()
    assert float(code) == pytest.approx(1, abs=0.1)
    assert float(thing) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("rule", [initialization.HE, initialization.GLOROT, initialization.LSUV])
def test_weights_drawn_by_another_rule(rule):
    model, own = classifier()
    x, y = torch.from_numpy(X.copy()), torch.from_numpy(Y.astype(np.int64))
    made = built(recognize(model, Given(x, y, loss=clamped, optimizer=own)), (rule,))
    done = executed(made.code, model=model, x=x, y=y, loss=clamped, optimizer=own)
    for kernels in zip(made.model.parameters(), done["model"].parameters(), strict=True):
        one, other = (float(k.detach().std()) for k in kernels)
        assert one == pytest.approx(other, rel=0.15)  # draws of some hundred weights


def test_few_features_are_written_out_and_targets_standardized():
    x, y = regression()
    x, y = (x * SCALE + OFFSET).astype(np.float32), y * 1000
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    own = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    subject = recognize(model, Given(x, y, loss=nn.MSELoss(), optimizer=own))
    made = built(subject, (input_scaling.PER_FEATURE, target_scaling.TARGETS))
    x, y = torch.from_numpy(x), torch.from_numpy(y).float()
    done = executed(made.code, model=model, x=x, y=y, loss=nn.MSELoss(), optimizer=own)
    targets = made.arguments["targets"]
    scaled = ((y - targets.shift.item()) / targets.scale.item()).float()
    found = trained(made.model, made.arguments["loss"], made.arguments["optimizer"], x, scaled)
    wanted = trained(done["model"], done["loss"], done["optimizer"], done["x"], done["y"])
    np.testing.assert_allclose(found, wanted, rtol=0.1)  # figures of three quarters and of all
    assert made.data is not None
    assert made.data.targets is not None


def test_images_are_scaled_pixel_by_pixel():
    x = X.reshape(-1, 1, 8, 8)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    own = torch.optim.Adam(model.parameters())
    subject = recognize(model, Given(x, Y, loss=nn.CrossEntropyLoss(), optimizer=own))
    made = built(subject, (input_scaling.PER_FEATURE,))
    done = executed(made.code, model=model, x=x, y=Y, loss=None, optimizer=own)
    with torch.no_grad():
        found, wanted = (
            made.model(torch.from_numpy(x[:50])),
            done["model"](torch.as_tensor(done["x"][:50])),
        )
    assert found.shape == wanted.shape == (50, 10)
    assert float((found - wanted).abs().mean()) < 0.1 * float(found.std())  # other examples


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 32)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return torch.softmax(self.out(torch.relu(self.hidden(x))), dim=1)


def test_a_softmax_that_is_a_function_is_told():
    model = Own()
    own = torch.optim.Adam(model.parameters())
    subject = recognize(model, Given(X / 255, Y.astype(np.int64), loss=clamped, optimizer=own))
    made = built(subject, (losses.LOGITS,))
    assert "take softmax out of the end of forward()" in made.code
    (block,) = printed(subject, cure((losses.LOGITS,)), Names())
    assert Unwrap("softmax", "Own") in block.edits


def test_a_trained_model_is_drawn_anew():
    model, own = classifier()
    x, y = torch.from_numpy(X.copy()), torch.from_numpy(Y.astype(np.int64))
    trained(model, clamped, own, x, y, 20)
    made = built(recognize(model, Given(x, y, loss=clamped, optimizer=own)), (optimizer.ADAM,))
    assert "reset_parameters" in made.code
    assert not torch.equal(made.model[0].weight, model[0].weight)


def test_data_from_a_loader():
    model, own = classifier()
    x, y = torch.from_numpy(X.copy()), torch.from_numpy(Y.astype(np.int64))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 32)
    subject = recognize(model, Given(loader, loss=clamped, optimizer=own))
    made = built(subject, (input_scaling.PER_FEATURE, shuffling.SHUFFLED))
    done = executed(made.code, model=model, x=loader, loss=clamped, optimizer=own)
    with torch.no_grad():
        found, wanted = made.model(x[:50]), done["model"](done["inputs"][:50])
    assert float((found - wanted).abs().mean()) < 0.02  # probabilities; maps of other examples
    assert len(next(iter(done["x"]))) == 2
    assert isinstance(done["x"].sampler, torch.utils.data.RandomSampler)
    assert made.arguments["shuffle"] is True


def test_several_targets_are_standardized_each():
    x, y = regression()
    y = np.hstack([y * 10, y * 1000 + 5]).astype(np.float32)
    model = nn.Linear(8, 2)
    own = torch.optim.SGD(model.parameters(), lr=0.01)
    subject = recognize(model, Given(x, y, loss=nn.MSELoss(), optimizer=own))
    made = built(subject, (target_scaling.TARGETS,))
    done = executed(made.code, model=model, x=x, y=y, loss=nn.MSELoss(), optimizer=own)
    np.testing.assert_allclose(np.std(done["y"], axis=0), 1, rtol=1e-4)  # float32


def test_inputs_that_are_ids_stay_as_they_are():
    class Ids(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.last = nn.Embedding(300, 4), nn.Linear(256, 10)

        def forward(self, x):
            return self.last(self.table(x).flatten(1))

    given = Given(X.astype(np.int64), Y, loss="cross_entropy", optimizer="adam")
    made = built(recognize(Ids(), given), (input_scaling.STANDARD,))
    assert isinstance(made.model, Ids)


def test_several_inputs_are_refused():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 10)

        def forward(self, a, b):
            return self.layer(a) + self.layer(b)

    model = Two()
    given = Given((X, X), Y, loss="cross_entropy", optimizer="adam")
    with pytest.raises(UsageError, match="2 inputs"):
        built(recognize(model, given), (input_scaling.STANDARD,))


def test_a_lightning_module_keeps_its_kind():
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

        def training_step(self, batch, index):
            x, y = batch
            return nn.functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    model = Module()
    x, y = torch.from_numpy(X), torch.from_numpy(Y.astype(np.int64))
    made = built(recognize(model, Given(x, y)), (input_scaling.STANDARD,))
    assert isinstance(made.model, Module)
    done = executed(made.code, model=model, x=x, y=y, loss=None, optimizer=None)
    found = made.model.training_step((x, y), 0).item()
    wanted = done["model"].training_step((done["x"], y), 0).item()
    assert found == pytest.approx(wanted, rel=1e-2)  # figures of three quarters and of all


def test_a_skorch_net_is_given_the_changed_module():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skorch = pytest.importorskip("skorch")
    net = skorch.NeuralNetClassifier(
        Own, verbose=0, lr=0.1, max_epochs=20, train_split=None, iterator_train__shuffle=True
    )
    y = Y.astype(np.int64)
    made = built(recognize(net, Given(X, y)), (input_scaling.STANDARD, optimizer.ADAM))
    done = executed(made.code, model=net, x=X, y=y)
    assert isinstance(done["model"], skorch.NeuralNetClassifier)
    assert done["model"].fit(done["x"], y).score(done["x"], y) > 0.9
    recognize(made.model, Given(X, y, **made.arguments))


class Logits(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return self.out(x)


def test_a_skorch_net_is_cured_where_it_is_made():
    """By its arguments, as its users write it; the module's own layers are not touched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skorch = pytest.importorskip("skorch")
    net = skorch.NeuralNetClassifier(Logits, verbose=0, lr=0.1, train_split=None)
    subject = recognize(net, Given(X, Y.astype(np.int64)))
    source = "net = NeuralNetClassifier(Logits, lr=0.1)\nnet.fit(x, y)\n"
    made = cure((losses.LOGITS, optimizer.ADAM))
    new = patched(source, [Site(2, "torch", lambda names: printed(subject, made, names))])
    assert new == (
        "import torch\n"
        "net = NeuralNetClassifier(Logits, lr=0.001, criterion=torch.nn.CrossEntropyLoss,"
        " optimizer=torch.optim.Adam)\nnet.fit(x, y)\n"
    )


@pytest.mark.parametrize("name", ["padding-behind", "id-fractions"])
def test_sequences_are_written_down_as_trials_have_them(name):
    example = load(name).shows()
    subject = recognize(example.model, Given(**example.arguments))
    (change,) = load(name).changes
    data = split(subject.sample)
    made = built(subject, (change,))
    done = executed(made.code, x=torch.as_tensor(data.x[0]), y=data.y)
    np.testing.assert_array_equal(done["x"].numpy(), changed(data, (change,)).x[0])
