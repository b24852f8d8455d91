"""The largest eigenvalue of the loss Hessian, and the learning rate it allows."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Curvature, Look, Measured
from unstuck.probes.probe import Probe
from unstuck.setups.subject import Inputs, Parameter, Subject, UpdateRule

EXAMPLES = 512  # of the sample, for Hessian products
BATCHES = 8  # whose gradients estimate an adaptive optimizer's second moment
STEPS = 40  # of Lanczos's method at most
TOLERANCE = 1e-2  # of the eigenvalue, relative
MEMORY = 1 << 28  # bytes that Lanczos's vectors may take
WORK = 1 << 26  # examples × parameters in one Hessian product
SECONDS = 1.0  # of the processor, for all of them: fewer examples where it would take more
FEWEST = 16  # examples for Hessian products: where these take longer, nothing is measured
PIECE = 1 << 19  # activations that are looked at without being timed first: milliseconds
LARGE = 1 << 20  # parameters, beyond which only what can be judged is measured: SGD's sharpness
# Adagrad is left out: its denominator grows with every step, and no rate stays critical.
ADAPTIVE = ("adam", "adamw", "nadam", "rmsprop")

Product = Callable[[NDArray[np.floating]], NDArray[np.floating]]
Part = Callable[[int, int], tuple[Inputs, NDArray[np.generic] | None]]


def largest_eigenvalue(product: Product, size: int) -> float | None:
    """Largest eigenvalue of a symmetric operator by Lanczos's method, to about 1 %.

    Every new vector is made orthogonal to all before it. ARPACK does the same with restarts;
    importing it takes longer than all of a small network's products.
    Source: Golub & Van Loan, "Matrix Computations", §10.1; the residual bounds the error.

    Args:
        product: v ↦ A v for float32 v of `size` entries.

    Returns:
        None where products are not finite or the vectors would not fit into `MEMORY`.
    """
    most = min(size, STEPS, MEMORY // (4 * max(1, size)))
    if most < 3:
        return None
    start = np.random.default_rng(0).normal(size=size).astype(np.float32)
    vectors = [start / np.linalg.norm(start)]
    band = np.zeros((most, most))  # A in the basis of the vectors: tridiagonal
    value = 0.0
    for i in range(most):
        new = np.asarray(product(vectors[i]), np.float32)
        if not np.isfinite(new).all():
            return None
        band[i, i] = vectors[i] @ new
        for _ in range(2):  # once leaves rounding of the size of what was taken away
            for vector in vectors:
                new = new - (vector @ new) * vector
        values, parts = np.linalg.eigh(band[: i + 1, : i + 1])
        value, rest = float(values[-1]), float(np.linalg.norm(new))
        if i + 1 == most or rest * abs(parts[-1, -1]) <= TOLERANCE * abs(value):
            break
        if rest == 0.0:
            break
        band[i, i + 1] = band[i + 1, i] = rest
        vectors.append(new / np.float32(rest))
    return value


def curvature(
    subject: Subject,
    x: Inputs,
    y: NDArray[np.generic] | None,
    parameters: Sequence[Parameter] = (),
) -> Curvature:
    """The sharpness on the first of these examples and, for an adaptive optimizer, that of P⁻¹H.

    P = √v + ε, v the mean square of the gradients of `BATCHES` batches: what the optimizer's
    second moment would come to if it stood still here. Similar to P^(−1/2) H P^(−1/2), which is
    symmetric.

    Args:
        parameters: as observed, to tell how many there are.
    """
    rule = subject.about.rule
    adaptive = rule is not None and rule.name in ADAPTIVE
    batch = min(subject.about.batch_size, len(x[0]))

    def part(start: int, stop: int) -> tuple[Inputs, NDArray[np.generic] | None]:
        return tuple(a[start:stop] for a in x), None if y is None else y[start:stop]

    trained = sum(p.value.size for p in parameters if p.trainable and p.held)
    if trained > LARGE and adaptive:
        return Curvature(None)
    first = subject.gradient(*part(0, batch))
    some = min(EXAMPLES, max(FEWEST, WORK // max(1, first.size)), len(x[0]))
    if some * subject.about.elements > PIECE:
        some = _affordable(subject, part, first, some, 2 if adaptive else 1)
    product = subject.hessian_product(*part(0, some)) if some else None
    if product is None:
        return Curvature(None)
    plain = largest_eigenvalue(product, first.size)
    if rule is None or not adaptive:
        return Curvature(plain)
    count = min(BATCHES, len(x[0]) // batch)
    gradients = (subject.gradient(*part(i * batch, (i + 1) * batch)) for i in range(1, count))
    second = sum((np.square(g, dtype=np.float64) for g in gradients), np.square(first, dtype=float))
    root = np.sqrt(np.sqrt(second / count) + (rule.epsilon or 1e-8)).astype(np.float32)
    return Curvature(plain, largest_eigenvalue(lambda v: product(v / root) / root, first.size))


def _affordable(
    subject: Subject, part: Part, vector: NDArray[np.floating], some: int, runs: int
) -> int:
    """How many of so many examples' products take `SECONDS` over all of Lanczos's steps; 0 where
    those of the fewest take longer."""
    for examples in (min(FEWEST, some), some):
        product = subject.hessian_product(*part(0, examples))
        if product is None:
            return 0
        product(vector)  # compiles
        start = time.process_time()
        product(vector)
        spent = runs * min(STEPS, vector.size) * (time.process_time() - start)
        if spent > SECONDS:
            fewer = int(examples * SECONDS / spent)
            return fewer if fewer >= FEWEST else 0
    return some


def critical_rate(rule: UpdateRule | None, seen: Curvature | None) -> float | None:
    """Learning rate beyond which a quadratic with this curvature diverges.

    | rule | critical rate |
    |---|---|
    | SGD | 2/λ |
    | with momentum β | 2(1 + β)/λ |
    | with Nesterov's momentum β | 2(1 + β)/((1 + 2β)λ) |
    | Adam, AdamW | (2 + 2β₁)/((1 − β₁)λ(P⁻¹H)); 38/λ(P⁻¹H) for β₁ = 0.9 |
    | RMSprop | 2/λ(P⁻¹H) |

    Source: Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge
    of stability", appendix B; Cohen et al. 2022, "Adaptive gradient methods at the edge of
    stability".
    """
    if rule is None or seen is None:
        return None
    adaptive = rule.name in ADAPTIVE
    value = seen.preconditioned if adaptive else seen.sharpness
    if value is None or value <= 0 or (not adaptive and rule.name != "sgd"):
        return None
    beta = rule.momentum
    if rule.beta_1 is not None:
        return (2 + 2 * rule.beta_1) / ((1 - rule.beta_1) * value)
    if rule.nesterov:
        return 2 * (1 + beta) / ((1 + 2 * beta) * value)
    return 2 * (1 + beta) / value


def sharpness(look: Look) -> Measured:
    """Largest eigenvalue of the Hessian of the mean loss, by Lanczos's method on at most 512
    examples.

    Source: LeCun et al. 1993, "Automatic learning rate maximization"; Cohen et al. 2021.
    """
    return None if look.curvature is None else look.curvature.sharpness


def preconditioned(look: Look) -> Measured:
    """The same of P⁻¹H for optimizers that divide by P = √v + ε. Source: Cohen et al. 2022."""
    return None if look.curvature is None else look.curvature.preconditioned


def critical(look: Look) -> Measured:
    """Learning rate beyond which training along the sharpest direction diverges: 2/λ for SGD,
    38/λ(P⁻¹H) for Adam; see `critical_rate`."""
    return critical_rate(look.about.rule, look.curvature)


def rate(look: Look) -> Measured:
    """Learning rate of the next step."""
    return None if look.about.rule is None else look.about.rule.learning_rate


def excess(look: Look) -> Measured:
    """Learning rate in use over the critical one."""
    limit, used = critical(look), rate(look)
    if not isinstance(limit, float) or not isinstance(used, int | float):
        return None
    return used / limit


PROBES = (
    Probe("sharpness", "loss / weight²", sharpness),
    Probe("preconditioned_sharpness", "1 / learning rate", preconditioned),
    Probe("critical_learning_rate", "learning rate", critical),
    Probe("learning_rate", "learning rate", rate),
    Probe("learning_rate_excess", "ratio", excess),
)
