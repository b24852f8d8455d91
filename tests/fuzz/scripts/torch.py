"""Loops of PyTorch, and Lightning's trainer."""

from hypothesis import strategies as st

from .ways import Lines, data_scale, ended, oddities, one, some

NETS = {
    "plain": "nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, K))",
    "deep": "nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, K))",
    "normed": "nn.Sequential(nn.Linear(D, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, K))",
    "layer norm": "nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 8), nn.GELU(), nn.Linear(8, K))",
    "dropout": "nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, K))",
    "inplace": "nn.Sequential(nn.Linear(D, 8), nn.ReLU(inplace=True), nn.Linear(8, K))",
    "linear": "nn.Linear(D, K)",
    "class": "Net()",
    "shared": "(lambda l: nn.Sequential(nn.Linear(D, 8), l, nn.ReLU(), l, nn.Linear(8, K)))(nn.Linear(8, 8))",
    "spectral": "nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(D, 8)), nn.Linear(8, K))",
    "conv": "nn.Sequential(nn.Unflatten(1, (1, D)), nn.Conv1d(1, 2, 2), nn.Flatten(), nn.LazyLinear(K))",
    "unused": "nn.ModuleDict({'used': nn.Linear(D, K), 'unused': nn.Linear(2, 2)})['used']",
}  # fmt: skip
CLASSES = (
    ("self.a, self.b = nn.Linear(D, 8), nn.Linear(8, K)", "return self.b(torch.relu(self.a(x)))"),
    ("self.a, self.b = nn.Linear(D, 8), nn.Linear(8, K)", "return self.b(F.dropout(F.elu(self.a(x)), 0.2, self.training))"),
    ("self.w = nn.Parameter(torch.randn(D, K) * 0.1)", "return x @ self.w"),
    ("self.a = nn.GRU(D, 8, batch_first=True); self.b = nn.Linear(8, K)", "return self.b(self.a(x[:, None])[0][:, -1])"),
    ("self.a = nn.Linear(D, K); self.register_buffer('calls', torch.zeros(()))", "self.calls += 1; return self.a(x)"),
    ("self.a = nn.Linear(D, K); self.seen = []", "self.seen.append(len(x)); return self.a(x)"),
    ("self.layers = nn.ModuleList([nn.Linear(D, D) for _ in range(2)]); self.b = nn.Linear(D, K)", "for l in self.layers: x = x + F.silu(l(x))\n        return self.b(x)"),
    ("self.a = nn.Linear(D, K)", "return self.a(x + 0.1 * torch.randn_like(x) * self.training)"),
    ("self.a = nn.Linear(D, K)", "return self.a(x) if x.sum() > 0 else self.a(x) * 1.0"),
    ("self.a = nn.Linear(D, K)", "x = x.clone(); x[:, 0] *= 2; return self.a(x)"),
)  # fmt: skip
TASKS = {  # outputs, targets, losses of (output, target)
    "classes": (3, "torch.randint(0, 3, (N,))", ("nn.CrossEntropyLoss()(o, t)", "F.cross_entropy(o, t)", "F.nll_loss(F.log_softmax(o, 1), t)",
        "nn.CrossEntropyLoss(label_smoothing=0.1)(o, t)", "F.cross_entropy(o, t, reduction='sum')", "-(F.log_softmax(o, -1)[range(len(t)), t]).mean()",
        "nn.MultiMarginLoss()(o, t)", "F.nll_loss(torch.log(o.softmax(1) + 1e-9), t)")),
    "numbers": (1, "x[:, :1] * 2 + 0.1 * torch.randn(N, 1)", ("nn.MSELoss()(o, t)", "F.l1_loss(o, t)", "nn.HuberLoss()(o, t)", "((o - t) ** 2).mean()",
        "F.smooth_l1_loss(o, t)", "(o - t).pow(2).sum() / len(t)", "torch.log(torch.cosh(o - t)).mean()", "F.mse_loss(o.squeeze(), t.squeeze())")),
    "binary": (1, "(x[:, :1] > 0).float()", ("nn.BCEWithLogitsLoss()(o, t)", "F.binary_cross_entropy(o.sigmoid(), t)", "F.soft_margin_loss(o, 2 * t - 1)",
        "F.binary_cross_entropy_with_logits(o, t, pos_weight=torch.tensor(3.0))", "F.mse_loss(torch.sigmoid(o), t)")),
}  # fmt: skip
OPTIMIZERS = ("SGD(P, lr=0.1)", "SGD(P, lr=0.01, momentum=0.9)", "SGD(P, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)", "Adam(P)",
    "Adam(P, lr=0.01, amsgrad=True)", "AdamW(P, lr=1e-2)", "RMSprop(P)", "RMSprop(P, momentum=0.5, centered=True)", "Adagrad(P)", "Adadelta(P)", "Adamax(P)",
    "NAdam(P)", "RAdam(P)", "ASGD(P)", "Rprop(P)", "SGD(P, lr=1e6)", "SGD(P, lr=0.0)", "Adafactor(P)", "SGD([{'params': [p], 'lr': 0.01} for p in P])",
    "Adam(P, foreach=False)", "Adam(P, lr=1e-8)", "SGD(P, lr=0.1, maximize=True)", "AdamW(P, fused=True)")  # fmt: skip
