"""Lightning modules: their own step and optimizer, logging and the trainer left alone."""

import warnings

import numpy as np
import pytest

from unstuck.errors import UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lightning = pytest.importorskip("lightning")
F = torch.nn.functional

X = np.random.default_rng(0).normal(size=(24, 5)).astype(np.float32)
Y = np.random.default_rng(0).integers(0, 3, 24)


def loader():
    dataset = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(dataset, 8, shuffle=True)


class Module(lightning.LightningModule):
    """Calls its net, not itself; logs; makes its optimizer as `form` says."""

    def __init__(self, form="one", manual=False):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3)
        )
        self.form, self.automatic_optimization = form, not manual

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.nll_loss(F.log_softmax(self.net(x), 1), y)
        self.log("loss", loss, prog_bar=True)
        return {"loss": loss} if self.form == "dictionary" else loss

    def configure_optimizers(self):
        adam = torch.optim.Adam(self.parameters(), lr=0.02)
        schedule = torch.optim.lr_scheduler.StepLR(adam, 1)
        return {
            "one": adam,
            "lists": ([adam], [schedule]),
            "dictionary": {"optimizer": adam, "lr_scheduler": schedule},
            "none": None,
        }[self.form]

    def train_dataloader(self):
        return loader()


def observed(subject):
    return subject.observe(subject.sample.x, subject.sample.y)


@pytest.mark.parametrize("form", ["one", "lists", "dictionary", "none"])
def test_the_step_and_the_optimizer_are_its_own(form):
    torch.manual_seed(0)
    model = Module(form)
    subject = recognize(model, Given(loader()))
    seen = observed(subject)
    plain = recognize(model.net, Given(X, Y, loss="cross_entropy", optimizer="adam"))
    expected = observed(plain)
    np.testing.assert_array_equal(subject.sample.y, Y)
    np.testing.assert_allclose(seen.loss, expected.loss, rtol=1e-6)
    np.testing.assert_allclose(seen.losses, expected.losses, rtol=1e-5)
    np.testing.assert_allclose(seen.logits, expected.logits, rtol=1e-6)
    np.testing.assert_allclose(seen.logit_gradients, expected.logit_gradients, atol=1e-6)
    about = subject.about
    assert (about.batch_size, about.shuffled, about.output_activation) == (8, True, "log_softmax")
    assert [layer.name for layer in seen.layers] == ["net.0", "net.2"]
    if form == "none":
        assert about.rule is None
    else:
        assert (about.rule.name, about.rule.learning_rate) == ("adam", 0.02)
        assert seen.loss_after < seen.loss
    assert "log" not in vars(model)


def test_data_from_the_module_or_a_data_module():
    class Data(lightning.LightningDataModule):
        def setup(self, stage):
            self.loader = loader()

        def train_dataloader(self):
            return self.loader

    source = Data()
    for x in (None, source):
        np.testing.assert_array_equal(recognize(Module(), Given(x)).sample.y, Y)
    assert "loader" not in vars(source)


def test_a_module_that_has_been_trained_is_looked_at_with_its_trainers_optimizer(tmp_path):
    model = Module()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            accelerator="cpu",
            default_root_dir=tmp_path,
        )
        trainer.fit(model)
    (optimizer,) = trainer.optimizers
    before = {k: v.clone() for k, v in model.state_dict().items()}
    seen = observed(recognize(model, Given(loader())))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model.trainer is trainer
    model.train()
    loss = F.cross_entropy(model.net(torch.tensor(X)), torch.tensor(Y))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for parameter, (name, p) in zip(seen.parameters, model.named_parameters(), strict=True):
        step = (p.detach() - before[name]).numpy()
        np.testing.assert_allclose(parameter.update, step, rtol=1e-4, atol=1e-7)


def test_a_loss_or_a_step_of_the_users_goes_first():
    class Callable(Module):
        def forward(self, x):
            return self.net(x)

    model = Callable(manual=True)
    with_loss = recognize(model, Given(X, Y, loss="cross_entropy"))
    with_step = recognize(
        model, Given(X, Y, step=lambda m, batch: F.cross_entropy(m(batch[0]), batch[1]))
    )
    assert observed(with_loss).loss == observed(with_step).loss
    assert with_loss.about.rule.name == "adam"


def test_manual_optimization_is_explained():
    with pytest.raises(UsageError, match="automatic_optimization"):
        recognize(Module(manual=True), Given(loader()))
