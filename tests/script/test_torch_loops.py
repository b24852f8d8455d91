"""Hand-written PyTorch loops: what is found of them, and that they do not notice."""

import gc
import random
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from script import loops
from script.loops import BATCH, CLASSES, FEATURES, LOOPS, ROWS, loader, net, tensors
from unstuck.frameworks.torch.watch import loops_of

# loop -> the data that are found, the loss by its name ("step": it is computed by a step), the
# batch size (None: the loader's own), whether it is shuffled (None: the loader knows), losses.
EXPECTED = {
    "plain_loader": ("loader", "CrossEntropyLoss", None, None, 20),
    "slices": ("arrays", "cross_entropy", BATCH, False, 10),
    "drawn_rows": ("arrays", "cross_entropy", BATCH, True, 10),
    "closure": ("arrays", "CrossEntropyLoss", ROWS, None, 3),
    "accumulation": ("loader", "CrossEntropyLoss", 2 * BATCH, None, 5),
    "squeezed": ("loader", "binary_cross_entropy_with_logits", None, None, 10),
    "log_softmax": ("loader", "nll_loss", None, None, 10),
    "by_hand": ("arrays", "mse_loss", BATCH, False, 10),
    "by_hand_squeezed": ("loader", "mse_loss", None, None, 10),
    "in_a_class": ("arrays", "CrossEntropyLoss", BATCH, False, 10),
    "in_a_function": ("loader", "CrossEntropyLoss", None, None, 10),
    "arrays": ("arrays", "cross_entropy", BATCH, True, 10),
    "arrays_in_the_loss": ("arrays", "cross_entropy", BATCH, False, 10),
    "flattened": ("loader", "step", None, None, 10),
    "penalty": ("loader", "step", None, None, 10),
    "forward_called": ("loader", "step", None, None, 10),
    "compiled": ("loader", "cross_entropy", None, None, 10),
    "in_parallel": ("loader", "cross_entropy", None, None, 10),
    "with_workers": ("loader", "cross_entropy", None, None, 10),
    "whole_data": ("arrays", "cross_entropy", ROWS, None, 10),
    "evaluated_first": ("loader", "cross_entropy", None, None, 10),
    "mixed_precision": ("loader", "step", None, None, 10),
    "adam_with_closure": ("loader", "cross_entropy", None, None, 10),
    "dict_batches": ("loader", "cross_entropy", None, None, 10),
    "two_parts": ("loader", "step", None, None, 10),
}


def name_of(arguments):
    if "step" in arguments:
        return "step"
    loss = arguments["loss"]
    loss = getattr(loss, "func", loss)
    return type(loss).__name__ if isinstance(loss, nn.Module) else loss.__name__


def same(states, others):
    """Bit for bit, also where a run diverged."""
    return all(states[key].numpy().tobytes() == others[key].numpy().tobytes() for key in others)


def nothing_left():
    hooks = torch.nn.modules.module
    return (
        not hooks._has_any_global_hook()
        and not torch.overrides._get_current_function_mode_stack()
        and torch.utils.data.dataloader._BaseDataLoaderIter.__next__.__module__.startswith("torch.")
    )


@pytest.mark.parametrize("name", LOOPS)
def test_arguments(trainings, name):
    LOOPS[name](raw=True)
    (seen,) = trainings.trainings
    assert not trainings.said
    given = seen.arguments
    data, loss, size, shuffle, losses = EXPECTED[name]
    if data == "loader":
        assert isinstance(given["x"], DataLoader)
    else:
        assert len(given["x"]) == len(given["y"]) == ROWS
    assert name_of(given) == loss
    assert given.get("batch_size") == size
    assert given.get("shuffle") == shuffle
    assert isinstance(given["optimizer"], torch.optim.Optimizer)
    assert len(seen.watch.values) == losses
    assert all(type(value) is float for value in seen.watch.values)
    assert nothing_left()


@pytest.mark.parametrize("name", LOOPS)
def test_raw_features_are_suspected_and_scaled_ones_are_not(trainings, name):
    for raw in (True, False):
        LOOPS[name](raw)
    broken, healthy = trainings.trainings
    assert "input-spread" in [s.name for s in broken.report.suspects]
    assert not healthy.report.suspects


