"""What sees trainings: put into each framework when the script imports it, and not before."""

import importlib
from typing import Any

import wrapt

from unstuck.script.trainings import Trainings

# A module that a script imports -> the file here whose `install(trainings)` puts hooks into it.
HOOKS = {
    "keras": "keras",
    "sklearn.neural_network": "sklearn",
    "torch": "torch",
    "lightning.pytorch": "lightning",
    "pytorch_lightning": "lightning",
    "skorch": "skorch",
    "transformers.trainer": "transformers",
}


def install(trainings: Trainings) -> None:
    """Has every framework's trainings seen, from the moment it is imported."""
    for module, file in HOOKS.items():
        wrapt.when_imported(module)(_hook(f"unstuck.script.{file}", trainings))


def _hook(name: str, trainings: Trainings) -> Any:
    def imported(module: Any) -> None:
        with trainings.guard(f"follow the trainings of {module.__name__}"):
            importlib.import_module(name).install(trainings)

    return imported
