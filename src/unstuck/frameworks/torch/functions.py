"""What torch's functions mean to a look at a network: layers, activations, losses, and the like.

Functions go by their `__name__` without underscores, so that `F.relu`, `torch.relu_` and
`Tensor.relu` are one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._pytree import tree_leaves

from unstuck.errors import LabelsOutOfRange, UsageError
from unstuck.setups.subject import Floats

POSITIONS = 16  # of a convolution or sequence, looked at in each example

# Function -> the axis of its output along which units are counted.
LAYERS = {"linear": -1, "bilinear": -1} | {
    f"{kind}{d}d": -1 - d for kind in ("conv", "conv_transpose") for d in (1, 2, 3)
}
PRODUCTS = {"matmul", "mm", "addmm", "rmatmul"}  # a layer if one factor is a parameter
ACTIVATIONS = {"relu", "relu6", "leaky_relu", "rrelu", "prelu", "threshold", "elu", "selu", "celu"}
ACTIVATIONS |= {"gelu", "silu", "mish", "hardswish", "softplus", "softsign", "tanh", "hardtanh"}
ACTIVATIONS |= {"tanhshrink", "hardshrink", "softshrink", "sigmoid", "hardsigmoid"}
ACTIVATIONS |= {"log_sigmoid", "softmax", "log_softmax", "softmin"}
NORMS = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}
ARITHMETIC = {"add", "sub", "mul", "div", "truediv", "radd", "rsub", "rmul", "iadd"}
SAME_UNITS = NORMS | {"dropout", "alpha_dropout", "contiguous", "clone", "to", "float", "double"}
SAME_UNITS |= {f"dropout{d}d" for d in (1, 2, 3)} | {
    f"{kind}_pool{d}d" for kind in ("max", "avg", "adaptive_max", "adaptive_avg") for d in (1, 2, 3)
}
MOVING = {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "transpose", "t"}
MOVING |= {"permute", "movedim", "getitem", "cat", "concat"}
BOUNDING = {"log", "clamp", "clamp_min", "clamp_max", "clip", "nan_to_num"}
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
UNSEEN = dict.fromkeys(
    (*RECURRENT, *(f"{kind}_cell" for kind in RECURRENT)),
    "a recurrent layer computes all its steps in one function",
) | {
    "multi_head_attention_forward": "an attention layer computes its projections in one function",
    "embedding": "an embedding looks its output up",
    "embedding_bag": "an embedding looks its output up",
}

# Function -> what it takes, which targets it wants.
LOSSES: dict[str, tuple[Any, Any]] = {
    "cross_entropy": ("logits", "ids"),
    "nll_loss": ("log-probabilities", "ids"),
    "multi_margin_loss": ("logits", "ids"),
    "kl_div": ("log-probabilities", "one-hot"),
    "binary_cross_entropy": ("probabilities", "binary"),
    "binary_cross_entropy_with_logits": ("logits", "binary"),
    "multilabel_soft_margin_loss": ("logits", "binary"),
    "poisson_nll_loss": ("unknown", "values"),
} | {f"{kind}_loss": ("values", "values") for kind in ("mse", "l1", "huber", "smooth_l1")}
TO_PROBABILITIES = {"softmax", "sigmoid", "log_softmax", "log_sigmoid"}


@dataclass(eq=False)
class Tap:
    """A layer with weights, as one forward pass shows it."""

    name: str
    kind: str
    axis: int
    rows: Floats | None
    activation: str = "linear"
    unseen: str = ""
    open: bool = True  # nothing but normalization, sums and the like has taken its output yet


@dataclass(eq=False)
class Logits:
    """What an activation takes: a copy, and where its gradient is found."""

    value: Any
    edge: Any


@dataclass(frozen=True, eq=False)
class LossCall:
    """One call of a loss function of `torch.nn.functional`."""

    name: str
    done_before: tuple[str, ...]  # what the loss did to the model's output first
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    ids: bool
    ignored: int
    losses: Any  # of each example, or None

    @property
    def compares(self) -> bool:
        """Whether outputs and targets are compared one by one, so their shapes should match."""
        return LOSSES[self.name][1] in ("values", "binary")

    @property
    def classes(self) -> int:
        """How many classes there are outputs for."""
        return self.shapes[0][min(1, len(self.shapes[0]) - 1)]


def rows(z: Any, axis: int) -> Floats:
    """(rows, units) float32: at most 16 evenly spaced positions of each example."""
    kept = z.detach()
    z = kept.movedim(axis, -1) if z.ndim > 1 else kept[None]
    z = z.reshape(len(z), -1, z.shape[-1])
    if z.shape[1] > POSITIONS:
        z = z[:, spread(z.shape[1], POSITIONS, z.device)]
    z = z.reshape(-1, z.shape[-1])
    return numpy(z.clone() if z.data_ptr() == kept.data_ptr() else z)


def spread(n: int, count: int, device: Any = None) -> Any:
    """(count,) int64: indices of n things, evenly spread, in whole numbers: float32 has none of
    its own beyond 2²⁴."""
    return torch.arange(count, device=device) * (n - 1) // (count - 1)


def numpy(t: Any) -> Floats:
    """A tensor's values as float32; the tensor's own memory where it holds just that."""
    if t.layout != torch.strided:
        t = t.to_dense()
    array: Floats = t.detach().to("cpu", torch.float32).numpy()
    return array


def differentiable(t: Any) -> Any:
    """The same values, as something that autograd follows."""
    return t + torch.zeros((), dtype=t.dtype, device=t.device, requires_grad=True)


def check_ids(y: NDArray[Any], classes: int, ignored: int = -100) -> None:
    """Raises DataError for class ids that no output stands for."""
    wrong = y[((y < 0) | (y >= classes)) & (y != ignored)]
    if wrong.size:
        raise LabelsOutOfRange(
            f"label {np.unique(wrong)[0]} is outside the model's {classes} outputs"
            f" ({wrong.size} of {y.size} labels)",
            f"labels 0 to {classes - 1}",
            "count classes from 0, or give the last layer as many outputs as there are classes",
        )


def check_loss(loss: Any) -> Any:
    """The loss as a tensor of one number.

    Raises:
        UsageError: a vector, or no tensor at all.
    """
    if not isinstance(loss, torch.Tensor):
        raise UsageError(
            f"the loss is a {type(loss).__name__}", "a tensor", "leave out .item() or .detach()"
        )
    if loss.is_complex():
        raise UsageError("the loss is a complex number", "a real one", "take .abs() or .real of it")
    if loss.numel() != 1:
        raise UsageError(
            f"the loss has shape {tuple(loss.shape)}",
            "one number for the batch",
            'reduce it: reduction="mean", or loss.mean()',
        )
    return loss.reshape(())


def logits_at(t: Any) -> Logits:
    edge = torch.autograd.graph.get_gradient_edge(t) if t.requires_grad else None
    return Logits(t.detach().clone(), edge)


def tensors_in(values: Any) -> list[Any]:
    found = []
    for v in values:
        if isinstance(v, torch.Tensor):
            found.append(v)
        elif isinstance(v, (list, tuple, dict)):
            found += [t for t in tree_leaves(v) if isinstance(t, torch.Tensor)]
    return found


def argument(args: Any, kwargs: Any, position: int, name: str) -> Any:
    return args[position] if len(args) > position else kwargs.get(name)


def standard_name(name: str, args: Any, kwargs: Any) -> str:
    """ReLU and ReLU6 by their own name where they are written as a clamp."""
    if name not in ("clamp", "clamp_min", "hardtanh"):
        return name
    low = argument(args, kwargs, 1, "min_val" if name == "hardtanh" else "min")
    high = argument(args, kwargs, 2, "max_val" if name == "hardtanh" else "max")
    if isinstance(low, torch.Tensor) or low != 0:
        return name
    if name == "hardtanh":
        return "relu6" if high == 6 else name
    return "relu" if high is None else name
