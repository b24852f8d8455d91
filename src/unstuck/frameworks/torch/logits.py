"""The same loss computed from logits, for losses that are handed probabilities."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from unstuck.changes.loss import classes_of
from unstuck.frameworks.torch.functions import BOUNDING, LOSSES, TO_PROBABILITIES
from unstuck.frameworks.torch.setup import seeded
from unstuck.frameworks.torch.survey import End, Survey

if TYPE_CHECKING:
    from unstuck.frameworks.torch.subject import Step, TorchSubject

ROWS = 64  # on which a loss from logits is compared with the user's own
AGREEMENT = 0.05  # relative; losses that clip or smooth differ a little

_FROM_LOGITS = {"nll_loss": "cross_entropy"} | {
    "binary_cross_entropy": "binary_cross_entropy_with_logits"
}


class Refused(Exception):
    """Why a change cannot be made, as half a sentence."""


class FromLogits(NamedTuple):
    """A loss on logits.

    Args:
        remove: the activation that is taken off the model; None where there is none.
        loss: None where the user's own stays.
        step: likewise.
        code: how the loss is written; "" where the user's own stays.
    """

    remove: End | None
    loss: Any = None
    step: "Step | None" = None
    code: str = ""


def from_logits(subject: "TorchSubject", survey: Survey) -> FromLogits:
    """How to compute the set-up's loss from logits.

    Raises:
        Refused: it is, or it cannot be.
    """
    end = survey.end
    if end is not None and end.name not in TO_PROBABILITIES:
        end = None
    call = survey.calls[0] if len(survey.calls) == 1 else None
    if call is not None and LOSSES[call.name][0] == "values":
        raise Refused("the loss compares values and has no form for logits")
    loss = subject.setup.loss
    twice = call is not None and LOSSES[call.name][0] == "logits"
    if twice and call is not None and not set(call.done_before) & (TO_PROBABILITIES | BOUNDING):
        if end is None:
            raise Refused("the loss is computed from logits already")
        return FromLogits(end)
    known = _known(loss)
    if known is not None:
        return FromLogits(end, known[0], None, known[1])
    if subject.step is None:
        found, code = _alike(subject, survey, end)
        return FromLogits(end, found, None, code)
    if call is not None and call.name in _FROM_LOGITS and not set(call.done_before) & BOUNDING:
        return FromLogits(end, None, _converted(subject.step))
    raise Refused("the loss is computed within a step, on something that is not the model's output")


def belonging(subject: "TorchSubject", survey: Survey, name: str) -> FromLogits:
    """A loss of the task on an output without activation: "mse" or "crossentropy".

    Raises:
        Refused: targets or outputs are not of that kind.
    """
    y = subject.sample.y
    if y is None or subject.structure.y is None:
        raise Refused("the targets cannot be told from the inputs")
    *_, target = subject._tensors(tuple(a[:2] for a in subject.sample.x), y[:2])
    shape, given = tuple(survey.output.shape), tuple(target.shape)
    if name == "mse":
        if np.prod(shape) != np.prod(given):
            raise Refused("there is not one target an output")
        code = "torch.nn.MSELoss()"
        if shape != given or y.dtype.kind in "iub":
            code = "lambda z, y: torch.nn.functional.mse_loss(z.reshape(y.shape), y.to(z.dtype))"
    else:
        found = [c for c in _candidates(given, shape, y) if "sum" not in c]
        values = np.unique(y[:4096])
        ids = bool(np.all(values == np.floor(values)) and values.min() >= 0)
        if not found or not ids or ("binary" in found[0].lower() and values.max() > 1):
            raise Refused("the targets are no classes that the outputs could stand for")
        code = found[0]
        units = shape[1] if len(shape) > 1 else 1
        if units > 1 and values.max() >= units:
            raise Refused("there are classes without an output")
    return FromLogits(survey.end, eval(code, {"torch": torch}), None, code)


def of_classes(subject: "TorchSubject", survey: Survey) -> FromLogits:
    """The cross-entropy of one class an example, of an output for each.

    Raises:
        Refused: the targets are no classes, or cannot be told from the inputs.
    """
    y = subject.sample.y
    if y is None or subject.structure.y is None:
        raise Refused("the targets cannot be told from the inputs")
    if not classes_of(y):
        raise Refused("the targets are no class ids")
    *_, target = subject._tensors(tuple(a[:2] for a in subject.sample.x), y[:2])
    code = "torch.nn.CrossEntropyLoss()"
    if target.ndim > 1 or y.dtype.kind not in "iu":
        ids = "y.reshape(len(y)).long()"
        code = f"lambda z, y: torch.nn.functional.cross_entropy(z, {ids})"
    return FromLogits(survey.end, eval(code, {"torch": torch}), None, code)


def _known(loss: Any) -> tuple[Any, str] | None:
    """The counterpart of one of torch's own losses, and how it is written."""
    if type(loss) is torch.nn.NLLLoss:
        told = {"ignore_index": loss.ignore_index, "reduction": loss.reduction}
        made = torch.nn.CrossEntropyLoss(weight=loss.weight, **told)
        defaults = {"ignore_index": -100, "reduction": "mean"}
        name = "torch.nn.CrossEntropyLoss"
    elif type(loss) is torch.nn.BCELoss:
        told, defaults = {"reduction": loss.reduction}, {"reduction": "mean"}
        made = torch.nn.BCEWithLogitsLoss(weight=loss.weight, **told)
        name = "torch.nn.BCEWithLogitsLoss"
    else:
        for before, after in _FROM_LOGITS.items():
            if loss is getattr(F, before):
                return getattr(F, after), f"torch.nn.functional.{after}"
        return None
    arguments = ["weight=loss.weight"] if loss.weight is not None else []
    arguments += [f"{k}={v!r}" for k, v in told.items() if v != defaults[k]]
    return made, f"{name}({', '.join(arguments)})"


