"""A training set-up as one frozen, hashable record: all that decides a run beside its data."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from unstuck.data.outliers import Outliers
from unstuck.engine.network import Network
from unstuck.engine.optimizers import Optimizer
from unstuck.scalers import Scaler


@dataclass(frozen=True)
class FirstKernel:
    """Factors on what acts on the first kernel alone; 1 leaves it as it is.

    `initial` multiplies the drawn kernel; the others multiply the optimizer's numbers.
    """

    initial: float = 1.0
    learning_rate: float = 1.0
    epsilon: float = 1.0
    weight_decay: float = 1.0
    l2: float = 1.0
    initial_accumulator: float = 1.0


@dataclass(frozen=True)
class Setup:
    """What is trained, on what inputs, how, for how long.

    `validation_split` holds out the last share of the training examples (Keras's meaning);
    0 validates on the test part. `patience` stops a run after that many epochs without a lower
    validation loss (Keras's EarlyStopping with its defaults). `kernel_l2` adds
    ½·λ·Σ kernel² to the training loss.
    """

    network: Network
    loss: str
    optimizer: Optimizer
    scaler: Scaler = Scaler("none")  # noqa: RUF009 (a frozen record)
    epochs: int = 5
    batch_size: int = 32
    drop_remainder: bool = False
    patience: int | None = None
    validation_split: float = 0.0
    kernel_l2: float = 0.0
    first_kernel: FirstKernel = FirstKernel()
    outliers: Outliers | None = None
    dtype: str = "float32"

    def structure(self) -> "Setup":
        """The same with its numbers blotted out: equal structures run stacked in one program."""
        return replace(
            self,
            optimizer=self.optimizer.structure(),
            scaler=Scaler("none"),
            kernel_l2=float(bool(self.kernel_l2)),
            first_kernel=FirstKernel(),
        )


def canonical(value: Any) -> Any:
    """A frozen record as plain JSON values, with the type's name in it: what is hashed."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "type": type(value).__name__,
            **{f.name: canonical(getattr(value, f.name)) for f in fields(value)},
        }
    if isinstance(value, tuple | list):
        return [canonical(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"cannot put a {type(value).__name__} into a specification")
