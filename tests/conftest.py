"""What all tests share: a user's data folder that is not the user's."""

import gc
import os
import signal
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


@pytest.fixture(scope="session", autouse=True)
def user_data_folder(tmp_path_factory):
    """The default store and downloads go here, in this process and in those it starts."""
    folder = tmp_path_factory.mktemp("user-data")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(folder))
        yield folder


def pytest_collection_modifyitems(items):
    """What takes longest first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "subjects/test_keras" not in item.nodeid)


def pytest_collection_finish():
    """What was imported until here is left out where all objects are gone through: by Python's
    collector, and by unstuck, which looks for random generators around each look and trial."""
    gc.collect()
    gc.freeze()
