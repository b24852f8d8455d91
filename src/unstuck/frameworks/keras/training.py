"""Trials of a Keras set-up: copies of the model, trained by `fit`; see `KerasTrainer`."""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.keras import architecture, changes, starts
from unstuck.frameworks.keras.architecture import Refusal
from unstuck.frameworks.keras.fitting import CHUNK, LAST, Watch, order, predicted
from unstuck.frameworks.keras.network import explained
from unstuck.frameworks.keras.optimizer import inner
from unstuck.frameworks.keras.seeds import seed_all, traceless
from unstuck.frameworks.keras.subject import target
from unstuck.setups.settings import Settings
from unstuck.setups.trainer import Run

COPIES = 32  # compiled ones that are kept at a time, at most
NUMBERS = 1 << 26  # weights of all copies that are kept, about


@dataclass(eq=False)
class _Copy:
    """A compiled copy, trained again and again without being traced again.

    Args:
        model: what is trained: the core, or something in front of it.
        core: the copy of the user's model.
        variables: the core's.
        twins: for each the index of the same one of the user's model; -1 for none.
        others: those outside of the core, and the optimizer's, with their first values.
    """

    model: Any
    core: Any
    variables: list[Any]
    twins: list[int]
    others: list[tuple[Any, NDArray[Any]]]
    recipe: changes.Recipe


