"""Files beside a script that take the place of modules, as `python` lets them.

`python train.py` looks into the script's folder first: a file `random.py` there is what `import
random` gives, in the script and in every library. What we have imported before would hide that.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

_DRAWN_WITH = ("rich",)  # what a file's name may be that is imported while a script runs
_ours: dict[str, ModuleType] = {}  # that have given way


def shadows(folder: str) -> dict[str, Path]:
    """The files in a folder that python would import in place of modules that are loaded here, or
    that we draw with; by the modules' names."""
    found = {}
    for name, file in _modules(folder).items():
        spec = getattr(sys.modules.get(name), "__spec__", None)
        loaded = name in sys.modules and getattr(spec, "origin", None) not in ("frozen", "built-in")
        own = str(getattr(sys.modules.get(name), "__file__", None) or "")
        if (loaded or name in _DRAWN_WITH) and not Path(own).is_relative_to(folder):
            found[name] = file
    found.pop("unstuck", None)
    return found


def _modules(folder: str) -> dict[str, Path]:
    """What can be imported from a folder: files, and packages."""
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError:
        return {}
    files = {entry.stem: entry for entry in entries if entry.suffix == ".py"}
    return files | {e.name: e for e in entries if (e / "__init__.py").is_file()}


@contextmanager
def given_way(folder: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Lets the files of a folder take the place that python gives them; ours are back after."""
    found = shadows(folder)
    if found:
        path, sys.path = sys.path, [place for place in sys.path if place != folder]
        for needed in found.keys() & set(_DRAWN_WITH):
            import_module(needed)
        sys.path = path
    for name, file in found.items():
        for dependent in (name, *_dependents(name)):
            if dependent in sys.modules:
                _ours[dependent] = sys.modules.pop(dependent)
        what = "Python's own module" if name in sys.stdlib_module_names else "the package"
        tell(f"unstuck: {os.path.relpath(file)} takes the place of {what} {name}, as in python")
    try:
        yield
    finally:
        sys.modules.update(_ours)
        if _ours and folder in sys.path:  # behind what is installed, for our own imports
            sys.path.remove(folder)
            sys.path.append(folder)
        _ours.clear()


@contextmanager
def ours() -> Iterator[None]:
    """What has given way is back for as long as we work with it."""
    theirs = {name: sys.modules.get(name) for name in _ours}
    sys.modules.update(_ours)
    try:
        yield
    finally:
        for name, module in theirs.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def _dependents(name: str) -> list[str]:
    """Modules of Python's own that took something from this one when they were imported: they do
    so again."""
    return [
        other
        for other, module in list(sys.modules.items())
        if other in sys.stdlib_module_names
        and getattr(module, "__file__", None)
        and any(
            value is sys.modules[name] or getattr(value, "__module__", None) == name
            for value in list(vars(module).values())
        )
    ]
