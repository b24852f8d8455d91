"""A cure for a torch set-up as blocks of code, in the names that whoever asks for them chooses."""

import inspect
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from unstuck.changes.change import Change, Combination, Part, Role
from unstuck.changes.fits import Affinely, Fit, Logged, Scale, Shift, ToBulk
from unstuck.cures.cure import Cure
from unstuck.cures.lines import fresh, splits, word
from unstuck.cures.printed import (
    Argument,
    Behind,
    Block,
    Call,
    Edit,
    Insert,
    Names,
    TakeOut,
    Unwrap,
)
from unstuck.errors import UsageError
from unstuck.frameworks.torch.batch_axis import batch_first_code
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.changes.network import ACTIVATIONS, DROPOUTS
from unstuck.frameworks.torch.containers import containers, place, unlisted
from unstuck.frameworks.torch.logits import Refused
from unstuck.frameworks.torch.setup import seeded
from unstuck.frameworks.torch.subject import TorchSubject
from unstuck.frameworks.torch.training import TorchTrainer

IMPORT = ("import torch",)
KERNELS = "torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d"
OF_OPTIMIZER = frozenset({Part.OPTIMIZER, Part.RATE, Part.EPSILON, Part.PENALTY, Part.HELD})
REBUILT = frozenset({Part.NETWORK, Part.WIDTH})  # their parameters are others


