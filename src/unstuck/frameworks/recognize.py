"""Which framework a model belongs to, told from its classes' names: nothing is imported for it."""

from typing import Any

from unstuck.errors import UsageError
from unstuck.frameworks.known import FRAMEWORKS
from unstuck.setups.subject import Given, Subject


def recognize(model: Any, given: Given) -> Subject:
    """The subject for a model of any framework.

    Args:
        model: a Keras model, torch module, Lightning module, skorch net, scikit-learn estimator,
            a pair (apply function, parameters) for plain JAX, the engine's Setup, or a pair
            (Setup, parameters).

    Raises:
        UsageError: nothing that is known.
    """
    for framework in FRAMEWORKS:
        for kind in framework.models:
            if kind.fits(model):
                made: Subject = framework.module(kind.module).subject(model, given)
                return made
    found = type(model)
    hint = "call it, and hand over what it returns" if isinstance(model, type) else ""
    raise UsageError(
        f"the model is a {found.__module__}.{found.__qualname__}",
        "a Keras model, a torch.nn.Module, a Lightning module, a skorch net, a scikit-learn"
        " estimator with a neural network, or a pair (apply function, parameters) for JAX",
        hint,
    )
