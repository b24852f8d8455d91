"""The loss, and the weights of its classes."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from unstuck.changes.change import Value
from unstuck.changes.loss import classes_of
from unstuck.frameworks.torch.changes.changed import Changed, put, take_off
from unstuck.frameworks.torch.logits import (
    Refused,
    belonging,
    from_logits,
    of_classes,
)
from unstuck.frameworks.torch.redrawn import seed_torch

PROBABILITIES = ("probabilities", "log-probabilities")


def loss(done: Changed, name: Value) -> None:
    subject, survey = done.subject, done.survey
    if name == "unit-a-class":
        done.logits = of_classes(subject, survey)
        _widen_last(done)
        done.step = None
    elif name == "logits":
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


def _widen_last(done: Changed) -> None:
    """A unit for each class in place of the last layer's one."""
    model, name = done.setup.model, done.survey.taps[-1].name
    old = model.get_submodule(name)
    if type(old) is not torch.nn.Linear or old.out_features != 1:
        raise Refused("the output is no dense layer's")
    done.classes = classes_of(done.subject.sample.y)
    seed_torch(done.seed, done.subject.device)
    wide = torch.nn.Linear(old.in_features, done.classes, old.bias is not None)
    wide = wide.to(old.weight.device, old.weight.dtype)
    put(model, name, wide)
    new = {id(old.weight): wide.weight, id(old.bias): wide.bias}
    for group in done.groups:
        group["params"] = [new.get(id(p), p) for p in group["params"]]


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
