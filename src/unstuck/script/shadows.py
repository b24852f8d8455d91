"""Files beside a script that take the place of modules, as `python` lets them.

`python train.py` looks into the script's folder first: a file `random.py` there is what `import
random` gives, in the script and in every library. So it is while the script runs, whatever we have
imported before; what we do ourselves is done with the modules that such files hide.
"""

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from types import ModuleType

# They hold what there is once a process, or what sees trainings: no second one is made.
_SINGLE = (
    *("__main__", "__mp_main__", "unstuck", "wrapt"),
    *("logging", "multiprocessing", "threading", "numpy"),
)
_now: "_Beside | None" = None  # of the program that runs in this process


def shadows(folder: str) -> dict[str, Path]:
    """The files in a folder that python would import in place of modules that are loaded here, of
    its own ones, or of packages that we need; by the modules' names."""
    found = {}
    for name, file in _modules(folder).items():
        own = str(getattr(sys.modules.get(name), "__file__", None) or "")
        loaded = name in sys.modules and not Path(own).is_relative_to(folder)
        if not _comes_first(name) and (loaded or _is_hidden(name, file, folder)):
            found[name] = file
    return found


def _comes_first(name: str) -> bool:
    """Whether python has this module before it looks into any folder; or we are it."""
    inside = BuiltinImporter.find_spec(name) or FrozenImporter.find_spec(name)
    return inside is not None or name in ("encodings", "unstuck")


def _modules(folder: str) -> dict[str, Path]:
    """What can be imported from a folder: files, and packages."""
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError:
        return {}
    files = {entry.stem: entry for entry in entries if entry.suffix == ".py"}
    return files | {e.name: e for e in entries if (e / "__init__.py").is_file()}


def _is_hidden(name: str, file: Path, folder: str) -> bool:
    """Whether we may import another module of this name, which lies elsewhere."""
    elsewhere = [p for p in sys.path if os.path.realpath(p) != os.path.realpath(folder)]
    spec = PathFinder.find_spec(name, elsewhere)
    if spec is None or spec.origin is None:
        return False
    if Path(spec.origin).resolve().is_relative_to(file.resolve()):
        return False
    return name in sys.stdlib_module_names or name in _needed()


@cache
def _needed() -> frozenset[str]:
    """Packages that we depend on, with what they depend on."""
    left, known = [("unstuck", True)], set[str]()
    while left:
        distribution, with_extras = left.pop()
        if distribution in known:
            continue
        known.add(distribution)
        with suppress(PackageNotFoundError):
            for wanted in requires(distribution) or ():
                if "extra ==" in wanted and (not with_extras or re.search("'(test|docs)'", wanted)):
                    continue
                left.append((_plain(re.split(r"[^\w.-]", wanted)[0]), False))
    packages = packages_distributions()
    return frozenset(p for p, given in packages.items() if known & {_plain(d) for d in given})


def _plain(distribution: str) -> str:
    """Its name as all spellings have it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


class _Beside:
    """Files that are called as modules are: either they are what is imported, or what they hide.

    Args:
        folder: that they lie in.
        files: by the modules' names.
    """

    def __init__(self, folder: str, files: dict[str, Path]) -> None:
        self.folder, self.files = folder, files
        self.told = set[str]()
        self._ours: dict[str, ModuleType] = {}
        self._theirs: dict[str, ModuleType] = {}
        self._at = 0  # of the folder, in sys.path
        self._before: set[str] | None = None  # packages that were loaded when ours came back
        self.theirs_are_in = False

    def give_way(self) -> None:
        """Theirs are what is imported, also by what took something from ours."""
        if not self.files:
            return
        loaded = {_top(name) for name in sys.modules}
        gone = {*self.files, *(_top(name) for name in self._ours)}
        among = loaded if self._before is None else loaded - self._before - gone
        gone |= _dependents(gone, among, again=self._before is not None)
        self._ours |= _taken(gone)
        sys.modules.update(self._theirs)
        if self._before is not None and self.folder in sys.path:
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(self.folder)]
            sys.path.insert(self._at, self.folder)
        self.theirs_are_in = True

    def come_back(self) -> None:
        """Ours are, and the folder lies behind what is installed."""
        if not self.theirs_are_in:
            return
        self._theirs = _taken({*self.files, *(_top(name) for name in self._ours)})
        self._before = {_top(name) for name in sys.modules}
        sys.modules.update(self._ours)
        if self.folder in sys.path:
            self._at = sys.path.index(self.folder)
            sys.path.append(sys.path.pop(self._at))
        self.theirs_are_in = False

    @property
    def imported(self) -> list[str]:
        """Names of theirs that something has imported."""
        return [name for name in self.files if name in self._theirs]

    def tell(self, names: Collection[str], tell: Callable[[str], None]) -> None:
        """Says whose place they take, once."""
        for name in sorted(set(names) - self.told):
            self.told.add(name)
            file = os.path.relpath(self.files[name])
            what = "Python's own module" if name in sys.stdlib_module_names else "the package"
            tell(f"unstuck: {file} takes the place of {what} {name}, as in python")


@contextmanager
def given_way(
    folder: str, tell: Callable[[str], None] | None = None, over: bool = True
) -> Iterator[None]:
    """Lets the files of a folder, the first of `sys.path`, take the place that python gives them;
    the modules that they hide are back after, and before the folder.

    Args:
        tell: called with whose place they take: of what is loaded, and what is imported meanwhile;
            None where it is told another time.
        over: whether the folder takes the place of the first one, which is the program's.
    """
    global _now
    if _now is None or _now.folder != folder:
        if over or sys.path[:1] != [folder]:
            sys.path[: int(over)] = [folder]
        _now = _Beside(folder, shadows(folder))
    beside = _now
    if tell is not None:
        beside.tell([name for name in beside.files if name in sys.modules], tell)
    beside.give_way()
    try:
        yield
    finally:
        beside.come_back()
        if tell is not None:
            beside.tell(beside.imported, tell)


@contextmanager
def ours() -> Iterator[None]:
    """What has given way is back for as long as we work with it."""
    beside = _now
    if beside is None or not beside.theirs_are_in:
        yield
        return
    beside.come_back()
    try:
        yield
    finally:
        beside.give_way()


def _top(name: str) -> str:
    return name.partition(".")[0]


def _taken(packages: Collection[str]) -> dict[str, ModuleType]:
    """Modules of these packages, which are loaded no more."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if _top(name) in packages}


def _dependents(gone: Collection[str], among: Collection[str], again: bool) -> set[str]:
    """Packages, among some, that took something from these when they were imported: they do so
    again.

    Args:
        again: go on with those that took something from them.
    """
    found = set[str]()
    for name, module in list(sys.modules.items()):
        top = _top(name)
        if top in among and top not in found and top not in gone and top not in _SINGLE:
            values = list(vars(module).values()) if getattr(module, "__file__", None) else []
            if any(_comes_from(value) in gone for value in values):
                found.add(top)
    return found | _dependents({*gone, *found}, among, again) if found and again else found


def _comes_from(value: object) -> str:
    """The package that a module, class or function belongs to; "" of what does not say so."""
    with suppress(Exception):  # what values of libraries do when they are asked is theirs
        name = value.__name__ if isinstance(value, ModuleType) else value.__module__
        return _top(name)
    return ""
