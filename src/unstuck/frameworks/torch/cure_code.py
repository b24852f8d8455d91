"""A cure for a torch set-up as code that runs as printed."""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.changes.data import Clip, Data, Map
from unstuck.frameworks.torch.changes import ACTIVATIONS, Normalized
from unstuck.frameworks.torch.cure_optimizer import optimizer_lines
from unstuck.scalers import Affine
from unstuck.setups.settings import Settings

if TYPE_CHECKING:
    from unstuck.frameworks.torch.changes import Changed
    from unstuck.frameworks.torch.training import TorchTrainer

PRINTED = 16  # numbers of a map that are written out; more are computed from x
REDRAW = """\
for module in model.modules():  # weights drawn anew
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()"""
FINITE = """\
keep = torch.isfinite(torch.as_tensor(x).flatten(1)).all(1).numpy()
x, y = x[keep], y[keep]"""
BEGIN_SKORCH = """\
net = model if model.initialized_ else model.initialize()  # of skorch
model, loss, optimizer = net.module_, net.criterion_, net.optimizer_"""
KERNELS = "torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d"


def code(
    trainer: "TorchTrainer",
    done: "Changed",
    data: Data,
    settings: Settings,
    maps: list[Map],
    place: str | None,
    arrays: bool,
) -> str:
    """See `Built.code`.

    Args:
        maps: of the input, in order.
        place: name of the module they are put in front of; "" for the model.
    """
    body = [
        *_data(trainer, data),
        *([REDRAW] if trainer.keep.trained else []),
        *_model(trainer, done, settings),
    ]
    front = _front(trainer, maps, arrays)
    body += front
    if maps:
        layers = ", ".join(f"step_{i + 1}" for i in range(len(maps)))
        body.append(_before(place or "", layers))
    if trainer.subject.device.type != "cpu":
        body.append(f"model.to({str(trainer.subject.device)!r})")
    if done.logits is not None and done.logits.code:
        body.append(f"loss = {done.logits.code}")
    if done.logits is not None and done.logits.step is not None:
        body.append("# in the step: cross_entropy for nll_loss, and the like, on what is a logit")
    body += optimizer_lines(trainer, done, settings)
    if settings.clip is not None:
        body.append(
            "# between loss.backward() and optimizer.step():\n"
            f"# torch.nn.utils.clip_grad_norm_(model.parameters(), {settings.clip:g})"
        )
    if settings.shuffle:
        size = trainer.subject.about.batch_size
        body.append(
            'dataset = getattr(x, "dataset", None) or list(zip(x, y))\n'
            "loader = torch.utils.data.DataLoader("
            f"dataset, batch_size={size}, shuffle=True)"
        )
    if trainer.subject.step is not None and trainer.subject.setup.loss is not None:
        body = [BEGIN_SKORCH, *body, _end_skorch(settings)]
    text = "\n".join(body)
    imports = [
        name
        for name, used in (("import numpy as np", "np."), ("import torch", "torch"))
        if used in text
    ]
    text = "\n".join([*imports, *([""] if imports else []), text]) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def _end_skorch(settings: Settings) -> str:
    told = ["module=model", "criterion=loss", "optimizer=type(optimizer)"]
    told.append('lr=optimizer.param_groups[0]["lr"]')
    if settings.epsilon is not None:
        told.append(f"optimizer__eps={settings.epsilon:g}")
    return f"model = net.set_params({', '.join(told)})"


def _data(trainer: "TorchTrainer", data: Data) -> list[str]:
    sample = trainer.subject.sample
    assert sample.y is not None
    lines = []
    dirty = any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in sample.x)
    if dirty and not data.maps and all(np.isfinite(a).all() for a in data.x):
        lines.append(FINITE)
    if data.targets is not None:
        shift, scale = (_literal(a) or "" for a in (data.targets.shift, data.targets.scale))
        if data.targets.shift.size > 1:
            lines += [
                "y = torch.as_tensor(y)",
                "y_mean, y_spread = y.mean(dim=0), y.std(dim=0, correction=0)",
            ]
            shift, scale = "y_mean", "y_spread"
        lines += [
            f"y = (y - {shift}) / {scale}",
            f"# what the model then predicts: output * {scale} + {shift}",
        ]
    elif _recoded(sample.y, data.y):
        like = ".to(torch.float32)" if trainer.subject.form.dtypes[-1].is_floating_point else ""
        lines.append(f"y = torch.unique(torch.as_tensor(y), return_inverse=True)[1]{like}")
    return lines


def _recoded(own: NDArray[Any], y: NDArray[Any]) -> bool:
    if y.dtype.kind not in "iu" or own.size == 0:
        return False
    return own.dtype.kind == "f" or not np.isin(np.unique(y), np.unique(own)).all()


def _model(trainer: "TorchTrainer", done: "Changed", settings: Settings) -> list[str]:
    lines = []
    if settings.unfreeze:
        lines.append("model.requires_grad_(True)")
    if done.activations and settings.activation is not None:
        kind = f"torch.nn.{ACTIVATIONS[settings.activation].__name__}"
        lines += [f"model.set_submodule({name!r}, {kind}())" for name in done.activations]
    if settings.initial is not None:
        draw = "torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu')"
        if settings.initial == "glorot":
            draw = "torch.nn.init.xavier_uniform_(layer.weight)"
        lines.append(
            f"for layer in model.modules():\n    if isinstance(layer, ({KERNELS})):\n"
            f"        {draw}\n"
            "        if layer.bias is not None:\n            torch.nn.init.zeros_(layer.bias)"
        )
    if done.normalized is not None:
        lines += _normalized(trainer, done.normalized)
    end = done.logits.remove if done.logits else trainer.survey.end if settings.output else None
    if end is not None and end.module:
        lines.append(f"model.set_submodule({end.module!r}, torch.nn.Identity())")
    elif end is not None:
        lines += [
            "from unstuck.frameworks.torch.survey import WithoutEnd",
            f"model = WithoutEnd(model, {end.place})  # or take {end.name} out of forward()",
        ]
    if settings.initial == "lsuv":
        lines += [
            "from unstuck.frameworks.torch.changes import unit_variance",
            "unit_variance(model, lambda: model(torch.as_tensor(x[:256])))",
        ]
    return lines


