"""Data and losses that keep state: a script trains on them as it does without us."""

import importlib
import random
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

import unstuck
from script.loops import BATCH, ROWS, net, tensors
from script.test_torch_loops import nothing_left, same
from unstuck.errors import UsageError
from unstuck.frameworks.torch import data
from unstuck.frameworks.torch.apart import BIG, HUGE, LONG, copied
from unstuck.frameworks.torch.watch import Loops
from unstuck.script.trainings import Trainings


class Run:
    """The trainings of `unstuck run --prove`, without its proofs."""

    def __init__(self):
        self.told = []
        self.trainings = Trainings("script.py", self.told.append, prove=True)
        self.loops = Loops(self.trainings)

    @property
    def line(self):
        (line,) = self.trainings.lines
        return line

    def said(self):
        return [text for text in self.told if isinstance(text, str)]


def watched(train):
    """What a function trains and gives is the same under watch; and the run."""
    run = Run()
    run.loops.install()
    try:
        seen = train()
    finally:
        run.loops.remove()
    assert nothing_left()
    unseen = train()
    assert same(seen[0].state_dict(), unseen[0].state_dict())
    assert seen[1:] == unseen[1:]
    assert not any("could not" in text for text in run.said())
    return run


def trained(batches, criterion=F.cross_entropy, prepared=lambda batch: batch):
    model, steps = net(), 0
    optimizer = torch.optim.Adam(model.parameters())
    for batch in batches:
        x, y = prepared(batch)
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        steps += 1
    return model, steps


# -- data that can be read only once


class Once(IterableDataset):
    def __init__(self, rows):
        self.source = iter(rows)

    def __iter__(self):
        yield from self.source


def once(kind):
    x, y = tensors(True)
    rows = zip(x, y, strict=True)
    if kind == "iterator":
        return DataLoader(Once(rows), BATCH)
    if kind == "generator":
        return DataLoader(Once(pair for pair in rows), BATCH)
    if kind == "dict":
        return DataLoader(Once({"x": a, "y": b, "name": "a row"} for a, b in rows), BATCH)
    batches = (x[i : i + BATCH] for i in range(0, ROWS, BATCH))
    return DataLoader(Once(zip(batches, y.split(BATCH), strict=True)), batch_size=None)


KINDS = ("iterator", "generator", "dict", "batches")


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_read_only_once_is_left_to_the_script(kind):
    def train():
        named = kind == "dict"
        prepared = (lambda batch: (batch["x"], batch["y"])) if named else lambda batch: batch
        return trained(once(kind), prepared=prepared)

    run = watched(train)
    assert train()[1] == ROWS / BATCH
    assert "input-spread" in [s.name for s in run.line.report.suspects]
    assert run.line.start is None
    assert run.line.unproven == "one batch of the data was seen"


def test_one_batch_is_enough_for_a_step():
    def train():
        def noisy(batch):
            return batch[0] + 0.1 * torch.randn_like(batch[0]), batch[1]

        torch.manual_seed(0)
        return trained(once("iterator"), prepared=noisy)

    assert watched(train).line.report is not None


@pytest.mark.parametrize("kind", ["iterator", "batches"])
def test_a_diagnosis_reads_a_copy_of_a_stream(kind):
    loader, model = once(kind), net()
    if kind == "batches":  # which a generator is in, that cannot be copied
        loader = DataLoader(Once(list(loader)), batch_size=None)
    report = unstuck.diagnose(model, loader, loss="cross_entropy")
    assert "input-spread" in [s.name for s in report.suspects]
    assert len(list(loader)) == ROWS / BATCH


def test_a_diagnosis_refuses_a_stream_that_cannot_be_copied():
    loader = once("generator")
    with pytest.raises(UsageError, match="only once") as error:
        unstuck.diagnose(net(), loader, loss="cross_entropy")
    assert "map-style" in str(error.value)
    assert len(list(loader)) == ROWS / BATCH


@pytest.mark.parametrize("kind", ["iterator", "generator"])
def test_lightning_leaves_a_stream_to_the_script(trainings, kind):
    lightning = pytest.importorskip("lightning.pytorch")
    importlib.import_module("unstuck.frameworks.torch.watch.lightning").install(trainings)
    steps = []

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net()

        def training_step(self, batch, index):
            steps.append(index)
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", **dict.fromkeys(off, False))
        trainer.fit(Model(), once(kind))
    assert len(steps) == ROWS / BATCH
    (seen,) = trainings.trainings
    assert not seen.arguments
    assert len(seen.watch.values) == ROWS / BATCH
    assert len(trainings.said) == 1
    assert "only once" in trainings.said[0]


