"""Ways in which people write PyTorch training loops, each with raw and with scaled features."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

ROWS, FEATURES, CLASSES, BATCH = 240, 8, 3, 24


def data(raw):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32) * (2000 if raw else 1)
    return x, rng.integers(0, CLASSES, ROWS)


def tensors(raw):
    x, y = data(raw)
    return torch.from_numpy(x), torch.from_numpy(y)


def net(outputs=CLASSES, *last):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU(), nn.Linear(16, outputs), *last)


def loader(raw, **options):
    return DataLoader(TensorDataset(*tensors(raw)), batch_size=BATCH, **options)


def plain_loader(raw):
    model, criterion = net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(2):
        for x, y in loader(raw, shuffle=True):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
    return model


def slices(raw):
    X, Y = tensors(raw)
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for i in range(0, len(X), BATCH):
        loss = F.cross_entropy(model(X[i : i + BATCH]), Y[i : i + BATCH])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def drawn_rows(raw):
    X, Y = tensors(raw)
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(1))
    for i in range(0, len(X), BATCH):
        rows = order[i : i + BATCH]
        loss = F.cross_entropy(model(X[rows]), Y[rows], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def closure(raw):
    x, y = tensors(raw)
    model, criterion = net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)

    def compute():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(compute)
    return model


def accumulation(raw):
    model, criterion = net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for i, (x, y) in enumerate(loader(raw)):
        loss = criterion(model(x), y) / 2
        loss.backward()
        if i % 2:
            optimizer.step()
            optimizer.zero_grad()
    return model


def squeezed(raw):
    X, Y = tensors(raw)
    Y = (Y > 0).float()
    model = net(1)
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in DataLoader(TensorDataset(X, Y), BATCH):
        loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def log_softmax(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(raw):
        optimizer.zero_grad()
        F.nll_loss(F.log_softmax(model(x), dim=1), y).backward()
        optimizer.step()
    return model


def by_hand(raw):
    X, Y = tensors(raw)
    Y = Y.float()[:, None]
    model = net(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    for i in range(0, len(X), BATCH):
        x, y = X[i : i + BATCH], Y[i : i + BATCH]
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def by_hand_squeezed(raw):
    X, Y = tensors(raw)
    Y = Y.float()
    model = net(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    for x, y in DataLoader(TensorDataset(X, Y), BATCH):
        loss = torch.mean((model(x).view(-1) - y) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


class Fitter:
    def __init__(self, raw):
        self.X, self.y = tensors(raw)
        self.model, self.loss = net(), nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def step(self, rows):
        loss = self.loss(self.model(self.X[rows]), self.y[rows])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def train(self):
        for i in range(0, len(self.X), BATCH):
            self.step(slice(i, i + BATCH))


def in_a_class(raw):
    fitter = Fitter(raw)
    fitter.train()
    return fitter.model


def epoch(model, batches, criterion, optimizer, device):
    model.train()
    for x, y in batches:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()


def in_a_function(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    epoch(model, loader(raw, shuffle=True), nn.CrossEntropyLoss(), optimizer, torch.device("cpu"))
    return model


def arrays(raw):
    X, Y = data(raw)
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    order = np.random.default_rng(0).permutation(len(X))
    for i in range(0, len(X), BATCH):
        rows = order[i : i + BATCH]
        x, y = torch.from_numpy(X[rows]), torch.tensor(Y[rows], dtype=torch.long)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def arrays_in_the_loss(raw):
    """Targets are made a tensor when the model has been called already."""
    X, Y = data(raw)
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for i in range(0, len(X), BATCH):
        output = model(torch.as_tensor(X[i : i + BATCH]))
        optimizer.zero_grad()
        F.cross_entropy(output, torch.tensor(Y[i : i + BATCH].tolist())).backward()
        optimizer.step()
    return model


class Images(Dataset):
    def __init__(self, raw):
        self.x, self.y = tensors(raw)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i].reshape(2, 4), int(self.y[i])


def flattened(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for images, labels in DataLoader(Images(raw), BATCH, shuffle=True):
        images = images.view(images.size(0), -1).float()
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def penalty(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(raw):
        loss = F.cross_entropy(model(x), y)
        loss += 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


class ByForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, 16), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


def forward_called(raw):
    torch.manual_seed(0)
    model, criterion = ByForward(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(raw):
        loss = criterion(model.forward(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def trained(model, batches):
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def compiled(raw):
    return trained(torch.compile(net(), backend="eager"), loader(raw))


def in_parallel(raw):
    return trained(nn.DataParallel(net()), loader(raw))


def with_workers(raw):
    return trained(net(), loader(raw, num_workers=1, shuffle=True))


def whole_data(raw):
    return trained(net(), [tensors(raw)] * 10)


def evaluated_first(raw):
    model, batches = net(), loader(raw)
    optimizer = torch.optim.Adam(model.parameters())
    model.eval()
    with torch.no_grad():
        for x, y in batches:
            F.cross_entropy(model(x), y)
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def mixed_precision(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(raw):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def adam_with_closure(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader(raw):

        def compute(x=x, y=y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        optimizer.step(compute)
    return model


class Named(Images):
    def __getitem__(self, i):
        return {"name": str(i), "label": self.y[i], "x": self.x[i]}


def dict_batches(raw):
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    for batch in DataLoader(Named(raw), BATCH, shuffle=True):
        optimizer.zero_grad()
        F.cross_entropy(model(batch["x"]), batch["label"]).backward()
        optimizer.step()
    return model


def two_parts(raw):
    torch.manual_seed(0)
    encoder, decoder = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU()), nn.Linear(16, CLASSES)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
    for x, y in loader(raw):
        optimizer.zero_grad()
        F.cross_entropy(decoder(encoder(x)), y).backward()
        optimizer.step()
    return nn.Sequential(encoder, decoder)


LOOPS = {
    f.__name__: f
    for f in (
        plain_loader,
        slices,
        drawn_rows,
        closure,
        accumulation,
        squeezed,
        log_softmax,
        by_hand,
        by_hand_squeezed,
        in_a_class,
        in_a_function,
        arrays,
        arrays_in_the_loss,
        flattened,
        penalty,
        forward_called,
        compiled,
        in_parallel,
        with_workers,
        whole_data,
        evaluated_first,
        mixed_precision,
        adam_with_closure,
        dict_batches,
        two_parts,
    )
}


def gan(raw):
    """Two optimizers, and losses on both networks."""
    torch.manual_seed(0)
    real, _ = tensors(raw)
    generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, FEATURES))
    critic = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU(), nn.Linear(16, 1))
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4)
    of_critic = torch.optim.Adam(critic.parameters(), lr=2e-4)
    criterion = nn.BCEWithLogitsLoss()
    for (x,) in DataLoader(TensorDataset(real), BATCH, shuffle=True):
        n = x.size(0)
        ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
        fake = generator(torch.randn(n, 4))
        of_critic.zero_grad()
        loss = criterion(critic(x), ones) + criterion(critic(fake.detach()), zeros)
        loss.backward()
        of_critic.step()
        of_generator.zero_grad()
        criterion(critic(fake), ones).backward()
        of_generator.step()
    return critic
