"""What old Keras calls what Keras 3 calls otherwise, as a rewriting that keeps every line."""

import re
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import PositionProvider

# Module of keras -> where its names are now.
_MODULES = {
    **dict.fromkeys(
        ["core", "normalization", "convolutional", "pooling", "recurrent", "embeddings", "merge"],
        "layers",
    ),
    **dict.fromkeys(["advanced_activations", "noise", "wrappers"], "layers"),
}
MODULES = {
    **{f"layers.{old}": new for old, new in _MODULES.items()},
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.data_utils": "utils",
    "engine.topology": "layers",
    "engine.training": "models",
    "engine": "layers",
    "objectives": "losses",
    "optimizers.legacy": "optimizers",
}
_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
# Name in a module of keras -> its name now.
_NAMES = {
    **{f"optimizers.{name.lower()}": name for name in _OPTIMIZERS},
    "layers.CuDNNLSTM": "LSTM",
    "layers.CuDNNGRU": "GRU",
}
_OF_LAYERS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "border_mode": "padding",
    "subsample": "strides",
    "nb_filter": "filters",
}
_UNITS = ("Dense", "LSTM", "GRU", "SimpleRNN")
_METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
}
_METRICS = {"acc": "accuracy", "val_acc": "val_accuracy"}
_TF = {"set_random_seed": "random.set_seed", "log": "math.log", "logging": "compat.v1.logging"}
_KERAS = re.compile(r"^(?:tensorflow\.)?keras\.")


@dataclass(frozen=True)
class Rename:
    """One thing that was renamed.

    Args:
        line: from 1.
        old, new: as written.
    """

    line: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.old} → {self.new}"


