"""Parts that do not fit together: targets, loss, output, optimizer, order."""

import numpy as np

from unstuck.changes.output_activation import exclusive
from unstuck.probes.look import Look
from unstuck.symptoms.symptom import Evidence, Symptom, above

FEW = 20  # examples, below which each may be a class of its own on purpose


def _coding(evidence: Evidence) -> tuple[str, str] | None:
    look, coding = evidence.look, evidence.values.get("label_coding")
    y, wants = look.sample.y, look.about.loss.targets
    if y is None or not isinstance(coding, str):
        return None
    if look.labels is not None and len(y) > 1 and len(np.unique(look.labels)) == 1:
        return f"one class only: {look.labels[0]}", "targets"
    whole = look.sample.examples in (None, len(y))
    if whole and look.labels is not None and FEW <= len(y) == len(np.unique(look.labels)):
        return f"{len(y)} classes in {len(y)} examples", "targets"
    if look.undivided:
        return None  # no coding of them helps
    outputs = look.seen.output.shape[1]
    ids = wants == "ids" or (wants == "unknown" and look.task == "classification")
    if ids and coding == "fractions":
        return "fractions", "targets"
    if ids and coding.startswith("ids"):
        counted = look.about.loss.counted(y)
        if not counted.size:
            return None
        low, high = float(counted.min()), float(counted.max())
        if low < 0 or high >= outputs:
            return coding, f"{outputs} outputs"
        if low >= 1 and look.labels is not None and outputs > high + 1:
            return None  # classes left out of this part of the data
    if ids and coding == "values" and np.issubdtype(y.dtype, np.floating):
        return "values", "targets"
    if wants == "one-hot" and coding.startswith(("ids", "fractions")):
        return coding, "targets"
    if wants == "binary" and coding == "-1 or 1":
        return coding, "targets"
    if wants == "binary" and (coding.startswith("ids") or coding == "fractions"):
        return coding, "targets"
    return None


def _broadcast(evidence: Evidence) -> tuple[str, str] | None:
    look = evidence.look
    y, returned = look.sample.y, look.seen.output_shape
    if y is None or returned is None:
        return None
    if look.about.framework not in ("torch", "jax") and not look.about.loss.pairs:
        return None  # Keras and scikit-learn see to the shapes themselves
    if look.about.loss.targets not in ("values", "binary", "unknown"):
        return None
    if y.shape[1:] == returned or y.size != look.seen.output.size:
        return None
    return f"targets (n{_rest(y.shape[1:])}), output (n{_rest(returned)})", "shapes"


def _rest(shape: tuple[int, ...]) -> str:
    return "".join(f", {length}" for length in shape) or ","


EXAMPLES_MIXED = Symptom(
    "examples-mixed",
    "batch_dependence",
    "outputs that stay the same, to a thousandth, whatever else is in the batch",
    "arithmetic: in evaluation mode an example's output is a function of that example; sums in"
    " another order move float32 by a millionth",
    above("batch_dependence", 1e-3),
    harm=True,
)

CUT_IDS = Symptom(
    "ids-cut",
    "id_fractions",
    "whole numbers for an embedding to look up",
    "the layers' own documentation: what is behind the point is cut off; 1 %",
    above("id_fractions", 0.01),
    harm=True,
)


def _padded_out(evidence: Evidence) -> tuple[float, str] | None:
    share, varies = evidence.number("padding_behind"), evidence.number("answer_variation")
    if share is None or varies is None or share < 0.5 or varies >= 1e-3:
        return None
    return share, ""


PADDED_OUT = Symptom(
    "padding-in-charge",
    "padding_behind",
    "answers that differ by more than a thousandth from example to example, or sequences that end"
    " where the network does",
    "arithmetic: a state that shrinks to a third with every step of padding is down to a"
    " thousandth after six; float32 holds seven digits",
    _padded_out,
    harm=True,
)

LABEL_CODING = Symptom(
    "labels-do-not-fit-loss",
    "label_coding",
    "targets of two classes or values at least, some of them shared by examples, written as the"
    " loss wants them",
    "the loss's own documentation",
    _coding,
    harm=True,
)


def _undivided(evidence: Evidence) -> tuple[str, str] | None:
    look = evidence.look
    if not look.undivided or look.about.loss.targets not in ("ids", "binary"):
        return None
    width = _width(look)
    return f"{look.undivided} classes", "1 output" if width == 1 else f"{width} outputs"


UNDIVIDED = Symptom(
    "more-classes-than-outputs",
    "label_coding",
    "an output for each class, or one for two",
    "the loss's own documentation",
    _undivided,
    harm=True,
)

