"""Which of a torch model's weights its own initialisers can have drawn, and new draws of these."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from unstuck.frameworks.torch.functions import spread
from unstuck.frameworks.torch.setup import Setup, copied, seeded

LEVEL = 1e-3  # below this p-value the weights are not a draw of the layer's initialiser
VALUES = 10_000  # compared, at most
DRAWS = 8  # of small models, so that a layer of few weights meets a reference of many


def seed_torch(seed: int, device: Any) -> None:
    """Seeds torch's own generators; not by `torch.manual_seed`, which reaches CUDA's later start.

    The global states are the caller's to put back: `setup.seeded`.
    """
    torch.random.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed_all(seed)


def drawn(model: Any) -> None:
    """Draws all weights anew, in place, by the modules' own initialisers; parents come last."""
    with torch.no_grad():
        for module in reversed(list(model.modules())):
            for name in ("reset_parameters", "_reset_parameters"):
                reset = getattr(module, name, None)
                if callable(reset) and not isinstance(module, torch.jit.ScriptModule):
                    reset()
                    break


@dataclass(frozen=True)
class Kept:
    """What stays as the user has it.

    Args:
        tensors: names of the parameters and buffers.
        modules: names of the modules whose kernels are kept.
        trained: whether the optimizer has stepped, so the weights are no starting point.
    """

    tensors: frozenset[str]
    modules: tuple[str, ...]
    trained: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence each, for a report."""
        found = []
        if self.trained:
            found.append("the model has been trained: trials begin from weights drawn anew")
        if self.modules:
            some = ", ".join(self.modules[:5]) + (", …" if len(self.modules) > 5 else "")
            found.append(
                f"weights that their layers' own initialisers cannot have drawn are kept: {some}"
            )
        return tuple(found)


def kept(setup: Setup, device: Any) -> Kept:
    """Compares the present weights with draws of their initialisers."""
    trained = bool(getattr(setup.optimizer, "state", None))
    present = dict(setup.model.named_parameters())
    few = sum(p.numel() for p in present.values()) < 1_000_000
    references: dict[str, list[Any]] = {name: [] for name in present}
    with seeded(device):
        fresh = copied(setup).model
        for draw in range(DRAWS if few else 1):
            seed_torch(draw + 1, device)
            drawn(fresh)
            for name, p in fresh.named_parameters():
                references[name].append(_values(p))
    unfit = {name for name, p in present.items() if not _fits(_values(p), references[name])}
    still = (
        {  # nothing draws these, so that there is nothing to choose
            name for name, p in present.items() if len(p) and _same(_values(p), references[name])
        }
        if few
        else set()
    )
    frozen = {name for name, p in present.items() if not p.requires_grad}
    if trained:
        unfit &= frozen
    owners: dict[str, list[str]] = {}
    for name in present:
        owners.setdefault(name.rpartition(".")[0], []).append(name)
    names, modules = set(still), []
    for owner, own in owners.items():
        kernel = max(own, key=lambda name: present[name].numel())
        if kernel in unfit | still:
            modules.append(owner or type(setup.model).__name__)
            names |= {name for name in own if not trained or name in frozen | still}
        else:
            names |= unfit.intersection(own)
    for name, _ in setup.model.named_buffers():  # statistics go with the weights they belong to
        owner = name.rpartition(".")[0]
        alone = owner not in owners and bool(modules)
        if alone or any(n in names for n in owners.get(owner, ())):
            names.add(name)
    return Kept(frozenset(names), tuple(modules), trained)


def redraw(model: Any, keep: Kept) -> None:
    """New weights in place, except for those that are kept."""
    stay = {
        name: t.detach().clone()
        for name, t in (*model.named_parameters(), *model.named_buffers())
        if name in keep.tensors
    }
    drawn(model)
    with torch.no_grad():
        for name, t in (*model.named_parameters(), *model.named_buffers()):
            if name in stay:
                t.copy_(stay[name])


def _values(p: Any) -> NDArray[np.float64]:
    flat = p.detach().reshape(-1)
    if flat.numel() > VALUES:
        flat = flat[spread(flat.numel(), VALUES, flat.device)]
    found: NDArray[np.float64] = flat.to("cpu", torch.float64).numpy().copy()
    return found


def _same(present: NDArray[np.float64], draws: list[NDArray[np.float64]]) -> bool:
    """Whether nothing draws these anew."""
    if not present.size or np.ptp(present) == 0:
        return False
    return all(np.array_equal(present, draw) for draw in draws)


def _fits(present: NDArray[np.float64], draws: list[NDArray[np.float64]]) -> bool:
    if not present.size:
        return True
    if not np.isfinite(present).all():
        return False
    fresh = np.concatenate(draws)[: max(VALUES, len(present))]
    if np.ptp(fresh) == 0:
        return bool(np.all(present == fresh[0]))
    if np.ptp(present) == 0:  # nothing continuous draws the same number twice, nor exactly 0
        return present.size == 1 and present[0] != 0
    return float(ks_2samp(present, fresh).pvalue) >= LEVEL
