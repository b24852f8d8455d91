"""Compiled copies of a Keras set-up with changes in them, each set to its start again and again."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.frameworks.keras import architecture, starts
from unstuck.frameworks.keras.architecture import Refusal
from unstuck.frameworks.keras.changes import Plan, normalizable
from unstuck.frameworks.keras.optimizer import inner
from unstuck.frameworks.keras.seeds import seed_all, traceless
from unstuck.frameworks.keras.subject import target


@dataclass(eq=False)
class Copy:
    """A compiled copy, trained again and again without being traced again.

    Args:
        model: what is trained: the core, or something in front of it.
        core: the copy of the user's model, or what stands in its place.
        variables: the core's.
        twins: for each the index of the same one of the user's model; () where shapes differ.
        others: those outside of the core, and the optimizer's, with their first values.
    """

    model: Any
    core: Any
    variables: list[Any]
    twins: list[int]
    others: list[tuple[Any, NDArray[Any]]]


class Copies:
    """Makes copies of one subject's model.

    Attributes:
        kept: ids of the variables of the subject's model whose values every trial starts from.
        trained: whether the user's optimizer has stepped.
        notes: what is kept, in words.
        uncopied: why there can be no copy; "" if there can.
    """

    def __init__(self, subject: Any) -> None:
        self._subject, self._source = subject, subject._model
        self._few = subject._cast(tuple(a[:1] for a in subject.sample.x))
        self._variables = starts.all_variables(self._source)
        self.kept: set[int] = set()
        self.trained = False
        self.notes: tuple[str, ...] = ()
        self.uncopied = ""
        with traceless():
            try:
                seed_all(0, self._source)
                self._compare(architecture.copied(self._source, subject._pack(self._few)))
            except Refusal as refusal:
                self.uncopied = str(refusal)

    def _compare(self, fresh: Any) -> None:
        """Finds what is kept, and says so."""
        shapes = [tuple(v.shape) for v in starts.all_variables(fresh)]
        if shapes != [tuple(v.shape) for v in self._variables]:
            raise Refusal("the model cannot be copied: its weights were changed after it was made")
        if self._source is not self._subject._user:
            return  # it was not built: its weights are fresh
        optimizer = self._subject._optimizer
        own = None if optimizer is None else inner(optimizer)
        self.trained = own is not None and own.built and int(own.iterations) > 0
        self.kept, names = starts.kept(self._source, fresh, self.trained)
        if names:
            self.notes = (
                f"the weights of {', '.join(names)} are kept in every trial: their initialisers"
                " cannot have drawn them",
            )

    def check(self, plan: Plan) -> None:
        """Sees whether a copy can be made, without compiling it.

        Raises:
            Refusal: it cannot.
        """
        if self.uncopied and plan.own:
            raise Refusal(self.uncopied)
        if plan.reshaped and plan.own and self.kept:
            raise Refusal("some of its weights are kept")
        if plan.edits or not plan.own:
            with traceless():
                self._core(plan)

    def _core(self, plan: Plan) -> Any:
        if plan.own:
            few = self._subject._pack(self._few)
            return architecture.copied(self._source, few, plan.edits)
        trail = self._subject._network.output_trail
        units = plan.classes or trail[-1]
        return architecture.plain(self._few[0].shape[1:], units, plan.output)

    def made(self, plan: Plan) -> Copy:
        """A compiled copy."""
        user = self._subject._user
        core = self._core(plan)
        variables = starts.all_variables(core)
        twins: list[int] = []
        if not plan.reshaped:
            twins = starts.twins(core, self._source)
            if -1 in twins:
                raise Refusal("the changed copy has other weights")
            self._as_trainable(core, variables, twins, plan.held)
        model = self.fronted(core, plan)
        optimizer = plan.optimizer()
        if twins:
            self._hide_from_decay(optimizer, variables, twins)
        model.compile(
            optimizer,
            **self.loss(plan),
            run_eagerly=user.run_eagerly,
            jit_compile=user.jit_compile if user.compiled else "auto",
        )
        model.optimizer.build(model.trainable_variables)
        y = self._subject.sample.y  # else the first call of `fit` draws numbers for it
        few = self._subject._pack(self._few)
        model._symbolic_build(data_batch=(few, None if y is None else target(y[:1]), None))
        inside = {id(v) for v in variables}
        others = [v for v in starts.all_variables(model) if id(v) not in inside]
        others += model.optimizer.variables
        values = starts.values_of(others)
        return Copy(model, core, variables, twins, list(zip(others, values, strict=True)))

    def fronted(self, core: Any, plan: Plan) -> Any:
        """The copy with the normalization that is asked for in front."""
        if not plan.normalized:
            return core
        fronts = [
            keras.layers.BatchNormalization() if can else None
            for can in normalizable(self._subject)
        ]
        return architecture.fronted(core, fronts, self._few, self._subject._pack)

    def loss(self, plan: Plan) -> dict[str, Any]:
        """What `compile` gets."""
        subject = self._subject
        if plan.loss is not None:
            return {"loss": plan.loss}
        if subject._given_loss is not None or subject._network.loss is None:
            return {"loss": subject._given_loss}
        user = subject._user
        return {"loss": user.loss, "loss_weights": user._compile_loss._user_loss_weights}

    def _as_trainable(self, core: Any, variables: Any, twins: Any, held: bool) -> None:
        """What is trained in the user's model is trained in the copy, and nothing else."""
        if held:
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

    def fresh(self, plan: Plan, seed: int) -> Any:
        """A copy that is not compiled, with weights drawn, and those that are kept."""
        seed_all(seed, self._source)
        core = self._core(plan)
        if plan.reshaped:
            return core
        variables = starts.all_variables(core)
        twins = starts.twins(core, self._source)
        self._as_trainable(core, variables, twins, plan.held)
        for variable, i in zip(variables, twins, strict=True):
            if id(self._variables[i]) in self.kept:
                variable.assign(starts.values_of([self._variables[i]])[0])
        starts.finish(core)
        return core

    def begin(self, copy: Copy, plan: Plan, data: Data, seed: int) -> None:
        """Everything is as before the first step, with weights drawn from the seed."""
        subject = self._subject
        seed_all(seed, self._source)
        few = subject._pack(self._few)
        fresh = architecture.copied(self._source, few) if copy.twins else self._core(plan)
        values = starts.values_of(starts.all_variables(fresh))
        kept = [i for i, v in enumerate(self._variables) if id(v) in self.kept and copy.twins]
        own = starts.values_of([self._variables[i] for i in kept])
        for i, value in zip(kept, own, strict=True):
            values[i] = value
        twins = copy.twins or range(len(values))
        for variable, i in zip(copy.variables, twins, strict=True):
            variable.assign(values[i])
        for variable, value in copy.others:
            variable.assign(value)
        if not plan.scheduled:
            copy.model.optimizer.learning_rate = plan.rate
        if kept:
            starts.finish(copy.core)
        if plan.start:
            layers = starts.drawable(copy.core)
            starts.redrawn(layers, "glorot" if plan.start == "glorot" else "he", seed)
            if plan.start == "lsuv":
                rows = np.random.default_rng(seed).permutation(len(data.y))[:256]
                batch = subject._pack(subject._cast(tuple(a[rows] for a in data.x)))
                starts.unit_variance(copy.model, copy.core, layers, batch)
