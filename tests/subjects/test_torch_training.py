"""Training copies of torch set-ups: seeded, on fresh weights, and without a trace."""

import warnings

import numpy as np
import pytest

from subjects.torch_trials import (
    AS_IT_IS,
    LOGITS,
    F,
    X,
    Y,
    changes,
    clamped,
    judged,
    mlp,
    nn,
    subject_of,
    torch,
    trained,
)
from unstuck.causes.examples import regression
from unstuck.frameworks.recognize import recognize
from unstuck.frameworks.torch.logits import ended
from unstuck.frameworks.torch.survey import End
from unstuck.setups.order import batches
from unstuck.setups.routine import Routine, Zeroing
from unstuck.setups.split import split
from unstuck.setups.subject import Given


def test_equal_seeds_give_equal_runs_and_others_differ():
    subject = subject_of(
        nn.Sequential(nn.Linear(64, 32), nn.Dropout(), nn.Linear(32, 10)),
        X / 255,
        loss="cross_entropy",
    )
    one, again = (trained(subject, seed=3, steps=20) for _ in range(2))
    np.testing.assert_array_equal(one.output, again.output)
    assert one.loss == again.loss
    for other in (
        trained(subject, seed=4, steps=20),
        trained(subject, changes(order=1), seed=3, steps=20),
    ):
        assert not np.array_equal(one.output, other.output)
    assert one.output.dtype == np.float64
    assert one.output.shape == (len(split(subject.sample).y_held), 10)
    assert one.steps == 20


def test_pairs_begin_with_equal_weights():
    subject = subject_of(mlp(nn.Softmax(1)))
    runs = [
        trained(subject, combination, seed=5, steps=0)
        for combination in (AS_IT_IS, LOGITS, changes(rate=9.0), changes(activation="tanh"))
    ]
    for run in runs[1:]:
        for p, q in zip(runs[0].model.parameters(), run.model.parameters(), strict=True):
            assert torch.equal(p, q)


def test_raw_pixels_that_are_clipped_stay_behind_and_scaled_ones_learn():
    """A 64-unit network by SGD: raw pixels leave it with clipped probabilities."""
    raw, scaled = (
        subject_of(mlp(nn.Softmax(1)), x, optimizer=lambda p: torch.optim.SGD(p, lr=0.1))
        for x in (X, X / 255)
    )
    assert judged(raw, trained(raw, steps=300)) < 0.5
    assert judged(scaled, trained(scaled, steps=300)) > 0.85


@pytest.mark.parametrize(
    ("end", "loss"),
    [
        (nn.Softmax(1), clamped),
        (nn.Softmax(1), lambda p, y: clamped(p, y) * len(y)),
        (nn.LogSoftmax(1), nn.NLLLoss()),
        (nn.LogSoftmax(1), F.nll_loss),
        (nn.Softmax(1), nn.CrossEntropyLoss()),
        (nn.Softmax(1), nn.NLLLoss()),
        (nn.Identity(), lambda z, y: clamped(torch.softmax(z, 1), y)),
    ],
)
def test_the_loss_from_logits(end, loss):
    subject = subject_of(mlp(end), X / 255, loss=loss)
    run = trained(subject, LOGITS, steps=200)
    assert judged(subject, run) > 0.8
    again = recognize(run.model, Given(X / 255, Y, **run.arguments))
    assert again.about.output_activation == "linear"


