"""A drawn set-up as a program: a script of 20 to 60 lines that reads `data.npz`, trains, and says
how well it does on held-out rows."""

from dataclasses import dataclass
from importlib import import_module

from board.spec import Spec

SEED = "SEED = 0"


@dataclass(frozen=True)
class Program:
    """A script in parts.

    Args:
        setup: imports, data, model, loss, optimizer.
        training: the loop or the call.
        ending: makes `score`, the held-out measure, and prints it.
    """

    setup: str
    training: str
    ending: str

    @property
    def text(self) -> str:
        """The script."""
        return f"{self.setup}\n{self.training}\n{self.ending}"

    def seeded(self, seed: int) -> str:
        """The script with another seed."""
        return self.text.replace(SEED, f"SEED = {seed}")


def program(spec: Spec) -> Program:
    """The set-up as a program of its framework."""
    written: Program = import_module(f"board.{spec.kind}_program").program(spec)
    return written


def reading(spec: Spec, *imports: str) -> str:
    """The lines that every script begins with: imports, seed, data."""
    return "\n".join([
        "import numpy as np",
        *imports,
        "",
        SEED,
        'data = np.load("data.npz")',
        'x_train, y_train = data["x_train"], data["y_train"]',
        'x_test, y_test = data["x_test"], data["y_test"]',
    ])  # fmt: skip


def scoring(spec: Spec, output: str, classes: str) -> str:
    """The lines that a script ends with.

    Args:
        output: expression of the held-out outputs as an array.
        classes: of the classes told for them.
    """
    if spec.sound.loss == "squared":
        return (
            f"output = {output}\n"
            "spread = ((y_test - y_test.mean(0)) ** 2).mean()\n"
            "score = 1 - ((output - y_test) ** 2).mean() / spread\n"
            'print("held-out R²", score)\n'
        )
    if spec.subject == "imbalanced":
        return (
            f"told = {classes}\n"
            "score = np.mean([(told[y_test == k] == k).mean() for k in np.unique(y_train)])\n"
            'print("held-out balanced accuracy", score)\n'
        )
    return (
        f"score = ({classes} == y_test).mean()\n"
        'print("held-out accuracy", score)\n'
    )  # fmt: skip


def sizes(spec: Spec) -> tuple[int, int]:
    """Numbers of input features (channels, tokens) and of outputs."""
    from board.data import SETS, arrays

    x = arrays(spec)["x_train"]
    first = spec.kind == "torch" and spec.subject == "images"  # channels come first
    features = 8 if spec.data == "tokens" else x.shape[1 if first else -1]
    if spec.subject == "autoencoder":
        return features, features
    return features, 1 if spec.sound.loss == "squared" else int(SETS[spec.data]()[1].max()) + 1


def rates(spec: Spec) -> str:
    """A schedule's factor of the rate as an expression of `epoch`, for callbacks."""
    epochs = spec.sound.epochs
    return {
        "step": f"0.3 ** (epoch // {max(1, epochs // 3)})",
        "cosine": f"0.5 * (1 + np.cos(np.pi * epoch / {epochs}))",
        "warm-up": f"min(1, (epoch + 1) / {max(2, epochs // 5)})",
    }[spec.sound.schedule]