@pytest.mark.parametrize("name", LOOPS)
def test_weights_are_bit_for_bit_the_same(trainings, name):
    torch.manual_seed(3)
    seen = LOOPS[name](raw=True).state_dict()
    loops_of(trainings).remove()
    torch.manual_seed(3)
    unseen = LOOPS[name](raw=True).state_dict()
    assert same(seen, unseen)


def noisy(raw, log):
    """Everything that draws or keeps: shuffling, dropout, batch normalization, evaluation."""
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    x, y = tensors(raw)
    model = nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    batches = DataLoader(TensorDataset(x, y), BATCH, shuffle=True)
    for _ in range(3):
        model.eval()
        with torch.no_grad():
            log.append(float(F.cross_entropy(model(x), y)))
        model.train()
        for features, labels in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(features + 0.1 * torch.randn_like(features)), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            log.append(loss.item())
        schedule.step()
    log += [float(torch.rand(())), float(np.random.rand()), random.random()]
    return model


def test_noise_is_the_same(trainings):
    seen_log, unseen_log = [], []
    seen = noisy(True, seen_log).state_dict()
    (found,) = trainings.trainings
    assert "step" in found.arguments  # noise is added to what the loader yields
    loops_of(trainings).remove()
    unseen = noisy(True, unseen_log).state_dict()
    assert seen_log == unseen_log
    assert same(seen, unseen)


def test_two_networks_against_each_other(trainings):
    critic = loops.gan(False)
    of_critic, of_generator = trainings.trainings
    assert of_critic.arguments["model"] is critic
    assert "step" in of_critic.arguments
    assert not of_generator.arguments
    assert len(of_critic.watch.values) == len(of_generator.watch.values) == 10
    assert "no examples" in trainings.said[0]
    loops_of(trainings).remove()
    again = loops.gan(False).state_dict()
    assert same(critic.state_dict(), again)


def test_diagnosed_before_the_first_step(trainings):
    weights = []
    trainings.at_start = lambda seen: weights.append(seen.arguments["model"][0].weight.clone())
    model = net()
    before = model[0].weight.clone()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(True):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert torch.equal(weights[0], before)


def test_evaluation_alone_is_no_training(trainings):
    model = net()
    torch.optim.Adam(model.parameters())
    for x, _ in loader(False):
        model(x)
    assert not trainings.trainings


def test_several_trainings_one_after_the_other(trainings):
    for raw in (False, True, False):
        loops.slices(raw)
    assert [bool(t.report.suspects) for t in trainings.trainings] == [False, True, False]


def test_only_watched_where_the_loss_is_not_reproduced(trainings):
    model, count = net(), []
    optimizer = torch.optim.Adam(model.parameters())

    class Varying(nn.Module):
        def forward(self, output, target):
            count.append(1)
            return len(count) * F.cross_entropy(output, target)

    criterion = Varying()
    for x, y in loader(False):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    (seen,) = trainings.trainings
    assert not seen.arguments
    assert "done again" in trainings.said[0]
    assert len(seen.watch.values) == 10


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net()

    def forward(self, x, targets):
        logits = self.net(x)
        return {"loss": F.cross_entropy(logits, targets), "logits": logits}


class Unnamed(Own):
    def forward(self, first, second):
        return super().forward(first, second)


def test_a_model_that_computes_its_loss(trainings):
    """Its output is found on the way to the loss; from a loader, and from arrays by name."""
    model, (x, y) = Own(), tensors(False)
    optimizer = torch.optim.Adam(model.parameters())
    for batch in loader(False):
        model(*batch)["loss"].backward()
        optimizer.step()
    again = Own()
    other = torch.optim.Adam(again.parameters())
    for _ in range(3):
        again(x, targets=y)["loss"].backward()
        other.step()
    assert not trainings.said
    assert len(trainings.trainings) == 2
    for seen in trainings.trainings:
        assert seen.report.setup["loss"] == "cross_entropy"
        assert seen.report.probes["logit_spread"] > 0


