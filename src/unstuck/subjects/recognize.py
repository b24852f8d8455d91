"""Which framework a model belongs to, told from its classes' names: nothing is imported for it."""

from importlib import import_module
from typing import Any

from unstuck.errors import UsageError
from unstuck.subjects.subject import Given, Subject

# (top-level package, class in a model's ancestry) -> the file that knows it. The first that fits
# wins: a Keras model is a torch Module too on that backend, and so is a Lightning module.
_KNOWN = (
    ({"keras", "tf_keras"}, {"Model"}, "keras"),
    ({"lightning", "pytorch_lightning", "lightning_fabric"}, {"LightningModule"}, "lightning"),
    ({"skorch"}, {"NeuralNet"}, "skorch"),
    ({"torch"}, {"Module"}, "torch"),
    ({"sklearn"}, {"BaseEstimator"}, "sklearn"),
    ({"unstuck"}, {"Setup"}, "engine"),
)


def recognize(model: Any, given: Given) -> Subject:
    """The subject for a model of any framework.

    Args:
        model: a Keras model, torch module, Lightning module, skorch net, scikit-learn estimator,
            a pair (apply function, parameters) for plain JAX, the engine's Setup, or a pair
            (Setup, parameters).

    Raises:
        UsageError: nothing that is known.
    """
    if isinstance(model, tuple) and len(model) == 2:
        return _subject("jax" if callable(model[0]) else "engine", model, given)
    for packages, names, file in _KNOWN:
        for ancestor in type(model).__mro__:
            if ancestor.__module__.split(".")[0] in packages and ancestor.__name__ in names:
                return _subject(file, model, given)
    found = type(model)
    hint = "call it, and hand over what it returns" if isinstance(model, type) else ""
    raise UsageError(
        f"the model is a {found.__module__}.{found.__qualname__}",
        "a Keras model, a torch.nn.Module, a Lightning module, a skorch net, a scikit-learn"
        " estimator with a neural network, or a pair (apply function, parameters) for JAX",
        hint,
    )


def _subject(file: str, model: Any, given: Given) -> Subject:
    made: Subject = import_module(f"unstuck.subjects.{file}").subject(model, given)
    return made
