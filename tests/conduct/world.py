"""Some hundred things of a process that are its program's, and what of them is not as it was.

Of libraries those that are imported: importing one is no trace, what it then sets is.
"""

import asyncio
import atexit
import builtins
import copyreg
import csv
import decimal
import faulthandler
import gc
import hashlib
import io
import locale
import logging
import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any


def world() -> dict[str, Any]:
    """What can be seen now, by name; values are compared by `==`."""
    parts = [("python", _python())]
    for library, look in _LIBRARIES.items():
        if library in sys.modules:
            parts.append((library, look(sys.modules[library])))
    seen = {}
    for part, things in parts:
        for name, value in things.items():
            if isinstance(value, dict):
                seen |= {f"{part} {name}: {key}": v for key, v in value.items()}
            if not isinstance(value, dict):
                seen[f"{part} {name}"] = value
            elif name != "loggers":  # a variable that is set is a trace, a logger that is made none
                seen[f"{part} {name}: names"] = sorted(map(str, value))
    return seen


def moved(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What was seen before and is otherwise now."""
    return {k: (v, after.get(k)) for k, v in before.items() if after.get(k) != v}


def digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12]


def _python() -> dict[str, Any]:
    root, context = logging.getLogger(), decimal.getcontext()
    here = {
        "random": digest(random.getstate()),
        "excepthook": sys.excepthook,
        "unraisablehook": sys.unraisablehook,
        "displayhook": sys.displayhook,
        "breakpointhook": sys.breakpointhook,
        "thread excepthook": threading.excepthook,
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "thread trace": threading.gettrace(),
        "thread profile": threading.getprofile(),
        "import": builtins.__import__,
        "print": builtins.print,
        "open": builtins.open,
        "meta path": list(sys.meta_path),
        "path hooks": list(sys.path_hooks),
        "path": list(sys.path),
        "argv": list(sys.argv),
        "main": sys.modules["__main__"],
        "stdin, stdout, stderr": (sys.stdin, sys.stdout, sys.stderr),
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "digits of integers": sys.get_int_max_str_digits(),
        "coroutine depth": sys.get_coroutine_origin_tracking_depth(),
        "bytecode": sys.dont_write_bytecode,
        "warning filters": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "formatwarning": warnings.formatwarning,
        "logging level": root.level,
        "logging handlers": list(root.handlers),
        "logging disabled": logging.root.manager.disable,
        "logger class": logging.getLoggerClass(),
        "log record": logging.getLogRecordFactory(),
        "loggers": {
            name: (logger.level, list(logger.handlers), logger.disabled, logger.propagate)
            for name, logger in list(logging.root.manager.loggerDict.items())
            if isinstance(logger, logging.Logger) and (logger.level or logger.handlers)
        },
        "gc": (gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(gc.callbacks)),
        "gc frozen": gc.get_freeze_count() > 0,  # what is frozen may end, too
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": _umask(),
        "locale": locale.setlocale(locale.LC_ALL),
        "decimal": (context.prec, context.rounding, dict(context.traps)),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "children": multiprocessing.active_children(),
        "threads": [t.name for t in threading.enumerate()],
        "thread stack": threading.stack_size(),
        "event loop policy": type(asyncio.get_event_loop_policy()),
        "faulthandler": faulthandler.is_enabled(),
        "tracemalloc": tracemalloc.is_tracing(),
        "csv field": csv.field_size_limit(),
        "csv dialects": csv.list_dialects(),
        "socket timeout": socket.getdefaulttimeout(),
        "copyreg": {k: v for k, v in copyreg.dispatch_table.items() if k.__module__ == "builtins"},
        "at exit": atexit._ncallbacks(),  # type: ignore[attr-defined]
        "buffer": io.DEFAULT_BUFFER_SIZE,
        "signals": {
            s.name: signal.getsignal(s)
            for s in signal.valid_signals()
            if isinstance(s, signal.Signals)
        },
    }
    if os.name == "posix":
        here |= {
            "signal mask": signal.pthread_sigmask(signal.SIG_BLOCK, []),
            "timers": signal.getitimer(signal.ITIMER_REAL),
            "niceness": os.nice(0),
            "affinity": sorted(getattr(os, "sched_getaffinity", lambda _: [])(0)),
            "group": (os.getpgid(0), os.getsid(0)),
        }
    if os.path.isdir("/proc/self/fd"):
        here["open files"] = sorted(_open_files())
    return here


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _open_files() -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:  # that of the listing itself
            continue
    return [f for f in found if not f.startswith(("anon_inode", "/proc/"))]


def _numpy(np: Any) -> dict[str, Any]:
    return {
        "random": digest([str(part) for part in np.random.get_state()]),
        "errors": np.geterr(),
        "error call": np.geterrcall(),
        "print options": np.get_printoptions(),
        "buffer": np.getbufsize(),
    }


def _torch(torch: Any) -> dict[str, Any]:
    module, optim = torch.nn.modules.module, sys.modules[torch.optim.Optimizer.__module__]
    hooks = [v for k, v in vars(module).items() if k.startswith("_global") and "hook" in k]
    return {
        "random": digest(torch.get_rng_state().tolist()),
        "seed": torch.initial_seed(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "deterministic fill": torch.utils.deterministic.fill_uninitialized_memory,
        "matmul": torch.get_float32_matmul_precision(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "cudnn": (torch.backends.cudnn.enabled, torch.backends.cudnn.deterministic),
        "mkldnn": torch.backends.mkldnn.enabled,
        "flush denormal": float(torch.tensor([1e-40]).mul(1)) > 0,
        "print options": vars(torch._tensor_str.PRINT_OPTS).copy(),
        "module hooks": [dict(h) for h in hooks if isinstance(h, dict)],
        "optimizer hooks": [dict(v) for k, v in vars(optim).items() if k.startswith("_global_opt")],
        "function modes": torch._C._len_torch_function_stack(),
        "dispatch modes": torch._C._len_torch_dispatch_stack(),
        "sharing": torch.multiprocessing.get_sharing_strategy(),
        "module call": torch.nn.Module.__call__,
        "backward": (torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad),
        "optimizer": (torch.optim.Optimizer.__init__, torch.optim.SGD.step),
        "functions": (torch.nn.functional.cross_entropy, torch.nn.functional.linear),
        "loader": torch.utils.data.DataLoader.__iter__,
    }


def _sklearn(sklearn: Any) -> dict[str, Any]:
    network = sys.modules.get("sklearn.neural_network")
    fits = network and [network.MLPClassifier.fit, network.MLPRegressor.fit]
    return {"config": sklearn.get_config(), "fit": fits}


def _matplotlib(matplotlib: Any) -> dict[str, Any]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return {
        "settings": {k: matplotlib.rcParams._get(k) for k in matplotlib.rcParams},
        "figures": pyplot and pyplot.get_fignums(),
    }


def _jax(jax: Any) -> dict[str, Any]:
    return {"config": dict(jax.config.values), "grad": jax.grad, "jit": jax.jit}


def _keras(keras: Any) -> dict[str, Any]:
    from keras.src.backend.common import global_state  # the global seed has no public name

    seeds = global_state.get_global_attribute("global_seed_generator")
    return {
        "backend": keras.backend.backend(),
        "floats": (keras.config.floatx(), keras.config.epsilon()),
        "images": keras.config.image_data_format(),
        "policy": keras.config.dtype_policy().name,
        "tracebacks": keras.config.is_traceback_filtering_enabled(),
        "interactive": keras.config.is_interactive_logging_enabled(),
        "custom objects": dict(keras.saving.get_custom_objects()),
        "names": digest(global_state.get_global_attribute("object_name_uids")),
        "seeds": None if seeds is None else digest(keras.ops.convert_to_numpy(seeds.state)),
        "fit": (keras.Model.fit, keras.Model.train_on_batch, keras.Model.compile),
    }


def _tensorflow(tf: Any) -> dict[str, Any]:
    from tensorflow.python.eager import context

    threading_ = tf.config.threading
    drawn = getattr(context.context(), "_rng", None)  # there once something was drawn
    return {
        "seed": context.context()._seed,
        "operations": digest(drawn and drawn.getstate()),
        "generator": digest(tf.random.get_global_generator().state.numpy()),
        "eager": (tf.executing_eagerly(), tf.config.functions_run_eagerly()),
        "threads": (
            threading_.get_intra_op_parallelism_threads(),
            threading_.get_inter_op_parallelism_threads(),
        ),
        "verbosity": tf.get_logger().level,
        "tape": tf.GradientTape.gradient,
    }


_LIBRARIES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "numpy": _numpy,
    "torch": _torch,
    "sklearn": _sklearn,
    "matplotlib": _matplotlib,
    "jax": _jax,
    "keras": _keras,
    "tensorflow": _tensorflow,
}
