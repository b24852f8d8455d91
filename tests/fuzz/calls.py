"""Calls of the public API as small programs: an answer, or a refusal that explains."""

import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .apart import apart, warm
from .attempt import Outcome, traced, unfit
from .odd import things, values

HEAD = "import numpy as np\n"
IMPORTS = {
    "sklearn": "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.model_selection import GridSearchCV\n"
    "from sklearn.neural_network import MLPClassifier, MLPRegressor\n"
    "from sklearn.pipeline import make_pipeline\n"
    "from sklearn.preprocessing import StandardScaler, FunctionTransformer\n"
    "from sklearn.compose import TransformedTargetRegressor\n",
    "torch": "import torch\nfrom torch import nn\n"
    "from torch.utils.data import DataLoader, TensorDataset\ntorch.manual_seed(0)\n",
    "keras": "import keras\nkeras.utils.set_random_seed(0)\n",
}
UNTOUCHED = ("x", "y", "model")  # names whose values stay as they are


@dataclass(frozen=True)
class Call:
    """A program that sets something up, and a call of ours.

    Args:
        framework: whose model it is.
        before: source of the set-up; where this fails the attempt is void.
        call: an expression.
    """

    framework: str
    before: str
    call: str

    @property
    def text(self) -> str:
        """The program."""
        return f"{self.before}import unstuck\n\nprint({self.call})\n"

    def tried(self) -> Outcome:
        """Run in a child."""
        warm(self.framework)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.json")
            ended = apart(lambda: _told(self, report), Path(folder))
            if ended.crashed:
                return Outcome("accepted", f"ended by {ended.crashed}", ended.err[-3_000:])
            if not report.exists():
                return Outcome("accepted", traced(ended.err), ended.err[-3_000:])
            return Outcome(**json.loads(report.read_text("utf-8")))


def _told(call: Call, report: Path) -> int:
    import traceback

    import unstuck
    from unstuck.guards.guard import Failed
    from unstuck.sessions import BatchSession

    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(call.before, names)
    except Exception as error:
        report.write_text(json.dumps({"said": "void", "seen": repr(error)}), "utf-8")
        return 0
    names["unstuck"] = unstuck
    before = _state(names)
    outcome = {"said": "accepted", "broken": "", "seen": ""}
    try:
        made = eval(call.call, names)
        outcome["seen"] = str(made)
        if isinstance(made, BatchSession):
            json.dumps(made.to_json(), allow_nan=False)
        elif hasattr(made, "to_json"):
            outcome["broken"] = unfit(_record(made))
    except Failed as error:  # which a guard is for
        outcome["seen"] = str(error)
    except unstuck.UnstuckError as error:
        told = str(error)
        outcome |= {"said": "refused", "seen": told}
        if len(told.splitlines()) > 15 or len(told) > 3_000:
            outcome["broken"] = "a refusal beyond one screen"
    except Exception:
        text = traceback.format_exc()
        outcome |= {"broken": traced(text), "seen": text}
    moved = [name for name, value in _state(names).items() if value != before[name]]
    if moved and not outcome["broken"]:
        outcome |= {"broken": f"moved: {', '.join(moved)}"}
    report.write_text(json.dumps(outcome), "utf-8")
    return 0


def _record(made: Any) -> Any:
    """What `--json` would write of it."""
    from unstuck.report.as_json import text

    return json.loads(text(made._run_record())) if hasattr(made, "_run_record") else {}