SCHEDULES = ("StepLR(optimizer, 2)", "ExponentialLR(optimizer, 0.9)", "CosineAnnealingLR(optimizer, 5)", "LambdaLR(optimizer, lambda i: 1 / (i + 1))",
    "OneCycleLR(optimizer, 0.1, total_steps=500)", "CosineAnnealingWarmRestarts(optimizer, 3)", "LinearLR(optimizer)")  # fmt: skip
BATCHES = ("for xb, yb in [(x, y)]:", "for xb, yb in zip(x.split(16), y.split(16)):", "for xb, yb in DataLoader(TensorDataset(x, y), 16, shuffle=True):", "for xb, yb in loader:",
    "for i in torch.randperm(N).split(20):\n        xb, yb = x[i], y[i]", "for i in range(0, N, 16):\n        xb, yb = x[i:i + 16], y[i:i + 16]")  # fmt: skip
STEPS = (
    ("optimizer.zero_grad()", "FORWARD", "loss.backward()", "optimizer.step()"),
    ("FORWARD", "optimizer.zero_grad(set_to_none=False)", "loss.backward()", "optimizer.step()"),
    ("FORWARD", "loss.backward()", "optimizer.step()", "optimizer.zero_grad()"),
    ("FORWARD", "loss.backward()", "optimizer.step()"),
    ("optimizer.zero_grad()", "FORWARD", "loss.backward()", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)", "optimizer.step()"),
    ("for p in net.parameters(): p.grad = None", "FORWARD", "loss.backward()", "optimizer.step()"),
    ("net.zero_grad()", "FORWARD", "loss += 1e-4 * sum((p ** 2).sum() for p in net.parameters())", "loss.backward()", "optimizer.step()"),
    ("optimizer.zero_grad()", "FORWARD", "loss.backward(retain_graph=True)", "optimizer.step()"),
    ("optimizer.zero_grad()", "FORWARD", "(loss / 2).backward()", "count += 1", "if count % 2 == 0: optimizer.step()"),
    ("FORWARD", "gs = torch.autograd.grad(loss, list(net.parameters()))", "with torch.no_grad(): [p.sub_(0.05 * g) for p, g in zip(net.parameters(), gs)]"),
    ("FORWARD", "net.zero_grad()", "loss.backward()", "for p in net.parameters(): p.data -= 0.05 * p.grad"),
    ("def closure():\n            optimizer.zero_grad(); l = LOSS; l.backward(); return l", "loss = optimizer.step(closure)"),
    ("with torch.autocast('cpu', dtype=torch.bfloat16):\n            o = net(xb)", "loss = LOSS_OF_FLOAT", "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"),
    ("optimizer.zero_grad()", "FORWARD", "loss.backward()", "norm = sum(p.grad.norm() for p in net.parameters() if p.grad is not None)", "optimizer.step()"),
)  # fmt: skip
TOLD = ("print(epoch, loss.item())", "print(f'{epoch}: {loss:.6f}')", "losses.append(loss.item())", "pass", "print(epoch, loss)", "if epoch % 2: print(loss.detach().numpy())",
    "net.eval(); print(LOSS_AT_ALL.item()); net.train()", "with torch.no_grad(): print(net(x).mean())", "if loss.item() < 1e-3: break")  # fmt: skip
LEFT = ("torch.save(net.state_dict(), 'net.pt')", "np.save('w.npy', list(net.parameters())[0].detach().numpy())", "pickle.dump([p.detach().tolist() for p in net.parameters()], open('w.pkl', 'wb'))",
    "print(net)", "print(optimizer)", "print(net.training, [p.requires_grad for p in net.parameters()])", "print(copy.deepcopy(net)(x[:2]))", "print(sorted(optimizer.state_dict()['state']))",
    "print(loss.grad_fn is None, loss.requires_grad)", "print([p.grad is None for p in net.parameters()])", "print(torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype())",
    "print(len(net._forward_hooks), len(net._forward_pre_hooks), type(net).__name__)", "print(getattr(net, 'calls', None), getattr(net, 'seen', None))", "print(x.sum(), y.sum())")  # fmt: skip


