"""The torch subject with models, data and mistakes of every kind."""

import copy
import warnings

import numpy as np
import pytest

from unstuck.errors import DataError, UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given
from unstuck.setups.untouched import untouched

torch = pytest.importorskip("torch")
from subjects.torch_parts import examples, mlp, observed  # noqa: E402

nn, F, data = torch.nn, torch.nn.functional, torch.utils.data


@pytest.fixture(autouse=True)
def _seeded():
    with untouched():
        torch.manual_seed(0)
        yield


# -- models of every kind


class LastStep(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.recurrent = kind(6, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.attention(x, x, x)[0].mean(1))


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


IMAGES, SEQUENCES, WORDS = (8, 2, 6, 6), (8, 4, 6), (8, 4)
MODELS = [
    (
        lambda: [nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)],
        IMAGES,
    ),
    (
        lambda: [
            nn.ConvTranspose2d(2, 4, 3),
            nn.MaxPool2d(2),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(64, 3),
        ],
        IMAGES,
    ),
    (lambda: [nn.LayerNorm(6), nn.Flatten(), nn.Dropout(), nn.Linear(24, 3)], SEQUENCES),
    (lambda: [nn.Embedding(10, 6), Mean(), nn.Linear(6, 3)], WORDS),
    (lambda: [LastStep(nn.LSTM)], SEQUENCES),
    (lambda: [LastStep(nn.GRU)], SEQUENCES),
    (lambda: [LastStep(nn.RNN)], SEQUENCES),
    (lambda: [Attention()], SEQUENCES),
    (
        lambda: [nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), Mean(), nn.Linear(6, 3)],
        SEQUENCES,
    ),
    (
        lambda: [
            nn.LazyConv2d(4, 3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(3),
        ],
        IMAGES,
    ),
    (
        lambda: [
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 4, 3)),
            nn.Flatten(),
            nn.Linear(64, 3),
        ],
        IMAGES,
    ),
]


@pytest.mark.parametrize(("make", "shape"), MODELS)
def test_layers_of_every_kind(make, shape):
    model, rng = nn.Sequential(*make()), np.random.default_rng(0)
    words = shape is WORDS
    x = rng.integers(0, 10, shape) if words else rng.normal(size=shape)
    y = rng.integers(0, 3, 8)
    subject = recognize(model, Given(x, y, loss="cross_entropy", optimizer="adam"))
    seen = observed(subject)
    assert subject.sample.kinds == ("ids" if words else "values",)
    assert seen.logit_gradients.shape == (8, 3)
    names = {layer.name for layer in seen.layers}
    assert len(names) == len(seen.layers)
    for layer in seen.layers:
        assert (layer.pre_activation is None) == bool(layer.unseen)
        if layer.kind.startswith("Conv"):
            assert layer.pre_activation.shape == (8 * 16, 4)
    assert all(p.gradient is not None for p in seen.parameters)
    flat = subject.gradient(subject.sample.x, subject.sample.y)
    times = subject.hessian_product(subject.sample.x, subject.sample.y)
    assert times(np.ones_like(flat)).shape == flat.shape
    np.testing.assert_array_equal(flat, subject.gradient(subject.sample.x, subject.sample.y))


def test_unseen_layers_say_why():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.own = nn.Bilinear(5, 5, 4)
            self.spare = nn.Linear(5, 5)
            self.scale = nn.Parameter(torch.ones(4))
            self.head = nn.Linear(4, 3)

        def forward(self, x):
            return self.head(torch.sin(self.own(x, x)) * self.scale)

    x, y = examples()
    seen = observed(recognize(Model(), Given(x, y, loss="cross_entropy")))
    layers = {layer.name: layer for layer in seen.layers}
    assert layers["own"].activation == "unknown"
    assert layers["spare"].unseen == "the forward pass does not call it"
    assert {p.name: p.gradient is None for p in seen.parameters}["spare.weight"]


