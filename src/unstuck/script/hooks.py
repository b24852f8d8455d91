"""What sees trainings: put into each framework when the script imports it, and not before."""

from typing import Any

import wrapt

from unstuck.frameworks.known import FRAMEWORKS, Framework
from unstuck.script import by_hand
from unstuck.script.trainings import Trainings


def install(trainings: Trainings) -> None:
    """Has every framework's trainings seen, from the moment it is imported."""
    by_hand.install(trainings)
    for framework in FRAMEWORKS:
        for module, name in framework.watched.items():
            wrapt.when_imported(module)(_hook(framework, name, trainings))


def _hook(framework: Framework, name: str, trainings: Trainings) -> Any:
    def imported(module: Any) -> None:
        with trainings.guard(f"follow the trainings of {module.__name__}"):
            framework.module(name).install(trainings)

    return imported
