"""Compiled loops of PyTorch set-ups against PyTorch's own steps, and when they are made."""

import copy
import time
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from unstuck.frameworks.torch.compiled import Parts, compiled_of
from unstuck.frameworks.torch.setup import Setup
from unstuck.frameworks.torch.training import replayed
from unstuck.setups.compiled import CompiledLoops, Untested, Untranslatable, Walk, check
from unstuck.setups.routine import PLAIN, Routine, Zeroing

STEPS, BATCH = 120, 8
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.05),
    "momentum, decay": lambda p: torch.optim.SGD(p, 0.02, 0.9, weight_decay=0.01),
    "nesterov": lambda p: torch.optim.SGD(p, 0.02, 0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, 1e-2, eps=1e-4, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, 1e-2, betas=(0.8, 0.99)),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 1e-3, alpha=0.95, momentum=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.05, initial_accumulator_value=0.1),
    "groups": lambda p: torch.optim.Adam([{"params": p[:2], "lr": 1e-3}, {"params": p[2:]}], 1e-2),
    "one group left out": lambda p: torch.optim.SGD(p[2:], 0.05),
}
ROUTINES = {
    "plain": PLAIN,
    "clipped norm": Routine(clip_norm=0.1),
    "clipped values": Routine(clip_value=0.01),
    "never zeroed": Routine(zeroing=Zeroing.NEVER),
    "zeroed each epoch": Routine(zeroing=Zeroing.EPOCH),
    "accumulated": Routine(accumulation=3),
    "rates": Routine(rates=((10, 0.5), (60, 0.1))),
    "evaluating": Routine(evaluating=True),
}


def set_up(optimizer: str, normalized: bool = False) -> tuple[Setup, list[Any]]:
    torch.manual_seed(0)
    between = [nn.BatchNorm1d(8)] if normalized else []
    model = nn.Sequential(nn.Linear(5, 8), *between, nn.Tanh(), nn.Linear(8, 1))
    x = torch.randn(64, 5)
    y = x[:, :1] * x[:, 1:2]
    made = OPTIMIZERS[optimizer](list(model.parameters()))
    return Setup(model, made, nn.MSELoss()), [x, y]