BROADCAST = Symptom(
    "targets-broadcast",
    "target_shape",
    "targets in the output's shape",
    "NumPy's and PyTorch's rules of broadcasting: (n,) against (n, 1) is n × n differences",
    _broadcast,
    harm=True,
)


def _mismatch(evidence: Evidence) -> tuple[str, str] | None:
    look, kind = evidence.look, evidence.values.get("output_kind")
    takes, after, width = look.about.loss.takes, look.about.output_activation, _width(look)
    if not isinstance(kind, str):
        return None
    classes, y = look.about.loss.targets in ("ids", "one-hot"), look.sample.y
    wrong = {
        "logits": kind == "probabilities" or after in ("softmax", "sigmoid", "log_softmax"),
        "probabilities": kind in ("values", "log-probabilities"),
        "log-probabilities": kind in ("probabilities", "values"),
    }
    if classes and width == 1 and after != "softmax":
        return "a cross-entropy of classes over a single output, which is always 0", "output"
    if wrong.get(takes, False):
        return f"{kind} ({after}) where the loss takes {takes}", "output"
    if classes and takes == "probabilities" and after == "sigmoid" and width > 1:
        return "a sigmoid for each of classes that exclude each other", "output"
    binary = takes == "probabilities" and look.about.loss.targets == "binary"
    if after == "softmax" and width > 1 and binary and not exclusive(y, width):
        return "a softmax over several labels", "output"
    if after == "softmax" and width == 1:
        return "a softmax over a single output, which is always 1", "output"
    if after == "softmax" and takes == "values" and look.targets is not None:
        return "a softmax in front of a regression", "output"
    return None


def _width(look: Look) -> int:
    return int(look.seen.output.shape[1])


LOSS_MISMATCH = Symptom(
    "loss-and-output-do-not-match",
    "output_kind",
    "an output activation that gives what the loss takes",
    "the loss's own documentation",
    _mismatch,
    harm=True,
)

UNREACHABLE = Symptom(
    "targets-out-of-reach",
    "unreachable_targets",
    "at most 1 % of targets outside the output activation's range",
    "the range of the activation; 1 % are outliers",
    above("unreachable_targets", 0.01),
    harm=True,
)

FORGOTTEN = Symptom(
    "optimizer-holds-too-little",
    "forgotten_parameters",
    "an optimizer that holds every trainable parameter",
    "what it does not hold never changes; 1 % by number of weights",
    above("forgotten_parameters", 0.01),
    harm=True,
)


def _last_frozen(evidence: Evidence) -> tuple[float, str] | None:
    kernels = [p for p in evidence.look.seen.parameters if p.fan_in is not None]
    share = evidence.number("frozen_parameters")
    if not kernels or share is None:
        return None
    last = kernels[-1]
    around = last.layer.rpartition(".")[0]
    adapted = around and any(  # by what trains beside it, as LoRA's factors do
        p.trainable and p.layer == around for p in evidence.look.seen.parameters
    )
    return (share, last.layer) if not (last.trainable or adapted) else None


NOTHING_TRAINS = Symptom(
    "nothing-trains",
    "frozen_parameters",
    "a last layer that trains",
    "parts frozen on purpose (fine-tuning) leave the last layer free",
    _last_frozen,
    harm=True,
)


def _order(evidence: Evidence) -> tuple[float, str] | None:
    mixing = evidence.number("class_mixing")
    sorted_ = mixing is not None and mixing < 0.5
    return (mixing or 0.0, "") if sorted_ and evidence.look.about.shuffled is False else None


NOT_SHUFFLED = Symptom(
    "sorted-and-not-shuffled",
    "class_mixing",
    "batches with over half the classes that random order would show, or shuffling",
    "Bengio 2012, “Practical recommendations”, §3.1.2; half",
    _order,
    harm=True,
)


def _no_epsilon(evidence: Evidence) -> tuple[float, str] | None:
    return (0.0, "") if evidence.number("epsilon") == 0 else None


NO_EPSILON = Symptom(
    "no-epsilon",
    "epsilon",
    "above 0, in the precision of the weights",
    "arithmetic: a gradient that is 0, or whose square is, is divided by 0",
    _no_epsilon,
    harm=True,
)

BELOW_EPSILON = Symptom(
    "epsilon-in-charge",
    "below_epsilon",
    "at most half of the weights with a gradient below ε",
    "Choi et al. 2019: above it Adam turns into SGD with rate lr/ε; half",
    above("below_epsilon", 0.5),
)
