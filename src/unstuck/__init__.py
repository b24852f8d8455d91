"""Find out why a neural network isn't learning, prove it, fix it.

Importing this package loads no framework: its public names are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstuck.cures.equivalence import Equivalence as Equivalence
    from unstuck.cures.equivalence import equivalence as equivalence
    from unstuck.errors import UnstuckError as UnstuckError
    from unstuck.frameworks.folding import fold as fold
    from unstuck.guards.loop import watch as watch
    from unstuck.records.fix import Fix as Fix
    from unstuck.records.proof import Proof as Proof
    from unstuck.records.report import Report as Report
    from unstuck.script.by_hand import noted as noted
    from unstuck.sessions import diagnose as diagnose

__version__ = "0.1.0"

_HOME = {
    "Equivalence": "unstuck.cures.equivalence",
    "equivalence": "unstuck.cures.equivalence",
    "Fix": "unstuck.records.fix",
    "Proof": "unstuck.records.proof",
    "Report": "unstuck.records.report",
    "UnstuckError": "unstuck.errors",
    "diagnose": "unstuck.sessions",
    "fold": "unstuck.frameworks.folding",
    "noted": "unstuck.script.by_hand",
    "watch": "unstuck.guards.loop",
}
# Callbacks of libraries, each in a file that imports its library.
_CALLBACKS = ("keras", "lightning", "skorch", "transformers")
__all__ = [
    "Equivalence",
    "Fix",
    "Proof",
    "Report",
    "UnstuckError",
    "__version__",
    "diagnose",
    "equivalence",
    "fold",
    "noted",
    "watch",
]


def __getattr__(name: str) -> object:
    if name in _CALLBACKS:
        return import_module(f"unstuck.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'unstuck' has no attribute {name!r}")
    from unstuck.setups.unmoved import unmoved

    with unmoved():
        value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
