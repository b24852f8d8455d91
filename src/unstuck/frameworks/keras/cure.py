"""Cures of a Keras set-up: a new compiled model, and the code that makes it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from unstuck.changes.change import Combination, merged
from unstuck.changes.data import Data
from unstuck.cures.built import Built
from unstuck.cures.lines import lines
from unstuck.errors import UsageError
from unstuck.frameworks.keras import cure_text as text
from unstuck.frameworks.keras.cure_code import Code
from unstuck.frameworks.keras.cure_fronts import fit, front
from unstuck.setups.settings import Settings
from unstuck.setups.split import split

_OF_DATA = frozenset({"labels-recoded", "finite-only", "splits-matched"})


def built(subject: Any, change: Combination) -> Built:
    """A fresh, compiled model with the change in it; see `built_of`."""
    raw = split(subject.sample)
    data, left = raw, raw
    for intervention in change:
        if intervention.data is not None:
            data, after = intervention.data(data), intervention.data(left)
            left = after if len(after.maps) == len(left.maps) else left
    made = built_of(subject, data, merged(change), lines(change, _OF_DATA))
    return replace(made, data=data if "inputs" in made.arguments else left)


def built_of(subject: Any, data: Data, settings: Settings, first: Sequence[str] = ()) -> Built:
    """A fresh, compiled model with the maps of the data in front and the settings in it.

    The user's is left as it is; weights are drawn anew, but for those that trials keep. What no
    layer can do stands in `arguments`: "targets", the map of the targets, which is undone on
    predictions, and "inputs", maps that come before the model.

    Args:
        subject: a `KerasSubject`.
        data: as the trial that showed the cure trained on.
        settings: of that trial.
        first: lines of code that come before.

    Raises:
        UsageError: the settings cannot be had, with the reason.
    """
    import keras

    from unstuck.frameworks.keras import architecture, changes, starts
    from unstuck.frameworks.keras.seeds import seed_all, traceless

    model = subject._user
    with traceless():
        seed_all(0, subject._model)
        trainer = subject.trainer()
        refusal = trainer.refuses(settings)
        if refusal:
            raise UsageError(": ".join([*sorted(settings.changed()), refusal]))
        inside = not architecture.own_training(model) and fit(data)
        packed = subject._pack(tuple(range(len(data.x))))
        names = _names(packed, len(data.x))
        fronts = [front(data, i, name, inside) for i, name in enumerate(names)]

        few = subject._cast(tuple(a[:1] for a in data.x))
        edits = architecture.edits(subject._network, subject.about.output_activation, settings)
        core = architecture.copied(subject._model, subject._pack(few), edits)
        trainer.keep(core, settings)
        layers = starts.drawable(core)
        if settings.initial is not None:
            rule = "glorot" if settings.initial == "glorot" else "he"
            starts.redrawn(layers, rule, 0)
            for layer in layers:
                layer.kernel_initializer = keras.initializers.get(f"{rule}_uniform")
                layer.bias_initializer = keras.initializers.Zeros()
        if settings.normalize:
            for made, a, kind in zip(fronts, few, data.kinds, strict=True):
                if kind == "values" and a.ndim > 1:
                    made.layers.append(keras.layers.BatchNormalization())
                    made.texts.append("keras.layers.BatchNormalization()")
        if settings.initial == "lsuv":
            batch = subject._pack(subject._cast(tuple(a[:256] for a in data.x)))
            starts.unit_variance(core, core, layers, batch)
        cured = core
        if any(made.layers for made in fronts):
            firsts = [
                None if not f.layers else f.layers[0] if len(f.layers) == 1 else f for f in fronts
            ]
            cured = architecture.fronted(core, firsts, few, subject._pack)
        recipe = changes.recipe(subject._optimizer, settings)
        loss = trainer.loss(settings)
        metrics = _metrics(model, settings, subject._network.output_trail)
        cured.compile(recipe.make(), **loss, metrics=metrics or None)

    body = Code(model, subject, data, settings, edits, trainer, packed, names).lines(fronts)
    given = loss["loss"] if settings.logits or subject._given_loss is None else subject._given_loss
    parts = [f"optimizer={text.optimizer(recipe)}", f"loss={text.loss(given)}"]
    if loss.get("loss_weights") is not None:
        parts.append(f"loss_weights={loss['loss_weights']!r}")
    if metrics:
        shown = [repr(m) if isinstance(m, str) else _AT_ZERO for m in metrics]
        parts.append(f"metrics=[{', '.join(shown)}]")
    body += ["model.compile(", *(f"    {part}," for part in parts), ")"]
    if any("old." in line for line in body):
        body.insert(0, "old = model")
    body = [*first, *body]
    head = ["import keras"]
    if any("np." in line for line in body):
        head.append("import numpy as np")
    arguments: dict[str, Any] = {}
    if data.targets is not None:
        arguments["targets"] = data.targets
    if any(made.outside for made in fronts):
        arguments["inputs"] = data.maps
    if settings.shuffle is not None:
        arguments["shuffle"] = settings.shuffle
    if subject.about.batch_size != 32:
        arguments["batch_size"] = subject.about.batch_size
    return Built(cured, "\n".join([*head, "", *body]) + "\n", arguments)


_AT_ZERO = 'keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)'


def _names(packed: Any, n: int) -> list[str]:
    """Each input as code."""
    if isinstance(packed, dict):
        return [f"x[{key!r}]" for key in sorted(packed, key=lambda k: packed[k])]
    return (
        ["x"] if n == 1 and not isinstance(packed, list | tuple) else [f"x[{i}]" for i in range(n)]
    )


def _metrics(model: Any, settings: Settings, output: tuple[int, ...]) -> list[Any]:
    """Those of the user that have names; accuracy of one logit counts from 0."""
    import keras

    compiled = model._compile_metrics if model.compiled else None
    metrics = [] if compiled is None else compiled._user_metrics
    if not isinstance(metrics, list) or not all(isinstance(m, str) for m in metrics):
        return []
    if settings.logits and output == (1,):
        named = ("accuracy", "acc", "binary_accuracy")
        return [
            keras.metrics.BinaryAccuracy("accuracy", threshold=0.0) if m in named else m
            for m in metrics
        ]
    return list(metrics)
