"""PyTorch loops, sound and faulty, by what they do around a step."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from script.loops import BATCH, CLASSES, FEATURES, ROWS, ByForward, loader, net, tensors


def each(
    model,
    optimizer,
    steps=30,
    loss=F.cross_entropy,
    before=lambda k: None,
    after=lambda k: None,
    batches=None,
):
    """The usual loop, with something before and after each step."""
    taken = 0
    while taken < steps:
        for x, y in batches or loader(False):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            before(taken)
            optimizer.step()
            after(taken)
            taken += 1


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr)


def clipped_by_norm():
    model = net()
    each(model, sgd(model), before=lambda k: nn.utils.clip_grad_norm_(model.parameters(), 0.5))


def clipped_by_value():
    model = net()
    each(model, sgd(model), before=lambda k: nn.utils.clip_grad_value_(model.parameters(), 0.1))


def clipped_in_parts():
    model = net()

    def before(k):
        nn.utils.clip_grad_norm_(model[0].parameters(), 0.5)
        nn.utils.clip_grad_norm_(model[2].parameters(), 0.5)

    each(model, sgd(model), before=before)


def clipped_sometimes():
    model = net()

    def before(k):
        if k % 2:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)

    each(model, sgd(model), before=before)


def schedule_each_epoch():
    model = net()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)
    each(model, optimizer, after=lambda k: schedule.step() if k % 10 == 9 else None)


def warm_up_by_hand():
    model = net()
    optimizer = sgd(model)

    def before(k):
        optimizer.param_groups[0]["lr"] = 0.1 * min(1, k / 10)

    each(model, optimizer, before=before)


def one_cycle():
    model = net()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=41)
    each(model, optimizer, 40, after=lambda k: schedule.step())


def cosine_each_batch():
    model = net()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
    each(model, optimizer, 40, after=lambda k: schedule.step())


def scaled():
    model = net()
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu")
    for x, y in loader(False):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()


def evaluated_between():
    model = nn.Sequential(nn.Linear(FEATURES, 16), nn.Dropout(0.1), nn.Linear(16, CLASSES))
    optimizer = sgd(model)
    for _ in range(3):
        model.train()
        each(model, optimizer, 10)
        model.eval()
        with torch.no_grad():
            model(tensors(False)[0])


def zeroed_in_place():
    model = net()
    optimizer = sgd(model)
    for x, y in loader(False):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)


def zeroed_by_hand():
    model = net()
    optimizer = sgd(model)
    for x, y in loader(False):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        for parameter in model.parameters():
            parameter.grad.data.zero_()


def head_alone():
    """A pretrained front that is not marked as frozen: its gradients grow, and nobody uses them."""
    torch.manual_seed(0)
    front, head = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU()), nn.Linear(16, CLASSES)
    optimizer = sgd(head)
    for x, y in loader(False):
        optimizer.zero_grad()
        F.cross_entropy(head(front(x)), y).backward()
        optimizer.step()


def last_layer_alone():
    model = net()
    each(model, torch.optim.SGD(model[2].parameters(), 0.1))


def two_optimizers():
    """Each of one part of the model, after one loss."""
    model = net()
    several = [sgd(model[0]), sgd(model[2])]
    for x, y in loader(False):
        for optimizer in several:
            optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        for optimizer in several:
            optimizer.step()


def weighted_sampler():
    x, y = tensors(False)
    y = (torch.arange(ROWS) % 4 == 0).long()
    weights = torch.where(y == 1, 3.0, 1.0)
    model = net(2)
    batches = DataLoader(TensorDataset(x, y), BATCH, sampler=WeightedRandomSampler(weights, ROWS))
    each(model, sgd(model), 10, batches=batches)


def silenced_schedule():
    """A step before the first, as people take against a schedule's warning."""
    model = net()
    optimizer = sgd(model)
    optimizer.step()
    each(model, optimizer, 10)


def detached_beside():
    """Of two heads on one body, one trains it and the other only reads it."""
    body, first, second = (nn.Linear(FEATURES, 16), nn.Linear(16, CLASSES), nn.Linear(16, CLASSES))
    parts = nn.ModuleList([body, first, second])
    optimizer = sgd(parts)
    for x, y in loader(False):
        code = torch.tanh(body(x))
        loss = F.cross_entropy(first(code), y) + F.cross_entropy(second(code.detach()), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


SOUND = {
    f.__name__: f
    for f in (
        clipped_by_norm,
        clipped_by_value,
        clipped_in_parts,
        clipped_sometimes,
        schedule_each_epoch,
        warm_up_by_hand,
        one_cycle,
        cosine_each_batch,
        scaled,
        evaluated_between,
        zeroed_in_place,
        zeroed_by_hand,
        head_alone,
        last_layer_alone,
        two_optimizers,
        weighted_sampler,
        silenced_schedule,
        detached_beside,
    )
}


def never_zeroed():
    model = net()
    optimizer = sgd(model)
    for x, y in [*loader(False)] * 2:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def zeroed_each_epoch():
    model = net()
    optimizer = sgd(model)
    for _ in range(2):
        optimizer.zero_grad()
        for x, y in loader(False):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()


def schedule_each_batch():
    model = net()
    optimizer = sgd(model)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    each(model, optimizer, 60, after=lambda k: schedule.step())


class Listed(ByForward):
    """Hidden layers in a plain list."""

    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(16, 16), nn.Linear(16, 16)]

    def forward(self, x):
        x = self.first(x)
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.last(x)


