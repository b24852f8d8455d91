"""The loss, and the weights of its classes."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from unstuck.changes.change import Value
from unstuck.frameworks.torch.changes.changed import Changed, take_off
from unstuck.frameworks.torch.logits import Refused, belonging, from_logits

PROBABILITIES = ("probabilities", "log-probabilities")


def loss(done: Changed, name: Value) -> None:
    subject, survey = done.subject, done.survey
    if name == "logits":
        done.logits = from_logits(subject, survey)
        done.end = done.logits.remove
    else:
        done.logits = belonging(subject, survey, str(name))
        if name == "crossentropy" and subject.about.loss.takes in PROBABILITIES:
            done.end = done.logits.remove
        done.step = None
    take_off(done, done.logits.remove)
    if done.logits.loss is not None:
        done.setup = done.setup._replace(loss=done.logits.loss)
    if done.logits.step is not None:
        done.step = done.logits.step


def class_weights(done: Changed, kind: Value) -> None:
    loss = done.setup.loss
    weighted = isinstance(loss, torch.nn.CrossEntropyLoss | torch.nn.NLLLoss)
    if kind == "none":
        given = getattr(loss, "weight", None), getattr(loss, "pos_weight", None)
        if not done.routine.weights and all(w is None for w in given):
            raise Refused("there are no class weights")
        done.routine = replace(done.routine, weights=())
        for name in ("weight", "pos_weight"):
            if getattr(loss, name, None) is not None:
                setattr(loss, name, None)
        return
    if not weighted:
        raise Refused("the loss takes no class weights")
    loss.weight = torch.as_tensor(balanced(done), dtype=torch.float32, device=done.subject.device)


def balanced(done: Changed) -> Any:
    """(K,) n / (K · count) of each class among the examples; 0 for one that has none."""
    y = done.subject.sample.y
    classes = done.survey.output.shape[done.survey.class_axis()]
    if y is None or y.dtype.kind not in "iu":
        raise Refused("the targets are no class ids")
    counts = np.bincount(y[y >= 0].reshape(-1).astype(np.int64), minlength=classes)[:classes]
    present = counts > 0
    weights = np.zeros(classes)
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights
