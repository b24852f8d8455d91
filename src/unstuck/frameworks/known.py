"""The frameworks that are known: one line each, and a folder of its own for all else.

A folder has `subject.py` (or what `models` names) with `subject(model, given)`, a trainer, a table
of the changes it can make, `cure.py` that prints cures, and what `watched` names with
`install(trainings)`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """Models of one kind.

    Args:
        packages: top-level packages of a class in a model's ancestry.
        classes: names that such a class may have.
        file: module of `unstuck.frameworks` with `subject(model, given)`.
    """

    packages: frozenset[str]
    classes: frozenset[str]
    file: str


@dataclass(frozen=True)
class Framework:
    """Where a framework's models and trainings are recognized.

    Args:
        name: of its folder.
        models: the kinds of its models.
        watched: a module that a script imports -> the module of `unstuck.frameworks` whose
            `install(trainings)` sees its trainings.
    """

    name: str
    models: tuple[Kind, ...]
    watched: dict[str, str] = field(default_factory=dict)


def _kind(packages: str, classes: str, file: str) -> Kind:
    return Kind(frozenset(packages.split()), frozenset(classes.split()), file)


# The first kind that fits wins: a Keras model is a torch Module too on that backend, and so is a
# Lightning module.
FRAMEWORKS = (
    Framework(
        "keras", (_kind("keras tf_keras", "Model", "keras.assembled"),), {"keras": "keras.watch"}
    ),
    Framework(
        "torch",
        (
            _kind(
                "lightning pytorch_lightning lightning_fabric", "LightningModule", "torch.lightning"
            ),
            _kind("skorch", "NeuralNet", "torch.skorch"),
            _kind("torch", "Module", "torch.assembled"),
        ),
        {
            "torch": "torch.watch",
            "lightning.pytorch": "torch.watch.lightning",
            "pytorch_lightning": "torch.watch.lightning",
            "skorch": "torch.watch.skorch",
            "transformers.trainer": "torch.watch.transformers",
        },
    ),
    Framework(
        "sklearn",
        (_kind("sklearn", "BaseEstimator", "sklearn.subject"),),
        {"sklearn.neural_network": "sklearn.watch"},
    ),
    Framework("jax", ()),
    Framework("engine", (_kind("unstuck", "Setup", "engine.subject"),)),
)