def plain_list():
    model = Listed()
    each(model, sgd(model))


def another_model():
    optimizer = sgd(net())
    each(net(), optimizer)


def before_backward():
    model = net()
    optimizer = sgd(model)
    for x, y in loader(False):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        optimizer.step()
        loss.backward()


def never_differentiated():
    model = net()
    optimizer = sgd(model)
    for x, y in loader(False):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y)
        optimizer.step()


def detached():
    model = net()

    def loss(output, y):
        return torch.tensor(F.cross_entropy(output, y).item(), requires_grad=True)

    each(model, sgd(model), loss=loss)


def detached_between():
    body, head = nn.Linear(FEATURES, 16), nn.Linear(16, CLASSES)
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], 0.1)
    for x, y in loader(False):
        code = torch.tanh(body(x)).detach()
        loss = F.cross_entropy(head(code), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def evaluation_left_on():
    model = nn.Sequential(nn.Linear(FEATURES, 16), nn.BatchNorm1d(16), nn.Linear(16, CLASSES))
    optimizer = sgd(model)
    for _ in range(3):
        each(model, optimizer, 10)
        model.eval()


# loop -> the cause that is seen
def thrown_away():
    model = net()
    x, y = tensors(False)
    for _ in range(30):
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p = p - 0.1 * p.grad
            model.zero_grad()


def written_out_never_zeroed():
    model = net()
    x, y = tensors(False)
    for _ in range(30):
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.01 * p.grad


FAULTY = {
    never_zeroed: "gradients-not-zeroed",
    written_out_never_zeroed: "gradients-not-zeroed",
    zeroed_each_epoch: "gradients-not-zeroed",
    schedule_each_batch: "schedule-per-batch",
    plain_list: "layers-not-registered",
    another_model: "optimizer-of-another-model",
    before_backward: "step-before-backward",
    never_differentiated: "backward-missing",
    detached: "loss-detached",
    detached_between: "loss-detached",
    evaluation_left_on: "evaluation-mode",
}


def range_test_then_training():
    def train(rates):
        model = net()
        optimizer = sgd(model)
        x, y = tensors(False)
        for rate in rates:
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

    for rates in ([1e-4 * 1.5**k for k in range(30)], [0.1] * 50):
        train(rates)


def taught():
    teacher, student = ByForward(), net()
    optimizer = sgd(student)
    for x, _ in loader(False):
        with torch.no_grad():
            wanted = teacher(x)
        optimizer.zero_grad()
        F.mse_loss(student(x), wanted).backward()
        optimizer.step()


def features_of_another():
    """A pretrained front that is run without gradients feeds the model; its answers are no
    targets."""
    front, head = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU()), nn.Linear(16, CLASSES)
    optimizer = sgd(head)
    for x, y in loader(False):
        with torch.no_grad():
            features = front(x)
        optimizer.zero_grad()
        F.cross_entropy(head(features), y).backward()
        optimizer.step()


def unused_labels():
    """An autoencoder on a loader that yields labels too."""
    model = net(FEATURES)
    optimizer = sgd(model, 0.01)
    for x, _ in loader(False):
        optimizer.zero_grad()
        F.mse_loss(model(x), x).backward()
        optimizer.step()


def flattened_autoencoder():
    x, y = tensors(False)
    model = net(FEATURES)
    optimizer = sgd(model, 0.01)
    for images, _ in DataLoader(TensorDataset(x.reshape(-1, 2, 4), y), BATCH):
        flat = images.view(images.size(0), -1)
        optimizer.zero_grad()
        F.mse_loss(model(flat), flat).backward()
        optimizer.step()


def ignored_positions():
    """Classes of sequences, where one class is padding that the loss leaves out."""
    x, _ = tensors(False)
    y = torch.where(torch.arange(ROWS) % 10 < 5, 0, torch.arange(ROWS) % 2 + 1)
    model = net()
    criterion = nn.CrossEntropyLoss(ignore_index=0)
    each(model, sgd(model), loss=criterion, batches=DataLoader(TensorDataset(x, y), BATCH))


def quantile():
    """The loss of the 90 % quantile."""
    x, y = tensors(False)
    y = torch.arange(ROWS) / ROWS

    def loss(output, y):
        error = y - output.squeeze(1)
        return torch.maximum(0.9 * error, -0.1 * error).mean()

    model = net(1)
    each(model, sgd(model, 0.01), loss=loss, batches=DataLoader(TensorDataset(x, y), BATCH))


def advantages():
    """REINFORCE with a baseline: actions were drawn earlier, without gradients."""
    x, y = tensors(False)
    model = net(3)
    optimizer = sgd(model)
    for _ in range(20):
        with torch.no_grad():
            actions = torch.distributions.Categorical(logits=model(x)).sample()
        rewards = (actions == y).float()
        optimizer.zero_grad()
        told = torch.distributions.Categorical(logits=model(x)).log_prob(actions)
        loss = -(told * (rewards - rewards.mean())).mean()
        loss.backward()
        optimizer.step()


def margins():
    """A hinge loss, whose targets have both signs."""
    x, y = tensors(False)
    sides = torch.where(y > 0, 1.0, -1.0)
    model = net(1)
    optimizer = sgd(model)
    for _ in range(20):
        optimizer.zero_grad()
        loss = torch.relu(1 - sides * model(x).squeeze(1)).mean()
        loss.backward()
        optimizer.step()
