"""The code of a cure of a Keras set-up, up to `compile`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.keras import cure_text as text
from unstuck.frameworks.keras.cure_fronts import Front
from unstuck.setups.settings import Settings


class Code:
    """The snippet up to `compile`."""

    def __init__(
        self,
        model: Any,
        subject: Any,
        data: Data,
        settings: Settings,
        edits: dict[int, str],
        trainer: Any,
        packed: Any,
        names: list[str],
    ) -> None:
        self.model, self.subject, self.data, self.settings = model, subject, data, settings
        self.edits, self.trainer, self.packed, self.names = edits, trainer, packed, names
        self.by_config = "layers" in model.get_config()
        self.source = subject._model

    def lines(self, fronts: Sequence[Front]) -> list[str]:
        """All of them."""
        return [
            *(line for made in fronts for line in made.outside),
            *self._targets(),
            *self._order(),
            *self._clone(),
            *(line for made in fronts for line in made.lines),
            *self._initial(fronts),
            *self._in_front(fronts),
        ]

    def _targets(self) -> list[str]:
        targets = self.data.targets
        if targets is None:
            return []
        shift, scale = text.array(targets.shift), text.array(targets.scale)
        return [
            f"y = (y - {shift}) / {scale}",
            f"# in the old units: model.predict(x) * {scale} + {shift}",
        ]

    def _order(self) -> list[str]:
        if not self.settings.shuffle:
            return []
        moved = "x[order]"
        if isinstance(self.packed, dict):
            moved = "{k: a[order] for k, a in x.items()}"
        elif isinstance(self.packed, list | tuple):
            moved = "[a[order] for a in x]"
        return [
            "order = np.random.default_rng(0).permutation(len(y))",
            f"x, y = {moved}, y[order]  # and model.fit(…, shuffle=True)",
        ]

    def _clone(self) -> list[str]:
        lines: list[str] = []
        cut: list[int] = []
        layers = {id(x): x for x in self.source._flatten_layers()}
        whole = [x for x in self.edits if not hasattr(layers[x], "activation")]
        if not self.by_config:
            lines.append(f"model = {self._made_again()}")
            sample = self.packed_sample("1")
            lines.append(f"model({sample})")
        else:
            last = self.source.layers[-1]
            start = "model"
            if id(last) in whole and self.edits[id(last)] == "linear":
                whole.remove(id(last))
                cut = [id(last)]
                start = f'keras.Model(model.inputs, model.get_layer("{last.name}").input)'
                if self.model is not self.source:  # not built yet
                    start = "keras.Sequential(model.layers[:-1])"
            if whole:
                by_name = {layers[x].name: self.edits[x] for x in whole}
                lines += [
                    f"new = {by_name!r}",
                    "def changed(layer):",
                    "    if layer.name in new:",
                    "        return keras.layers.Activation(new[layer.name], name=layer.name)",
                    "    return type(layer).from_config(layer.get_config())",
                ]
            also = ", clone_function=changed" if whole else ""
            if whole and not all(layers[x] in self.source.layers for x in whole):
                also += ", recursive=True"
            lines.append(f"model = keras.models.clone_model({start}{also})")
        lines += [
            f"{self._path(layers[x])}.activation = keras.activations.{name}"
            for x, name in self.edits.items()
            if x not in (*whole, *cut)
        ]
        if self.settings.unfreeze:
            lines += ["for layer in model.layers:", "    layer.trainable = True"]
        for layer in self.source.layers:
            if any(id(v) in self.trainer.kept for v in layer.weights):
                path = self._path(layer)
                old = "old" + path.removeprefix("model")
                lines.append(f"{path}.set_weights({old}.get_weights())")
        return lines

    def _made_again(self) -> str:
        """A fresh model of a class of the user's own."""
        from inspect import Parameter, signature

        from unstuck.frameworks.keras.architecture import arguments

        takes = signature(type(self.model).__init__).parameters.values()
        if any(p.kind is Parameter.VAR_KEYWORD for p in takes):
            return "type(model).from_config(model.get_config())"
        names = arguments(type(self.model), self.model.get_config())
        return f"type(model)({', '.join(f'{k}={v!r}' for k, v in names.items())})"

    def packed_sample(self, rows: str) -> str:
        """The first rows of x as code."""
        if isinstance(self.packed, dict):
            return f"{{k: a[:{rows}] for k, a in x.items()}}"
        if isinstance(self.packed, list | tuple):
            return f"[a[:{rows}] for a in x]"
        return f"x[:{rows}]"

    def _path(self, layer: Any) -> str:
        """A layer as code, from `model`."""

        def find(model: Any, so_far: str) -> str:
            for i, below in enumerate(getattr(model, "layers", None) or model._layers):
                here = f"{so_far}.layers[{i}]"
                if self.by_config and model is self.source:
                    here = f'{so_far}.get_layer("{below.name}")'
                if below is layer:
                    return here
                found = find(below, here) if below._layers else ""
                if found:
                    return found
            return ""

        return find(self.source, "model")

    def _initial(self, fronts: Sequence[Front]) -> list[str]:
        from unstuck.frameworks.keras import starts

        rule = self.settings.initial
        if rule is None:
            return []
        kinds = sorted({type(x).__name__ for x in starts.drawable(self.source)})
        classes = ", ".join(f"keras.layers.{kind}" for kind in kinds)
        nested = any(x._layers for x in self.source.layers)
        every = "model._flatten_layers()" if nested else "model.layers"
        draw = "Glorot" if rule == "glorot" else "He"
        lines = [
            f"for layer in {every}:",
            f"    if isinstance(layer, ({classes},)) and layer.trainable:",
            f"        draw = keras.initializers.{draw}Uniform()",
            "        layer.kernel_initializer = draw",
            "        layer.kernel.assign(draw(layer.kernel.shape))",
            "        if layer.use_bias:",
            "            layer.bias.assign(keras.ops.zeros(layer.bias.shape))",
        ]
        if rule != "lsuv":
            return lines
        batch = self.packed_sample("256")
        texts = [t for made in fronts for t in made.texts]
        plain = [t for t in texts if "BatchNorm" not in t]
        if nested or not self.by_config or any(t.startswith("=") for t in plain):
            raise UsageError("LSUV as a cure is made only for models without models inside")
        if plain:
            if len(fronts) > 1:
                raise UsageError("LSUV as a cure with scaled inputs is made for one input only")
            batch = f"keras.Sequential([{', '.join(plain)}])({batch}.astype('float32'))"
        return [
            f"batch = {batch}",
            *lines,
            "        kept, layer.activation = layer.activation, keras.activations.linear",
            "        z = keras.Model(model.inputs, layer.output)(batch)",
            "        layer.activation = kept",
            "        layer.kernel.assign(layer.kernel / keras.ops.std(z))",
        ]

    def _in_front(self, fronts: Sequence[Front]) -> list[str]:
        if not any(made.layers for made in fronts):
            return []
        plain = not any(t.startswith("=") for made in fronts for t in made.texts)
        if len(fronts) == 1 and plain and self.names == ["x"]:
            parts = ["keras.Input(x.shape[1:])", *fronts[0].texts, "model"]
            return ["model = keras.Sequential([", *(f"    {part}," for part in parts), "])"]
        lines, outs, ins = [], [], []
        for i, (name, made) in enumerate(zip(self.names, fronts, strict=True)):
            own = "inputs" if len(fronts) == 1 else f"input_{i}"
            after = "z" if len(fronts) == 1 else f"z_{i}"
            dtype = "" if made.layers else f", dtype={name}.dtype.name"
            if isinstance(self.packed, dict):
                dtype += f", name={name[2:-1]}"
            lines.append(f"{own} = keras.Input({name}.shape[1:]{dtype})")
            if made.layers:
                lines.append(f"z = {own}")
                lines += [
                    f"z {part}" if part.startswith("=") else f"z = {part}(z)" for part in made.texts
                ]
                if after != "z":
                    lines.append(f"{after} = z")
            ins.append(own)
            outs.append(after if made.layers else own)
        return [*lines, f"model = keras.Model({self._pack(ins)}, model({self._pack(outs)}))"]

    def _pack(self, names: list[str]) -> str:
        if isinstance(self.packed, dict):
            keys = sorted(self.packed, key=lambda k: int(np.asarray(self.packed[k])))
            return f"{{{', '.join(f'{k!r}: {n}' for k, n in zip(keys, names, strict=True))}}}"
        if isinstance(self.packed, list | tuple):
            return f"[{', '.join(names)}]"
        return names[0]