class Functional(nn.Module):
    """Calls its activations as functions."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 32), nn.Linear(32, 10)

    def forward(self, x):
        p = torch.softmax(self.last(F.relu(self.first(x))), dim=1)
        return p.clamp(1e-6, 1)


def test_a_softmax_called_as_a_function_is_skipped():
    torch.manual_seed(0)
    subject = subject_of(Functional(), X / 255)
    run = trained(subject, LOGITS, steps=200)
    assert judged(subject, run) > 0.8
    np.testing.assert_allclose(run.output.sum(axis=1), 1, atol=1e-5)  # softmax in float32
    assert "function" in subject.trainer().refuses(changes(activation="tanh"))


@pytest.mark.parametrize("last", [nn.Sigmoid(), nn.Identity()])
def test_binary_outputs(last):
    y = (Y > 4).astype(np.float32)[:, None]
    loss = nn.BCELoss() if isinstance(last, nn.Sigmoid) else nn.BCEWithLogitsLoss()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), last)
    subject = subject_of(model, X / 255, y, loss)
    if isinstance(last, nn.Sigmoid):
        run = trained(subject, LOGITS, steps=300)
        assert run.output.min() >= 0
        assert run.output.max() <= 1
        assert judged(subject, run) > 0.8
    else:
        assert "already" in subject.trainer().refuses(LOGITS)


def test_what_is_refused():
    trainer = subject_of(mlp(), loss=lambda z, y: F.mse_loss(z, F.one_hot(y, 10).float())).trainer()
    assert "values" in trainer.refuses(LOGITS)
    assert "activation" in trainer.refuses(changes(output="linear"))
    trainer = subject_of(nn.Linear(64, 10), loss="cross_entropy", optimizer="sgd").trainer()
    assert "no hidden" in trainer.refuses(changes(activation="relu"))
    assert "ε" in trainer.refuses(changes(epsilon=1e-3))
    trainer = subject_of(nn.Linear(64, 10), loss="cross_entropy", optimizer=None).trainer()
    assert "no optimizer" in trainer.refuses(AS_IT_IS)
    assert trainer.refuses(changes(optimizer="adam")) == ""


@pytest.mark.parametrize(
    "combination",
    [
        changes(normalization=True),
        changes(start="glorot"),
        changes(start="he"),
        changes(start="lsuv"),
        changes(activation="relu"),
        changes(activation="leaky_relu"),
        changes(optimizer="adam"),
        changes(optimizer="sgd", rate=10.0),
        changes(clipping=1.0),
        changes(shuffling=False),
        changes(held=True),
        changes(epsilon=1e-5, rate=2.0),
        changes(normalization=True, loss="logits", activation="relu", start="lsuv"),
    ],
)
def test_every_setting_trains(combination):
    subject = subject_of(mlp(nn.Softmax(1), hidden=nn.Tanh), X / 255)
    run = trained(subject, combination, steps=300)
    assert judged(subject, run) > 0.6
    recognize(run.model, Given(X / 255, Y, **run.arguments))


def test_lsuv_gives_pre_activations_of_variance_1():
    subject = subject_of(mlp(), X / 255, loss="cross_entropy")
    run = trained(subject, changes(start="lsuv"), steps=0)
    with torch.no_grad():
        first = run.model[0](torch.tensor(split(subject.sample).x[0][:256]))
    assert float(first.var()) == pytest.approx(1, abs=0.05)
    assert not run.model[2].bias.any()


def test_images_are_normalized_by_channel():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    subject = subject_of(model, X.reshape(-1, 1, 8, 8), loss="cross_entropy")
    assert judged(subject, trained(subject, changes(normalization=True), steps=200)) > 0.7


def test_a_bounded_output_of_a_regression():
    x, y = regression()
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1), nn.Sigmoid())
    subject = subject_of(model, x, y * 10, nn.MSELoss(), lambda p: torch.optim.Adam(p, lr=0.01))
    bounded = judged(subject, trained(subject, steps=300))
    linear = judged(subject, trained(subject, changes(output="linear"), steps=300))
    assert 1 - linear < 0.25 * (1 - bounded)  # mean squared errors


ROUTINES = {
    "plain": Routine(),
    "clipped by norm": Routine(clip_norm=0.05),
    "clipped by value": Routine(clip_value=0.001),
    "never zeroed": Routine(zeroing=Zeroing.NEVER),
    "zeroed each epoch": Routine(zeroing=Zeroing.EPOCH),
    "accumulated": Routine(accumulation=3),
    "rates": Routine(rates=((0, 1.0), (4, 0.5), (9, 3.0))),
    "evaluating": Routine(evaluating=True),
    "scaled": Routine(scaled=1024.0, clip_norm=0.05),
    "half": Routine(autocast="bfloat16"),
}


def by_hand(model, optimizer, x, y, order, routine, epoch):
    """The loop as a script writes it."""
    model.eval() if routine.evaluating else model.train()
    rate = optimizer.param_groups[0]["lr"]
    k = routine.accumulation
    for i in range(len(order) // k):
        if routine.zeroing is Zeroing.STEP or (routine.zeroing is Zeroing.EPOCH and i % epoch == 0):
            optimizer.zero_grad()
        optimizer.param_groups[0]["lr"] = rate * routine.rate(i)
        for rows in order[i * k : (i + 1) * k]:
            with torch.autocast("cpu", torch.bfloat16, enabled=bool(routine.autocast)):
                loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
        if routine.clip_norm:
            nn.utils.clip_grad_norm_(model.parameters(), routine.clip_norm)
        if routine.clip_value:
            nn.utils.clip_grad_value_(model.parameters(), routine.clip_value)
        optimizer.step()


@pytest.mark.parametrize("name", ROUTINES)
def test_the_routine_around_a_step_is_replayed(name):
    routine = ROUTINES[name]
    model = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10))
    x, y = X[:400] / 255, Y[:400].astype(np.int64)
    subject = subject_of(
        model,
        x,
        y,
        "cross_entropy",
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5, weight_decay=1e-3),
        validation_data=(x, y),
    ).with_routine(routine)
    start = trained(subject, steps=0).model
    run = trained(subject, steps=20)
    order = batches(400, 32, 20 * routine.accumulation, True, 0)
    optimizer = torch.optim.SGD(start.parameters(), lr=0.1, momentum=0.5, weight_decay=1e-3)
    epoch = -(-400 // 32)
    by_hand(start, optimizer, torch.from_numpy(x), torch.from_numpy(y), order, routine, epoch)
    for p, q in zip(start.parameters(), run.model.parameters(), strict=True):
        torch.testing.assert_close(q, p, rtol=1e-4, atol=1e-5)  # a fused step, float32


# -- forms of training --------------------------------------------------------------------------


def test_it_stops_where_the_loss_is_not_finite_and_when_time_is_up():
    x = X.copy()
    x[:, 0] = np.nan
    subject = subject_of(mlp(), x, loss="cross_entropy")
    run = trained(subject, steps=50)
    assert run.steps == 1
    assert not np.isfinite(run.loss)
    subject = subject_of(mlp(), loss="cross_entropy")
    run = subject.trainer().train(split(subject.sample), AS_IT_IS, 0, 10_000, seconds=0.05)
    assert 1 <= run.steps < 10_000


def test_the_stored_order():
    """Shuffled or not, a trial of whole batches takes the same steps."""
    subject = subject_of(mlp(), X[:40], Y[:40], "cross_entropy", batch_size=40)
    one, other = (trained(subject, changes(shuffling=s), steps=3) for s in (True, False))
    np.testing.assert_allclose(one.output, other.output, rtol=1e-3, atol=1e-3)  # sums reordered
    again = trained(subject, changes(shuffling=False), seed=0, steps=3)
    np.testing.assert_array_equal(other.output, again.output)


def test_a_step_by_hand_that_returns_the_loss():
    def step(model, batch):
        x, y = batch
        return F.cross_entropy(model(x), y.long())

    model = mlp(nn.Softmax(1))
    subject = recognize(model, Given(X / 255, Y, optimizer="adam", step=step))
    assert judged(subject, trained(subject, steps=300)) > 0.8
    assert judged(subject, trained(subject, LOGITS, steps=300)) > 0.8
    run = trained(subject, changes(normalization=True), steps=100)
    recognize(run.model, Given(X / 255, Y, **run.arguments))


def test_integers_that_become_floats():
    model = mlp()
    subject = subject_of(model, X.astype(np.uint8), loss="cross_entropy")
    from unstuck.changes.input_scaling import STANDARD

    data = STANDARD.data(split(subject.sample))
    run = subject.trainer().train(data, AS_IT_IS, 0, 100)
    assert judged(subject, run) > 0.8


class Encoder(nn.Module):
    """Torch's encoder reads its layers' weights itself in evaluation."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder, self.last = nn.TransformerEncoder(layer, 1), nn.Linear(64, 10)

    def forward(self, x):
        return self.last(self.encoder(x.reshape(-1, 8, 8)).flatten(1))


