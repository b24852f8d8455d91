"""A cure of a Keras set-up, as a new compiled model and as code."""

from typing import Any

import keras

from unstuck.changes.data import Data
from unstuck.cures.built import Built
from unstuck.cures.cure import Cure
from unstuck.cures.printed import Names, code
from unstuck.frameworks.keras import architecture, starts
from unstuck.frameworks.keras.changes import Plan
from unstuck.frameworks.keras.fronts import as_one, fit, front
from unstuck.frameworks.keras.printing import printed as printed
from unstuck.frameworks.keras.printing.compiled import metrics
from unstuck.frameworks.keras.seeds import traceless
from unstuck.frameworks.keras.subject import KerasSubject
from unstuck.frameworks.keras.training import KerasTrainer
from unstuck.setups.split import split


def built(subject: KerasSubject, cure: Cure) -> Built:
    """A fresh, compiled model with the cure in it; its inputs are mapped by layers in front.

    Weights are drawn anew, but for those that trials keep. What no layer can do is done in
    `Built.data`; what is done to targets stands in `arguments` as "targets".

    Raises:
        UsageError: a change that cannot be made, or that has no form for this model.
    """
    data = left = split(subject.sample)
    for change in cure.changes:
        data, after = change.data(data), change.data(left)
        left = after if len(after.maps) == len(left.maps) else left
    trainer = KerasTrainer(subject)
    inside = not architecture.own_training(subject._model) and fit(data)
    with traceless():  # an optimizer that is made moves Keras's counter of names
        plan = trainer.planned(cure.changes)
        text = code(printed(subject, cure, Names()))
        core = trainer.copies.fresh(plan, 0)
        if plan.start:
            _draw(core, plan, data, trainer)
        few = subject._cast(tuple(a[:1] for a in data.x))
        fronts = [front(data, i) if inside else [] for i in range(len(data.x))]
        if plan.normalized:
            for parts, a, kind in zip(fronts, few, data.kinds, strict=True):
                if kind == "values" and a.ndim > 1:
                    parts.append(keras.layers.BatchNormalization())
        cured = core
        if any(fronts):
            cured = architecture.fronted(core, [as_one(f) for f in fronts], few, subject._pack)
        cured.compile(
            plan.optimizer(), **trainer.copies.loss(plan), metrics=metrics(subject, plan) or None
        )
    arguments: dict[str, Any] = {"batch_size": plan.batch_size, "shuffle": plan.shuffled}
    if data.targets is not None:
        arguments["targets"] = data.targets
    return Built(cured, text, arguments, left if inside else data, plan.restored)


def _draw(core: Any, plan: Plan, data: Data, trainer: KerasTrainer) -> None:
    """Kernels by another rule, which the layers' own initialisers are from then on."""
    rule = "glorot" if plan.start == "glorot" else "he"
    layers, subject = starts.drawable(core), plan.subject
    starts.redrawn(layers, rule, 0)
    for layer in layers:
        layer.kernel_initializer = keras.initializers.get(f"{rule}_uniform")
        layer.bias_initializer = keras.initializers.Zeros()
    if plan.start == "lsuv":
        batch = subject._pack(subject._cast(tuple(a[:256] for a in data.x)))
        starts.unit_variance(trainer.copies.fronted(core, plan), core, layers, batch)