def test_a_step_of_the_users_own_with_batches_of_any_structure():
    x, y = examples()
    batch = {"a": x, "deep": {"b": x * 2}, "label": y, "name": "text"}
    model = mlp()

    def step(model, batch):
        output = model(batch["a"] + batch["deep"]["b"])
        return F.cross_entropy(output, batch["label"]) + 0.1 * output.square().mean()

    subject = recognize(model, Given(batch, step=step, optimizer="sgd"))
    assert subject.sample.names == ("a", "deep.b", "label")
    assert subject.sample.y is None
    seen = observed(subject)
    output = model(torch.tensor(x * 3))
    expected = F.cross_entropy(output, torch.tensor(y)) + 0.1 * output.square().mean()
    np.testing.assert_allclose(seen.loss, expected.item(), rtol=1e-5)
    assert subject.about.loss.takes == "logits"


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(10, 5), nn.Linear(5, 3)

    def forward(self, values, ids):
        return self.head(values + self.words(ids))


@pytest.mark.parametrize("form", ["tuple", "dict", "loader", "nested"])
def test_several_inputs(form):
    x, y = examples()
    ids = np.arange(24) % 10
    rows = list(zip(x, ids, y, strict=True))
    given = {
        "tuple": Given((x, ids), y),
        "dict": Given({"ids": ids, "values": x}, y),
        "loader": Given(data.DataLoader(rows, 8)),
        "nested": Given(data.DataLoader([((a, b), c) for a, b, c in rows], 8)),
    }[form]
    given = Given(given.x, given.y, loss="cross_entropy")
    subject = recognize(TwoInputs(), given)
    assert sorted(subject.sample.kinds) == ["ids", "values"]
    assert observed(subject).output.shape == (24, 3)


# -- data


class Stream(data.IterableDataset):
    def __iter__(self):
        yield from zip(*examples(), strict=True)


def loaders():
    x, y = examples()
    dataset = data.TensorDataset(torch.tensor(x), torch.tensor(y))
    rows = list(zip(x, y, strict=True))
    return {
        "shuffled": (data.DataLoader(dataset, 8, shuffle=True), 8, True),
        "in order": (data.DataLoader(dataset, 6), 6, False),
        "items": (data.DataLoader(rows, 4, shuffle=True, num_workers=2), 4, True),
        "subset": (data.DataLoader(data.Subset(dataset, range(24)), 8), 8, False),
        "dataset": (dataset, 24, None),
        "stream": (data.DataLoader(Stream(), 8), 8, None),
        "batches": (
            [(torch.tensor(x[i : i + 8]), torch.tensor(y[i : i + 8])) for i in (0, 8, 16)],
            8,
            None,
        ),
        "function": (lambda: iter([(x, y)]), 24, None),
        "weights": (
            data.DataLoader(dataset, 8, sampler=data.WeightedRandomSampler(range(1, 25), 9)),
            8,
            True,
        ),
    }


@pytest.mark.parametrize("kind", loaders())
def test_data_in_every_form_give_the_same_sample(kind):
    x, y = examples()
    source, batch_size, shuffled = loaders()[kind]
    subject = recognize(mlp(), Given(source, loss="cross_entropy", validation_data=source))
    np.testing.assert_array_equal(subject.sample.x[0], x)
    np.testing.assert_array_equal(subject.sample.y, y)
    np.testing.assert_array_equal(subject.sample.order, y)
    np.testing.assert_array_equal(subject.sample.y_validation, y)
    about = subject.about
    assert about.shuffled is shuffled
    assert min(about.batch_size, 24) == batch_size


