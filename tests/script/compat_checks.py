"""Old scripts really run on Keras 3, and as they are rewritten; run by test_compat.py."""

import importlib
import inspect
import re
import warnings

import keras

from script.compat_scripts import ADVISED, LEFT, RENAMED
from unstuck.script import removed, renames
from unstuck.script.compat import explained, renamed

warnings.simplefilter("ignore")
STILL = {"imp", "numpy.trapz", "numpy.in1d", "numpy.row_stack", "numpy.bool"}  # by their versions


def error_of(source):
    try:
        exec(compile(source, "old/train.py", "exec"), {})
    except Exception as error:
        return error
    return None


for source, line in RENAMED.items():
    number, old = source.count("\n") + 1, source.splitlines()[-1]
    error = error_of(source)
    assert error is not None, source
    told = explained(error, source, "old/train.py")
    assert told == f"train.py, line {number}: {old}\nwrite: {line}", (source, error, told)
    new, found = renamed(source)
    assert new.splitlines()[-1] == line, (source, new)
    assert {r.line for r in found} == {number}, found
    assert error_of(new) is None, (new, error_of(new))
    assert renamed(new) == (new, []), new

for source, words in ADVISED.items():
    error = error_of(source)
    assert error is not None, source
    told = explained(error, source, "old/train.py")
    assert told is not None, (source, error)
    assert words in told, (source, told)
    assert f"line {source.count(chr(10)) + 1}: " in told

for source in LEFT:
    assert renamed(source) == (source, []), source
    assert error_of(source) is None, source

# Every replacement exists, and what it replaces does not.
written = {**removed.ELSEWHERE, **{f"keras.backend.{k}": v for k, v in removed.BACKEND.items()}}
for old, new in written.items():
    for path in re.findall(r"(?:keras|tf|jax|torch|time|math|[a-z]+)(?:\.\w+)+", new):
        home = path.split(".")[0]
        if home in ("x", "layer", "variable", "d", "str"):
            continue
        importlib.import_module({"tf": "tensorflow"}.get(home, home))
        assert removed.exists(path.replace("tf.", "tensorflow.", 1)), (old, path)
    package = old.split(".")[0]
    if package not in ("imp", "fractions"):  # gone or not, by the version of Python
        importlib.import_module(package)
    assert not removed.exists(old) or old in STILL, old
for module in set(renames.MODULES.values()):
    importlib.import_module(f"keras.{module}")
for old, new in renames._NAMES.items():
    assert removed.exists(f"keras.{old.split('.')[0]}.{new}"), new
for owner, new in renames._METHODS.items():
    assert hasattr(keras.Model, new), owner
for new in renames._TF.values():
    assert removed.exists(f"tensorflow.{new}"), new
for new in renames._OF_LAYERS.values():
    layers = (keras.layers.Dense, keras.layers.Conv2D)
    assert any(new in inspect.signature(kind).parameters for kind in layers), new