def _normalized(trainer: "TorchTrainer", name: str) -> list[str]:
    seen = trainer.survey.first
    assert seen is not None
    layer = trainer.subject.setup.model.get_submodule(name)
    axes = 1 if isinstance(layer, torch.nn.Linear) else layer.weight.ndim - 2
    if axes == 1 and isinstance(layer, torch.nn.Linear) and len(seen[1]) > 2:
        return [_source(Normalized), _before(name, f"Normalized({seen[1][-1]}, True)")]
    features = seen[1][1]
    return [_before(name, f"torch.nn.BatchNorm{axes}d({features}, affine=False)")]


def _before(name: str, layers: str) -> str:
    if not name:
        return f"model = torch.nn.Sequential({layers}, model)"
    return (
        f"model.set_submodule(\n    {name!r},"
        f" torch.nn.Sequential({layers}, model.get_submodule({name!r}))\n)"
    )


def _front(trainer: "TorchTrainer", maps: list[Map], arrays: bool) -> list[str]:
    """The maps as modules step_1, step_2, …"""
    from unstuck.frameworks.torch.cure import Clipped, Logged, Scaled

    kinds = {Affine: Scaled, Clip: Clipped}
    used = dict.fromkeys(kinds.get(type(m), Logged) for m in maps)
    lines = [_source(kind) for kind in used]
    values = trainer.subject.sample.x[0].astype(np.float64)
    values = values[np.isfinite(values.reshape(len(values), -1)).all(axis=1)]
    shape = values.shape[1:]
    computed = any(a.size > PRINTED for m in maps for a in _arrays(m))
    if computed:
        source = "x"
        if not arrays:
            loaded = "torch.cat([torch.as_tensor(batch[0]) for batch in x])"
            source = f'x if hasattr(x, "shape") else {loaded}'
        lines.append(f"values = torch.as_tensor({source}).double().cpu().numpy()")
        if len(values) != len(trainer.subject.sample.x[0]):
            lines.append(
                "values = values[np.isfinite(values.reshape(len(values), -1)).all(axis=1)]"
            )
    for i, map in enumerate(maps):
        name = kinds.get(type(map), Logged).__name__
        texts = [_literal(a, shape) for a in _arrays(map)]
        if None in texts:
            texts, extra = _expressions(map, values, texts)
            lines += extra
        lines.append(f"step_{i + 1} = {name}({', '.join(str(t) for t in texts)})")
        if computed and i + 1 < len(maps):
            lines.append(f"values = step_{i + 1}(torch.from_numpy(values)).numpy()")
            values = map(values.reshape(len(values), -1)).reshape(values.shape)
    return lines


def _arrays(map: Map) -> tuple[NDArray[np.float64], ...]:
    if isinstance(map, Affine):
        return map.shift, map.scale
    return (map.low, map.high) if isinstance(map, Clip) else ()


def _literal(a: NDArray[np.float64], shape: tuple[int, ...] = ()) -> str | None:
    """Up to 16 numbers as text, a list where they are several; None for more."""
    if a.size == 1 or (a.size and np.ptp(a) == 0):
        return f"{float(a.flat[0]):.9g}"
    if a.size > PRINTED:
        return None
    shaped = a.reshape(shape) if len(shape) > 1 else a
    told: str = np.array2string(shaped, separator=", ", formatter={"float": "{:.9g}".format})
    return told


def _expressions(
    map: Map, values: NDArray[np.float64], texts: list[str | None]
) -> tuple[list[str | None], list[str]]:
    """A map's many numbers as what they are of the data."""
    if isinstance(map, Clip):
        return ["middle - limit", "middle + limit"], [
            "middle = np.median(values, axis=0)",
            "distance = np.abs(values - middle)",
            "limit = np.percentile(distance, 99, axis=0)",
            "limit = 3 * np.where(limit > 0, limit, np.percentile(distance, 99))",
        ]
    assert isinstance(map, Affine)
    spread, quartiles = (
        "values.std(axis=0)",
        "np.subtract(*np.percentile(values, [75, 25], axis=0))",
    )
    flat = values.reshape(len(values), -1)
    low, middle, high = np.percentile(flat, [25, 50, 75], axis=0)
    shift = _nearest(
        map.shift,
        {"values.mean(axis=0)": flat.mean(axis=0)} | {"np.median(values, axis=0)": middle},
    )
    scale = _nearest(map.scale, {spread: flat.std(axis=0), quartiles: high - low})
    lines = []
    if texts[1] is None:
        lines = [f"spread = {scale}", "spread = np.where(spread > 1e-12, spread, 1.0)"]
    return [texts[0] or shift, texts[1] or "spread"], lines


def _nearest(a: NDArray[np.float64], known: dict[str, NDArray[np.float64]]) -> str:
    distance: Callable[[str], float] = lambda name: float(np.abs(known[name] - a).sum())  # noqa: E731
    return min(known, key=distance)


def _source(kind: type[Any]) -> str:
    text = textwrap.dedent(inspect.getsource(kind)).replace("  # type: ignore[misc]", "")
    for noise in (": Any", " -> Any", " -> None", ": int", ": bool"):
        text = text.replace(noise, "")
    return f"\n{text}\n"
