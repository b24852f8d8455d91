"""Programs run one after another in this process: python together.py FILE[:FAULT]...

Prints what each prints, and a digest of the numbers that it leaves in its names. After a colon
stands the fault to be put into it: the commented line that begins with its name is made live.
"""

import hashlib
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

# At the start of a line, which in a notebook's JSON is after an escaped line break.
FAULT = re.compile(r"(^ *|\\n *)# (raw inputs|rate x 1000|targets unscaled): ", re.MULTILINE)


def fault_of(source):
    """The fault that a program can be given."""
    return FAULT.search(source)[2]


def with_fault(source):
    """The program with its fault in it, line for line."""
    return FAULT.sub(r"\1", source)


def digest(names):
    """Of all numbers that are found in values by name: models', parameters', losses."""
    made = hashlib.sha256()
    for name in sorted(names):
        if not name.startswith("_"):
            for number in _numbers(names[name]):
                made.update(name.encode() + number)
    return made.hexdigest()[:16]


def _numbers(value):
    if isinstance(value, ModuleType | type):
        return
    if isinstance(value, float | np.ndarray):
        yield np.asarray(value).tobytes() if not _is_object(value) else b""
    elif "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor):
        yield value.detach().numpy().tobytes()
    elif hasattr(value, "state_dict") and hasattr(value, "parameters"):
        yield from (v.detach().numpy().tobytes() for v in value.state_dict().values())
    elif hasattr(value, "get_weights"):
        yield from (w.tobytes() for w in value.get_weights())
    elif hasattr(value, "coefs_"):
        yield from (w.tobytes() for w in (*value.coefs_, *value.intercepts_))
    elif hasattr(value, "module_"):  # skorch's
        yield from _numbers(value.module_)
    elif "jax" in sys.modules:
        yield from _of_tree(value)


def _of_tree(value):
    import jax

    try:
        leaves = jax.tree.leaves(value)
    except Exception:  # no tree
        return
    for leaf in leaves:
        plain = isinstance(leaf, jax.Array) and not jax.numpy.issubdtype(
            leaf.dtype, jax.dtypes.prng_key
        )
        if plain and not leaf.is_deleted():
            yield np.asarray(leaf).tobytes()


def _is_object(value):
    return np.asarray(value).dtype == object


def main():
    for given in sys.argv[1:]:
        file, _, fault = given.partition(":")
        source = Path(file).read_text("utf-8")
        source = with_fault(source) if fault else source
        names = {"__name__": "__main__", "__file__": file}
        main = ModuleType("__main__")
        vars(main).update(names)
        sys.modules["__main__"] = main
        print(given, flush=True)
        exec(compile(source, file, "exec", dont_inherit=True), vars(main))
        print("digest", digest(vars(main)), flush=True)


if __name__ == "__main__":
    main()
