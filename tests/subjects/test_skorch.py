"""skorch nets: their own loss, optimizer and batches."""

import warnings

import numpy as np
import pytest

from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    skorch = pytest.importorskip("skorch")

X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
Y = np.random.default_rng(0).integers(0, 3, 40)


class Softmax(torch.nn.Module):
    def __init__(self, outputs=3, last=torch.nn.Softmax):
        super().__init__()
        end = (last(dim=1),) if last is torch.nn.Softmax else ()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, outputs), *end
        )

    def forward(self, x):
        return self.net(x)


def classifier(**settings):
    return skorch.NeuralNetClassifier(Softmax, verbose=0, lr=0.05, **settings)


def observed(subject):
    return subject.observe(subject.sample.x, subject.sample.y)


def test_a_classifier_that_is_not_initialised():
    net = classifier(iterator_train__shuffle=True, batch_size=16, optimizer=torch.optim.Adam)
    subject = recognize(net, Given(X, Y))
    seen, about = observed(subject), subject.about
    assert not net.initialized_
    assert (about.rule.name, about.rule.learning_rate) == ("adam", 0.05)
    assert (about.batch_size, about.shuffled) == (16, True)
    assert (about.loss.name, about.loss.takes) == ("NLLLoss", "probabilities")
    assert about.output_activation == "softmax"
    p = seen.output
    np.testing.assert_allclose(seen.losses, -np.log(p[np.arange(40), Y]), rtol=1e-4)
    np.testing.assert_allclose(seen.logit_gradients, p - np.eye(3)[Y], atol=1e-5)


def test_a_fitted_net_is_looked_at_as_it_stands():
    torch.manual_seed(0)
    net = classifier(max_epochs=2, train_split=None, batch_size=-1, optimizer__momentum=0.9)
    net.fit(X, Y)
    before = [p.detach().clone() for p in net.module_.parameters()]
    criterion = net.criterion_
    subject = recognize(net, Given(X, Y))
    seen = observed(subject)
    assert subject.about.batch_size == 40
    assert net.criterion_ is criterion
    assert all(map(torch.equal, net.module_.parameters(), before))
    net.partial_fit(X, Y, epochs=1)  # one batch: one step
    for parameter, p, old in zip(seen.parameters, net.module_.parameters(), before, strict=True):
        step = (p - old).detach().numpy()
        np.testing.assert_allclose(parameter.update, step, rtol=1e-3, atol=1e-7)


def test_a_regressor_and_a_loss_of_the_users():
    net = skorch.NeuralNetRegressor(
        Softmax, module__outputs=1, module__last=None, verbose=0, train_split=None
    )
    subject = recognize(net, Given(X, X[:, :1]))
    seen = observed(subject)
    np.testing.assert_allclose(seen.losses, np.square(seen.output - X[:, :1])[:, 0], rtol=1e-4)
    assert subject.about.loss.targets == "values"
    other = recognize(net, Given(X, X[:, :1], loss="l1", optimizer="adam"))
    assert (other.about.loss.name, other.about.rule.name) == ("l1_loss", "adam")
