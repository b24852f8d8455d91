"""The torch subject against hand-made derivatives, real optimizer steps, and the user's state."""

import copy
import random

import numpy as np
import pytest

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


def clipped(output, y):
    return F.nll_loss(torch.log(torch.clamp(torch.softmax(output, 1), 1e-7, 1 - 1e-7)), y)


# -- what is observed


def test_an_mlp_against_its_derivatives_by_hand():
    model, (x, y) = mlp(), examples()
    seen = observed(recognize(model, Given(x, y, loss="cross_entropy", optimizer="sgd")))
    w1, b1, w2, b2 = (p.detach().numpy().astype(np.float64) for p in model.parameters())
    z1 = x @ w1.T + b1
    h = np.maximum(z1, 0)
    z2 = h @ w2.T + b2
    p = np.exp(z2) / np.exp(z2).sum(1, keepdims=True)
    losses = -np.log(p[np.arange(len(y)), y])
    d2 = p - np.eye(3)[y]
    d1 = d2 @ w2 * (z1 > 0)
    close = {"rtol": 1e-4, "atol": 1e-6}  # float32 against float64
    np.testing.assert_allclose(seen.layers[0].pre_activation, z1, **close)
    np.testing.assert_allclose(seen.layers[1].pre_activation, z2, **close)
    np.testing.assert_allclose(seen.logits, z2, **close)
    np.testing.assert_allclose(seen.logit_gradients, d2, **close)
    np.testing.assert_allclose(seen.losses, losses, **close)
    np.testing.assert_allclose(seen.loss, losses.mean(), **close)
    by_hand = [d1.T @ x, d1.sum(0), d2.T @ h, d2.sum(0)]
    for parameter, gradient in zip(seen.parameters, by_hand, strict=True):
        np.testing.assert_allclose(parameter.gradient, gradient / len(y), **close)
        np.testing.assert_allclose(parameter.update, -1e-3 * gradient / len(y), **close)
    assert [(layer.name, layer.kind, layer.activation) for layer in seen.layers] == [
        ("0", "Linear", "relu"),
        ("2", "Linear", "linear"),
    ]
    assert [(p.name, p.layer, p.fan_in, p.unit_axis) for p in seen.parameters] == [
        ("0.weight", "0", 5, 0),
        ("0.bias", "0", None, None),
        ("2.weight", "2", 7, 0),
        ("2.bias", "2", None, None),
    ]


def test_clipping_silences_examples_that_are_wrong_and_cross_entropy_does_not():
    x, y = examples(200)
    for loss, silent in ((clipped, True), (nn.CrossEntropyLoss(), False)):
        seen = observed(recognize(mlp(), Given(x * 1e3, y, loss=loss)))
        wrong = seen.logits.argmax(1) != y
        zero = ~seen.logit_gradients.any(1)
        assert (zero & wrong).any() == silent
        if silent:
            p = torch.softmax(torch.tensor(seen.logits), 1).numpy()
            assert (zero == ((p < 1e-7) | (p > 1 - 1e-7))[np.arange(len(y)), y]).all()


class Clipped(nn.Module):
    """The clipped logarithm of a softmax, written in the forward itself."""

    def __init__(self):
        super().__init__()
        self.net = mlp()

    def forward(self, x):
        return torch.log(torch.clamp(F.softmax(self.net(x), dim=1), 1e-7, 1 - 1e-7))


def test_logits_are_found_behind_a_clipped_logarithm_in_the_model():
    x, y = examples(200)
    model = Clipped()
    subject = recognize(model, Given(x * 1e3, y, loss=nn.NLLLoss()))
    seen = observed(subject)
    np.testing.assert_allclose(
        seen.logits, model.net(torch.tensor(x * 1e3)).detach().numpy(), rtol=1e-5, atol=1e-3
    )
    wrong = seen.logits.argmax(1) != y
    assert (~seen.logit_gradients.any(1) & wrong).any()
    assert subject.about.output_activation == "log_softmax"
    assert seen.layers[-1].activation == "softmax"