def _state(names: dict[str, Any]) -> dict[str, bytes]:
    """Of all that a call must leave alone."""
    found = {"random": repr(random.getstate()).encode(), "numpy": _numpy_state()}
    if "torch" in sys.modules:
        found["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    for name in UNTOUCHED:
        found[name] = _bytes(names.get(name))
    return found


def _numpy_state() -> bytes:
    name, keys, *rest = np.random.get_state()
    return repr((name, rest)).encode() + keys.tobytes()


def _bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return repr((value.dtype, value.shape, value.flags.writeable)).encode() + (
            repr(value.tolist()).encode() if value.dtype.hasobject else value.tobytes()
        )
    if isinstance(value, list | tuple | dict | str | int | float | None):
        try:
            return repr(value).encode()
        except Exception:
            return b""
    if not type(value).__module__.startswith(("sklearn", "torch", "__main__")):
        return b""
    if type(value).__module__ == "__main__" and "torch" not in sys.modules:
        return b""
    if hasattr(value, "coefs_"):
        return b"".join(w.tobytes() for w in (*value.coefs_, *value.intercepts_))
    if type(value).__module__.startswith("sklearn"):
        return repr(value).encode()
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        parts = [value.training.__repr__().encode()]
        for name, tensor in value.state_dict().items():
            parts += [name.encode(), _bytes(tensor)]
        parts += [repr((p.requires_grad, p.grad is None)).encode() for p in value.parameters()]
        return b"".join(parts)
    if torch is not None and isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_nested:
            return b""
        if type(value).__name__ == "UninitializedParameter":
            return b""
        return value.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return b""


USUAL_DTYPES = ("'f4'", "'f4'", "'f8'")
TENSORS = (
    "x, y = torch.as_tensor(x), torch.as_tensor(y)",
    "x = torch.as_tensor(x)",
    "x, y = DataLoader(TensorDataset(torch.as_tensor(x), torch.as_tensor(y)), 8, True), None",
    "x, y = TensorDataset(torch.as_tensor(x), torch.as_tensor(y)), None",
)
OPTIMIZERS = {
    "torch": (
        "torch.optim.SGD(model.parameters(), lr=0.1)",
        "torch.optim.Adam(model.parameters())",
        "'adam'",
    ),
    "keras": ("'adam'", "keras.optimizers.SGD(0.1)"),
}
VALIDATION = ("None", "(x, y)", "(x[:9], y[:9])")
OPTIONS = ("batch_size=8", "shuffle=True", "examples=30", "shuffle=False", "batch_size=1000")
NAMES = ("'adam'", "'sgd'", "'rmsprop'", "'adamw'", "'adagrad'")
SCALERS = ("255", "Affine(1.0, 2.0)", "Affine(np.zeros(4), np.ones(4))")
MLP = "nn.Sequential(nn.Linear(4, 8), nn.{}(), nn.Linear(8, {}))"
DEEP = "nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3))"
KERAS = "keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, 'relu'), {}])"
IDS, NUMBERS = "rng.integers(0, 3, 40)", "rng.normal(size=(40, 1)).astype('f4')"
USUAL = {  # (targets, model, loss) that go together
    "torch": (
        (IDS, MLP.format("ReLU", 3), "nn.CrossEntropyLoss()"),
        (NUMBERS, MLP.format("Tanh", 1), "nn.MSELoss()"),
        ("(x[:, :1] > 0).astype('f4')", "nn.Linear(4, 1)", "nn.BCEWithLogitsLoss()"),
        (IDS, DEEP, "nn.functional.cross_entropy"),
    ),
    "sklearn": (
        (IDS, "MLPClassifier((8,))", ""),
        ("rng.normal(size=40)", "MLPRegressor(hidden_layer_sizes=(8,))", ""),
        (IDS, "make_pipeline(StandardScaler(), MLPClassifier((8,)))", ""),
        (
            "np.array(['a', 'b'] * 20)",
            "GridSearchCV(MLPClassifier((4,)), {'alpha': [0, 1]})",
            "",
        ),
    ),
    "keras": (
        (
            IDS,
            KERAS.format("keras.layers.Dense(3, 'softmax')"),
            "'sparse_categorical_crossentropy'",
        ),
        (NUMBERS, KERAS.format("keras.layers.Dense(1)"), "'mse'"),
    ),
}
GUARDS = {
    "fits_together": {},
    "learns": {"within": "3", "seed": "0"},
    "fits": {"within": "3", "seed": "0", "examples": "8"},
    "no_worse_than": {"within": "3", "seed": "0", "margin": "0.05"},
}
SLOTS = (  # what may be odd
    *("shape", "dtype", "labels", "damage", "damage", "tensors", "weights", "model", "model"),
    *("loss", "optimizer", "validation", "option", "option", "argument"),
)
ARGUMENTS = (
    *("loss", "optimizer", "batch_size", "shuffle", "step", "examples", "validation_data"),
    *("x", "y", "model"),
)


@st.composite
def calls(draw, frameworks: tuple[str, ...]) -> Call:
    """A call of `diagnose`, or of something else that is public; mostly with one thing odd in it."""
    framework = draw(st.sampled_from(frameworks))
    return draw(diagnoses(framework) if draw(st.integers(0, 7)) else others(framework))


@st.composite
def diagnoses(draw, framework: str) -> Call:
    """A call of `diagnose`."""
    size = draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3]))
    strange = set(draw(st.permutations(SLOTS))[:size])

    def one(slot: str, usual, odd: str) -> str:
        return draw(st.sampled_from(things(odd) if slot in strange else usual))

    labels, model, loss = draw(st.sampled_from(USUAL[framework]))
    shape, dtype = one("shape", ["(40, 4)"], "shapes"), one("dtype", USUAL_DTYPES, "dtypes")
    lines = [
        f"{HEAD}{IMPORTS[framework]}rng = np.random.default_rng(0)",
        f"x = rng.normal(size={shape}).astype({dtype})",
        f"y = {one('labels', [labels], 'labels')}",
        one("damage", ["pass"], "damage"),
    ]
    if framework == "torch":
        lines.append(one("tensors", ("pass", *TENSORS), "tensors"))
    lines.append(f"model = {one('model', [model], f'models_{framework}')}")
    given = {"model": "model", "x": "x", "y": "y"}
    if framework != "sklearn":
        loss = one("loss", [loss], f"losses_{framework}")
        optimizer = one("optimizer", OPTIMIZERS[framework], f"optimizers_{framework}")
        if framework == "keras":
            lines.append(f"model.compile({optimizer}, {loss})")
        else:
            lines.append(one("weights", ["pass"], "weights"))
            given |= {"loss": loss, "optimizer": optimizer}
    if "validation" in strange or draw(st.integers(0, 5)) == 0:
        given["validation_data"] = one("validation", VALIDATION, "validation")
    if "option" in strange:
        name, _, value = draw(st.sampled_from(OPTIONS)).partition("=")
        given[name] = value
    if "argument" in strange:
        given[draw(st.sampled_from(ARGUMENTS))] = draw(values)
    lines = [line for line in lines if line != "pass"]
    lines.append(f"given = dict({', '.join(f'{k}={v}' for k, v in given.items())})\n")
    asked = "unstuck.diagnose(**given)"
    then = draw(st.sampled_from(["", "", "", ".batch", f".html({draw(values)})"]))
    if draw(st.integers(0, 3)) == 0:  # nothing that takes long: a step or three
        lines.insert(0, "from unstuck.guards.guard import Guard")
        asked, then = draw(guards()), ""
    return Call(framework, "\n".join(lines), asked + then)