class Renames(cst.CSTTransformer):
    """The rewriting; what it did is in `found`."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.found: list[Rename] = []
        self.known: dict[str, str] = {}
        self.histories: set[str] = set()
        self.own_metric = re.search(r"metrics\s*=\s*\[[^]]*(['\"])acc\1", module.code) is not None
        module.visit(_Imports(self.known, self.histories))
        self.of_keras = any(
            full.split(".")[0] in ("keras", "tensorflow") for full in self.known.values()
        )

    def full(self, node: cst.BaseExpression) -> str:
        """The dotted name of what an expression is, as far as imports tell it."""
        if isinstance(node, cst.Name):
            return self.known.get(node.value, "")
        if isinstance(node, cst.Attribute):
            base = self.full(node.value)
            return f"{base}.{node.attr.value}" if base else ""
        return ""

    def _note(self, node: cst.CSTNode, old: str, new: str) -> None:
        line = self.get_metadata(PositionProvider, node).start.line
        self.found.append(Rename(line, " ".join(old.split()), " ".join(new.split())))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        """Imports are taken as a whole."""
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        """Imports are taken as a whole."""
        return False

    def leave_ImportFrom(self, o: cst.ImportFrom, updated: cst.ImportFrom) -> Any:
        """Modules that are gone, and names that have moved."""
        if o.module is None or o.relative or isinstance(o.names, cst.ImportStar):
            return updated
        home = _code(o.module)
        root, _, rest = home.removeprefix("tensorflow.").partition(".")
        if root != "keras":
            return updated
        prefix = home[: len(home) - len(rest)].rstrip(".")
        names = {a.evaluated_name: a for a in o.names}
        if rest == "preprocessing.image" and prefix == "keras" and "ImageDataGenerator" in names:
            return self._moved(o, updated, "tensorflow.keras.preprocessing.image")
        if rest == "utils" and "np_utils" in names and len(names) == 1:
            alias = names["np_utils"].evaluated_alias or "np_utils"
            new = cst.ImportAlias(cst.Name("utils"), cst.AsName(cst.Name(alias)))
            return self._moved(o, updated.with_changes(names=[new]), prefix)
        aliases = []
        for a in o.names:
            new_name = _NAMES.get(f"{MODULES.get(rest, rest)}.{a.evaluated_name}")
            if new_name is not None:
                asname = a.asname or cst.AsName(cst.Name(a.evaluated_name))
                a = a.with_changes(name=cst.Name(new_name), asname=asname)
            aliases.append(a)
        if any(a is not b for a, b in zip(aliases, o.names, strict=True)):
            updated = updated.with_changes(names=aliases)
        if rest in MODULES:
            return self._moved(o, updated, f"{prefix}.{MODULES[rest]}")
        if updated.names is not o.names and _code(updated) != _code(o):
            self._note(o, _code(o), _code(updated))
        return updated

    def _moved(self, o: cst.ImportFrom, updated: cst.ImportFrom, home: str) -> cst.ImportFrom:
        updated = updated.with_changes(module=cst.parse_expression(home))
        self._note(o, _code(o), _code(updated))
        return updated

    def leave_Attribute(self, o: cst.Attribute, updated: cst.Attribute) -> cst.BaseExpression:
        """`keras.utils.np_utils`, `tf.set_random_seed`, `model.optimizer.lr`."""
        full = self.full(o)
        match = _KERAS.match(full)
        if match and full[match.end() :] in MODULES:
            rest = full[match.end() :]
            new = MODULES[rest]
            above = rest.startswith(f"{new}.")  # only the end goes
            base: cst.BaseExpression = updated
            for _ in range(rest.count(".") + (not above)):
                if not isinstance(base, cst.Attribute):
                    return updated
                base = base.value
            return self._as(o, base if above else cst.parse_expression(f"{_code(base)}.{new}"))
        if full.startswith("tensorflow.") and full.removeprefix("tensorflow.") in _TF:
            new = _TF[full.removeprefix("tensorflow.")]
            return self._as(o, cst.parse_expression(f"{_code(updated.value)}.{new}"))
        inner = o.value
        of_model = isinstance(inner, cst.Attribute) and inner.attr.value == "optimizer"
        if o.attr.value == "lr" and of_model and self.of_keras:
            return self._as(o, updated.with_changes(attr=cst.Name("learning_rate")))
        return updated

    def _as(self, o: cst.BaseExpression, new: cst.BaseExpression) -> cst.BaseExpression:
        self._note(o, _code(o), _code(new))
        return new

    def leave_Call(self, o: cst.Call, updated: cst.Call) -> cst.Call:
        """Keywords of optimizers, layers, models and callbacks; methods that are gone."""
        function = o.func
        name = function.attr.value if isinstance(function, cst.Attribute) else ""
        full = self.full(function)
        if name in _METHODS and not full and self.of_keras:
            assert isinstance(updated.func, cst.Attribute)
            self._note(o, name, _METHODS[name])
            updated = updated.with_changes(
                func=updated.func.with_changes(attr=cst.Name(_METHODS[name]))
            )
        match = _KERAS.match(full)
        table = self._keywords(full[match.end() :]) if match else {}
        if self.of_keras and name in ("fit", *_METHODS):
            table = {"nb_epoch": "epochs"}
        args = []
        for before, arg in zip(o.args, updated.args, strict=True):
            key = arg.keyword.value if arg.keyword else ""
            if key in table:
                arg = arg.with_changes(keyword=cst.Name(table[key]))
                self._note(before, _code(before).rstrip(", "), _code(arg).rstrip(", "))
            elif key == "monitor" and match and not self.own_metric:
                arg = arg.with_changes(value=self._metric(arg.value))
            args.append(arg)
        return updated.with_changes(args=args)

    def _keywords(self, path: str) -> dict[str, str]:
        kind, name = path.split(".")[0], path.split(".")[-1]
        if name in _OPTIMIZERS or f"optimizers.{name}" in _NAMES:
            return {"lr": "learning_rate"}
        if name == "Model":
            return {"input": "inputs", "output": "outputs"}
        if name == "Dropout":
            return {"p": "rate"}
        if kind == "layers":
            return _OF_LAYERS | ({"output_dim": "units"} if name in _UNITS else {})
        return {}

    def leave_Subscript(self, o: cst.Subscript, updated: cst.Subscript) -> cst.Subscript:
        """`history.history["acc"]`."""
        owner = o.value
        named = isinstance(owner, cst.Name) and owner.value in self.histories
        direct = isinstance(owner, cst.Attribute) and owner.attr.value == "history"
        index = updated.slice[0].slice if len(updated.slice) == 1 else None
        if not (named or direct) or self.own_metric or not isinstance(index, cst.Index):
            return updated
        new = self._metric(index.value, o)
        return updated.with_changes(
            slice=[updated.slice[0].with_changes(slice=index.with_changes(value=new))]
        )

    def _metric(self, e: cst.BaseExpression, o: cst.CSTNode | None = None) -> cst.BaseExpression:
        if not isinstance(e, cst.SimpleString) or e.evaluated_value not in _METRICS:
            return e
        quote = e.quote
        new = f"{quote}{_METRICS[str(e.evaluated_value)]}{quote}"
        self._note(o or e, e.value, new)
        return cst.SimpleString(new)


class _Imports(cst.CSTVisitor):
    """Names of a script that stand for modules or what is in them."""

    def __init__(self, known: dict[str, str], histories: set[str]) -> None:
        super().__init__()
        self.known, self.histories = known, histories

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            full = alias.evaluated_name
            root = full.split(".")[0]
            self.known[alias.evaluated_alias or root] = full if alias.asname else root

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if node.module is None or node.relative or isinstance(node.names, cst.ImportStar):
            return
        for alias in node.names:
            name = alias.evaluated_alias or alias.evaluated_name
            self.known[name] = f"{_code(node.module)}.{alias.evaluated_name}"

    def visit_Assign(self, node: cst.Assign) -> None:
        value = node.value
        if isinstance(value, cst.Attribute) and value.attr.value == "history":
            for t in node.targets:
                if isinstance(t.target, cst.Name):
                    self.histories.add(t.target.value)


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node).strip()
