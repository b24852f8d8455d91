"""Where and how a record was made, so that it can be made again."""

import platform
import sys
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version

# Packages whose versions count, by the name they are imported by.
_TAKE_PART = {
    "numpy": "numpy",
    "jax": "jax",
    "optax": "optax",
    "sklearn": "scikit-learn",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "lightning": "lightning",
    "skorch": "skorch",
    "transformers": "transformers",
    "flax": "flax",
    "equinox": "equinox",
}


@dataclass(frozen=True)
class Origin:
    """Where and how a record was made.

    Args:
        command: as it was given; "" where a record was made from Python.
        date: of the day, as 2026-01-31.
        machine: architecture and system.
        python: version.
        versions: of the packages that were loaded and take part, by name.
    """

    command: str = ""
    date: str = ""
    machine: str = ""
    python: str = ""
    versions: dict[str, str] = field(default_factory=dict)


def here(command: str = "") -> Origin:
    """The origin of what is recorded now, in this process.

    Args:
        command: as it was given.
    """
    return Origin(
        command,
        date.today().isoformat(),
        f"{platform.machine()}, {platform.system()}",
        platform.python_version(),
        {told: found for name, told in _TAKE_PART.items() if (found := _version(name, told))},
    )


def _version(module: str, package: str) -> str:
    """Of a package that is loaded; "" for any other. A TensorFlow may be called otherwise."""
    if module not in sys.modules:
        return ""
    try:
        return version(package)
    except PackageNotFoundError:
        return str(getattr(sys.modules[module], "__version__", ""))
