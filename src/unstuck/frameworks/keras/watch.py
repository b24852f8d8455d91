"""Sees Keras 3 train: `Model.fit` and `Model.train_on_batch`, on any backend.

Losses are read where Keras's own `History` gets them, at the end of an epoch, learning rates where
its list of callbacks has called them all: no callback is added.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import keras

from unstuck.frameworks.keras import evaluations
from unstuck.frameworks.keras.rates import Around
from unstuck.frameworks.keras.stateless import see_stateless
from unstuck.frameworks.keras.tapes import see_keras
from unstuck.watching.batches import Batches
from unstuck.watching.methods import surround
from unstuck.watching.sweeps import SWEEPS
from unstuck.watching.trainings import Training, Trainings


def install(trainings: Trainings) -> None:
    """Puts the hooks into Keras; into Keras 2 none."""
    if int(keras.__version__.split(".")[0]) < 3:
        return
    fits: WeakKeyDictionary[Any, tuple[Training, Around]] = WeakKeyDictionary()
    batches = Batches(trainings, "keras")
    trained: WeakKeyDictionary[Any, Training] = WeakKeyDictionary()

    def fit(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        training = None
        with trainings.guard("follow fit"):
            if model.compiled:  # else fit says what is missing
                given = inspect.signature(original).bind(model, *args, **kwargs)
                given.apply_defaults()
                training = trainings.starts("keras", _of_fit(model, given.arguments))
        if training is None:
            return original(model, *args, **kwargs)
        with trainings.guard("follow fit"):
            fits[model] = training, Around(model, given.arguments)
        try:
            return original(model, *args, **kwargs)
        finally:
            with trainings.guard("follow fit"):
                _, around = fits.pop(model, (None, None))
                if around is not None:
                    training.routine(around.routine)
                training.ends()
                trained[model] = training
                if around is not None and not trainings.is_within:
                    _validated(training, model, given.arguments, trainings.here())

    def epoch_begins(original: Callable[..., Any], callbacks: Any, args: Any, kwargs: Any) -> Any:
        result = original(callbacks, *args, **kwargs)
        with trainings.guard("follow the learning rate"):
            _, around = fits.get(callbacks.model, (None, None))
            if around is not None:
                around.epoch_begins()
        return result

    def step_begins(original: Callable[..., Any], callbacks: Any, args: Any, kwargs: Any) -> Any:
        result = original(callbacks, *args, **kwargs)
        with trainings.guard("follow the learning rate"):
            _, around = fits.get(callbacks.model, (None, None))
            if around is not None:
                around.step_begins(args[0] if args else kwargs["batch"])
        return result

    def epoch_ended(original: Callable[..., Any], history: Any, args: Any, kwargs: Any) -> Any:
        result = original(history, *args, **kwargs)
        with trainings.guard("follow the loss"):
            training, around = fits.get(history.model, (None, None))
            name = _of_loss(history.history)
            if training is not None and around is not None and name:
                if around.is_sweep:
                    training.says_nothing(SWEEPS)
                training.watch.loss(history.history[name][-1])
                training.routine(around.routine)
        return result

    def train_on_batch(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        training = None
        with trainings.guard("follow train_on_batch"):
            if model.compiled:
                training = batches.training(model, lambda: _of_batch(original, model, args, kwargs))
        result = original(model, *args, **kwargs)
        if training is not None:
            with trainings.guard("follow the loss"):
                training.watch.loss(_loss(result))
        return result

    def asked(original: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> Any:
        result = original(model, *args, **kwargs)
        training = trained.get(model)
        if training is not None and not trainings.is_quiet and not trainings.is_within:
            with trainings.guard("follow an evaluation"):
                given = inspect.signature(original).bind(model, *args, **kwargs).arguments
                if (question := evaluations.question(model, given, result)) is not None:
                    training.asked(question, trainings.here())
        return result

    if keras.backend.backend() == "tensorflow":
        see_keras(trainings)
    if keras.backend.backend() == "jax":
        see_stateless(trainings)
    surround(keras.Model, "fit", fit)
    surround(keras.Model, "evaluate", asked)
    surround(keras.Model, "predict", asked)
    surround(keras.callbacks.History, "on_epoch_end", epoch_ended)
    surround(keras.callbacks.CallbackList, "on_epoch_begin", epoch_begins)
    surround(keras.callbacks.CallbackList, "on_train_batch_begin", step_begins)
    surround(keras.Model, "train_on_batch", train_on_batch)


def _validated(training: Any, model: Any, given: dict[str, Any], where: Any) -> None:
    """What `fit` asked the model about itself, where moving statistics may lag behind: all else
    that may be wrong with validation data is seen before it trains."""
    several = _of_fit(model, given)["validation_data"]
    if isinstance(several, tuple) and len(several) == 2:
        x, y = several
        question = evaluations.question(model, {"x": x, "y": y}, None)
        if question is not None and question.renewed is not None:
            training.asked(question, where)


def _of_loss(logs: dict[str, Any]) -> str:
    """Under what name a training's loss stands in its logs; "" for none."""
    names = [n for n in logs if "loss" in n and not n.startswith("val_")]
    return "loss" if "loss" in names else (names[0] if len(names) == 1 else "")


def _of_fit(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `unstuck.diagnose` for those of `fit`."""
    x, y, validation = given["x"], given["y"], given["validation_data"]
    if validation is None and given["validation_split"] and y is not None:
        x, validation_x = _parts(x, given["validation_split"])
        y, validation_y = _parts(y, given["validation_split"])
        validation = (validation_x, validation_y)
    elif isinstance(validation, tuple | list):
        validation = tuple(validation[:2])
    arguments = {"model": model, "x": x, "y": y, "validation_data": validation}
    if y is not None:  # else the data set makes the batches and their order
        arguments |= {"batch_size": given["batch_size"], "shuffle": bool(given["shuffle"])}
    return arguments


def _parts(arrays: Any, share: float) -> tuple[Any, Any]:
    """What `fit` trains on and what it validates on: the last examples."""
    n = len(keras.tree.flatten(arrays)[0])
    cut = math.floor(n * (1 - share))
    first = keras.tree.map_structure(lambda a: a[:cut], arrays)
    return first, keras.tree.map_structure(lambda a: a[cut:], arrays)


def _of_batch(original: Any, model: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    given = inspect.signature(original).bind(model, *args, **kwargs).arguments
    x = given["x"]
    size = len(keras.tree.flatten(x)[0])
    return {"model": model, "x": x, "y": given.get("y"), "batch_size": size}


def _loss(result: Any) -> float:
    """The loss among what `train_on_batch` returns."""
    if isinstance(result, dict):
        return float(result["loss"])
    return float(result[0] if isinstance(result, list | tuple) else result)
