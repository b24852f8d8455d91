"""Programs in PyTorch: layers, a loop written by hand."""

from board.faults import settings
from board.programs import Program, rates, reading, scoring, sizes
from board.spec import Settings, Spec

ACTIVATIONS = {"relu": "nn.ReLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()"}
OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}


def program(spec: Spec) -> Program:
    """See `board.programs`."""
    made = settings(spec)
    setup = [reading(spec, "import torch", "from torch import nn"), "torch.manual_seed(SEED)",
             "x_train, y_train = torch.tensor(x_train), torch.tensor(y_train)", "",
             *_model(spec, made), *_start(spec, made), *_loss(spec, made)]  # fmt: skip
    if made.frozen:
        setup += ["for p in list(model.parameters())[:-1]:", "    p.requires_grad_(False)"]
    setup += [*_optimizer(made), ""]
    if made.other_model:
        setup += _model(spec, made)
    ending = ["model.eval()", "with torch.no_grad():",
              "    outputs = model(torch.tensor(x_test)).numpy()"]  # fmt: skip
    scored = scoring(spec, "outputs.reshape(y_test.shape)", "outputs.argmax(1)")
    return Program("\n".join(setup), "\n".join(_training(spec, made)),
                   "\n".join(ending) + "\n" + scored)  # fmt: skip


def _model(spec: Spec, made: Settings) -> list[str]:
    features, outputs = sizes(spec)
    if spec.subject == "images":
        return _convolution(made, features, outputs)
    if spec.subject == "sequences":
        return _recurrent(spec, made, features, outputs)
    if spec.subject == "transformer":
        return _transformer(spec, made, features, outputs)
    layers: list[str] = []
    last = features
    for i, units in enumerate(made.hidden):
        layers.append(f"nn.Linear({last}, {units})")
        if made.normalized and i == 0:
            layers.append(f"nn.BatchNorm1d({units})")
        if made.activation in ACTIVATIONS:
            layers.append(ACTIVATIONS[made.activation])
        if made.dropout:
            layers.append(f"nn.Dropout({made.dropout:.2f})")
        last = units
    layers.append(f"nn.Linear({last}, {outputs})")
    if not made.registered:
        return _listed(layers)
    return ["model = nn.Sequential(", *(f"    {layer}," for layer in [*layers, *_last(made)]), ")"]


def _last(made: Settings) -> list[str]:
    if made.output == "softmax" or made.loss == "clipped":
        return ["nn.Softmax(dim=1)"]
    return ["nn.Sigmoid()"] if made.output == "sigmoid" else []


def _listed(layers: list[str]) -> list[str]:
    return ["", "class Net(nn.Module):", "    def __init__(self):", "        super().__init__()",
            f"        self.hidden = [{', '.join(layers[:-1])}]", f"        self.out = {layers[-1]}",
            "", "    def forward(self, x):", "        for layer in self.hidden:",
            "            x = layer(x)", "        return self.out(x)", "", "",
            "model = Net()"]  # fmt: skip


def _convolution(made: Settings, channels: int, outputs: int) -> list[str]:
    (width,) = made.hidden
    norm = [f"nn.BatchNorm2d({width})"] if made.normalized else []
    layers = [f"nn.Conv2d({channels}, {width}, 3, padding=1)", *norm, "nn.ReLU()",
              f"nn.Conv2d({width}, {2 * width}, 3, stride=2, padding=1)", "nn.ReLU()",
              "nn.Flatten()", f"nn.LazyLinear({outputs})", *_last(made)]  # fmt: skip
    return ["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")",
            "model(x_train[:1])  # the lazy layer's size"]  # fmt: skip


def _recurrent(spec: Spec, made: Settings, features: int, outputs: int) -> list[str]:
    kind = "LSTM" if spec.seed // 2 % 2 else "GRU"
    (units,) = made.hidden
    last = "".join(f"\n        x = {layer}(x)" for layer in _last(made))
    return ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()",
            f"        self.rnn = nn.{kind}({features}, {units}, batch_first=True)",
            f"        self.out = nn.Linear({units}, {outputs})", "", "    def forward(self, x):",
            "        states, _ = self.rnn(x)", f"        x = self.out(states[:, -1]){last}",
            "        return x", "", "", "model = Net()"]  # fmt: skip


def _transformer(spec: Spec, made: Settings, features: int, outputs: int) -> list[str]:
    (width,) = made.hidden
    length = 12 if spec.data == "tokens" else 24
    embed = "Embedding" if spec.data == "tokens" else "Linear"
    last = "".join(f"\n        x = {layer}(x)" for layer in _last(made))
    return ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()",
            f"        self.embed = nn.{embed}({features}, {width})",
            f"        self.position = nn.Parameter(0.1 * torch.randn({length}, {width}))",
            f"        self.block = nn.TransformerEncoderLayer({width}, 2, {2 * width}, 0.0,",
            "                                                batch_first=True)",
            f"        self.out = nn.Linear({width}, {outputs})", "", "    def forward(self, x):",
            "        x = self.block(self.embed(x) + self.position)",
            f"        x = self.out(x.mean(1)){last}", "        return x", "", "",
            "model = Net()"]  # fmt: skip


