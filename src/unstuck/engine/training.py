"""Trains a pack of runs of one structure from their seeds, and returns each run's record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from unstuck.data.dataset import Dataset, hold_out
from unstuck.data.outliers import plant
from unstuck.engine.program import Inspection, compile_program, numbers, stack
from unstuck.engine.setup import Setup
from unstuck.errors import UsageError
from unstuck.probes.hyperplanes import dead_share, missing_share
from unstuck.probes.saturation import saturated_share, saturated_softmax_share
from unstuck.probes.zero_gradient import zero_gradient_wrong_share

INSPECTED = 2_048  # examples the probes look at


@dataclass(frozen=True)
class Record:
    """What one run left behind. Lists have one entry an epoch; probes are plain numbers.

    `loss` and `accuracy` are running means over the epoch's batches, as Keras prints them;
    `val_*` are measured after the epoch. `start` and `end` hold the probes before the first
    and after the last step.
    """

    loss: list[float]
    accuracy: list[float]
    val_loss: list[float]
    val_accuracy: list[float]
    start: dict[str, Any]
    end: dict[str, Any]


def data_order(seed: int, epoch: int, examples: int) -> NDArray[np.int64]:
    """The order of the training examples in an epoch: a function of seed and epoch alone."""
    return np.random.default_rng((seed, epoch)).permutation(examples)


def _parts(setup: Setup, data: Dataset) -> tuple[NDArray[Any], ...]:
    x, y, x_val, y_val = hold_out(data, setup.validation_split)
    if setup.outliers is not None:
        x, x_val = plant(x, setup.outliers), plant(x_val, setup.outliers)
    return x, y, x_val, y_val


def _probed(seen: Inspection, setup: Setup, inputs: NDArray[Any]) -> dict[str, Any]:
    """The probes of one run, from one run's slice of an inspection and its scaled inputs."""
    hidden, logits = seen.taps.pre_activations[:-1], seen.taps.pre_activations[-1]
    activations = [getattr(layer, "activation", "") for layer in setup.network.layers[:-1]]
    return {
        "loss": float(seen.losses.mean()),
        "accuracy": float(seen.correct.mean()),
        "input_mean": float(inputs.mean()),
        "input_sd": float(inputs.std()),
        "pre_activation_sd": [float(z.std()) for z in seen.taps.pre_activations],
        "saturated_units": [
            saturated_share(z, a) for z, a in zip(hidden, activations, strict=True)
        ],
        "missing_hyperplanes": [missing_share(z) for z in hidden],
        "dead_units": [dead_share(z) for z in hidden],
        "saturated_softmax": saturated_softmax_share(logits) if logits.shape[1] > 1 else None,
        "zero_gradient_wrong": zero_gradient_wrong_share(seen.logit_gradients, seen.correct),
        "gradient_norms": [float(g) for g in seen.gradient_norms],
    }


def train(setups: Sequence[Setup], seeds: Sequence[int], data: Dataset) -> list[Record]:
    """Trains one run for each (set-up, seed); all set-ups share one structure.

    The same seed gives the same initial draw and the same data order whatever the numbers, so
    that runs with equal seeds are paired. A run that early stopping ended is cut there.

    Raises:
        UsageError: the set-ups differ in more than numbers.
    """
    structure = setups[0].structure()
    if any(s.structure() != structure for s in setups):
        raise UsageError("set-ups of different structure cannot be stacked", "one structure")
    x, y, x_val, y_val = _parts(structure, data)
    features = x.shape[1]
    program = compile_program(structure, features, data.classes)
    fitted = {scaler: scaler.fit(x) for scaler in {s.scaler for s in setups}}
    n = stack([numbers(s, fitted[s.scaler], features) for s in setups])
    state = program.init(jax.vmap(jax.random.key)(jnp.asarray(seeds, jnp.uint32)), n)
    sample = (jnp.asarray(x[:INSPECTED]), jnp.asarray(y[:INSPECTED]))
    start = program.inspect(state, n, *sample)
    on_device = [jnp.asarray(a) for a in (x, y, x_val, y_val)]

    history: list[tuple[NDArray[np.floating], ...]] = []
    ends: dict[int, tuple[int, Inspection]] = {}  # run -> epochs taken, the network as it ended
    for epoch in range(structure.epochs):
        order = np.stack([data_order(seed, epoch, len(x)) for seed in seeds])
        state, loss, accuracy = program.epoch(state, n, jnp.asarray(order), *on_device[:2])
        measured = (loss, accuracy, *program.evaluate(state, n, *on_device[2:]))
        history.append(tuple(np.asarray(m) for m in measured))
        val_losses = np.stack([h[2] for h in history])  # (epochs so far, runs)
        last = epoch + 1 == structure.epochs
        ending = [
            run
            for run in range(len(setups))
            if run not in ends
            and (last or _out_of_patience(val_losses[:, run], structure.patience))
        ]
        if ending:  # looked at now: the pack trains on, and a record must not depend on it
            seen = program.inspect(state, n, *sample)
            ends |= {run: (epoch + 1, _slice(seen, run)) for run in ending}
        if len(ends) == len(setups):
            break

    inputs = {scaler: affine(x[:INSPECTED]) for scaler, affine in fitted.items()}
    curves = np.stack([np.stack(h) for h in history])  # (epochs, 4, runs)

    def record(run: int, setup: Setup) -> Record:
        epochs, seen = ends[run]
        loss, accuracy, val_loss, val_accuracy = curves[:epochs, :, run].T.astype(float).tolist()
        return Record(
            loss,
            accuracy,
            val_loss,
            val_accuracy,
            start=_probed(_slice(start, run), setup, inputs[setup.scaler]),
            end=_probed(seen, setup, inputs[setup.scaler]),
        )

    return [record(run, setup) for run, setup in enumerate(setups)]


def _slice(inspection: Inspection, run: int) -> Inspection:
    return jax.tree.map(lambda a: np.asarray(a[run]), inspection)  # type: ignore[no-any-return]


def _out_of_patience(val_losses: NDArray[np.floating], patience: int | None) -> bool:
    """Keras's EarlyStopping on the validation loss with min_delta 0: NaN never improves.

    The first value is the best so far whatever it is, even NaN; patience 0 stops as 1 does.
    """
    if patience is None:
        return False
    best, waited = val_losses[0], 0
    for value in val_losses[1:]:
        best, waited = (value, 0) if value < best else (best, waited + 1)
    return waited >= max(patience, 1)
