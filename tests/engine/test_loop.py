"""The compiled training loop, against steps written out in NumPy."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from unstuck.engine.loop import CHUNK, Around, TrainingLoop

X = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
Y = 3 * X


def gradient(params: Any, state: Any, batch: Any, key: Any) -> Any:
    """Of the mean of (w·x − y)²; the state counts calls."""
    x, y = batch
    error = x * params - y
    return jnp.mean(error**2), jnp.mean(2 * error * x), state + 1


def sgd(numbers: Any) -> optax.GradientTransformation:
    return optax.sgd(numbers["rate"])


def order(steps: int, times: int = 1) -> Any:
    return np.random.default_rng(0).integers(len(X), size=(steps, times, 8))


def trained(loop: TrainingLoop, rows: Any, rate: float = 0.5, **more: Any) -> Any:
    rates = more.pop("rates", np.ones(len(rows)))
    return loop.train(np.float32(0), np.int32(0), {"rate": rate}, (X, Y), rows, rates, **more)


def test_steps_are_those_of_gradient_descent() -> None:
    rows = order(2 * CHUNK + 7)  # not a multiple of a chunk
    done = trained(TrainingLoop(gradient, sgd), rows, rates=np.linspace(1, 0, len(rows)))
    w, losses = 0.0, []
    for i, (batch,) in enumerate(rows):
        error = X[batch] * w - Y[batch]
        losses.append(np.mean(error**2))
        w -= 0.5 * np.linspace(1, 0, len(rows))[i] * np.mean(2 * error * X[batch])
    np.testing.assert_allclose(done.losses, losses, rtol=1e-3, atol=1e-5)  # float32
    np.testing.assert_allclose(done.params, w, rtol=1e-4)
    assert done.state == len(rows)


def test_it_ends_with_the_first_loss_that_is_not_finite() -> None:
    done = trained(TrainingLoop(gradient, sgd), order(500), rate=1e6)
    assert not np.isfinite(done.losses[-1])
    assert np.isfinite(done.losses[:-1]).all()
    assert len(done.losses) < 500


def test_it_is_looked_at_after_the_steps_asked_for() -> None:
    seen: list[tuple[int, int]] = []
    trained(
        TrainingLoop(gradient, sgd),
        order(130),
        looks=(30, 65, 130),
        look=lambda step, params, state: seen.append((step, int(state))),
    )
    assert seen == [(30, 30), (65, 65)]  # the end is nobody's way


def test_accumulated_gradients_are_summed_and_clipped_once() -> None:
    rows = order(1, times=2)
    done = trained(TrainingLoop(gradient, sgd, Around(clip_value=0.25)), rows, rate=1.0)
    whole = sum(float(np.mean(-2 * Y[b] * X[b])) for b in rows[0])
    assert abs(whole) > 0.25
    np.testing.assert_allclose(done.params, 0.25, rtol=1e-5)


def test_gradients_that_are_never_zeroed_pile_up() -> None:
    rows = np.repeat(order(1), 3, axis=0)
    never = np.zeros(3, bool)
    done = trained(TrainingLoop(gradient, sgd, Around(keeps=True)), rows, 0.1, zeroes=never)
    w = total = 0.0
    for (batch,) in rows:
        total += float(np.mean(2 * (X[batch] * w - Y[batch]) * X[batch]))
        w -= 0.1 * total
    np.testing.assert_allclose(done.params, w, rtol=1e-5)