def test_a_sample_is_drawn_by_rows_and_keeps_its_type():
    x = np.random.default_rng(0).integers(0, 256, (5_000, 5)).astype(np.uint8)
    y = (np.arange(5_000) // 2_500).astype(np.uint8)
    subject = recognize(mlp(), Given(x, y, loss=nn.CrossEntropyLoss(), examples=100))
    assert subject.sample.x[0].dtype == np.uint8
    assert (len(subject.sample.y), subject.sample.examples) == (100, 5_000)
    np.testing.assert_array_equal(subject.sample.order, y[:4_096])
    assert observed(subject).losses.shape == (100,)


def test_targets_that_broadcast_against_the_outputs_are_named():
    x, _ = examples()
    subject = recognize(mlp(outputs=1), Given(x, x[:, 0], loss=nn.MSELoss()))
    assert any("(n, 1)" in limit and "(n,)" in limit for limit in subject.about.limits)
    seen = observed(subject)
    expected = np.square(seen.output - x[None, :, 0]).mean()
    np.testing.assert_allclose(seen.loss, expected, rtol=1e-5)
    with_columns = recognize(mlp(outputs=1), Given(x, x[:, :1], loss=nn.MSELoss()))
    assert not with_columns.about.limits


def test_a_penalty_on_parameters_from_outside_is_told():
    x, y = examples()
    model = mlp()

    def loss(output, y):
        return F.cross_entropy(output, y) + sum(p.square().sum() for p in model.parameters())

    subject = recognize(model, Given(x, y, loss=loss))
    assert any("your own model" in limit for limit in subject.about.limits)
    assert all(p.grad is None for p in model.parameters())


X, Y = examples()
BAD = {
    "no loss": (lambda: mlp(), Given(X, Y), "no loss"),
    "unknown loss": (lambda: mlp(), Given(X, Y, loss="CrossEntropyLos"), "CrossEntropyLoss"),
    "vector": (
        lambda: mlp(),
        Given(X, Y, loss=nn.CrossEntropyLoss(reduction="none")),
        "reduction",
    ),
    "no targets": (lambda: mlp(), Given(X, loss="cross_entropy"), "targets"),
    "no data": (lambda: mlp(), Given(None, loss="cross_entropy"), "data"),
    "generator": (lambda: mlp(), Given(iter([(X, Y)]), loss="cross_entropy"), "only once"),
    "lengths": (lambda: mlp(), Given(X, Y[:5], loss="cross_entropy"), "24 training examples"),
    "empty": (lambda: mlp(), Given(X[:0], Y[:0], loss="cross_entropy"), "empty"),
    "text": (lambda: mlp(), Given(X, Y.astype(str), loss="cross_entropy"), "text"),
    "objects": (lambda: mlp(), Given(X, Y.astype(object), loss="cross_entropy"), "objects"),
    "labels": (lambda: mlp(outputs=2), Given(X, Y, loss="cross_entropy"), "2 outputs"),
    "late label": (
        lambda: mlp(),
        Given(X, np.append(Y[:-1], 3), loss="cross_entropy"),
        "label 3 is outside",
    ),
    "float labels": (lambda: mlp(), Given(X, Y + 0.5, loss="cross_entropy"), "float"),
    "width": (lambda: mlp(), Given(X[:, :4], Y, loss="cross_entropy"), "(2, 4)"),
    "meta": (lambda: mlp().to("meta"), Given(X, Y, loss="cross_entropy"), "meta"),
    "no parameters": (lambda: nn.ReLU(), Given(X, Y, loss="cross_entropy"), "no parameters"),
    "optimizer": (lambda: mlp(), Given(X, Y, loss="mse", optimizer="adamm"), "'adam"),
    "optimizer kind": (lambda: mlp(), Given(X, Y, loss="mse", optimizer=3), "int"),
    "number": (lambda: mlp(), Given(X, Y, loss=lambda o, y: 1.0), "float"),
    "dictionary": (
        lambda: mlp(),
        Given(data.DataLoader([{"x": X[0]}]), loss="mse"),
        "step",
    ),
    "other model": (
        lambda: mlp(),
        Given(X, Y, step=lambda model, batch: torch.zeros((), requires_grad=True)),
        "handed",
    ),
}


@pytest.mark.parametrize("mistake", BAD)
def test_mistakes_are_explained(mistake):
    make, given, part = BAD[mistake]
    with pytest.raises((UsageError, DataError)) as raised:
        observed(recognize(make(), given))
    assert part in str(raised.value)


def test_no_warning_comes_from_a_look():
    x, _ = examples()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        observed(recognize(mlp(outputs=1), Given(x, x[:, 0], loss="mse", optimizer="adam")))


def test_a_model_that_cannot_be_copied_is_explained():
    model = mlp()
    model.source = (i for i in range(3))
    with pytest.raises(UsageError, match="cannot be copied"):
        recognize(model, Given(X, Y, loss="cross_entropy"))


def test_compiled_and_scripted_models():
    x, y = examples()
    plain = mlp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(copy.deepcopy(plain))
    expected = observed(recognize(plain, Given(x, y, loss="cross_entropy")))
    for model in (torch.compile(plain), scripted):
        seen = observed(recognize(model, Given(x, y, loss="cross_entropy")))
        np.testing.assert_allclose(seen.output, expected.output, rtol=1e-5, atol=1e-6)
        assert [p.gradient is None for p in seen.parameters] == [False] * 4
