"""Trainings of libraries on PyTorch: one training each, started by its first step."""

import importlib
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from script.loops import BATCH, FEATURES, ROWS, data, loader, net
from script.test_torch_loops import nothing_left, same
from unstuck.frameworks.torch.watch import loops_of


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def lightning(request, trainings):
    package = pytest.importorskip(request.param)
    importlib.import_module("unstuck.frameworks.torch.watch.lightning").install(trainings)
    return package


def fit(lightning, raw):
    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(net(), nn.Dropout(0.1))

        def training_step(self, batch, index):
            x, y = batch
            loss = F.cross_entropy(self.net(x), y)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    torch.manual_seed(5)
    model = Model()
    trainer = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(model, loader(raw, shuffle=True))
    return model


def test_lightning(trainings, lightning):
    for raw in (True, False):
        model = fit(lightning, raw)
    broken, healthy = trainings.trainings
    assert broken.framework == "lightning"
    assert healthy.arguments["model"] is model
    assert broken.ended
    assert len(broken.watch.values) == 2 * ROWS / BATCH
    assert "input-spread" in [s.name for s in broken.report.suspects]
    assert not healthy.report.suspects
    assert not trainings.said
    assert nothing_left()


def test_lightning_trains_the_same(trainings, lightning):
    seen = fit(lightning, True).state_dict()
    assert len(trainings.trainings) == 1
    loops_of(trainings).remove()
    unseen = fit(lightning, True).state_dict()
    assert same(seen, unseen)


@pytest.fixture
def skorch(trainings):
    package = pytest.importorskip("skorch")
    importlib.import_module("unstuck.frameworks.torch.watch.skorch").install(trainings)
    return package


def classifier(skorch):
    torch.manual_seed(5)
    return skorch.NeuralNetClassifier(
        net(), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, max_epochs=2, verbose=0
    )


def test_skorch(trainings, skorch):
    for raw in (True, False):
        x, y = data(raw)
        classifier(skorch).fit(x, y)
    broken, healthy = trainings.trainings
    assert broken.framework == "skorch"
    assert broken.arguments["x"].shape == (ROWS, FEATURES)
    assert broken.ended
    assert len(broken.watch.values) == 4
    assert "input-spread" in [s.name for s in broken.report.suspects]
    assert not healthy.report.suspects


def test_skorch_trains_the_same(trainings, skorch):
    x, y = data(True)
    seen = classifier(skorch).partial_fit(x, y=y).module_.state_dict()
    assert len(trainings.trainings) == 1
    loops_of(trainings).remove()
    unseen = classifier(skorch).partial_fit(x, y=y).module_.state_dict()
    assert same(seen, unseen)


def test_a_loop_after_a_library_is_a_training_of_its_own(trainings, skorch):
    from script.loops import slices

    net_of_mine = classifier(skorch).initialize()  # its optimizer is made before it is fitted
    x, y = data(False)
    net_of_mine.partial_fit(x, y)
    slices(True)
    assert [t.framework for t in trainings.trainings] == ["skorch", "torch"]
    assert trainings.trainings[1].arguments["batch_size"] == BATCH
    assert nothing_left()


def test_an_error_of_the_users_passes_through(trainings, skorch):
    with pytest.raises(ValueError, match=r"lengths|sizes"):
        classifier(skorch).fit(np.zeros((4, FEATURES), np.float32), np.zeros(3, np.int64))
    assert not trainings.trainings or trainings.trainings[0].ended


class Texts(torch.utils.data.Dataset):
    def __len__(self):
        return 48

    def __getitem__(self, i):
        ids = torch.randint(0, 50, (6,), generator=torch.Generator().manual_seed(i))
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": int(ids[0]) % 3}


def test_transformers(trainings, tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    importlib.import_module("unstuck.frameworks.torch.watch.transformers").install(trainings)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}

    def train(rate):
        torch.manual_seed(1)
        model = transformers.BertForSequenceClassification(
            transformers.BertConfig(vocab_size=50, intermediate_size=32, num_labels=3, **sizes)
        )
        options = transformers.TrainingArguments(
            str(tmp_path),
            max_steps=4,
            learning_rate=rate,
            per_device_train_batch_size=8,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
            lr_scheduler_type="constant",
        )
        transformers.Trainer(model, options, train_dataset=Texts()).train()
        return model.state_dict()

    seen = train(1e-3)
    train(3.0)
    healthy, broken = trainings.trainings
    assert healthy.framework == "transformers"
    assert not trainings.said
    assert len(healthy.watch.values) == 4
    assert not healthy.report.suspects
    assert "learning-rate-high" in [s.name for s in broken.report.suspects]
    loops_of(trainings).remove()
    assert same(seen, train(1e-3))
