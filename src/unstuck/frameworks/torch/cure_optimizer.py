"""A torch optimizer with changed numbers, as code."""

import inspect
from typing import TYPE_CHECKING, Any

import torch

from unstuck.setups.settings import Settings

if TYPE_CHECKING:
    from unstuck.frameworks.torch.changes import Changed
    from unstuck.frameworks.torch.training import TorchTrainer


def optimizer_lines(trainer: "TorchTrainer", done: "Changed", settings: Settings) -> list[str]:
    """A fresh optimizer of the same class and numbers, but for those that change."""
    optimizer = done.setup.optimizer
    own = trainer.subject.setup.optimizer
    kind = type(optimizer)
    groups = optimizer.param_groups
    parameters = list(done.setup.model.parameters())
    held = {id(p) for group in groups for p in group["params"]}
    missing = [p for p in parameters if id(p) not in held]
    known = getattr(torch.optim, kind.__name__, None) is kind
    if len(groups) > 1 or not known or any(p.requires_grad for p in missing):
        lines = []
        if settings.unfreeze:
            lines.append(
                "known = {id(p) for g in optimizer.param_groups for p in g['params']}\n"
                "optimizer.param_groups[0]['params'] += "
                "[p for p in model.parameters() if id(p) not in known]"
            )
        for i, group in enumerate(groups):
            for key, mark in (("lr", settings.rate != 1), ("eps", settings.epsilon is not None)):
                if mark:
                    lines.append(f"optimizer.param_groups[{i}][{key!r}] = {float(group[key]):g}")
        return [*lines, "optimizer.state.clear()"]
    defaults = inspect.signature(kind).parameters
    told = {
        name: group_value
        for name, group_value in groups[0].items()
        if name in defaults
        and name not in ("params", "fused", "foreach")
        and (name == "lr" or group_value != defaults[name].default)
    }
    if own is not None and own.param_groups[0].get("fused"):
        told["fused"] = True
    numbers = "".join(f", {name}={_number(value)}" for name, value in told.items())
    which = "model.parameters()"
    if missing:
        which = "[p for p in model.parameters() if p.requires_grad]"
    return [f"optimizer = torch.optim.{kind.__name__}({which}{numbers})"]


def _number(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        value = value.item()
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