def test_layers_that_are_read_from_outside_are_not_exchanged():
    torch.manual_seed(0)
    subject = subject_of(Encoder(), X / 255, loss="cross_entropy")
    trainer = subject.trainer()
    assert trainer.notes == ()
    assert "does not run" in trainer.refuses(changes(normalization=True))
    assert judged(subject, trained(subject, trainer=trainer)) > 0.7


def test_lbfgs():
    subject = subject_of(
        mlp(),
        X[:64] / 255,
        Y[:64],
        "cross_entropy",
        lambda p: torch.optim.LBFGS(p, lr=0.1),
        batch_size=64,
    )
    run = trained(subject, steps=5)
    assert run.loss < 2.3


def test_lightning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = mlp(nn.LogSoftmax(1))

        def training_step(self, batch, index):
            x, y = batch
            loss = F.nll_loss(self.net(x), y)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)

    subject = recognize(Module(), Given(X / 255, Y.astype(np.int64)))
    for combination in (AS_IT_IS, LOGITS, changes(normalization=True, activation="tanh")):
        run = trained(subject, combination, steps=150)
        assert judged(subject, run) > 0.8
        assert isinstance(run.model, lightning.LightningModule)
        recognize(run.model, Given(X / 255, Y.astype(np.int64), **run.arguments))


def test_skorch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skorch = pytest.importorskip("skorch")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp(nn.Softmax(1))

        def forward(self, x):
            return self.net(x)

    net = skorch.NeuralNetClassifier(Net, verbose=0, lr=0.5, batch_size=32)
    subject = recognize(net, Given(X / 255, Y.astype(np.int64)))
    for combination in (AS_IT_IS, LOGITS, changes(optimizer="adam", rate=3.0)):
        run = trained(subject, combination, steps=200)
        assert judged(subject, run) > 0.7
        recognize(run.model, Given(X / 255, Y.astype(np.int64), **run.arguments))


def test_a_softmax_of_one_unit_is_judged_as_the_sigmoid_that_was_meant():
    z = torch.tensor([[-2.0], [3.0]])
    softmax, log = End("softmax", "softmax", "", 0), End("log_softmax", "log_softmax", "", 0)
    torch.testing.assert_close(ended(z, softmax), torch.sigmoid(z))
    torch.testing.assert_close(ended(z, log), nn.functional.logsigmoid(z))
    two = torch.cat([z, -z], 1)
    torch.testing.assert_close(ended(two, softmax), torch.softmax(two, 1))