def _start(spec: Spec, made: Settings) -> list[str]:
    lines = []
    how = {"ones": "nn.init.ones_(layer.weight)", "zeros": "nn.init.zeros_(layer.weight)",
           "tiny": "nn.init.normal_(layer.weight, std=1e-4)",
           "large": "nn.init.normal_(layer.weight, std=3.0)"}  # fmt: skip
    if made.start:
        lines += ["for layer in model.modules():", "    if isinstance(layer, nn.Linear):",
                  f"        {how[made.start]}"]  # fmt: skip
    if made.bias:
        lines.append(f"nn.init.constant_(model[0].bias, {-made.bias:.4g})")
    return lines


def _loss(spec: Spec, made: Settings) -> list[str]:
    if made.loss == "squared":
        return ["loss_fn = nn.MSELoss()"]
    _, outputs = sizes(spec)
    weight = ""
    lines = []
    if made.balance == "weights":
        lines = [f"counts = torch.bincount(y_train, minlength={outputs})",
                 f"weight = len(y_train) / ({outputs} * counts)"]  # fmt: skip
        weight = "weight=weight"
    if made.loss == "crossentropy":
        return [*lines, f"loss_fn = nn.CrossEntropyLoss({weight})"]
    factor = " * weight[y]" if weight else ""
    return [*lines, "", "def loss_fn(p, y):",
            "    picked = p.gather(1, y[:, None])[:, 0].clamp(1e-7, 1 - 1e-7)",
            f"    return -(picked.log(){factor}).mean()", "", ""]  # fmt: skip


def _optimizer(made: Settings) -> list[str]:
    options = f"lr={made.rate:.4g}"
    if made.optimizer == "sgd":
        options += ", momentum=0.9"
    elif made.epsilon != Settings.epsilon:
        options += f", eps={made.epsilon:.4g}"
    if made.decay:
        options += f", weight_decay={made.decay:.3g}"
    held = "[p for p in model.parameters() if p.requires_grad]" if made.frozen else (
        "model.parameters()")  # fmt: skip
    return [f"optimizer = torch.optim.{OPTIMIZERS[made.optimizer]}({held}, {options})"]


def _training(spec: Spec, made: Settings) -> list[str]:
    by_loader = spec.seed // 2 % 3 or made.balance == "sampler"
    batch = min(made.batch, len_of(spec))
    lines: list[str] = []
    if by_loader:
        order = f"shuffle={made.shuffle}"
        if made.balance == "sampler":
            lines += [
                "each = 1 / torch.bincount(y_train)[y_train]",
                "sampler = torch.utils.data.WeightedRandomSampler(each, len(each))",
            ]
            order = "sampler=sampler"
        pairs = "torch.utils.data.TensorDataset(x_train, y_train)"
        lines.append(f"loader = torch.utils.data.DataLoader({pairs}, batch_size={batch}, {order})")
    lines += _scheduler(spec, made)
    lines.append(f"for epoch in range({made.epochs}):")
    if not made.evaluating:
        lines.append("    model.train()")
    else:
        lines.append("    model.eval()")
    target = "x" if spec.subject == "autoencoder" else "y"
    if by_loader:
        lines.append("    for x, y in loader:")
    else:
        rows = "torch.randperm(len(x_train))" if made.shuffle else "torch.arange(len(x_train))"
        lines += [f"    for rows in {rows}.split({batch}):",
                  "        x, y = x_train[rows], y_train[rows]"]  # fmt: skip
    body = ["optimizer.zero_grad()"] if made.zeroing else []
    body.append(f"loss = loss_fn(model(x), {target})")
    if made.early_step:
        body.append("optimizer.step()")
    body.append("loss.backward()")
    if made.clip:
        body.append(f"nn.utils.clip_grad_norm_(model.parameters(), {made.clip:g})")
    if not made.early_step:
        body.append("optimizer.step()")
    if made.schedule and made.per_batch:
        body.append("scheduler.step()")
    lines += [f"        {line}" for line in body]
    if made.schedule and not made.per_batch:
        lines.append("    scheduler.step()")
    lines.append("    print(epoch, loss.item())")
    return lines


def len_of(spec: Spec) -> int:
    """Training rows."""
    from board.data import arrays

    return len(arrays(spec)["x_train"])


def _scheduler(spec: Spec, made: Settings) -> list[str]:
    if not made.schedule:
        return []
    if made.schedule == "step":
        every = max(1, spec.sound.epochs // 3)
        return [f"scheduler = torch.optim.lr_scheduler.StepLR(optimizer, {every}, gamma=0.3)"]
    if made.schedule == "cosine":
        return ["scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer,"
                f" {spec.sound.epochs})"]  # fmt: skip
    return ["scheduler = torch.optim.lr_scheduler.LambdaLR(",
            f"    optimizer, lambda epoch: {rates(spec)})"]  # fmt: skip