class KerasTrainer:
    """Trains copies of a subject's model with `fit`, compiled with a fresh optimizer.

    One compiled copy is kept for each structure, what the settings make of it beside rate, order
    and seed. A run's model is that copy: the next call of `train` may train it again.
    Batches are always full: the last of an epoch is filled up from the next epoch.

    Args:
        subject: a `KerasSubject`; its model, optimizer and data are only read.

    Attributes:
        kept: ids of the variables of the subject's model whose values every trial starts from.
    """

    def __init__(self, subject: Any) -> None:
        self._subject = subject
        self._about, self._network = subject.about, subject._network
        self._source = subject._model
        self._few = subject._cast(tuple(a[:1] for a in subject.sample.x))
        self._copies: OrderedDict[Any, _Copy] = OrderedDict()
        self._reasons: dict[Settings, str] = {}
        self._uncopied = ""
        self.kept: set[int] = set()
        self._variables = starts.all_variables(self._source)
        self.notes: tuple[str, ...] = ()
        with traceless():
            try:
                seed_all(0, self._source)
                fresh = architecture.copied(self._source, subject._pack(self._few))
                self._compare(fresh)
            except Refusal as refusal:
                self._uncopied = str(refusal)

    def _compare(self, fresh: Any) -> None:
        """Finds what is kept, and says so."""
        shapes = [tuple(v.shape) for v in starts.all_variables(fresh)]
        if shapes != [tuple(v.shape) for v in self._variables]:
            raise Refusal("the model cannot be copied: its weights were changed after it was made")
        if self._source is not self._subject._user:
            return  # it was not built: its weights are fresh
        optimizer = self._subject._optimizer
        own = None if optimizer is None else inner(optimizer)
        was_trained = own is not None and own.built and int(own.iterations) > 0
        self.kept, names = starts.kept(self._source, fresh, was_trained)
        if names:
            self.notes += (
                f"the weights of {', '.join(names)} are kept in every trial: their initialisers"
                " cannot have drawn them",
            )

    def refuses(self, settings: Settings) -> str:
        """See the protocol."""
        key = replace(settings, stream=0, shuffle=None)
        if key not in self._reasons:
            try:
                self._check(key)
                self._reasons[key] = ""
            except Refusal as refusal:
                self._reasons[key] = str(refusal)
        return self._reasons[key]

    def _check(self, settings: Settings) -> None:
        if self._uncopied:
            raise Refusal(self._uncopied)
        about = self._about
        changes.recipe(self._subject._optimizer, settings)
        changes.check_loss(about.loss, about.output_activation, settings)
        changed = architecture.edits(self._network, about.output_activation, settings)
        if changed:  # a copy is made, to see whether it can be
            with traceless():
                architecture.copied(self._source, self._subject._pack(self._few), changed)
        if settings.normalize:
            if architecture.own_training(self._source):
                raise Refusal("the model's class trains in a way of its own")
            if not any(
                kind == "values" and a.ndim > 1
                for kind, a in zip(self._subject.sample.kinds, self._few, strict=True)
            ):
                raise Refusal("no input is of values that could be normalized")
        if settings.initial is not None and not starts.drawable(self._source):
            raise Refusal("no dense or convolution layer is trained")

    def train(
        self, data: Data, settings: Settings, seed: int, steps: int, seconds: float = float("inf")
    ) -> Run:
        """See the protocol."""
        refusal = self.refuses(settings)
        if refusal:
            raise UsageError(": ".join([*sorted(settings.changed()), refusal]))
        start, subject = time.perf_counter(), self._subject
        with traceless(), explained(data.x, data.y):
            copy = self._copy(settings)
            self._begin(copy, settings, data, seed)
            watch = Watch(steps, start + seconds)
            self._fit(copy, settings, data, seed, watch)
            output = predicted(
                copy.model, subject._pack, subject._cast(data.x_held), self._about.elements
            )
            output = changes.restored(output, self._about.output_activation, settings)
        taken = time.perf_counter() - start
        return Run(output, watch.loss, watch.taken, taken, copy.model, {})

    # --- A copy for a structure. ---

    def _copy(self, settings: Settings) -> _Copy:
        structure = replace(settings, rate=1.0, stream=0, shuffle=None)
        recipe = changes.recipe(self._subject._optimizer, settings)
        key = (structure, settings.rate if recipe.scheduled else 1.0)
        if key not in self._copies:
            self._copies[key] = self._made(settings, recipe)
            size = sum(math.prod(v.shape) for v in self._variables)
            while len(self._copies) > max(3, min(COPIES, NUMBERS // max(size, 1))):
                self._copies.popitem(last=False)
        self._copies.move_to_end(key)
        copy = self._copies[key]
        copy.recipe = recipe
        return copy

    def _made(self, settings: Settings, recipe: changes.Recipe) -> _Copy:
        subject, about = self._subject, self._about
        changed = architecture.edits(self._network, about.output_activation, settings)
        core = architecture.copied(self._source, subject._pack(self._few), changed)
        variables = starts.all_variables(core)
        twins = starts.twins(variables, self._variables)
        if -1 in twins:
            raise Refusal("the changed copy has other weights")
        self._as_trainable(core, variables, twins, settings.unfreeze)
        model = core
        if settings.normalize:
            fronts = [
                keras.layers.BatchNormalization() if kind == "values" and a.ndim > 1 else None
                for kind, a in zip(subject.sample.kinds, self._few, strict=True)
            ]
            model = architecture.fronted(core, fronts, self._few, subject._pack)
        user = subject._user
        optimizer = recipe.make()
        self._hide_from_decay(optimizer, variables, twins)
        model.compile(
            optimizer,
            **self.loss(settings),
            run_eagerly=user.run_eagerly,
            jit_compile=user.jit_compile if user.compiled else "auto",
        )
        model.optimizer.build(model.trainable_variables)
        inside = {id(v) for v in variables}
        others = [v for v in starts.all_variables(model) if id(v) not in inside]
        others += model.optimizer.variables
        values = starts.values_of(others)
        return _Copy(model, core, variables, twins, list(zip(others, values, strict=True)), recipe)

    def loss(self, settings: Settings) -> dict[str, Any]:
        """What `compile` gets."""
        subject = self._subject
        compiled = self._network.loss
        if settings.logits:
            return {"loss": changes.from_logits(compiled._flat_losses[0].loss, self._about.loss)}
        if subject._given_loss is not None or compiled is None:
            return {"loss": subject._given_loss}
        user = subject._user
        return {
            "loss": user.loss,
            "loss_weights": user._compile_loss._user_loss_weights,
        }

    def _as_trainable(self, core: Any, variables: Any, twins: Any, unfreeze: bool) -> None:
        """What is trained in the user's model is trained in the copy, and nothing else."""
        if unfreeze:
            for layer in core._flatten_layers():
                layer.trainable = True
            return
        mine, its = list(self._source._flatten_layers()), list(core._flatten_layers())
        if len(mine) == len(its):
            for layer, twin in zip(mine, its, strict=True):
                if twin.trainable != layer.trainable:
                    twin.trainable = layer.trainable
        subject = self._subject
        flags = zip(subject._weights, subject._trained, subject._held, strict=True)
        trained = {id(v): t and h for v, t, h in flags}
        for variable, i in zip(variables, twins, strict=True):
            wanted = trained.get(id(self._variables[i]))
            if wanted is not None and variable.trainable != wanted:
                variable.trainable = wanted

    def _hide_from_decay(self, optimizer: Any, variables: Any, twins: Any) -> None:
        """What `exclude_from_weight_decay` was called with, which no config holds."""
        user = self._subject._optimizer
        if user is None or type(inner(user)) is not type(optimizer):
            return
        pattern = getattr(inner(user), "_exclude_from_weight_decay_pattern", None)
        ids = getattr(inner(user), "_exclude_from_weight_decay", None)
        if pattern is not None:
            optimizer._exclude_from_weight_decay_pattern = pattern
        if ids is not None:
            optimizer._exclude_from_weight_decay = {
                id(v)
                for v, i in zip(variables, twins, strict=True)
                if id(self._variables[i]) in ids
            }

    def keep(self, core: Any, settings: Settings) -> None:
        """Gives a copy the weights that are kept, and trains in it what is trained."""
        variables = starts.all_variables(core)
        twins = starts.twins(variables, self._variables)
        self._as_trainable(core, variables, twins, settings.unfreeze)
        for variable, i in zip(variables, twins, strict=True):
            if id(self._variables[i]) in self.kept:
                variable.assign(starts.values_of([self._variables[i]])[0])
        starts.finish(core)

    # --- One trial. ---

    def _begin(self, copy: _Copy, settings: Settings, data: Data, seed: int) -> None:
        """Everything is as before the first step, with weights drawn from the seed."""
        subject = self._subject
        seed_all(seed, self._source)
        fresh = architecture.copied(self._source, subject._pack(self._few))
        values = starts.values_of(starts.all_variables(fresh))
        kept = [i for i, v in enumerate(self._variables) if id(v) in self.kept]
        own = starts.values_of([self._variables[i] for i in kept])
        for i, value in zip(kept, own, strict=True):
            values[i] = value
        for variable, i in zip(copy.variables, copy.twins, strict=True):
            variable.assign(values[i])
        for variable, value in copy.others:
            variable.assign(value)
        if not copy.recipe.scheduled:
            copy.model.optimizer.learning_rate = copy.recipe.rate
        if kept:
            starts.finish(copy.core)
        if settings.initial is not None:
            layers = starts.drawable(copy.core)
            starts.redrawn(layers, "glorot" if settings.initial == "glorot" else "he", seed)
            if settings.initial == "lsuv":
                rows = np.random.default_rng(seed).permutation(len(data.y))[:256]
                batch = subject._pack(subject._cast(tuple(a[rows] for a in data.x)))
                starts.unit_variance(copy.model, copy.core, layers, batch)

    def _fit(self, copy: _Copy, settings: Settings, data: Data, seed: int, watch: Watch) -> None:
        subject = self._subject
        shuffle = settings.shuffle if settings.shuffle is not None else self._about.shuffled
        n = len(data.y)
        batch = min(self._about.batch_size, n)
        x, y = subject._cast(data.x), target(data.y)
        size = sum(a.nbytes for a in (*x, data.y)) / n * batch
        at_once = max(1, int(CHUNK / size))
        indices = order(n, seed, settings.stream, shuffle is not False)
        while watch.taken < watch.steps and not watch.ended:
            left = watch.steps - watch.taken
            now = left if left <= at_once else min(at_once, max(1, left - LAST))
            rows = np.fromiter(indices, np.int64, now * batch)
            watch.stretch(last=now == left)
            copy.model.fit(
                subject._pack(tuple(a[rows] for a in x)),
                None if y is None else y[rows],
                batch_size=batch,
                epochs=1,
                shuffle=False,
                verbose=0,
                callbacks=[watch],
            )