def test_skorch_leaves_a_stream_to_the_script(trainings):
    skorch = pytest.importorskip("skorch")
    importlib.import_module("unstuck.frameworks.torch.watch.skorch").install(trainings)
    rows = once("generator").dataset
    classifier = skorch.NeuralNetClassifier(
        net(),
        criterion=nn.CrossEntropyLoss,
        max_epochs=1,
        batch_size=BATCH,
        train_split=None,
        verbose=0,
        classes=[0, 1, 2],
    )
    classifier.fit(rows, y=None)
    (seen,) = trainings.trainings
    assert not seen.arguments
    assert len(seen.watch.values) == ROWS / BATCH
    assert "only once" in trainings.said[0]


def test_transformers_leaves_a_stream_to_the_script(trainings, tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    importlib.import_module("unstuck.frameworks.torch.watch.transformers").install(trainings)
    ids = torch.arange(6)
    rows = ({"input_ids": ids + i % 7, "labels": i % 3} for i in range(32))
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = transformers.BertForSequenceClassification(
        transformers.BertConfig(vocab_size=50, intermediate_size=32, num_labels=3, **sizes)
    )
    options = transformers.TrainingArguments(
        str(tmp_path),
        max_steps=4,
        per_device_train_batch_size=8,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
    )
    transformers.Trainer(model, options, train_dataset=Once(rows)).train()
    (seen,) = trainings.trainings
    assert not seen.arguments
    assert len(seen.watch.values) == 4
    assert "only once" in trainings.said[0]


# -- data that keep state


class Keeping(Dataset):
    """Counts what is read, and draws from generators of its own."""

    def __init__(self):
        self.x, self.y = tensors(True)
        self.read, self.log, self.counted = 0, [], torch.zeros(1)
        self.numpy = np.random.default_rng(0)
        self.python = random.Random(0)
        self.torch = torch.Generator().manual_seed(0)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        self.read += 1
        self.counted += 1
        self.log.append(i)
        noise = self.numpy.normal() + self.python.random() + self.read / 100
        noise += float(torch.rand((), generator=self.torch)) + self.counted
        return self.x[i] + noise.float(), self.y[i]


class Refusing(Keeping):
    """One whose copy fails, as with an open file in it."""

    def __getitem__(self, i):
        return self.x[i] + torch.rand((), generator=self.torch), self.y[i]

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot be copied")


class Collating:
    def __init__(self):
        self.calls = 0

    def __call__(self, items):
        self.calls += 1
        x, y = torch.utils.data.default_collate(items)
        return x * self.calls, y


def test_data_sets_that_keep_state():
    def train():
        dataset, collate = Keeping(), Collating()
        model, _ = trained(DataLoader(dataset, BATCH, collate_fn=collate))
        return model, dataset.read, dataset.log, collate.calls, dataset.numpy.random()

    assert watched(train).line.start is not None


def test_state_behind_batches_of_another_form():
    class Named(Keeping):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return {"x": x, "y": y, "name": str(i)}

    class NamedCollating(Collating):
        def __call__(self, items):
            self.calls += 1
            return torch.utils.data.default_collate(items)

    def train():
        dataset, collate = Named(), NamedCollating()
        loader = DataLoader(dataset, BATCH, collate_fn=collate)
        model, _ = trained(loader, prepared=lambda batch: (batch["x"], batch["y"]))
        return model, dataset.read, collate.calls

    assert watched(train).line.report is not None


def test_generators_of_torch_in_a_data_set_that_cannot_be_copied():
    def train():
        dataset = Refusing()
        model, _ = trained(DataLoader(dataset, BATCH))
        return model, dataset.torch.get_state().tolist()

    assert watched(train).line.report is not None


@pytest.mark.parametrize("entries", [LONG + 1, HUGE + 1])
def test_a_copy_shares_the_numbers(entries):
    big = np.zeros(BIG // 8 + 1)
    rows = [(torch.zeros(3), i) for i in range(entries)]

    class Held(Dataset):
        def __init__(self):
            self.big, self.tensor, self.rows = big, torch.from_numpy(big), rows
            self.inner = {"again": [torch.from_numpy(big)[:5]]}
            self.counter = torch.zeros(2)
            self.state = [0]

    original = Held()
    dataset, _ = copied(original, torch.utils.data.default_collate)
    assert dataset is not original
    assert dataset.big is big
    assert dataset.tensor is original.tensor
    assert dataset.rows is not rows
    assert all(a is b for (a, _), (b, _) in zip(dataset.rows, rows, strict=True))
    assert dataset.inner["again"][0].data_ptr() == original.tensor.data_ptr()
    assert dataset.counter is not original.counter
    assert dataset.state is not original.state


def test_a_slow_data_set_is_read_for_seconds_only(monkeypatch):
    x, y = tensors(False)
    reads = []

    class Slow(Dataset):
        def __len__(self):
            return len(x)

        def __getitem__(self, i):
            reads.append(i)
            return x[i], y[i]

    monkeypatch.setattr(data, "PATIENCE_S", 0.0)
    unstuck.diagnose(net(), DataLoader(Slow(), BATCH), loss="cross_entropy")
    assert len(reads) == BATCH
    assert max(reads) > ROWS / 2  # drawn from all of them


# -- losses that keep state


@pytest.mark.parametrize("matters", [False, True])
def test_losses_that_count_their_calls(matters):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.n, self.last = 0, None

        def forward(self, output, target):
            self.n += 1
            self.last = F.cross_entropy(output, target)
            return self.last * (1 + matters * 0.1 * self.n)

    def train():
        criterion = Counting()
        model, _ = trained([tensors(True)] * 3, criterion)
        return model, criterion.n

    assert (watched(train).line.report is None) == matters


def test_dropout_outside_the_model_draws_as_it_does():
    def train():
        torch.manual_seed(1)
        drop = nn.Dropout(0.5)
        model, _ = trained([tensors(True)] * 3, lambda output, y: F.cross_entropy(drop(output), y))
        return model, float(torch.rand(()))

    watched(train)


# -- sequences

VOCABULARY, LENGTH, TEXTS = 20, 16, 12


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.output = nn.Embedding(VOCABULARY, 16), nn.Linear(16, VOCABULARY)

    def forward(self, x):
        return self.output(self.embedding(x))


def drawn():
    x = torch.randint(0, VOCABULARY, (TEXTS, LENGTH))
    y = (x + 1) % VOCABULARY
    return x, y


def flat_before():
    x, y = drawn()
    return x, y.view(-1)


def windows():
    text = torch.arange(500) * 7 % VOCABULARY
    places = torch.randint(0, 500 - LENGTH, (TEXTS,))
    x = torch.stack([text[i : i + LENGTH] for i in places])
    y = torch.stack([text[i + 1 : i + 1 + LENGTH] for i in places])
    return x, y


def slice_of_a_longer():
    text = torch.arange(TEXTS * LENGTH * 2) * 7 % VOCABULARY
    return text[: TEXTS * LENGTH].view(TEXTS, LENGTH), text[1 : TEXTS * LENGTH + 1]


def by_minus_one(output, y):
    return F.cross_entropy(output.view(-1, VOCABULARY), y.view(-1))


def by_sizes(output, y):
    b, t, c = output.shape
    return F.cross_entropy(output.view(b * t, c), y.reshape(b * t))


def by_module(output, y):
    return nn.CrossEntropyLoss()(output.flatten(0, 1), y.flatten())


def masked(output, y):
    y = y.view(-1)
    output = output.view(-1, VOCABULARY)
    return F.cross_entropy(output[y != 3], y[y != 3])


def sequences(batch, loss):
    torch.manual_seed(0)
    model = Words()
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(5):
        x, y = batch()
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return model, float(torch.rand(()))


@pytest.mark.parametrize("loss", [by_minus_one, by_sizes, by_module, masked])
@pytest.mark.parametrize("batch", [drawn, flat_before, windows, slice_of_a_longer])
def test_sequences_without_a_loader_are_looked_at(batch, loss):
    run = watched(lambda: sequences(batch, loss))
    report = run.line.report
    assert report is not None, run.said()
    assert abs(report.loss - np.log(VOCABULARY)) < 0.5


@pytest.mark.parametrize("texts", [120, TEXTS * LENGTH])
@pytest.mark.parametrize("first", [True, False])
def test_sequences_found_among_the_arrays(first, texts):
    def train():
        torch.manual_seed(0)
        X = torch.randint(0, VOCABULARY, (texts, LENGTH))
        Y = (X + 1) % VOCABULARY
        model = Words()
        optimizer = torch.optim.Adam(model.parameters())
        for i in range(0, texts, TEXTS):
            if first:
                x, y = X[i : i + TEXTS], Y[i : i + TEXTS].view(-1)
                loss = by_sizes(model(x), y)
            else:
                output = model(X[i : i + TEXTS])
                loss = by_minus_one(output, Y[i : i + TEXTS])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return (model,)

    run = watched(train)
    assert run.line.start._subject.sample.examples == texts
