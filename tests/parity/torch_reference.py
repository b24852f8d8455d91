"""Real PyTorch over the table, in float64; writes one .npz.

    python -m parity.torch_reference OUT.npz [whole]

Modules, losses, optimizers and draws are PyTorch's own. Nothing of the package under test is
imported.
"""

import json
import sys
from typing import Any

import numpy as np
import torch

from parity import table

Results = dict[str, Any]

ACTIVATIONS = {
    "relu": torch.nn.ReLU(),
    # PyTorch's own default slope is 0.01; the name `leaky_relu` is Keras's, slope 0.2.
    "leaky_relu": torch.nn.LeakyReLU(0.2),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "gelu": torch.nn.GELU(),
    "linear": torch.nn.Identity(),
}


def build_optimizer(row: table.Optimizer, parameters: Any = None) -> torch.optim.Optimizer:
    name, given = row.theirs
    arguments = dict(given)
    if "beta_1" in arguments:
        arguments["betas"] = (arguments.pop("beta_1"), arguments.pop("beta_2"))
    parameters = [torch.nn.Parameter(torch.zeros(1))] if parameters is None else parameters
    return getattr(torch.optim, name)(parameters, **arguments)


def build_model(activation: str, dtype: torch.dtype) -> torch.nn.Sequential:
    model = torch.nn.Sequential(
        torch.nn.Linear(table.FEATURES, table.HIDDEN),
        ACTIVATIONS[activation],
        torch.nn.Linear(table.HIDDEN, table.OUTPUTS),
    ).to(dtype)
    with torch.no_grad():
        for parameter, w in zip(model.parameters(), table.weights(), strict=True):
            parameter.copy_(torch.as_tensor(w.T))  # Linear keeps its kernel as (out, in)
    return model


def build_loss(row: table.Loss) -> Any:
    loss = getattr(torch.nn, row.theirs)()
    if row.theirs != "NLLLoss":
        return loss
    # Cross-entropy on clipped probabilities, as a PyTorch user would write it.
    return lambda z, y: loss(torch.log(torch.clamp(torch.softmax(z, -1), 1e-7, 1 - 1e-7)), y)


def trained(
    row: table.Optimizer, loss_row: table.Loss, activation: str, dtype: torch.dtype
) -> tuple[list[float], list[Any]]:
    model, loss_of = build_model(activation, dtype), build_loss(loss_row)
    optimizer = build_optimizer(row, model.parameters())
    data = table.data()
    x = torch.as_tensor(data.scaled).to(dtype)
    y = torch.as_tensor(data.targets[loss_row.target])
    y = y.long() if loss_row.target == "ids" else y.to(dtype)
    curve, path = [], []
    for step in range(table.STEPS):
        optimizer.zero_grad()
        loss = loss_of(model(x[step]), y[step])
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
        path.append(table.flat(p.detach().numpy().T for p in model.parameters()))
    return curve, path


def stacked(
    row: table.Optimizer,
    rows: table.Rows,
    dtype: torch.dtype,
) -> tuple[Any, Any]:
    """One optimizer on each loss and activation: losses (rows, STEPS), parameters (…, STEPS, P)."""
    runs = [trained(row, table.TORCH_LOSSES[loss], a, dtype) for loss, a in rows]
    return np.array([curve for curve, _ in runs]), np.array([path for _, path in runs])


def full_table(whole: bool) -> Results:
    rows = table.rows(table.TORCH_LOSSES, whole)
    results: Results = {"rows": np.array(rows)}
    for name, row in table.TORCH_OPTIMIZERS.items():
        results[f"full/{name}/loss"], results[f"full/{name}/path"] = stacked(
            row, rows, torch.float64
        )
    for name, row in table.TORCH_DEFAULTS.items():
        results[f"defaults/{name}/loss"], results[f"defaults/{name}/path"] = stacked(
            row, table.default_rows(table.TORCH_LOSSES), torch.float32
        )
    return results


def draws() -> Results:
    torch.manual_seed(1)
    layer = torch.nn.Linear(*table.DRAWN)
    many = torch.cat([torch.nn.Linear(table.DRAWN[0], 2000).bias for _ in range(20)])
    return {
        "draw/Linear kernel": layer.weight.detach().numpy().T,
        "draw/Linear bias": many.detach().numpy(),
    }


def defaults() -> Results:
    found = {name: build_optimizer(row).defaults for name, row in table.TORCH_DEFAULTS.items()}
    return {"defaults": np.array(json.dumps(found))}


def main(out: str, *how: str) -> None:
    torch.set_num_threads(1)  # a network this small is slower on two
    results = full_table("whole" in how) | draws() | defaults()
    np.savez(out, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
