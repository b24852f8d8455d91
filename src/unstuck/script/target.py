"""A target of the command line: a factory in a module or file, or a saved Keras model."""

import contextlib
import functools
import importlib
import importlib.util
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from unstuck.errors import UsageError
from unstuck.script.shadows import given_way
from unstuck.watching.place import is_users

FORM = "module:factory, path/to/file.py:factory, or a saved model.keras"
_SHOWN = 8  # at most: lines of the user's own error, names of their functions


def load(target: str, tell: Callable[[str], None] = lambda says: None) -> dict[str, Any]:
    """The arguments of `unstuck.diagnose` that a target stands for, "model" among them.

    Args:
        target: `module:factory`, looked for in the current folder first; `file.py:factory`; or a
            `.keras` file. A factory is called without arguments; what is no function or class is
            taken as it stands. Either gives a model, (model, x, y), or a dict of arguments.
        tell: called with what is odd about its surroundings.

    Raises:
        UsageError: nothing there, or the user's code raises; told with the line in its file.
    """
    if target.lower().endswith(".keras"):
        return {"model": _saved(Path(target).expanduser())}
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        given = target.strip(":")
        hint = f"{given}:make_model, where make_model() returns the model" if given else ""
        raise UsageError(f"the target {target!r}", FORM, hint)
    with given_way(_folder(place), tell, over=False):
        module = _module(place, target)
        made = _made(_attribute(module, name, place), target, module)
    return _arguments(made, target)


def function(target: str, form: str) -> Callable[[], Any]:
    """The function of `module:function` or `file.py:function`, called without arguments.

    Args:
        target: where it is.
        form: what is expected, for a message.

    Raises:
        UsageError: nothing there; when it is called, as the user's code raises.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise UsageError(f"{target!r}", form)
    with given_way(_folder(place), over=False):
        module = _module(place, target)
    found = _attribute(module, name, place)
    if not callable(found):
        raise UsageError(f"{target} is no function", form)

    def called() -> Any:
        with _explained(target, Path(module.__file__ or "")):
            return found()

    return called


def _folder(place: str) -> str:
    """That python would look into first, were it run as a script or as a module."""
    return str(Path(place).expanduser().absolute().parent if place.endswith(".py") else Path.cwd())


def _module(place: str, target: str) -> ModuleType:
    return _from_file(place, target) if place.endswith(".py") else _from_name(place, target)


def _saved(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"no file {path.absolute()}", FORM)
    try:
        import keras
    except ImportError as error:
        raise UsageError(
            f"{path} needs Keras: {error}", "Keras 3 and its backend", "pip install unstuck[keras]"
        ) from error
    try:
        return keras.saving.load_model(path)
    except Exception as error:
        raise UsageError(
            f"{path} cannot be loaded: {_told(error)}",
            "a model saved with model.save",
            "where it has layers or losses of your own, give file.py:factory with a function that"
            " loads it",
        ) from error


def _from_name(name: str, target: str) -> ModuleType:
    try:
        with _explained(f"importing {name}", Path(*name.split("."))):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        asked = "" if missing == name else f", asked for by {target}"
        raise UsageError(
            f"no module {missing!r}{asked}", f"a module in {Path.cwd()}, or an installed one"
        ) from error


def _from_file(place: str, target: str) -> ModuleType:
    path = Path(place).expanduser()
    if not path.is_file():
        raise UsageError(f"no file {path.absolute()}", FORM)
    spec = importlib.util.spec_from_file_location("unstuck_target", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} cannot be imported", "a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # classes in it can be pickled, as loaders' workers need
    with _explained(f"importing {path}", path):
        spec.loader.exec_module(module)
    return module


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [n for n in vars(module) if not n.startswith("_")]
            near = get_close_matches(name, known, n=1)
            functions = [v for n in known if inspect.isfunction(v := vars(module)[n])]
            ours = [f.__name__ for f in functions if f.__module__ == module.__name__][:_SHOWN]
            raise UsageError(
                f"{place} has no {name!r}",
                f"one of its functions, such as {', '.join(ours)}"
                if ours
                else "a name that it defines",
                f"did you mean {place}:{near[0]}?" if near else "",
            )
        found = getattr(found, part)
    return found


def _made(found: Any, target: str, module: ModuleType) -> Any:
    """What a factory returns; a model, though it may be called, is no factory."""
    named = hasattr(found, "__name__") or isinstance(found, functools.partial)
    if not (callable(found) and named):
        return found
    with contextlib.suppress(ValueError):  # some built-in functions have no signature
        try:
            inspect.signature(found).bind()
        except TypeError as error:
            raise UsageError(
                f"{target} cannot be called without arguments: {error}",
                "a function without arguments that returns the model, or (model, x, y)",
            ) from error
    with _explained(target, Path(module.__file__ or "")):
        made = found()
    if made is None:
        raise UsageError(
            f"{target} returned None",
            "a model, (model, x, y), or a dict of arguments of unstuck.diagnose",
            "does it end with return?",
        )
    return made


def _arguments(made: Any, target: str) -> dict[str, Any]:
    if isinstance(made, tuple) and len(made) == 3:
        return dict(zip(("model", "x", "y"), made, strict=True))
    if not isinstance(made, Mapping):
        return {"model": made}
    from unstuck.diagnosis import diagnosed

    known = list(inspect.signature(diagnosed).parameters)
    if "model" not in made:
        raise UsageError(f"{target} gives a dict without 'model'", f"some of {', '.join(known)}")
    for key in made:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            raise UsageError(
                f"{target} gives the argument {key!r}",
                f"some of {', '.join(known)}",
                f"did you mean {near[0]!r}?" if near else "",
            )
    return dict(made)


@contextlib.contextmanager
def _explained(doing: str, path: Path) -> Iterator[None]:
    """What the user's code raises, with the line of its file where it went wrong.

    A module that is not there itself is left to the caller.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and not _lines(error, path):
            raise
        lines = _lines(error, path)
        raise UsageError(
            f"{doing} raised {_told(error)}", "", "\n".join(lines) and f"see {lines[-1]}"
        ) from error


def _told(error: BaseException) -> str:
    """Type and message, on one screen."""
    lines = str(error).strip().splitlines()
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], "…"]
    return f"{type(error).__name__}: " + "\n".join(lines) if lines else type(error).__name__


def _lines(error: BaseException, path: Path) -> list[str]:
    """Where the error passed through files of the user: "net.py, line 3: x = 1 / 0"."""
    if isinstance(error, SyntaxError) and error.filename:
        return [f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}"]
    found = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if _users(file, path):
            found.append(f"{file}, line {number}: {linecache.getline(file, number).strip()}")
    return found


def _users(file: str, path: Path) -> bool:
    """Whether a file is the target's own or lies beside or below it, and is no package's."""
    own, place = path.absolute(), Path(file).absolute()
    return is_users(file) and (place == own or own.parent in place.parents)
