"""The numbers that a torch optimizer steps with."""

from numbers import Real
from reprlib import repr as shown
from typing import Any

import torch

from unstuck.errors import UsageError
from unstuck.setups import warm_up
from unstuck.setups.subject import UpdateRule

LOW = "warms_up_from"  # key of a copied group: the rate of the first step
PEAK = "warms_up_to"  # likewise: the rate that is looked at


def check(optimizer: Any) -> None:
    """Sees whether each setting is of the kind of its default, in every group.

    Raises:
        UsageError: a word or nothing where a number belongs.
    """
    defaults = getattr(optimizer, "defaults", None) or {}
    for group in optimizer.param_groups:
        for name, default in defaults.items():
            if name not in group:
                continue
            value, several = group[name], isinstance(default, tuple | list)
            parts = value if several and isinstance(value, tuple | list) else (value,)
            wanted = default if several else (default,)
            if not all(map(_is_number, wanted)):
                continue
            if len(parts) != len(wanted) or not all(map(_is_number, parts)):
                raise UsageError(
                    f"the optimizer's {name} is {shown(value)}",
                    f"{len(wanted)} numbers" if several else "a number",
                    f"it was made with {shown(default)}; set it again in every group of"
                    " optimizer.param_groups",
                )


def _is_number(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1 and not value.is_complex()
    return isinstance(value, Real)


def raised(optimizer: Any) -> None:
    """Gives a copied optimizer that has not stepped the rates that its schedule rises to.

    Schedulers of torch write those into the groups when they are made. After a first step a low
    rate may as well be one that has come down.
    """
    if optimizer is None or _has_stepped(optimizer):
        return
    for group in optimizer.param_groups:
        rates = [group[key] for key in ("lr", "initial_lr", "max_lr") if key in group]
        if "lr" not in group or not all(isinstance(r, float | int | torch.Tensor) for r in rates):
            continue
        low, peak = float(rates[0]), max(map(float, rates))
        if warm_up.warms_up(low, peak):
            tensor = isinstance(group["lr"], torch.Tensor)
            group["lr"] = torch.full_like(group["lr"], peak) if tensor else peak
            group[LOW], group[PEAK] = low, peak


def _has_stepped(optimizer: Any) -> bool:
    """Whether there is any state but that of optimizers which make it before their first step."""
    state = getattr(optimizer, "state", None) or {}
    return any(not isinstance(s, dict) or float(s.get("step", 1)) > 0 for s in state.values())


def rule_of(optimizer: Any) -> tuple[UpdateRule | None, tuple[str, ...]]:
    """A copied optimizer's numbers, and what that leaves out.

    They are those of the first group of parameters with a setting that cannot be, else of the
    first group.
    """
    if optimizer is None:
        return None, ()
    raised(optimizer)  # one that a user's function made for the copy was not copied yet
    groups = optimizer.param_groups
    group = groups[0] if groups else {}
    name = type(optimizer).__name__.lower()
    rates = sorted({rate for g in groups if (rate := _number(g.get("lr"))) is not None})
    rules = [_rule(name, g) for g in groups] or [_rule(name, {})]
    rule = next((r for r in rules if r.impossible), rules[0])
    notes = []
    if LOW in group:
        notes.append(warm_up.told(group[LOW], float(group["lr"])))
    if len(rates) > 1:
        text = ", ".join(f"{rate:g}" for rate in rates)
        notes.append(
            f"the optimizer has several learning rates ({text}); the first group's is shown"
        )
    return rule, tuple(notes)


def _rule(name: str, group: dict[str, Any]) -> UpdateRule:
    betas = group.get("betas")  # of an optimizer that has none it may be anything
    beta_1, beta_2 = (*(betas if isinstance(betas, tuple | list) else ()), None, None)[:2]
    return UpdateRule(
        name,
        _number(group.get("lr")),
        _number(group.get("momentum")) or 0.0,
        bool(group.get("nesterov", False)),
        _number(beta_1),
        _number(beta_2),
        _number(group.get("alpha")),
        _held(_number(group.get("eps")), group),
        _number(group.get("weight_decay")) or 0.0,
    )


def _held(epsilon: float | None, group: dict[str, Any]) -> float | None:
    """ε as it is where parameters are of 16 bits: what their precision cannot hold is 0."""
    if epsilon is None or not any(p.dtype == torch.float16 for p in group.get("params", ())):
        return epsilon
    return float(torch.tensor(epsilon, dtype=torch.float16))


def _number(value: Any) -> float | None:
    """A setting; None where it is none, or is no single number, as Adafactor's eps."""
    return float(value) if _is_number(value) else None