class Functional(nn.Module):
    """Bare parameters, functions and a layer used in place of modules."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, 4))
        self.b = nn.Parameter(torch.zeros(4))
        self.norm = nn.BatchNorm1d(4)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        h = torch.tanh(self.norm(x @ self.w + self.b))
        return torch.sigmoid(self.out(h)).squeeze(1)


def test_functions_and_bare_parameters_are_layers_too():
    x, y = examples(classes=2)
    model = Functional()
    subject = recognize(model, Given(x, y, loss=nn.BCELoss()))
    seen = observed(subject)
    assert [(layer.name, layer.activation) for layer in seen.layers] == [
        ("w", "tanh"),
        ("out", "sigmoid"),
    ]
    entering = copy.deepcopy(model).norm(torch.tensor(x) @ model.w + model.b)
    np.testing.assert_allclose(
        seen.layers[0].pre_activation, entering.detach().numpy(), rtol=1e-5, atol=1e-6
    )
    assert subject.about.output_activation == "sigmoid"
    assert (seen.output.shape, seen.logits.shape) == ((24, 1), (24, 1))
    p = seen.output[:, 0]
    np.testing.assert_allclose(seen.logit_gradients[:, 0], p - y, rtol=1e-4, atol=1e-6)
    assert seen.parameters[0].fan_in == 5
    assert seen.parameters[0].unit_axis == 1


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (nn.ReLU(inplace=True), "relu"),
        (nn.Tanh(), "tanh"),
        (nn.Sigmoid(), "sigmoid"),
        (nn.GELU(), "gelu"),
        (nn.LeakyReLU(), "leaky_relu"),
        (nn.ReLU6(), "relu6"),
        (nn.PReLU(), "prelu"),
        (nn.Identity(), "linear"),
    ],
)
def test_the_activation_after_a_layer_is_named_and_does_not_reach_its_rows(module, name):
    x, y = examples()
    seen = observed(recognize(mlp(lambda: module), Given(x, y, loss=nn.CrossEntropyLoss())))
    assert seen.layers[0].activation == name
    assert (seen.layers[0].pre_activation < 0).any()


LOSSES = [
    (nn.CrossEntropyLoss(), "ids", 3, ("CrossEntropyLoss", "logits", "ids")),
    (nn.CrossEntropyLoss, "one-hot", 3, ("CrossEntropyLoss", "logits", "one-hot")),
    (F.cross_entropy, "ids", 3, ("cross_entropy", "logits", "ids")),
    ("mse", "values", 1, ("mse_loss", "values", "values")),
    (nn.BCEWithLogitsLoss(), "binary", 1, ("BCEWithLogitsLoss", "logits", "binary")),
    (clipped, "ids", 3, ("clipped", "logits", "ids")),
    (
        lambda out, y: F.nll_loss(torch.log_softmax(out, 1), y),
        "ids",
        3,
        ("nll_loss", "logits", "ids"),
    ),
    (
        lambda out, y: ((out - y) ** 2).mean(),
        "values",
        1,
        ("loss", "unknown", "unknown"),
    ),
]


@pytest.mark.parametrize(("loss", "targets", "outputs", "view"), LOSSES)
def test_what_a_loss_wants_is_told_from_what_it_calls(loss, targets, outputs, view):
    x, ids = examples()
    y = {
        "ids": ids,
        "one-hot": np.eye(3)[ids],
        "values": x[:, :1],
        "binary": x[:, :1] > 0,
    }[targets]
    subject = recognize(mlp(outputs=outputs), Given(x, y, loss=loss))
    found = subject.about.loss
    assert (found.name, found.takes, found.targets) == view
    seen = observed(subject)
    np.testing.assert_allclose(seen.losses.mean(), seen.loss, rtol=1e-5)


# -- derivatives and steps


def test_gradient_is_that_of_the_observation_over_what_is_trained():
    model, (x, y) = mlp(), examples()
    model[0].bias.requires_grad_(False)
    optimizer = torch.optim.SGD([model[0].weight, model[0].bias, model[2].bias], lr=0.1)
    subject = recognize(model, Given(x, y, loss="cross_entropy", optimizer=optimizer))
    seen = observed(subject)
    told = [(p.trainable, p.held, p.update is None, p.gradient is None) for p in seen.parameters]
    assert told == [
        (True, True, False, False),
        (False, True, False, True),
        (True, False, True, False),
        (True, True, False, False),
    ]
    of = [p.gradient.ravel() for p in seen.parameters if p.trainable and p.held]
    flat = subject.gradient(subject.sample.x, subject.sample.y)
    np.testing.assert_allclose(flat, np.concatenate(of), rtol=1e-5, atol=1e-7)


def test_hessian_product_of_a_quadratic():
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    model = nn.Linear(4, 1, bias=False)
    subject = recognize(model, Given(x, x @ np.ones((4, 1), np.float32), loss=nn.MSELoss()))
    times = subject.hessian_product(subject.sample.x, subject.sample.y)
    hessian = np.stack([times(e) for e in np.eye(4, dtype=np.float32)])
    np.testing.assert_allclose(hessian, 2 * x.T @ x / len(x), rtol=1e-5, atol=1e-6)


def test_hessian_product_against_differences_of_gradients():
    x, y = examples()
    model = mlp(nn.Tanh).double()
    subject = recognize(model, Given(x, y, loss=nn.CrossEntropyLoss()))
    v = np.random.default_rng(1).normal(size=66)
    product = subject.hessian_product(subject.sample.x, subject.sample.y)(v.astype(np.float32))
    step, slopes = 1e-2, []
    for sign in (1, -1):
        moved = copy.deepcopy(model)
        flat = nn.utils.parameters_to_vector(moved.parameters()).detach()
        nn.utils.vector_to_parameters(flat + sign * step * torch.tensor(v), moved.parameters())
        again = recognize(moved, Given(x, y, loss=nn.CrossEntropyLoss()))
        slopes.append(again.gradient(again.sample.x, again.sample.y).astype(np.float64))
    differences = (slopes[0] - slopes[1]) / (2 * step)
    np.testing.assert_allclose(product, differences, rtol=2e-2, atol=1e-3)


def test_no_hessian_product_without_a_second_derivative():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x * 2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(context, g):
            return g * 2

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 3)

        def forward(self, x):
            return Once.apply(self.layer(x)) ** 2

    x, y = examples()
    subject = recognize(Model(), Given(x, y, loss=nn.CrossEntropyLoss()))
    assert subject.hessian_product(subject.sample.x, subject.sample.y) is None


def trained(model, optimizer, x, y, steps, loss=F.cross_entropy):
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(torch.tensor(x)), torch.tensor(y)).backward()
        optimizer.step()


OPTIMIZERS = [
    (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), "sgd"),
    (lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1), "sgd"),
    (lambda p: torch.optim.Adam(p, lr=0.01), "adam"),
    (lambda p: torch.optim.AdamW(p, lr=0.01), "adamw"),
    (lambda p: torch.optim.RMSprop(p, lr=0.01), "rmsprop"),
    (lambda p: torch.optim.Adagrad(p, lr=0.01), "adagrad"),
    (lambda p: torch.optim.Adafactor(p, lr=0.01), "adafactor"),  # its eps is a pair
]


@pytest.mark.parametrize(("make", "name"), OPTIMIZERS)
def test_the_update_is_what_the_next_step_does_with_the_state_it_has(make, name):
    model, (x, y) = mlp(), examples()
    optimizer = make(model.parameters())
    torch.optim.lr_scheduler.StepLR(optimizer, 1)  # puts its own step on the object
    trained(model, optimizer, x, y, 3)
    subject = recognize(model, Given(x, y, loss="cross_entropy", optimizer=optimizer))
    seen = observed(subject)
    before = [p.detach().clone() for p in model.parameters()]
    trained(model, optimizer, x, y, 1)
    for parameter, p, old in zip(seen.parameters, model.parameters(), before, strict=True):
        np.testing.assert_allclose(
            parameter.update, (p - old).detach().numpy(), rtol=1e-4, atol=1e-7
        )
    np.testing.assert_allclose(
        seen.output_after, model(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-6
    )
    assert subject.about.rule.name == name


def test_rules_are_read_off_the_optimizer():
    model, (x, y) = mlp(), examples()
    groups = [{"params": model[0].parameters(), "lr": 0.3}, {"params": model[2].parameters()}]
    adam = torch.optim.Adam(groups, lr=0.1, betas=(0.8, 0.95), eps=1e-5)
    about = recognize(model, Given(x, y, loss="cross_entropy", optimizer=adam)).about
    rule = about.rule
    assert (rule.learning_rate, rule.beta_1, rule.beta_2, rule.epsilon) == (0.3, 0.8, 0.95, 1e-5)
    assert any("several learning rates" in limit for limit in about.limits)
    for optimizer in ("Adam", torch.optim.Adam, lambda p: torch.optim.Adam(p)):
        about = recognize(model, Given(x, y, loss="cross_entropy", optimizer=optimizer)).about
        assert about.rule.name == "adam"


def test_the_epsilon_that_half_precision_cannot_hold_is_read_as_0():
    model, (x, y) = mlp().half(), examples()
    adam = torch.optim.Adam(model.parameters())
    given = Given(x.astype("float16"), y, loss="cross_entropy", optimizer=adam)
    assert recognize(model, given).about.rule.epsilon == 0
    adam.param_groups[0]["eps"] = 1e-4
    assert recognize(model, given).about.rule.epsilon == pytest.approx(1e-4, rel=1e-2)


def test_an_optimizer_of_another_model_holds_nothing():
    model, (x, y) = mlp(), examples()
    other = torch.optim.Adam(mlp().parameters())
    subject = recognize(model, Given(x, y, loss="cross_entropy", optimizer=other))
    seen = observed(subject)
    assert not any(p.held for p in seen.parameters)
    assert subject.gradient(subject.sample.x, subject.sample.y).size == 0
    np.testing.assert_array_equal(seen.output, seen.output_after)


def test_an_optimizer_that_wants_a_closure_has_no_update():
    model, (x, y) = mlp(), examples()
    lbfgs = torch.optim.LBFGS(model.parameters())
    subject = recognize(model, Given(x, y, loss="cross_entropy", optimizer=lbfgs))
    seen = observed(subject)
    assert all(p.update is None for p in seen.parameters)
    assert seen.output_after is None
    assert any("LBFGS" in limit for limit in subject.about.limits)


# -- no trace


class Everything(nn.Module):
    """What a look could disturb: statistics, dropout, hooks, frozen and evaluated parts."""

    def __init__(self):
        super().__init__()
        self.first = nn.utils.parametrizations.weight_norm(nn.Linear(5, 8))
        self.norm = nn.BatchNorm1d(8)
        self.frozen_norm = nn.BatchNorm1d(8).eval()
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(8, 3)
        self.last.bias.requires_grad_(False)
        self.kept = None

    def forward(self, x):
        h = F.relu(self.frozen_norm(self.norm(self.first(x))))
        self.kept = h
        return self.last(self.drop(h))


def state(model, optimizer):
    """Everything that a look might change, as plain values."""
    return {
        "parameters": [
            (n, p.detach().clone(), p.requires_grad) for n, p in model.named_parameters()
        ],
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "buffers": [b.clone() for b in model.buffers()],
        "training": [m.training for m in model.modules()],
        "hooks": [list(m._forward_hooks) + list(m._forward_pre_hooks) for m in model.modules()],
        "optimizer": copy.deepcopy(optimizer.state_dict()),
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": np.random.get_state(),
    }


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("training", [True, False])
def test_a_look_leaves_no_trace_and_training_goes_on_as_it_would_have(training):
    x, y = examples()

    def fresh():
        torch.manual_seed(1)
        model = Everything()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        trained(model, optimizer, x, y, 2)
        fired = []
        model.last.register_forward_hook(lambda *a: fired.append(1))
        model.last.weight.register_hook(lambda g: fired.append(1))
        if not training:
            model.eval()
        return model, optimizer, fired

    model, optimizer, fired = fresh()
    tensors = torch.tensor(x), torch.tensor(y)
    loader = data.DataLoader(
        data.TensorDataset(*tensors), 8, shuffle=True, generator=torch.Generator().manual_seed(3)
    )
    kept, generator = model.kept, loader.generator.get_state()
    before = state(model, optimizer)
    with untouched():
        subject = recognize(model, Given(loader, loss="cross_entropy", optimizer=optimizer))
        first, second = observed(subject), observed(subject)
        subject.gradient(subject.sample.x, subject.sample.y)
        subject.hessian_product(subject.sample.x, subject.sample.y)
    assert same(before, state(model, optimizer))
    assert same(loader.generator.get_state(), generator)
    assert model.kept is kept
    assert not fired
    assert same(tensors, (torch.tensor(x), torch.tensor(y)))
    assert first.loss == second.loss
    np.testing.assert_array_equal(first.output, second.output)
    assert any("hooks" in limit for limit in subject.about.limits)

    untold, untold_optimizer, _ = fresh()
    for m, o in ((model, optimizer), (untold, untold_optimizer)):
        torch.manual_seed(7)
        m.train()
        trained(m, o, x, y, 3)
    assert same(list(model.state_dict().values()), list(untold.state_dict().values()))


def test_a_model_in_evaluation_mode_is_looked_at_in_training_mode():
    x, y = examples()
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3)).eval()
    seen = observed(recognize(model, Given(x * 100 + 7, y, loss="cross_entropy")))
    standard = (x - x.mean(0)) / x.std(0)
    logits = model[1](torch.tensor(standard)).detach().numpy()
    np.testing.assert_allclose(seen.logits, logits, rtol=1e-3, atol=1e-4)
