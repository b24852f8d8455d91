"""A cure of a Keras set-up as blocks of code, in the names that whoever asks for them chooses."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from unstuck.changes.change import Change, Combination, Part, Role
from unstuck.cures.cure import Cure
from unstuck.cures.printed import Argument, Block, Call, Edit, Names
from unstuck.errors import UsageError
from unstuck.frameworks.keras import architecture, starts, text
from unstuck.frameworks.keras.changes import Plan, droppers, normalizable, penalties
from unstuck.frameworks.keras.data_code import NUMPY, DataCode
from unstuck.frameworks.keras.optimizer import inner
from unstuck.frameworks.keras.places import FEW, is_listed, numbered, place, position
from unstuck.frameworks.keras.subject import KerasSubject
from unstuck.frameworks.keras.training import KerasTrainer

KERAS = ("import keras",)
AT_ZERO = 'keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)'
MODEL = frozenset({"model"})

COMPILED = frozenset(
    {Part.LOSS, Part.OPTIMIZER, Part.RATE, Part.EPSILON, Part.CLIPPING, Part.HELD, Part.PENALTY}
)
REMADE = frozenset({Part.NETWORK, Part.WIDTH, Part.NORMALIZATION})


def printed(subject: KerasSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    Layers are changed in place; what `compile` is given is one block, since a model is compiled
    once.

    Raises:
        UsageError: a change that cannot be made here.
    """
    return Printer(subject, cure.changes, names).blocks()


def metrics(subject: KerasSubject, plan: Plan) -> list[Any]:
    """Those of the user that can be made again; accuracy of one logit counts from 0."""
    model = subject._user
    compiled = model._compile_metrics if model.compiled else None
    given = [] if compiled is None else compiled._user_metrics
    given = [m for m in given if text.metric(m)] if isinstance(given, list) else []
    if plan.loss is None or subject._network.output_trail != (1,) or plan.output != "linear":
        return list(given)
    named = ("accuracy", "acc", "binary_accuracy")
    at_zero = keras.metrics.BinaryAccuracy
    return [at_zero("accuracy", threshold=0.0) if m in named else m for m in given]