def printed(subject: TorchSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    Raises:
        UsageError: a change that cannot be made here.
    """
    return Printer(subject, cure.changes, names).blocks()


class Printer:
    """What is printed: the changes, and the set-up with them made."""

    def __init__(self, subject: TorchSubject, changes: Combination, names: Names) -> None:
        self.subject, self.changes, self.names = subject, changes, names
        self.trainer = TorchTrainer(subject)
        x, y = subject.first(64)
        assert y is not None
        with seeded(subject.device):
            try:
                tensors = self.trainer.tensors(x, y)
                self.done = self.trainer.ready(changes, 0, tensors, self.trainer.keep.trained)
            except Refused as reason:
                raise UsageError(f"this cannot be changed: {reason}") from None

    def blocks(self) -> tuple[Block, ...]:
        """One a step, with those for a loader or for skorch around them."""
        names, subject = self.names, self.subject
        found: list[Block] = []
        of_data = [c for c in self.changes if c.of_data]
        of_net = len(of_data) < len(self.changes)
        skorch = of_net and subject.step is not None and subject.setup.loss is not None
        if skorch:
            found.append(_opened(names))
        if of_data and names.loader:
            found.append(_unpacked(names))
        found += [self._data(c) for c in of_data]
        if of_data and names.loader:
            found.append(self._packed())
        if self.trainer.keep.trained and Part.START not in {c.part for c in self.changes}:
            found.append(_redrawn(names))
        optimizer = False
        for change in self.changes:
            if change.of_data or change.part is Part.ORDER:
                continue
            if change.part in OF_OPTIMIZER:
                optimizer = True
            else:
                found.append(getattr(self, f"_{change.part.name.lower()}")(change))
        parts = {c.part for c in self.changes}
        if lines := self._registered():
            found.append(self._model(Role.NETWORK, lines))
        if optimizer or parts & REBUILT:
            found.append(self._optimizer())
        if skorch:
            found.append(_closed(names, self.done))
        roles = list(Role)
        ordered = sorted(found, key=lambda b: roles.index(b.role))
        if skorch:  # these stand around all others
            ordered = [found[0], *(b for b in ordered if b not in (found[0], found[-1])), found[-1]]
        return tuple(ordered)

    # -- data -------------------------------------------------------------------------------

    def _data(self, change: Change) -> Block:
        names, sample = self.names, self.subject.sample
        assert sample.y is not None
        x, y, x_held, y_held = _data_names(names)
        if change.fit is not None and change.part is not Part.TARGETS:
            values = _finite(sample.x[0])
            lines = _fitted(change.fit, x, x_held, values, names.taken)
            return _block(Role.DATA, lines, {"x", "x_held"}, {"x", "x_held"}, names)
        if change.fit is not None:
            values = _finite(sample.y)
            lines = _fitted(change.fit, y, y_held, values, names.taken)
            mean, std = (fresh(f"{word(y)}_{what}", names.taken) for what in ("mean", "std"))
            comment = f"predictions in the targets' own units: output * {std} + {mean}"
            return _block(Role.DATA, lines, {"y"}, {"y"}, names, comment)
        if change.part is Part.LABELS:
            kind = ".float()" if self.subject.form.dtypes[-1].is_floating_point else ""
            lines = [f"classes, {y} = torch.unique(torch.as_tensor({y}), return_inverse=True)"]
            if kind:
                lines.append(f"{y} = {y}{kind}")
            if y_held:
                lines.append(
                    f"{y_held} = torch.searchsorted(classes, torch.as_tensor({y_held})){kind}"
                )
            return _block(Role.DATA, lines, {"y"}, {"y"}, names)
        if change.part is Part.TARGET_SHAPE:
            how = "{0}[:, None]" if sample.y.ndim == 1 else "{0}.reshape(len({0}))"
            lines = [f"{a} = {how.format(a)}" for a in (y, y_held) if a]
            return _block(Role.DATA, lines, {"y"}, {"y"}, names)
        if change.part is Part.ROWS:
            lines = [
                f"keep = torch.as_tensor({x}).flatten(1).isfinite().all(1).numpy()",
                f"{x}, {y} = {x}[keep], {y}[keep]",
            ]
            return _block(Role.DATA, lines, {"x", "y"}, {"x", "y"}, names)
        return splits(change, replace(names, x=x, y=y, x_held=x_held))

    def _packed(self) -> Block:
        names, about = self.names, self.subject.about
        x, y, *_ = _data_names(names)
        data = f"list(zip({x}, {y}))"
        line = f"{names.loader} = {_loader(data, about.batch_size, about.shuffled is not False)}"
        return Block(Role.DATA, (line,), IMPORT, frozenset(), frozenset({"loader"}))

    # -- network ----------------------------------------------------------------------------

    def _model(self, role: Role, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        torches = IMPORT if any("torch." in line for line in lines) else ()
        read = frozenset({"model"})
        return Block(role, tuple(lines), torches, read, read, edits)

    def _network(self, change: Change) -> Block:
        model = self.done.setup.model
        lines = ["torch.nn.Sequential(", *(f"    {_module(m)}," for m in model), ")"]
        edit = Call("model", "\n".join(lines))
        made = [f"{self.names.model} = {lines[0]}", *lines[1:]]
        return Block(Role.NETWORK, tuple(made), IMPORT, frozenset(), frozenset({"model"}), (edit,))

    def _width(self, change: Change) -> Block:
        lines, edits = [], []
        taps = self.trainer.survey.taps
        for i, name in enumerate(tap.name for tap in taps):
            layer = self.done.setup.model.get_submodule(name)
            lines.append(_put(self.names.model, name, _module(layer)))
            if i:
                edits.append(Argument(f"layer {i}", "in_features", str(layer.in_features), 0))
            if i < len(taps) - 1:
                edits.append(Argument(f"layer {i}", "out_features", str(layer.out_features), 1))
        return self._model(Role.NETWORK, lines, tuple(edits))

    def _activation(self, change: Change) -> Block:
        kind = f"torch.nn.{ACTIVATIONS[str(change.value)].__name__}()"
        model, where = self.names.model, self.done.activations
        if self.trainer.survey.hidden:
            return self._model(Role.NETWORK, [_put(model, name, kind) for name in where])
        behind = [f"torch.nn.Sequential({place(model, name)}, {kind})" for name in where]
        lines = [_put(model, name, code) for name, code in zip(where, behind, strict=True)]
        return self._model(Role.NETWORK, lines)

    def _output(self, change: Change) -> Block:
        end = self.trainer.survey.end
        assert end is not None
        return self._without(end, Role.NETWORK)

    def _without(self, end: Any, role: Role, lines: tuple[str, ...] = ()) -> Block:
        """A block that takes an activation off the model's end."""
        model, whole = self.names.model, self.subject.setup.model
        off = Unwrap(end.name, type(whole).__name__)
        if end.module:
            identity = _put(model, end.module, "torch.nn.Identity()")
            return self._model(role, [identity, *lines], (off,))
        block = self._model(role, list(lines), (off,))
        comment = f"take {end.name} out of the end of forward()"
        return Block(
            role, block.lines, block.imports, block.reads, block.writes, block.edits, comment
        )

    def _normalization(self, change: Change) -> Block:
        seen, model = self.trainer.survey.first, self.names.model
        assert seen is not None
        name, shape = seen
        layer = self.subject.setup.model.get_submodule(name)
        if isinstance(layer, torch.nn.Linear):
            norm = f"torch.nn.BatchNorm1d({shape[-1]}, affine=False)"
            if len(shape) > 2:  # positions are examples
                inner = ", ".join(map(str, shape[1:-1]))
                last = len(shape) - 2
                norm = f"torch.nn.Flatten(0, {last}), {norm}, torch.nn.Unflatten(0, (-1, {inner}))"
        else:
            norm = f"torch.nn.BatchNorm{layer.weight.ndim - 2}d({shape[1]}, affine=False)"
        if not name:
            line = f"{model} = torch.nn.Sequential({norm}, {model})"
        else:
            line = _put(model, name, f"torch.nn.Sequential({norm}, {place(model, name)})")
        return self._model(Role.NETWORK, [line])

    def _dropout(self, change: Change) -> Block:
        found = self.subject.setup.model.named_modules()
        names = [n for n, m in found if isinstance(m, DROPOUTS) and m.p != change.value]
        return self._model(
            Role.NETWORK, [f"{place(self.names.model, n)}.p = {change.value}" for n in names]
        )

    def _statistics(self, change: Change) -> Block:
        kinds = torch.nn.modules.batchnorm._NormBase
        found = self.subject.setup.model.named_modules()
        names = [n for n, m in found if isinstance(m, kinds) and m.track_running_stats]
        return self._model(
            Role.NETWORK,
            [f"{place(self.names.model, n)}.momentum = {change.value}" for n in names],
        )

    def _batch_axis(self, change: Change) -> Block:
        lines, edits = batch_first_code(self.subject.setup.model, self.names.model)
        return self._model(Role.NETWORK, lines, edits)

    def _mode(self, change: Change) -> Block:
        line = f"{self.names.model}.train()"
        return self._model(Role.NETWORK, [line], (Insert(line, "zero_grad"),))

    def _start(self, change: Change) -> Block:
        model = self.names.model
        draw = 'torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")'
        if change.value == "glorot":
            draw = "torch.nn.init.xavier_uniform_(layer.weight)"
        lines = [
            f"layers = [m for m in {model}.modules() if isinstance(m, ({KERNELS}))]",
            "for layer in layers:",
            f"    {draw}",
            "    if layer.bias is not None:",
            "        torch.nn.init.zeros_(layer.bias)",
        ]
        reads = {"model"}
        if change.value == "lsuv":
            x, *_ = _data_names(self.names)
            batch, reads = f"{x}[:256]", {"model", "x"}
            if self.names.loader:
                batch, reads = f"next(iter({self.names.loader}))[0]", {"model", "loader"}
            parameter = next(
                p for p in self.subject.setup.model.parameters() if p.is_floating_point()
            )
            dtype = self.subject.form.dtypes[0] or parameter.dtype
            if not dtype.is_floating_point and self.subject.sample.x[0].dtype.kind == "f":
                dtype = parameter.dtype
            where = "" if self.subject.device.type == "cpu" else f', device="{self.subject.device}"'
            lines += [
                f"{model}.eval()",
                "with torch.no_grad():  # layer by layer, to pre-activations of variance 1",
                f"    batch = torch.as_tensor({batch}, dtype={dtype}{where})",
                "    for layer in layers:",
                "        for _ in range(5):",
                "            seen = []",
                "            hook = layer.register_forward_hook("
                "lambda layer, args, output: seen.append(output))",
                f"            {model}(batch)",
                "            hook.remove()",
                "            layer.weight /= seen[0].std()",
                f"{model}.train()",
            ]
        read = frozenset(reads)
        return Block(Role.START, tuple(lines), IMPORT, read, frozenset({"model"}))

    # -- loss -------------------------------------------------------------------------------

    def _loss(self, change: Change) -> Block:
        found = self.done.logits
        assert found is not None
        code = found.code.replace("loss.", f"{self.names.loss}.")
        lines: tuple[str, ...] = (f"{self.names.loss} = {code}",) if code else ()
        edits: tuple[Edit, ...] = (Call("loss", code),) if code else ()
        comment = ""
        if found.step is not None:
            comment = "in the step: cross_entropy for nll_loss, and the like, on what is a logit"
        if found.remove is None:
            block = Block(Role.LOSS, lines, comment=comment, edits=edits)
        else:
            block = self._model(Role.LOSS, list(lines))
            if not self.done.plain:
                block = self._without(found.remove, Role.LOSS, lines)
            edits = (*block.edits, *edits)
            comment = "; ".join(c for c in (block.comment, comment) if c)
        reads = {"model"} if found.remove else set()
        if f"{self.names.loss}." in code:
            reads |= {"loss"}
        writes = reads - {"loss"} | ({"loss"} if code else set())
        imports = IMPORT if any("torch." in line for line in block.lines) else ()
        return Block(
            Role.LOSS, block.lines, imports, frozenset(reads), frozenset(writes), edits, comment
        )

    def _class_weights(self, change: Change) -> Block:
        loss, own = self.names.loss, self.subject.setup.loss
        lines: list[str] = []
        edits: tuple[Edit, ...] = ()
        comment = ""
        reads: set[str] = set()
        if change.value == "none":
            comment = "give the loader no sampler" if self.subject.about.routine.weights else ""
            given = [n for n in ("weight", "pos_weight") if getattr(own, n, None) is not None]
            lines = [f"{loss}.{name} = None" for name in given]
            edits = tuple(Argument("loss", name, "") for name in given)
            reads = {"loss"}
        else:
            _, y, *_ = _data_names(self.names)
            reads = {"loss", "y"}
            source = f"torch.as_tensor({y}).long()"
            if self.names.loader:
                source, reads = (
                    f"torch.cat([y for _, y in {self.names.loader}])",
                    {"loss", "loader"},
                )
            lines = [
                f"counts = torch.bincount({source})",
                f"{loss}.weight = counts.sum() / ((counts > 0).sum() * counts.clamp(min=1))",
            ]
        imports = IMPORT if any("torch." in line for line in lines) else ()
        read = frozenset(reads)
        return Block(Role.LOSS, tuple(lines), imports, read, read & {"loss"}, edits, comment)

    # -- optimizer --------------------------------------------------------------------------

    def _optimizer(self) -> Block:
        """A fresh optimizer of the same class and numbers, but for those that change."""
        names, parts = self.names, {c.part for c in self.changes}
        optimizer, own = self.done.setup.optimizer, self.subject.setup.optimizer
        kind, groups = type(optimizer), optimizer.param_groups
        told = _told(kind, groups[0])
        anew = bool(parts & (REBUILT | {Part.OPTIMIZER, Part.HELD}))
        known = getattr(torch.optim, kind.__name__, None) is kind
        parameters = f"{names.model}.parameters()"
        hidden = self._hidden()
        frozen = any(not p.requires_grad for p in self.subject.setup.model.parameters())
        unfreeze = frozen and Part.HELD in parts
        lines = [f"{names.model}.requires_grad_(True)"] if unfreeze else []
        role = Role.OPTIMIZER
        reads = frozenset({"model"})
        if hidden:
            parameters = f"[*{parameters}, {', '.join(f'*{h}.parameters()' for h in hidden)}]"
        elif not anew and any(not p.requires_grad for p in self.done.setup.model.parameters()):
            parameters = f"[p for p in {parameters} if p.requires_grad]"
        if len(groups) == 1 and known:
            numbers = "".join(f", {name}={number(v)}" for name, v in told.items())
            made = f"torch.optim.{kind.__name__}({parameters}{numbers})"
            lines.append(f"{names.optimizer} = {made}")
            return Block(
                role, tuple(lines), IMPORT, reads, frozenset({"optimizer"}), self._edits(made)
            )
        if anew and Part.HELD in parts:
            lines += [
                f"held = {{p for group in {names.optimizer}.param_groups"
                ' for p in group["params"]}',
                f'{names.optimizer}.param_groups[0]["params"] += '
                f"[p for p in {parameters} if p not in held]",
            ]
        was_groups = list(own.param_groups) if own is not None else []
        for i, (group, was) in enumerate(zip(groups, was_groups, strict=False)):
            for key in ("lr", "eps", "weight_decay"):
                if key in group and group[key] != was.get(key):
                    entry = f'{names.optimizer}.param_groups[{i}]["{key}"]'
                    lines.append(f"{entry} = {number(group[key])}")
        both = frozenset({"model", "optimizer"})
        return Block(role, tuple(lines), (), both, frozenset({"optimizer"}))

    def _edits(self, made: str) -> tuple[Edit, ...]:
        """What changes where the script makes its optimizer: `made` as a whole, or arguments."""
        parts = {c.part for c in self.changes}
        held = Part.HELD in parts
        if held and not self._registered():
            return ()  # where it is made the model may be another one
        optimizer, own = self.done.setup.optimizer, self.subject.setup.optimizer
        kind = type(optimizer)
        if own is None or type(own) is not kind or parts & (REBUILT | {Part.OPTIMIZER}):
            return (Call("optimizer", made),)
        now, before = _told(kind, optimizer.param_groups[0]), _told(kind, own.param_groups[0])
        differ = [
            Argument("optimizer", n, number(now[n]) if n in now else "", 1 if n == "lr" else None)
            for n in sorted({*now, *before})
            if n not in now or n not in before or now[n] != before[n]
        ]
        parameters = Argument("optimizer", "params", f"{self.names.model}.parameters()", 0)
        return (parameters, *differ) if held else tuple(differ)

    def _registered(self) -> list[str]:
        """Lines that put layers in plain lists and dictionaries where torch sees them."""
        return [f"{whole} = {made}" for whole, _, made in self._containers if made]

    def _hidden(self) -> list[str]:
        """Layers in plain lists that cannot be put so, as expressions."""
        return [e for whole, values, made in self._containers if not made
                for e in unlisted(self.subject.setup.model, values, whole)]  # fmt: skip

    @cached_property
    def _containers(self) -> list[tuple[str, Any, str]]:
        held = Part.HELD in {c.part for c in self.changes}
        return containers(self.subject.setup.model, self.names.model) if held else []

    # -- training ---------------------------------------------------------------------------

    def _clipping(self, change: Change) -> Block:
        call = f"torch.nn.utils.clip_grad_norm_({self.names.model}.parameters(), {change.value:g})"
        comment = f"between backward() and {self.names.optimizer}.step(): {call}"
        return Block(
            Role.TRAINING,
            (),
            reads=frozenset({"model"}),
            edits=(Insert(call, "step"),),
            comment=comment,
        )

    def _zeroing(self, change: Change) -> Block:
        if change.value == "step":
            return Block(
                Role.TRAINING,
                (),
                edits=(Behind("step", "backward"),),
                comment=f"{self.names.optimizer}.step() behind backward(), before zero_grad()",
            )
        call = f"{self.names.optimizer}.zero_grad()"
        return Block(
            Role.TRAINING,
            (),
            reads=frozenset({"optimizer"}),
            edits=(Insert(call, "backward"),),
            comment=f"before backward() in each step: {call}",
        )

    def _schedule(self, change: Change) -> Block:
        epoch = change.value == "epoch"
        comment = "call scheduler.step() once an epoch, behind the loop over batches"
        if not epoch:
            comment = "without the scheduler: the learning rate stays as it begins"
        return Block(
            Role.TRAINING, (), edits=(TakeOut("step", "scheduler", epoch),), comment=comment
        )

    def _batch(self, change: Change) -> Block:
        return self._loader("batch_size", str(change.value))

    def _shuffling(self, change: Change) -> Block:
        return self._loader("shuffle", "True")

    def _loader(self, name: str, to: str) -> Block:
        names, done = self.names, self.done
        x, y, *_ = _data_names(names)
        data = f"{names.loader}.dataset" if names.loader else f"list(zip({x}, {y}))"
        line = f"{names.loader or 'loader'} = {_loader(data, done.batch_size, done.shuffled)}"
        reads = frozenset({"loader"} if names.loader else {"x", "y"})
        edit = Argument("loader", name, to, 1 if name == "batch_size" else 2)
        return Block(Role.TRAINING, (line,), IMPORT, reads, frozenset({"loader"}), (edit,))

    def _steps(self, change: Change) -> Block:
        assert isinstance(change.value, float | int)
        comment = f"train for {change.value:g} times as many epochs"
        return Block(Role.TRAINING, (), comment=comment)


# -- words ----------------------------------------------------------------------------------


def _data_names(names: Names) -> tuple[str, str, str, str]:
    if not names.loader:
        return names.x, names.y, names.x_held, names.y_held
    return fresh("inputs", names.taken), fresh("targets", names.taken), "", ""


def _block(
    role: Role, lines: list[str], reads: set[str], writes: set[str], names: Names, comment: str = ""
) -> Block:
    """A block over x and y; behind a loader these are names of its own."""
    if names.loader:
        reads, writes = set(), set()
    if not names.x_held:
        reads, writes = reads - {"x_held"}, writes - {"x_held"}
    if names.y_held and "y" in writes:
        reads, writes = reads | {"y_held"}, writes | {"y_held"}
    imports = IMPORT if any("torch." in line for line in lines) else ()
    return Block(role, tuple(lines), imports, frozenset(reads), frozenset(writes), (), comment)


def _unpacked(names: Names) -> Block:
    x, y, *_ = _data_names(names)
    lines = (
        f"{x} = torch.stack([torch.as_tensor(a) for a, _ in {names.loader}.dataset])",
        f"{y} = torch.stack([torch.as_tensor(b) for _, b in {names.loader}.dataset])",
    )
    return Block(Role.DATA, lines, IMPORT, frozenset({"loader"}))


def _loader(data: str, size: int, shuffled: bool) -> str:
    shuffle = ", shuffle=True" if shuffled else ""
    return f"torch.utils.data.DataLoader({data}, batch_size={size}{shuffle})"


def _redrawn(names: Names) -> Block:
    lines = (
        f"for module in {names.model}.modules():  # weights drawn anew",
        '    if hasattr(module, "reset_parameters"):',
        "        module.reset_parameters()",
    )
    both = frozenset({"model"})
    return Block(Role.START, lines, (), both, both)


def _opened(names: Names) -> Block:
    model = names.model
    lines = (
        f"net = {model} if {model}.initialized_ else {model}.initialize()  # of skorch",
        f"{model}, {names.loss}, {names.optimizer} = net.module_, net.criterion_, net.optimizer_",
    )
    return Block(
        Role.NETWORK, lines, (), frozenset({"model"}), frozenset({"model", "loss", "optimizer"})
    )


def _closed(names: Names, done: Changed) -> Block:
    optimizer = names.optimizer
    given = [f"module={names.model}", f"criterion={names.loss}", f"optimizer=type({optimizer})"]
    given += [
        f"{k if k == 'lr' else f'optimizer__{k}'}={number(v)}"
        for k, v in _told(type(done.setup.optimizer), done.groups[0]).items()
    ]
    lines = (f"{names.model} = net.set_params({', '.join(given)})",)
    return Block(
        Role.TRAINING, lines, (), frozenset({"model", "loss", "optimizer"}), frozenset({"model"})
    )


def _fitted(fit: Fit, x: str, held: str, values: Any, taken: frozenset[str]) -> list[str]:
    """A fit, with figures of x, done to x and to what is held out."""
    stem = word(x)
    both = [a for a in (x, held) if a]
    numbers = [f"{a} = torch.as_tensor({a}, dtype=torch.float32)" for a in both]
    if isinstance(fit, Logged):
        return [*numbers, *(f"{a} = torch.sign({a}) * torch.log1p({a}.abs())" for a in both)]
    flat = values.reshape(len(values), -1).astype(np.float64)
    middle = fresh(f"{stem}_median", taken)
    if isinstance(fit, ToBulk):
        limit = fresh(f"{stem}_limit", taken)
        lines = [
            f"{middle} = {x}.quantile(0.5, dim=0)",
            f"{limit} = {fit.reach:g} * ({x} - {middle}).abs()"
            f".quantile({fit.percentile / 100:g}, dim=0)",
        ]
        distance = np.abs(flat - np.median(flat, axis=0))
        if not np.percentile(distance, fit.percentile, axis=0).all():
            lines.append(
                f"{limit}[{limit} == 0] = {fit.reach:g} * "
                f"({x} - {middle}).abs().quantile({fit.percentile / 100:g})"
            )
        done = [f"{a} = {a}.clamp({middle} - {limit}, {middle} + {limit})" for a in both]
        return [*numbers, *lines, *done]
    assert isinstance(fit, Affinely)
    where = "axis=0" if fit.each == "feature" else ""
    mean, std = fresh(f"{stem}_mean", taken), fresh(f"{stem}_std", taken)
    shift, scale = "", ""
    lines = numbers if values.dtype.kind != "f" else []
    if fit.shift is Shift.MEDIAN or fit.scale is Scale.QUARTILES:
        iqr = fresh(f"{stem}_iqr", taken)
        spread = f"{x}.quantile(0.75, dim=0) - {x}.quantile(0.25, dim=0)"
        lines = [*numbers, f"{middle}, {iqr} = {x}.quantile(0.5, dim=0), {spread}"]
        shift, scale = middle, iqr
        low, high = np.percentile(flat, [25, 75], axis=0)
        constant = not (high > low).all()
    else:
        shift = mean if fit.shift is Shift.MEAN else ""
        scale = std if fit.scale is Scale.SPREAD else ""
        made = [(n, f"{x}.{f}({where})") for n, f in ((shift, "mean"), (scale, "std")) if n]
        lines = [*lines, f"{', '.join(n for n, _ in made)} = {', '.join(c for _, c in made)}"]
        constant = fit.each == "feature" and not flat.std(axis=0).all()
    if scale and constant:
        lines.append(f"{scale}[{scale} == 0] = 1  # features that do not vary")
    for a in both:
        moved = f"{a} - {shift}" if shift else a
        code = f"({moved}) / {scale}" if shift and scale else f"{a} / {scale}" if scale else moved
        lines.append(f"{a} = {code}")
    return lines


def _finite(a: Any) -> Any:
    return a[np.isfinite(a.reshape(len(a), -1)).all(axis=1)] if a.dtype.kind == "f" else a


def _put(model: str, name: str, code: str) -> str:
    return f"{place(model, name)} = {code}"


def _module(module: Any) -> str:
    """One of the plain modules as code."""
    name = f"torch.nn.{type(module).__name__}"
    if isinstance(module, torch.nn.Linear):
        bias = "" if module.bias is not None else ", bias=False"
        return f"{name}({module.in_features}, {module.out_features}{bias})"
    if isinstance(module, torch.nn.Softmax | torch.nn.LogSoftmax):
        return f"{name}(dim={module.dim})"
    if isinstance(module, torch.nn.Flatten) and module.start_dim == 0:
        return f"{name}(0)"
    return f"{name}()"


def _told(kind: type[Any], group: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an optimizer that are not its class's defaults; the rate in any case."""
    defaults = inspect.signature(kind).parameters
    return {
        name: group_value
        for name, group_value in group.items()
        if name in defaults
        and name not in ("params", "fused", "foreach")
        and (name == "lr" or group_value != defaults[name].default)
    }


def number(value: Any) -> str:
    """A number as code, with three significant digits where it is a float."""
    if isinstance(value, torch.Tensor):
        value = value.item()
    return f"{value:.3g}" if isinstance(value, float) else repr(value)
