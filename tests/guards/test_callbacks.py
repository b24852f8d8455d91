"""Callbacks in real trainings: they see what `unstuck run` sees, and change nothing."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import unstuck
from unstuck.errors import UsageError

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(320, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


def net() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))


def loader(scale: float = 1.0) -> DataLoader:
    return DataLoader(TensorDataset(torch.from_numpy(X * scale), torch.from_numpy(Y)), 32)


def loop(scale: float = 1.0, zero: bool = True, watched: bool = True, rate: float = 0.1):
    """A training loop of somebody's; gives its model and, if it is watched, what was seen."""
    model, data = net(), loader(scale)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    told, criterion = [], nn.CrossEntropyLoss()

    def train(should_stop=lambda: False):
        for _ in range(3):
            for x, y in data:
                if zero:
                    optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                if should_stop():
                    return

    if not watched:
        train()
        return model, None, told
    with unstuck.watch(model, optimizer, stop=True, tell=told.append) as seen:
        train(lambda: seen.should_stop)
    return model, seen, told


def same(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return all(torch.equal(p, q) for p, q in pairs)


def nothing_is_left() -> bool:
    names = ("_unstuck", "unstuck")
    made, backward = torch.optim.Optimizer.__init__, torch.autograd.backward
    return not any(f.__module__.startswith(names) for f in (made, backward)) and not hasattr(
        backward, "__wrapped__"
    )


def test_a_loop_is_looked_at_and_trains_as_it_would() -> None:
    model, seen, told = loop()
    assert seen.report.suspects == ()
    assert seen.report.framework == "torch"
    assert seen.state.split(":")[0] in ("learning", "stuck", "slow", "unknown")
    assert not seen.should_stop
    assert same(model, loop(watched=False)[0])
    assert nothing_is_left()
    assert any("test_callbacks.py, line" in str(line) for line in told)


def test_inputs_of_another_scale_are_suspected_and_proven_as_that_loop_was() -> None:
    model, seen, _ = loop(100.0, rate=1e-3)
    weights = [p.detach().clone() for p in model.parameters()]
    report = seen.report
    assert "input-spread" in [s.name for s in report.suspects]
    assert (report.diagnosed.witness.count, report.diagnosed.routine.steps) == (30, 30)
    proof = report.prove(20)
    assert proof.record.setup["steps"]
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), weights, strict=True))


def test_gradients_that_accumulate_are_told() -> None:
    _, seen, told = loop(zero=False)
    assert any("gradients are not set to zero" in str(line) for line in told)
    assert seen.report is not None


def test_a_loop_that_diverges_is_to_stop() -> None:
    _, seen, _ = loop(1e4, rate=1e30)
    assert seen.should_stop
    assert seen.state.startswith("diverged")


def test_hooks_are_off_after_an_error() -> None:
    model = net()
    with (
        pytest.raises(ZeroDivisionError),
        unstuck.watch(model, torch.optim.SGD(model.parameters(), 0.1)),
    ):
        _ = 1 / 0
    assert nothing_is_left()


def test_what_is_no_torch_loop_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a torch\.nn\.Module(.|\n)*unstuck run"):
        unstuck.watch(object(), object())
    model = net()
    seen = unstuck.watch(model, torch.optim.SGD(model.parameters(), 0.1))
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(UsageError, match="stop='x'"):
        unstuck.watch(model, optimizer, stop="x")
    with pytest.raises(UsageError, match="tell=5"):
        unstuck.watch(model, optimizer, tell=5)
    with pytest.raises(UsageError, match="no training was seen"):
        _ = seen.report


@pytest.mark.filterwarnings("ignore")
def test_lightning() -> None:
    lightning = pytest.importorskip("lightning.pytorch")

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net()

        def training_step(self, batch, index):
            x, y = batch
            return nn.functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 1e-2)

    def fit(scale, *callbacks):
        model = Model()
        lightning.Trainer(
            max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, callbacks=list(callbacks),
        ).fit(model, loader(scale))  # fmt: skip
        return model

    watch = unstuck.lightning.Watch(tell=lambda shown: None)
    assert same(fit(1.0, watch), fit(1.0))
    assert watch.report.suspects == ()
    assert watch.report.framework == "torch"
    assert nothing_is_left()
    raw = unstuck.lightning.Watch(stop=True, tell=lambda shown: None)
    fit(3000.0, raw)
    assert "input-spread" in [s.name for s in raw.report.suspects]


def test_skorch() -> None:
    skorch = pytest.importorskip("skorch")

    def fitted(*callbacks):
        made = skorch.NeuralNetClassifier(
            net, criterion=nn.CrossEntropyLoss, max_epochs=2, lr=0.1, batch_size=32,
            train_split=None, verbose=0, callbacks=list(callbacks),
        )  # fmt: skip
        return made.fit(X, Y)

    watch = unstuck.skorch.Watch(tell=on_nobody)
    seen = fitted(watch)
    found = seen.callbacks[0]
    assert found.report_.suspects == ()
    assert found.state_
    assert same(seen.module_, fitted().module_)
    assert nothing_is_left()
    assert watch.get_params() == {"stop": False, "tell": on_nobody}
    assert "hooks_" not in vars(pickle.loads(pickle.dumps(found)))


def on_nobody(shown: object) -> None:
    """Tells nobody; a function of the module's, so that it can be pickled."""


@pytest.mark.filterwarnings("ignore")
def test_transformers(tmp_path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=12, num_labels=2,
    )  # fmt: skip
    rows = [
        {"input_ids": torch.randint(0, 40, (8,)), "labels": torch.tensor(i % 2)} for i in range(32)
    ]
    torch.manual_seed(0)
    watch = unstuck.transformers.Watch(tell=on_nobody)
    transformers.Trainer(
        model=transformers.BertForSequenceClassification(config),
        args=transformers.TrainingArguments(
            str(tmp_path), max_steps=4, per_device_train_batch_size=8, report_to=[],
            save_strategy="no", use_cpu=True, disable_tqdm=True,
        ),
        train_dataset=rows,
        callbacks=[watch],
    ).train()  # fmt: skip
    assert watch.report.framework == "torch"
    assert watch.state
    assert nothing_is_left()
