"""The frameworks that are known: one line each, and a folder of its own for all else.

A framework's folder has
- what `Kind.module` names, with `subject(model, given)`: a `Subject` with its `Trainer`;
- a table {part: how} of the changes that the trainer can make;
- `cure.py`, with `printed(subject, cure, names)` and `built(subject, cure)`;
- what `watched` names, with `install(trainings)`, where a script's trainings are to be seen.
"""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from unstuck.errors import UsageError


@dataclass(frozen=True)
class Kind:
    """Models of one kind.

    Args:
        packages: top-level packages of a class in a model's ancestry.
        classes: names that such a class may have; none for anything that can be called.
        module: of the framework's folder, with `subject(model, given)`.
        pairs: whether a pair (model, parameters) is one too; of what can be called, nothing else.
    """

    packages: frozenset[str]
    classes: frozenset[str]
    module: str = "subject"
    pairs: bool = False

    def fits(self, model: Any) -> bool:
        """Whether a model is of this kind."""
        if self.pairs and isinstance(model, tuple) and len(model) == 2:
            model = model[0]
            if not self.classes:
                return callable(model)
        return any(
            c.__module__.split(".")[0] in self.packages and c.__name__ in self.classes
            for c in type(model).__mro__
        )


@dataclass(frozen=True)
class Framework:
    """Where a framework's models and trainings are recognized.

    Args:
        name: as `About.framework` has it.
        models: the kinds of its models.
        watched: a module that a script imports -> the module of the framework's folder whose
            `install(trainings)` sees its trainings.
        home: the package that its folder is; "" for that of its name beside this file.
    """

    name: str
    models: tuple[Kind, ...]
    watched: dict[str, str] = field(default_factory=dict)
    home: str = ""

    def module(self, name: str) -> Any:
        """A module of its folder, loaded."""
        return import_module(f"{self.home or f'unstuck.frameworks.{self.name}'}.{name}")


def _kind(packages: str, classes: str, module: str = "subject", pairs: bool = False) -> Kind:
    return Kind(frozenset(packages.split()), frozenset(classes.split()), module, pairs)


# The first kind that fits wins: a Keras model is a torch Module too on that backend, and so is a
# Lightning module.
FRAMEWORKS = [
    Framework(
        "keras",
        (_kind("keras tf_keras", "Model", "assembled"),),
        {"keras": "watch", "tensorflow": "tapes"},
    ),
    Framework(
        "torch",
        (
            _kind("lightning pytorch_lightning lightning_fabric", "LightningModule", "lightning"),
            _kind("skorch", "NeuralNet", "skorch"),
            _kind("torch", "Module", "assembled"),
        ),
        {
            "torch": "watch",
            "lightning.pytorch": "watch.lightning",
            "pytorch_lightning": "watch.lightning",
            "skorch": "watch.skorch",
            "transformers.trainer": "watch.transformers",
        },
    ),
    Framework("sklearn", (_kind("sklearn", "BaseEstimator"),), {"sklearn.neural_network": "watch"}),
    Framework("engine", (_kind("unstuck", "Setup", pairs=True),)),
    Framework(
        "jax",
        (
            _kind("flax", "Module", "modules"),
            _kind("equinox", "Module", "modules"),
            _kind("", "", "bare", pairs=True),
        ),
        {
            "jax": "watch",
            "jax.example_libraries.optimizers": "watch",
            "optax": "watch",
            "equinox": "watch.equinox",
            "flax.nnx": "watch.nnx",
        },
    ),
]


def framework(name: str) -> Framework:
    """The framework of this name.

    Raises:
        UsageError: there is none.
    """
    for one in FRAMEWORKS:
        if one.name == name:
            return one
    raise UsageError(f"the framework {name!r}", f"one of {', '.join(f.name for f in FRAMEWORKS)}")
