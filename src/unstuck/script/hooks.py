"""What sees trainings: put into each framework when the script imports it, and not before."""

import importlib
from typing import Any

import wrapt

from unstuck.frameworks.known import FRAMEWORKS
from unstuck.script.trainings import Trainings


def install(trainings: Trainings) -> None:
    """Has every framework's trainings seen, from the moment it is imported."""
    for framework in FRAMEWORKS:
        for module, file in framework.watched.items():
            wrapt.when_imported(module)(_hook(f"unstuck.frameworks.{file}", trainings))


def _hook(name: str, trainings: Trainings) -> Any:
    def imported(module: Any) -> None:
        with trainings.guard(f"follow the trainings of {module.__name__}"):
            importlib.import_module(name).install(trainings)

    return imported