def trained(setup: Setup, tensors: list[Any], routine: Routine, compiled: bool) -> Any:
    draw = np.random.default_rng(0)
    order = draw.integers(64, size=(STEPS, routine.accumulation, BATCH))
    rows = torch.from_numpy(order)

    def loss(batch: list[Any]) -> Any:
        return setup.loss(setup.model(batch[0]), batch[1])

    how = (setup, loss, tensors, rows, routine, 64 // BATCH)
    if compiled:
        return compiled_of(setup, loss, tensors, rows, routine).train(*how)[0]
    return replayed(*how)[0]


@pytest.mark.parametrize(
    ("optimizer", "routine"),
    [*((o, "plain") for o in OPTIMIZERS), *(("momentum, decay", r) for r in ROUTINES)],
)
def test_a_compiled_loop_takes_the_same_steps(optimizer: str, routine: str) -> None:
    # A bias before a normalization has a gradient of nothing but rounding, which Adam steps by.
    setup, tensors = set_up(optimizer, normalized=routine in ("rates", "evaluating"))
    other = copy.deepcopy(setup)
    mine = trained(setup, tensors, ROUTINES[routine], compiled=True)
    theirs = trained(other, tensors, ROUTINES[routine], compiled=False)
    # Rounding of float32; what is never zeroed soon swings so far that it is all that is left.
    told = STEPS if ROUTINES[routine].zeroing is Zeroing.STEP else 25
    np.testing.assert_allclose(mine[:told], theirs[:told], rtol=1e-3, atol=1e-4)
    for a, b in zip(setup.model.buffers(), other.model.buffers(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: torch.optim.NAdam(p),
        lambda p: torch.optim.Adam(p, amsgrad=True),
        lambda p: torch.optim.SGD(p, 0.1, maximize=True),
        lambda p: torch.optim.SGD(p, torch.tensor(0.1)),
    ],
    ids=["nadam", "amsgrad", "maximized", "tensor"],
)
def test_other_optimizers_are_left_to_pytorch(optimizer: Any) -> None:
    setup, _ = set_up("sgd")
    other = setup._replace(optimizer=optimizer(list(setup.model.parameters())))
    with pytest.raises(Untranslatable):
        Parts.of(other, PLAIN)


def walk(losses: list[float], at: float, seconds: float = 1.0) -> Walk:
    return Walk(losses, [np.full(3, at)], seconds)


START = [np.zeros(3)]


@pytest.mark.parametrize(
    ("native", "own", "error"),
    [
        (walk([2.0, 1.0], 1.0), walk([2.0, 1.0005], 1.01, 0.1), None),
        (walk([2.0, 1.0], 1.0), walk([2.0, 1.1], 1.0, 0.1), Untranslatable),
        (walk([2.0, 1.0], 1.0), walk([2.0, 1.0], 1.2, 0.1), Untranslatable),
        (walk([2.0, 1.0], 1.0), walk([2.0, 1.0], 1.0, 0.9), Untranslatable),
        (walk([2.0, 1.0], 1.0), walk([2.0, np.nan], 1.0, 0.1), Untranslatable),
        (walk([2.0, np.inf], 1.0), walk([2.0, np.inf], 1.0, 0.1), Untested),
    ],
    ids=["alike", "other losses", "other weights", "no faster", "diverges", "both diverge"],
)
def test_a_loop_is_accepted_for_the_same_steps_only(native: Walk, own: Walk, error: Any) -> None:
    if error is None:
        check(START, native, own, random=False)
    else:
        with pytest.raises(error):
            check(START, native, own, random=False)


def test_a_loop_is_made_once_native_trials_cost_as_much() -> None:
    loops: CompiledLoops[str] = CompiledLoops()
    assert loops.of("kind", 100, lambda: "loop") is None  # what a step costs is not known
    loops.native("kind", 100, 0.01)
    assert loops.of("kind", 50, lambda: "loop") is None  # 1 s spent, 0.5 to come: less than 2
    loops.native("kind", 50, 0.01)
    assert loops.of("kind", 100, lambda: "loop") == "loop"
    assert loops.of("new", 10**6, lambda: "loop", left=0.0) is None  # there is no time for it
    assert loops.of("other", 10, lambda: "loop") == "loop"  # it was seen to cost next to nothing


def test_a_kind_that_has_none_is_not_asked_again() -> None:
    loops: CompiledLoops[str] = CompiledLoops(foreseen=10**6)
    loops.native("kind", 1, 0.01)

    def refused() -> str:
        raise Untranslatable("for a reason")

    assert loops.of("kind", 1, refused) is None
    assert loops.why == {"kind": "for a reason"}
    assert loops.of("kind", 1, lambda: "loop") is None


def test_what_a_refusal_took_is_what_the_next_one_may_take() -> None:
    loops: CompiledLoops[str] = CompiledLoops(foreseen=10**6)
    loops.native("kind", 1, 0.01)

    def refused() -> str:
        time.sleep(0.2)
        raise Untranslatable("it is no faster")

    assert loops.of("kind", 1, refused) is None
    loops.foreseen = 0
    loops.native("other", 10, 0.01)
    assert loops.of("other", 5, lambda: "loop") is None  # 0.15 s in all are less than that took
    assert loops.of("other", 50, lambda: "loop") == "loop"


def test_a_copy_that_diverges_leaves_it_open() -> None:
    loops: CompiledLoops[str] = CompiledLoops(foreseen=10**6)
    loops.native("kind", 1, 0.01)

    def diverging() -> str:
        raise Untested

    assert loops.of("kind", 1, diverging) is None
    assert loops.of("kind", 1, lambda: "loop") == "loop"
