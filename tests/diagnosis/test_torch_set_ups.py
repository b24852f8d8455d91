"""Whole diagnoses of PyTorch set-ups: sound ones that look odd, and faults of wiring."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

from unstuck.causes.examples import digits, regression, standardized  # noqa: E402
from unstuck.sessions import diagnose  # noqa: E402

RAW, Y = digits()[0], digits()[1].astype(np.int64)
IMAGES = RAW.reshape(-1, 1, 8, 8)
X, TARGETS = regression()
DRAW = np.random.default_rng(0)
IDS = DRAW.integers(0, 5_000, size=(600, 12))


def names(model, x, y, loss=None, optimizer=None, **more) -> list[str]:
    optimizer = optimizer or torch.optim.Adam(model.parameters())
    report = diagnose(model, x, y, loss=loss or nn.CrossEntropyLoss(), optimizer=optimizer, **more)
    return [suspect.name for suspect in report.suspects]


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5_000, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, ids):
        return self.head(self.layer(self.embedding(ids)).mean(dim=1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5_000, 16)
        self.lstm = nn.LSTM(16, 16, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, ids):
        return self.head(self.lstm(self.embedding(ids))[0][:, -1])


def sound():
    torch.manual_seed(0)
    labels = IDS[:, 0] % 3
    dense = [nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)]
    convolution = [
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(72, 10),
    ]  # fmt: skip
    yield "raw pixels, BatchNorm first", nn.Sequential(nn.BatchNorm1d(64), *dense), RAW, Y
    yield "raw pixels, LayerNorm first", nn.Sequential(nn.LayerNorm(64), *dense), RAW, Y
    yield "raw pixels, BatchNorm in front of convolutions", (
        nn.Sequential(nn.BatchNorm2d(1), *convolution)
    ), IMAGES, Y  # fmt: skip
    yield "convolutions on images 0 to 1", nn.Sequential(*convolution), IMAGES / 255, Y
    yield "integer ids, embedding and attention", Attention(), IDS, labels
    yield "integer ids, embedding and LSTM", Recurrent(), IDS, labels


SOUND = {says: rest for says, *rest in sound()}


@pytest.mark.parametrize("kind", SOUND)
def test_sound_set_ups_are_not_suspicious(kind: str) -> None:
    model, x, y = SOUND[kind]
    assert names(model, x, y) == []


def test_normalization_first_makes_the_same_raw_pixels_harmless() -> None:
    torch.manual_seed(0)
    dense = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    assert names(dense, RAW, Y) == ["input-spread"]
    assert names(nn.Sequential(nn.BatchNorm1d(64), dense), RAW, Y) == []


def test_a_frozen_backbone_with_a_head_that_trains_is_on_purpose() -> None:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Linear(64, 256), nn.ReLU()).requires_grad_(False)
    model = nn.Sequential(backbone, nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model[1].parameters())
    assert names(model, standardized(), Y, optimizer=optimizer) == []


class Adapted(nn.Module):
    """A frozen layer with LoRA's factors beside it, the second of which begins at zero."""

    def __init__(self, layer) -> None:
        super().__init__()
        self.base = layer.requires_grad_(False)
        self.down = nn.Parameter(0.1 * torch.randn(4, layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, 4))

    def forward(self, x):
        return self.base(x) + x @ self.down.T @ self.up.T


def test_what_begins_at_zero_on_purpose() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    assert names(model, standardized(), Y) == []
    adapted = nn.Sequential(Adapted(nn.Linear(64, 32)), nn.ReLU(), Adapted(nn.Linear(32, 10)))
    held = [p for p in adapted.parameters() if p.requires_grad]
    assert names(adapted, standardized(), Y, optimizer=torch.optim.Adam(held)) == []


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Sigmoid])
def test_all_weights_zero_are_not(activation) -> None:
    model = nn.Sequential(nn.Linear(64, 32), activation(), nn.Linear(32, 10))
    for p in model.parameters():
        nn.init.zeros_(p)
    assert "initialization" in names(model, standardized(), Y)


def test_a_head_that_does_not_train_is_not() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    model[2].requires_grad_(False)
    assert names(model, standardized(), Y)[0] == "frozen-parameters"


def test_an_optimizer_of_another_model() -> None:
    torch.manual_seed(0)
    model, other = nn.Linear(64, 10), nn.Linear(64, 10)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    assert names(model, standardized(), Y, optimizer=optimizer)[0] == "frozen-parameters"


def test_a_softmax_too_many() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))
    assert names(model, standardized(), Y)[0] == "loss-mismatch"
    assert names(model, standardized(), Y, loss=nn.NLLLoss())[0] == "loss-mismatch"


def test_targets_that_are_broadcast() -> None:
    """(n,) against (n, 1): torch compares every output with every target."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    assert names(model, X, TARGETS[:, 0], loss=nn.MSELoss())[0] == "target-shape"
    assert names(model, X, TARGETS, loss=nn.MSELoss()) == []


def test_a_loader_that_does_not_shuffle_sorted_classes() -> None:
    torch.manual_seed(0)
    order = np.argsort(Y, kind="stable")
    data = torch.utils.data.TensorDataset(
        torch.from_numpy(standardized()[order]), torch.from_numpy(Y[order])
    )
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    for shuffle, expected in ((False, ["not-shuffled"]), (True, [])):
        loader = torch.utils.data.DataLoader(data, 32, shuffle=shuffle)
        assert names(model, loader, None) == expected


def test_nothing_is_touched_by_a_whole_diagnosis() -> None:
    """With harms, so that the data are changed and looked at again."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5))
    model = nn.Sequential(model, nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=100.0, momentum=0.9)
    x, y = torch.from_numpy(RAW), torch.from_numpy(Y)
    nn.functional.cross_entropy(model(x[:64]), y[:64]).backward()
    optimizer.step()
    kept = [{k: v.clone() for k, v in model.state_dict().items()}, x.clone(), y.clone()]
    moments = [{k: v.clone() for k, v in s.items()} for s in optimizer.state.values()]
    gradients = [p.grad.clone() for p in model.parameters()]
    states = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    report = diagnose(model, x, y, loss=nn.CrossEntropyLoss(), optimizer=optimizer)
    assert report.suspects
    assert all(torch.equal(v, kept[0][k]) for k, v in model.state_dict().items())
    assert torch.equal(x, kept[1])
    assert torch.equal(y, kept[2])
    for state, before in zip(optimizer.state.values(), moments, strict=True):
        assert all(torch.equal(state[k], v) for k, v in before.items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert torch.equal(torch.random.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()
    assert model.training
