"""What all tests share: a user's data folder that is not the user's."""

import compileall
import gc
import importlib.util
import os
import signal
import sys
from importlib.metadata import version

import pytest

# One thread a worker: threads of several workers that wait for each other by spinning take ten
# times as long. Before any framework is imported; processes that a test starts inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# XLA compiles in a fifth of the time; no test runs a program often enough to pay for more. Before
# JAX or TensorFlow is imported; processes that a test starts inherit it. A flag that XLA does not
# have ends the process: the second is given to versions that are known to have it.
FLAGS = "--xla_backend_optimization_level=0"
if version("jaxlib").startswith("0.10."):
    FLAGS += " --xla_cpu_use_fusion_emitters=false"
os.environ.setdefault("XLA_FLAGS", FLAGS)

# A shell that starts the suite in the background has it ignore Ctrl-C, and every process started
# by a test would inherit that: none could be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Where Python is told to keep no bytecode, each process that a test starts would compile two
# hundred of our files anew.
if sys.dont_write_bytecode and "PYTEST_XDIST_WORKER" not in os.environ:
    compileall.compile_dir(*importlib.util.find_spec("unstuck").submodule_search_locations, quiet=2)


@pytest.fixture(scope="session", autouse=True)
def user_data_folder(tmp_path_factory):
    """The default store and downloads go here, in this process and in those it starts."""
    folder = tmp_path_factory.mktemp("user-data")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def compiled_folder(tmp_path_factory):
    """What JAX compiles in a process that a test starts, the next one finds: many run one script
    twice. One folder a worker: entries are not written in one piece."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        environment.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        yield


def pytest_collection_modifyitems(items):
    """What takes longest first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "subjects/test_keras" not in item.nodeid)


def pytest_collection_finish():
    """What was imported until here is left out where all objects are gone through: by Python's
    collector, and by unstuck, which looks for random generators around each look and trial."""
    gc.collect()
    gc.freeze()