def test_only_watched_where_a_models_targets_have_no_name(trainings):
    model, (x, y) = Unnamed(), tensors(False)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        model(x, y)["loss"].backward()
        optimizer.step()
    (seen,) = trainings.trainings
    assert not seen.arguments
    assert "the loss has no targets that were seen" in trainings.said[0]


def test_no_warning_is_added(trainings, recwarn):
    loops.compiled(False)
    assert not recwarn.list


def test_optimizers_that_share_a_model_are_only_watched(trainings):
    model = net()
    first = torch.optim.Adam(model[0].parameters())
    last = torch.optim.Adam(model[2].parameters())
    for x, y in loader(False):
        F.cross_entropy(model(x), y).backward()
        first.step()
        last.step()
    assert [t.arguments for t in trainings.trainings] == [{}, {}]


def test_a_part_that_no_optimizer_holds_belongs_to_the_model(trainings):
    encoder, decoder = nn.Linear(FEATURES, 16), nn.Linear(16, CLASSES)
    optimizer = torch.optim.Adam(decoder.parameters())
    for x, y in loader(False):
        optimizer.zero_grad()
        F.cross_entropy(decoder(encoder(x).relu()), y).backward()
        optimizer.step()
    (seen,) = trainings.trainings
    held = {id(p) for p in seen.arguments["model"].parameters()}
    assert held == {id(p) for m in (encoder, decoder) for p in m.parameters()}
    assert "frozen-parameters" in [s.name for s in seen.report.suspects]


def test_nothing_is_kept_alive(trainings):
    trainings.at_start = None
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(False):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    kept = [weakref.ref(o) for o in (model, optimizer, loss, x)]
    trainings.trainings[0].arguments.clear()  # a list of trainings need not keep them
    del model, optimizer, loss, x, y
    gc.collect()
    assert not any(o() for o in kept)


def test_arguments_keep_no_graph_alive(trainings):
    model, kept = net(1), []
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(False):
        output = model(x)
        loss = F.mse_loss(output.squeeze(1).double(), y.double()) + 0.1 * output.mean()
        loss.backward()
        optimizer.step()
        kept.append([weakref.ref(t) for t in (output, loss, x)])
    assert callable(trainings.trainings[0].arguments["loss"])
    gc.collect()
    assert not any(t() for t in kept[0])


def test_an_optimizer_that_was_not_seen_made(trainings):
    loops_of(trainings).remove()
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    loops_of(trainings).install()
    for x, y in loader(False):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    (seen,) = trainings.trainings
    assert seen.arguments["model"] is model
    assert len(seen.watch.values) == 9


def test_losses_on_an_accelerator_are_read_together(trainings):
    trainings.at_start = None
    seen, followed = trainings.starts("torch", {}), loops_of(trainings).losses
    for step in range(100):
        followed.later(seen, torch.tensor(float(step)))
    assert seen.watch.values == list(range(64))
    followed.read()
    assert seen.watch.values == list(range(100))


def test_a_stop_reaches_the_script(trainings):
    class Stop(BaseException):
        pass

    def stop(seen):
        raise Stop

    trainings.at_start = stop
    with pytest.raises(Stop):
        loops.slices(True)


def _fitted(net, optimizer, epochs=6):
    x, y = tensors(raw=False)
    for _ in range(epochs):
        for part in torch.arange(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x[part]), y[part])
            loss.backward()
            optimizer.step()


@pytest.mark.parametrize("how", ["new head", "new head and optimizer", "again", "another model"])
def test_fine_tuning_by_the_same_lines_is_another_training(trainings, how):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    _fitted(model, optimizer)
    if how.startswith("new head"):
        model[0].requires_grad_(False)
        model[-1] = nn.Linear(model[-1].in_features, model[-1].out_features)
    if how == "another model":
        model = net()
    if how != "new head":
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
    _fitted(model, optimizer)
    first, second = trainings.trainings
    assert (first.anew, second.anew) == (False, how.startswith("new head"))
    if how == "new head":  # which the optimizer does not hold
        assert list(second.sightings) == ["optimizer-of-another-model"]
