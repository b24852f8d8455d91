"""Checks of the Keras subject on the backend of KERAS_BACKEND; see `test_keras`.

    KERAS_BACKEND=jax python -m subjects.keras_checks OUT.pickle

Each function `check_…` is one test; what it returns is compared between the backends.
"""

import gc
import os
import pickle
import sys
import time
import traceback
from typing import Any

import keras

from subjects.keras_checks import (
    cures,
    data_kinds,
    impossible,
    layer_kinds,
    mistakes,
    numbers,
    remaking,
    trace,
    training,
)


def main(out: str) -> None:
    keras.utils.set_random_seed(0)  # imports TensorFlow, where it is, whatever the backend
    gc.collect()
    gc.freeze()  # modules are not gone through in search of random generators, around each look
    chosen = os.environ.get("CHECKS", "").split()
    results: dict[str, Any] = {}
    for name, check in _checks().items():
        if not chosen or name in chosen:
            start = time.perf_counter()
            try:
                results[name] = ("passed", check())
            except Exception:
                results[name] = ("failed", traceback.format_exc(limit=-6))
            print(f"{name} {time.perf_counter() - start:.1f} s", flush=True)
    with open(out, "wb") as file:
        pickle.dump(results, file)


def _checks() -> dict[str, Any]:
    files = (
        numbers,
        trace,
        layer_kinds,
        data_kinds,
        mistakes,
        impossible,
        remaking,
        training,
        cures,
    )
    return {n: f for file in files for n, f in vars(file).items() if n.startswith("check_")}


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    os._exit(0)  # TensorFlow was seen to hang at the end of a process