@st.composite
def guards(draw) -> str:
    """What a test asks of `given`; one option of it may be odd."""
    guard = draw(st.sampled_from(list(GUARDS)))
    options = dict(GUARDS[guard])
    odd, budget = draw(st.sampled_from(["", "", "", "budget", *options])), "2.0"
    if odd == "budget":
        budget = draw(values)
    elif odd:
        options[odd] = draw(values)
    told = ", ".join(f"{name}={value}" for name, value in options.items())
    first = "given['model'], " if guard == "no_worse_than" else ""
    return f"Guard({budget}).{guard}({first}**(given | dict({told})))"


@st.composite
def others(draw, framework: str) -> Call:
    """A call of what is public beside `diagnose`."""
    models = [*things(f"models_{framework}"), *[m for _, m, _ in USUAL[framework]] * 3]
    model = draw(st.sampled_from(models) if draw(st.integers(0, 9)) else values)
    scaler = draw(st.sampled_from((*SCALERS, *things("scalers"))))
    optimizer = draw(st.one_of(st.sampled_from(NAMES), values))
    before = (
        f"{HEAD}{IMPORTS[framework]}from unstuck.scalers import Affine\n"
        f"rng = np.random.default_rng(0)\nmodel = {model}\nscaler = {scaler}\n"
        f"optimizer = {optimizer}\n"
    )
    odd = draw(values)
    asked = ["equivalence(optimizer, scaler)", "fold(model, scaler)", "fold(model)"]
    asked += [f"noted({odd})"]
    if framework == "torch":
        before += "net = nn.Linear(2, 2)\nsteps = torch.optim.SGD(net.parameters(), 0.1)\n"
        asked += ["watch(model, optimizer)", f"watch(net, steps, stop={odd})"]
        asked += [f"watch(net, steps, tell={odd})"]
    return Call(framework, before, f"unstuck.{draw(st.sampled_from(asked))}")