def _alike(subject: "TorchSubject", survey: Survey, end: End | None) -> tuple[Any, str]:
    """The cross entropy that agrees with the user's loss where nothing is clipped."""
    own = subject.setup.loss
    y = subject.sample.y
    assert y is not None
    n = min(ROWS, len(y))
    *_, target = subject._tensors(tuple(a[:n] for a in subject.sample.x), y[:n])
    with seeded(subject.device), torch.no_grad():
        shape = (n, *survey.output.shape[1:])
        z = torch.randn(shape, dtype=survey.output.dtype, device=subject.device)
        try:
            wanted = float(own(z if end is None else ended(z, end), target))
        except Exception as error:
            raise Refused(f"the loss cannot be computed from outputs alone: {error}") from None
        for code in _candidates(tuple(target.shape), tuple(shape), y):
            loss = eval(code, {"torch": torch})
            try:
                value = float(loss(z, target))
            except (RuntimeError, ValueError, IndexError):
                continue
            if abs(value - wanted) <= AGREEMENT * abs(wanted):
                return loss, code
    raise Refused("the loss is no cross entropy that can be computed from logits")


def _candidates(target: tuple[int, ...], output: tuple[int, ...], y: NDArray[Any]) -> list[str]:
    found = []
    count = int(np.prod(output[1:]))
    values = np.unique(y[:4096])
    whole = bool(np.all(values == np.floor(values)))
    module, functional = "torch.nn.CrossEntropyLoss", "torch.nn.functional.cross_entropy"
    if len(output) > 1 and output[1] > 1:
        if target == output[:1] + output[2:] and y.dtype.kind in "iu":
            found = [f"{module}()", f'{module}(reduction="sum")']
        elif whole and int(np.prod(target[1:])) * output[1] == count:
            ids = "y.reshape(len(y), *z.shape[2:]).long()"
            found = [f"lambda z, y: {functional}(z, {ids}{r})" for r in ("", ', reduction="sum"')]
        elif target == output:
            given = "y.to(z.dtype)"
            found = [f"lambda z, y: {functional}(z, {given}{r})" for r in ("", ', reduction="sum"')]
    module = "torch.nn.BCEWithLogitsLoss"
    functional = "torch.nn.functional.binary_cross_entropy_with_logits"
    if target == output and y.dtype.kind == "f":
        found += [f"{module}()", f'{module}(reduction="sum")']
    elif int(np.prod(target[1:])) == count:
        given = "y.reshape(z.shape).to(z.dtype)"
        found += [f"lambda z, y: {functional}(z, {given}{r})" for r in ("", ', reduction="sum"')]
    return found


class _Converted(TorchFunctionMode):  # type: ignore[misc]
    """Calls of losses on probabilities become those on logits."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _FROM_LOGITS:
            func = getattr(F, _FROM_LOGITS[name])
        return func(*args, **(kwargs or {}))


def _converted(step: "Step") -> "Step":
    def converted(model: Any, loss: Any, batch: Any) -> Any:
        with _Converted():
            return step(model, loss, batch)

    return converted


_ENDS: dict[str, Callable[[Any, int], Any]] = {
    "softmax": lambda z, axis: torch.softmax(z, axis),
    "log_softmax": lambda z, axis: torch.log_softmax(z, axis),
    "sigmoid": lambda z, axis: torch.sigmoid(z),
    "log_sigmoid": lambda z, axis: F.logsigmoid(z),
}


def ended(z: Any, end: End, axis: int | None = None) -> Any:
    """Logits with the activation that was taken off.

    Args:
        axis: of the classes; None for the usual one.
    """
    if axis is None:
        axis = 1 if z.ndim > 1 else -1
    name = end.becomes if end.becomes in _ENDS else end.name
    if z.shape[axis] == 1:  # a softmax of one unit is 1 whatever happens: a sigmoid was meant
        name = {"softmax": "sigmoid", "log_softmax": "log_sigmoid"}.get(name, name)
    return _ENDS[name](z, axis)