@st.composite
def loops(draw) -> str:
    """A loop written out."""
    n, d = draw(st.sampled_from([40, 48, 64])), draw(st.integers(2, 6))
    k, targets, losses = TASKS[draw(st.sampled_from(list(TASKS)))]
    loss, name = draw(st.sampled_from(losses)), draw(st.sampled_from(list(NETS)))
    step, batches = draw(one(STEPS)), draw(one(BATCHES))
    lines = Lines("import copy, pickle, random, sys; random.seed(0)", "import numpy as np, torch", "import torch.nn.functional as F", "from torch import nn",
        "from torch.utils.data import DataLoader, TensorDataset")  # fmt: skip
    lines += draw(oddities("torch"))
    if draw(st.booleans()):
        lines += [f"torch.manual_seed({draw(st.integers(0, 9))})"]
    lines += [
        f"N, D, K = {n}, {d}, {k}",
        f"x = {draw(data_scale('torch.randn(N, D)'))}",
        f"y = {targets}",
    ]
    if name == "class":
        made, forward = draw(one(CLASSES))
        lines += ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()", f"        {made}",
            "    def forward(self, x):", f"        {forward}"]  # fmt: skip
    lines += [f"net = {NETS[name]}"]
    if name == "conv":
        lines += ["net(x[:2])"]
    if "loader" in batches:
        lines += ["loader = DataLoader(TensorDataset(x, y), batch_size=16, drop_last=True)"]
    optimizer = draw(one(OPTIMIZERS))
    if "closure" in step[0]:
        optimizer = draw(
            st.sampled_from(["LBFGS(P)", "LBFGS(P, lr=0.5, max_iter=4)", "SGD(P, lr=0.1)"])
        )
    lines += [f"optimizer = torch.optim.{optimizer.replace('P', 'list(net.parameters())', 1)}"]
    schedule = "" if draw(st.integers(0, 2)) else draw(one(SCHEDULES))
    if schedule:
        lines += [f"schedule = torch.optim.lr_scheduler.{schedule}"]
    lines += [
        "losses, count = [], 0",
        f"for epoch in range({draw(st.integers(1, 6))}):",
        f"    {batches}",
    ]
    used = _written(loss)
    for line in step:
        lines += [
            f"        {line}".replace("FORWARD", f"loss = {used}")
            .replace("LOSS_OF_FLOAT", used)
            .replace("LOSS", used)
            .replace("o = net(xb)", "o = net(xb).float()")
        ]
    if schedule:
        lines += ["    schedule.step()"]
    lines += [
        "    " + draw(one(TOLD)).replace("LOSS_AT_ALL", used.replace("xb", "x").replace("yb", "y"))
    ]
    lines += draw(some(LEFT, 3))
    lines += draw(ended())
    return lines.text


def _written(loss: str) -> str:
    """The loss of a batch: o and t are its output and target."""
    import re

    return re.sub(r"\bt\b", "yb", re.sub(r"\bo\b", "net(xb)", loss))


@st.composite
def lightning(draw) -> str:
    """A module trained by Lightning."""
    k, targets, losses = TASKS[draw(one(TASKS))]
    loss = _written(draw(one(losses)).replace("net(xb)", "self(xb)")).replace("net(xb)", "self(xb)")
    net = draw(one([n for name, n in NETS.items() if name not in ("class", "conv")]))
    optimizer = draw(one(OPTIMIZERS)).replace("P", "list(self.net.parameters())", 1)
    again = draw(
        one(
            [
                "return optimizer",
                "return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 2)]",
            ]
        )
    )
    told = draw(one(["print(loss.item())", "self.log('loss', loss)", "pass"]))
    lines = Lines("import copy, pickle, random, sys; random.seed(0)", "import numpy as np, torch, lightning as L", "import torch.nn.functional as F",
        "from torch import nn", "from torch.utils.data import DataLoader, TensorDataset")  # fmt: skip
    lines += draw(oddities("torch"))
    lines += [f"torch.manual_seed({draw(st.integers(0, 9))})", f"N, D, K = 48, 4, {k}", f"x = {draw(data_scale('torch.randn(N, D)'))}", f"y = {targets}",
        "class Module(L.LightningModule):", "    def __init__(self):", "        super().__init__()", f"        self.net = {net}",
        "    def forward(self, x):", "        return self.net(x)",
        "    def training_step(self, batch, i):", "        xb, yb = batch", f"        loss = {loss}", f"        {told}", "        return loss",
        "    def configure_optimizers(self):", f"        optimizer = torch.optim.{optimizer}", f"        {again}",
        "loader = DataLoader(TensorDataset(x, y), batch_size=16)",
        "trainer = L.Trainer(max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, accelerator='cpu')",
        "net = Module()", "trainer.fit(net, loader)", "print(trainer.global_step, sum(p.double().abs().sum().item() for p in net.parameters()))"]  # fmt: skip
    lines += draw(ended())
    return lines.text
