"""An intervention: one thing about a set-up changed in a fresh copy, and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from unstuck.setups.data import Data
from unstuck.setups.settings import Settings

AS_IT_IS = Settings()


@dataclass(frozen=True)
class Intervention:
    """One change.

    Args:
        name: stable, lower case with hyphens.
        says: the change in a few words.
        data: what it does to the data; None for nothing.
        settings: what the framework changes in model, loss and optimizer.
        placebo: whether it cannot matter.
    """

    name: str
    says: str
    data: Callable[[Data], Data] | None = None
    settings: Settings = AS_IT_IS
    placebo: bool = False


Combination = tuple[Intervention, ...]


def changed(data: Data, interventions: Iterable[Intervention]) -> Data:
    """The data with all of these applied, in their order."""
    for intervention in interventions:
        data = intervention.data(data) if intervention.data else data
    return data


def merged(interventions: Iterable[Intervention]) -> Settings:
    """The settings of all of these together."""
    settings = Settings()
    for intervention in interventions:
        settings = settings.merged(intervention.settings)
    return settings


def said(interventions: Combination) -> str:
    """The combination in words."""
    return " and ".join(i.says for i in interventions) or "as it is"