class Printer:
    """What is printed: the changes, and the set-up with them made."""

    def __init__(self, subject: KerasSubject, changes: Combination, names: Names) -> None:
        self.subject, self.changes, self.names = subject, changes, names
        self.plan: Plan = KerasTrainer(subject).planned(changes)
        self.copies = subject.copies
        self.data = DataCode(subject, names)
        self.parts = {c.part for c in changes if not c.of_data}
        self.model, self.source = names.model, subject._model
        self.x = self.data.x
        self.exchanged = self._alone() if self.plan.own else []

    def blocks(self) -> tuple[Block, ...]:
        """Those of data, of the network, of its start, of what is compiled, of training."""
        found = self.data.blocks([c for c in self.changes if c.of_data])
        by_part = {c.part: c for c in self.changes if not c.of_data}
        compiles = self._compiles()
        remade = self._remade(by_part)
        if remade and not compiles:
            remade[-1] = _with(remade[-1], [self._compile()])
        found += remade
        for part, block in (
            (Part.OUTPUT, self._output),
            (Part.ACTIVATION, self._activation),
            (Part.DROPOUT, self._dropout),
            (Part.STATISTICS, self._statistics),
            (Part.START, self._start),
        ):
            if part in by_part:
                found.append(block(by_part[part]))
        found = [b for b in found if b.lines or b.edits or b.comment]
        if self._penalized() and not compiles:
            found.append(self._in_place(Role.LOSS, *self._unpenalized()))
        if self.parts == {Part.RATE} | self.parts - COMPILED and self._settable():
            found.append(self._rate())
        elif compiles:
            found.append(self._compiled(plain=not remade))
        for part, block in (
            (Part.CLASS_WEIGHTS, self._class_weights),
            (Part.SCHEDULE, self._schedule),
            (Part.BATCH, self._batch),
            (Part.STEPS, self._steps),
            (Part.SHUFFLING, self._shuffling),
        ):
            if part in by_part:
                found.append(block(by_part[part]))
        return tuple(found)

    # -- another model --------------------------------------------------------------------------

    def _remade(self, by_part: dict[Part, Change]) -> list[Block]:
        """Blocks that leave another object under the model's name."""
        found = []
        trained = self.copies.trained
        if trained and not self.parts & {Part.NETWORK, Part.WIDTH}:
            found.append(self._redrawn())
        if Part.NETWORK in by_part:
            found.append(self._network())
        if Part.WIDTH in by_part:
            found.append(self._width())
        if self.exchanged:
            found.append(self._exchanged())
        if Part.NORMALIZATION in by_part:
            found.append(self._normalization())
        return found

    def _alone(self) -> list[tuple[Any, str]]:
        """Activation layers that others stand in place of, with what these apply."""
        given = [(x, self._edit(x).get("activation")) for x in self.source._flatten_layers()]
        return [(x, n) for x, n in given if n is not None and not hasattr(x, "activation")]

    def _exchanged(self) -> Block:
        """The model made again with other activation layers, and the weights it has."""
        rest, lines, last = list(self.exchanged), list[str](), None
        if is_listed(self.source) and rest[-1][0] is self.source.layers[-1]:
            last = rest.pop() if rest[-1][1] == "linear" else None
        if last is not None and isinstance(self.source, keras.Sequential):
            lines = [f"{self.model}.pop()"]
        elif last is not None:
            at = place(self.source, last[0], self.model)
            lines = [f"{self.model} = keras.Model({self.model}.input, {at}.input)"]
        if not rest:
            return self._new(lines)
        by_name: dict[str, list[str]] = {}
        for layer, name in rest:
            by_name.setdefault(name, []).append(place(self.source, layer, self.model))
        if not is_listed(self.source):
            told = ", ".join(f"{n} in place of {' and '.join(of)}" for n, of in by_name.items())
            return Block(Role.NETWORK, (), comment=told)
        lines += ["", "def exchanged(layer):"]
        for name, of in by_name.items():
            lines += [
                f"    if layer in [{', '.join(of)}]:",
                f'        return keras.layers.Activation("{name}")',
            ]
        nested = any(all(x is not y for y in self.source.layers) for x, _ in rest)
        also = ", recursive=True" if nested else ""
        lines += [
            "    return type(layer).from_config(layer.get_config())",
            "",
            "",
            f"changed = keras.models.clone_model({self.model}, clone_function=exchanged{also})",
            f"changed.set_weights({self.model}.get_weights())",
            f"{self.model} = changed",
        ]
        return self._new(lines)

    def _new(self, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        return Block(Role.NETWORK, tuple(lines), KERAS, MODEL, MODEL, edits)

    def _redrawn(self) -> Block:
        kept = self.copies.kept
        layers = [x for x in self.source.layers if any(id(v) in kept for v in x.weights)]
        made = f"keras.models.clone_model({self.model})"
        if not is_listed(self.source):
            made = f"{self.model}.from_config({self.model}.get_config())"
        lines = [f"{self.model} = {made}  # weights drawn anew"]
        if layers:
            old = "trained" if "trained" not in self.names.taken else "trained_"
            lines = [f"{old} = {self.model}", *lines]
            for layer in layers:
                to, of = (place(self.source, layer, name) for name in (self.model, old))
                lines.append(f"{to}.set_weights({of}.get_weights())")
        return self._new(lines)

    def _network(self) -> Block:
        shape, units = self.subject.sample.x[0].shape[1:], self.subject._network.output_trail[-1]
        last = "" if self.plan.output == "linear" else f', activation="{self.plan.output}"'
        lines = [
            f"{self.model} = keras.Sequential([",
            f"    keras.Input({shape}),",
            "    keras.layers.Flatten(),",
            '    keras.layers.Dense(64, activation="relu"),',
            '    keras.layers.Dense(64, activation="relu"),',
            f"    keras.layers.Dense({units}{last}),",
            "])",
        ]
        return self._new(lines)

    def _width(self) -> Block:
        wide = [x for x in self.source._flatten_layers() if "units" in self._edit(x)]
        factor = self._edit(wide[0])["units"] // wide[0].units
        nested = any(x not in self.source.layers for x in wide)
        lines = [
            f"hidden = [{', '.join(place(self.source, x, self.model) for x in wide)}]",
            "",
            "",
            "def wider(layer):",
            f'    units = {{"units": {factor} * layer.units}} if layer in hidden else {{}}',
            "    return type(layer).from_config(layer.get_config() | units)",
            "",
            "",
            f"{self.model} = keras.models.clone_model({self.model}, clone_function=wider"
            f"{', recursive=True' if nested else ''})",
        ]
        edits = self._arguments((x, "units", str(self._edit(x)["units"])) for x in wide)
        return self._new(lines, edits)

    def _normalization(self) -> Block:
        sample, model = self.subject.sample, self.model
        packed = self.subject._pack(tuple(range(len(sample.x))))
        shapes = [a.shape[1:] for a in sample.x]
        norm = "keras.layers.BatchNormalization()"
        if not isinstance(packed, dict | list | tuple):
            lines = [f"{model} = keras.Sequential([keras.Input({shapes[0]}), {norm}, {model}])"]
            return self._new(lines)
        keys = sorted(packed, key=lambda k: int(packed[k])) if isinstance(packed, dict) else []
        ins, outs, lines = [], [], []
        for i, (shape, can) in enumerate(zip(shapes, normalizable(self.subject), strict=True)):
            dtype = "" if can else f', dtype="{sample.x[i].dtype}"'
            named = f', name="{keys[i]}"' if keys else ""
            lines.append(f"input_{i} = keras.Input({shape}{named}{dtype})")
            ins.append(f"input_{i}")
            outs.append(f"{norm}(input_{i})" if can else f"input_{i}")

        def pack(parts: list[str]) -> str:
            if keys:
                return f"{{{', '.join(f'{k!r}: {p}' for k, p in zip(keys, parts, strict=True))}}}"
            return f"[{', '.join(parts)}]"

        lines.append(f"{model} = keras.Model({pack(ins)}, {model}({pack(outs)}))")
        return self._new(lines)

    # -- layers in place ------------------------------------------------------------------------

    def _at(self, layer: Any) -> str:
        """A layer of the model as it then is; one with something in front is its last layer."""
        name = self.model
        if Part.NORMALIZATION in self.parts:
            name = f"{self.model}.layers[-1]"
        return place(self.source, layer, name)

    def _edit(self, layer: Any) -> dict[str, Any]:
        return self.plan.edits.get(id(layer), {})

    def _in_place(self, role: Role, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        imports = KERAS if any("keras." in line for line in lines) else ()
        return Block(role, tuple(lines), imports, MODEL, MODEL, edits)

    def _arguments(self, of: Iterable[tuple[Any, str, str]]) -> tuple[Edit, ...]:
        """Arguments of layers where the script makes them; () where one has no number."""
        edits = []
        for layer, name, code in of:
            number = numbered(self.source, layer)
            if not number or not hasattr(layer, "_trainable_variables"):
                return ()
            edits.append(Argument(number, name, code, position(layer, name)))
        return tuple(edits)

    def _output(self, change: Change) -> Block:
        return self._in_place(Role.NETWORK, *self._opened())

    def _opened(self) -> tuple[list[str], tuple[Edit, ...]]:
        """The output's activation taken off, where a layer holds it: lines and edits."""
        about, network = self.subject.about, self.subject._network
        if not self.plan.own or about.output_activation == "linear":
            return [], ()
        lines = []
        last = architecture.of_output(network, about.output_activation)
        for layer in last:
            at = self._at(layer)
            if hasattr(layer, "activation"):
                lines.append(f"{at}.activation = keras.activations.linear")
        own = [x for x in last if hasattr(x, "activation") and x._trainable_variables]
        edits = self._arguments((x, "activation", "") for x in own)
        return lines, edits if len(own) == len(last) else ()

    def _activation(self, change: Change) -> Block:
        wanted = str(change.value)
        found = [
            x for x in self.source._flatten_layers() if self._edit(x).get("activation") == wanted
        ]
        lines, kept = [], [x for x in found if hasattr(x, "activation")]
        by = f"keras.activations.{wanted}"
        if len(kept) == 1:
            lines = [f"{self._at(kept[0])}.activation = {by}"]
        elif kept:
            lines = [f"for layer in {self._several(kept)}:", f"    layer.activation = {by}"]
        edits = self._arguments((x, "activation", f'"{wanted}"') for x in found)
        return self._in_place(Role.NETWORK, lines, edits if len(kept) == len(found) else ())

    def _several(self, layers: list[Any]) -> str:
        """Layers as an expression, one by one where they are few."""
        if len(layers) <= FEW or not is_listed(self.source):
            return f"[{', '.join(self._at(x) for x in layers)}]"
        at = [i for i, x in enumerate(self.source.layers) if any(x is y for y in layers)]
        if len(at) < len(layers):
            return f"[{', '.join(self._at(x) for x in layers)}]"
        return f"[{self.model}.layers[i] for i in {at}]"

    def _dropout(self, change: Change) -> Block:
        lines = [
            f"{self._at(layer)}.{name} = {change.value}"
            for layer, names in droppers(self.source, change.value)
            for name in names
        ]
        return self._in_place(Role.NETWORK, lines)

    def _statistics(self, change: Change) -> Block:
        layers = [x for x in self.source._flatten_layers() if "momentum" in self._edit(x)]
        momentum = text.number(self._edit(layers[0])["momentum"])
        lines = [f"{self._at(x)}.momentum = {momentum}" for x in layers]
        edits = self._arguments((x, "momentum", momentum) for x in layers)
        return self._in_place(Role.NETWORK, lines, edits)

    def _penalized(self) -> bool:
        return Part.PENALTY in self.parts and bool(penalties(self.source))

    def _unpenalized(self) -> tuple[list[str], tuple[Edit, ...]]:
        """Regularisers of weights that are there, and of activities, scaled or taken away."""
        lines, given = [], []
        for layer, names in penalties(self.source):
            for name in names:
                weaker = self._edit(layer)[name]
                code = "None"
                if weaker is not None:
                    code = text.call(type(weaker), weaker.get_config(), "regularizers")
                of = self._at(layer)
                if name == "activity_regularizer":
                    lines.append(f"{of}.{name} = {code}")
                else:
                    lines.append(f"{of}.{name.removesuffix('_regularizer')}.regularizer = {code}")
                given.append((layer, name, "" if weaker is None else code))
        return [*self._build(), *lines], self._arguments(given)

    def _build(self) -> list[str]:
        """Weights that a model does not have before it sees data."""
        if self.subject._user.built:
            return []
        return [f"{self.model}.build((None, *{self.x}.shape[1:]))"]

    def _start(self, change: Change) -> Block:
        rule = "glorot" if change.value == "glorot" else "he"
        layers = starts.drawable(self.source)
        kernels = [(x, "kernel_initializer", f'"{rule}_uniform"') for x in layers]
        biases = [
            (x, "bias_initializer", '"zeros"')
            for x in layers
            if x.use_bias and not isinstance(x.bias_initializer, keras.initializers.Zeros)
        ]
        edits = () if change.value == "lsuv" else self._arguments([*kernels, *biases])
        lines = [
            *self._build(),
            f"draw = keras.initializers.{rule.capitalize()}Uniform()",
            f"for layer in {self._several(layers)}:",
            "    layer.kernel.assign(draw(layer.kernel.shape))",
        ]
        if any(x.use_bias for x in layers):
            zero = "    layer.bias.assign(keras.ops.zeros(layer.bias.shape))"
            guarded = ["    if layer.use_bias:", f"    {zero}"]
            lines += [zero] if all(x.use_bias for x in layers) else guarded
        reads = {"model", "x"} if self._build() else {"model"}
        if change.value == "lsuv":
            lines += self._unit_variance(layers)
            reads = {"model", "x"}
        return Block(Role.START, tuple(lines), KERAS, frozenset(reads), MODEL, edits)

    def _unit_variance(self, layers: list[Any]) -> list[str]:
        flat = all(any(x is y for y in self.source.layers) for x in layers)
        simple = len(self.subject.sample.x) == 1 and Part.NORMALIZATION not in self.parts
        if not is_listed(self.source) or not flat or not simple:
            raise UsageError(
                "kernels scaled layer by layer, in a model that is no plain stack of layers",
                "a Sequential or functional model of one input",
            )
        return [
            "    activation, layer.activation = layer.activation, keras.activations.linear",
            f"    z = keras.Model({self.model}.inputs[0], layer.output)"
            f'({self.x}[:256].astype("float32"))',
            "    layer.activation = activation",
            "    layer.kernel.assign(layer.kernel / keras.ops.std(z))",
        ]

    # -- what is compiled -----------------------------------------------------------------------

    def _compiles(self) -> bool:
        """Whether something that `compile` is given changes, beside what stands in place."""
        parts = self.parts & COMPILED - {Part.PENALTY}
        if Part.PENALTY in self.parts and self._decays():
            return True
        return bool(parts) or (Part.SCHEDULE in self.parts and self._scheduled())

    def _decays(self) -> bool:
        optimizer = self.subject._optimizer
        return optimizer is not None and bool(getattr(inner(optimizer), "weight_decay", 0))

    def _scheduled(self) -> bool:
        own = self.subject._optimizer
        schedule = keras.optimizers.schedules.LearningRateSchedule
        return own is not None and isinstance(inner(own)._learning_rate, schedule)

    def _settable(self) -> bool:
        """Whether the rate of a compiled optimizer can be set."""
        if Part.PENALTY in self.parts and self._decays():
            return False
        fresh = self.copies.trained or self.parts & REMADE or self.exchanged
        scheduled = self.plan.scheduled or self._scheduled()
        return bool(self.subject._user.compiled and not scheduled and not fresh)

    def _rate(self) -> Block:
        number = text.rate(self.plan)
        line = f"{self.model}.optimizer.learning_rate = {number}"
        edit = Argument("optimizer", "learning_rate", number, 0)
        return Block(Role.OPTIMIZER, (line,), (), MODEL, MODEL, (edit,), self._replayed())

    def _replayed(self) -> str:
        """What a rate that a callback sets needs beside."""
        if not self.plan.routine.rates or Part.RATE not in self.parts:
            return ""
        return "and in the callback that sets the learning rate"

    def _compile(self) -> str:
        """The call of `compile` as a statement of some lines."""
        subject, plan = self.subject, self.plan
        own = f"{self.model}.loss"
        given = plan.loss
        if given is None:
            given = subject._given_loss
            own = self.names.loss if given is not None else own
            if given is None:
                given = subject._user.loss if subject._user.compiled else None
        weights = subject._user._compile_loss if subject._user.compiled else None
        parts = [f"optimizer={text.optimizer(plan, self.model)}", f"loss={text.loss(given, own)}"]
        weights = getattr(weights, "_user_loss_weights", None)
        if weights is not None:
            parts.append(f"loss_weights={weights!r}")
        shown = metrics(subject, plan)
        if shown:
            parts.append(f"metrics=[{', '.join(map(_metric, shown))}]")
        return "\n".join([f"{self.model}.compile(", *(f"    {part}," for part in parts), ")"])

    def _compiled(self, plain: bool) -> Block:
        """All that `compile` is given, in one block.

        Args:
            plain: whether the model is the script's own object, so that edits reach it.
        """
        plan, lines = self.plan, list[str]()
        edits: list[Edit] = []
        by_edits = plain and self.subject._user.compiled and self.subject._given_loss is None
        if Part.LOSS in self.parts:
            lines, off = self._opened()
            by_edits = by_edits and (bool(off) or not lines)
            edits += [*off, Call("loss", text.loss(plan.loss, ""))]
            if any(not isinstance(m, str) for m in metrics(self.subject, plan)):
                shown = ", ".join(map(_metric, metrics(self.subject, plan)))
                edits.append(Argument("compile", "metrics", f"[{shown}]"))
        if self._penalized():
            more, off = self._unpenalized()
            lines += more
            by_edits = by_edits and bool(off)
            edits += off
        if Part.HELD in self.parts:
            lines.append(f"{self.model}.trainable = True")
            by_edits = False
        edits += self._of_optimizer()
        lines += self._compile().split("\n")
        block = Block(
            Role.OPTIMIZER,
            tuple(lines),
            KERAS,
            self._reads(lines),
            MODEL,
            tuple(edits),
            self._replayed(),
        )
        return block if by_edits else _with(block, [], edits=())

    def _reads(self, lines: list[str]) -> frozenset[str]:
        code = "\n".join(lines)
        more = {"x"} if f"{self.x}.shape" in code else set()
        return MODEL | more | ({"loss"} if f"loss={self.names.loss}," in code else set())

    def _of_optimizer(self) -> list[Edit]:
        """What differs where the optimizer is made."""
        plan, parts = self.plan, self.parts
        if Part.OPTIMIZER in parts:
            return [Call("optimizer", text.optimizer(plan, self.model))]
        edits: list[Edit] = []
        if Part.RATE in parts or Part.SCHEDULE in parts:
            edits.append(Argument("optimizer", "learning_rate", text.rate(plan), 0))
        if Part.EPSILON in parts:
            edits.append(Argument("optimizer", "epsilon", text.number(plan.config["epsilon"])))
        if Part.PENALTY in parts and self._decays():
            decay = text.number(plan.config["weight_decay"])
            edits.append(Argument("optimizer", "weight_decay", decay))
        if Part.CLIPPING in parts:
            norm = text.number(plan.config["global_clipnorm"])
            edits += [Argument("optimizer", name, "") for name in ("clipnorm", "clipvalue")]
            edits.append(Argument("optimizer", "global_clipnorm", norm))
        return edits

    # -- training -------------------------------------------------------------------------------

    def _fit(self, name: str, code: str, at: int | None, comment: str = "") -> Block:
        told = comment or f"{self.model}.fit(…, {name}={code})"
        edit = Argument("fit", name, code, at)
        return Block(Role.TRAINING, (), (), MODEL, frozenset(), (edit,), told)

    def _class_weights(self, change: Change) -> Block:
        if change.value == "none":
            return self._fit("class_weight", "", None, f"{self.model}.fit without class_weight")
        y, targets = self.data.y, self.subject.sample.y
        assert targets is not None
        if self.data.kind:
            given = ", ".join(f"{i}: {w:.3g}" for i, w in enumerate(self.plan.routine.weights))
            return self._fit("class_weight", f"{{{given}}}", None)
        ids = f"{y}.argmax(axis=1)" if targets.ndim == 2 and targets.shape[1] > 1 else y
        if ids == y and targets.ndim > 1:
            ids = f"{y}.reshape(-1)"
        if targets.dtype.kind not in "iu" and "argmax" not in ids:
            ids = f"{ids}.astype(int)"
        code = f"dict(enumerate(len({y}) / (len(np.unique({ids})) * np.bincount({ids}))))"
        block = self._fit("class_weight", code, None)
        return Block(
            Role.LOSS, (), NUMPY, frozenset({"model", "y"}), frozenset(), block.edits, block.comment
        )

    def _schedule(self, change: Change) -> Block:
        comment = (
            ""
            if self._scheduled()
            else (f"{self.model}.fit without the callback that changes the learning rate")
        )
        return Block(Role.TRAINING, (), (), comment=comment)

    def _batch(self, change: Change) -> Block:
        size = str(change.value)
        if self.data.kind != "tf.data":
            if self.data.kind:
                of = Argument("loader", "batch_size", size, 1)
                return Block(Role.TRAINING, (), edits=(of,), comment=f"batches of {size} examples")
            return self._fit("batch_size", size, 2)
        return self._dataset(f".unbatch().batch({size})")

    def _dataset(self, calls: str) -> Block:
        data = self.data.data
        used = frozenset({"loader" if self.names.loader else "x"})
        return Block(Role.TRAINING, (f"{data} = {data}{calls}",), (), used, used)

    def _steps(self, change: Change) -> Block:
        factor, epochs = change.value, self.subject.about.routine.epochs
        assert isinstance(factor, float | int)
        told = f"train for {factor:g} times as many epochs"
        if not epochs:
            return Block(Role.TRAINING, (), comment=told)
        return self._fit("epochs", str(int(np.ceil(epochs * factor))), 3)

    def _shuffling(self, change: Change) -> Block:
        if not self.data.kind:
            return self._fit("shuffle", "True", None)
        size = self.plan.batch_size
        if self.data.kind == "tf.data":
            examples = self.subject.sample.examples or 10_000
            return self._dataset(f".unbatch().shuffle({examples}).batch({size})")
        of = Argument("loader", "shuffle", "True", 2)
        told = "draw the examples in a new order each epoch"
        edits = (of,) if self.data.kind == "DataLoader" else ()
        return Block(Role.TRAINING, (), edits=edits, comment=told)


def _metric(given: Any) -> str:
    at_zero = isinstance(given, keras.metrics.BinaryAccuracy) and given.name == "accuracy"
    return AT_ZERO if at_zero else text.metric(given)


def _with(block: Block, lines: list[str], edits: tuple[Edit, ...] | None = None) -> Block:
    """The same with more lines, and other edits."""
    more = [part for line in lines for part in line.split("\n")]
    return Block(
        block.role,
        (*block.lines, *more),
        block.imports,
        block.reads,
        block.writes,
        block.edits if edits is None else edits,
        block.comment,
    )
