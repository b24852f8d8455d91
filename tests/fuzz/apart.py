"""Work done in a forked child of this process: quick, as all is imported, and without a trace."""

import faulthandler
import gc
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

PATIENCE_S = 600  # of one attempt, after which it hangs
PROCESSOR_S = 60  # likewise, of the processor


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Args:
        status: its exit status; of one that a signal ended, less 0.
    """

    status: int
    out: str
    err: str

    @property
    def crashed(self) -> str:
        """The signal that ended it; "" for none. SIGALRM, SIGKILL or SIGXCPU: it took too long."""
        return "" if self.status >= 0 else signal.Signals(-self.status).name


def apart(work: Callable[[], int | None], folder: Path, stdin: str = "") -> Ended:
    """Does something in a forked child, in a folder, and ends that as `python` would end.

    Args:
        work: gives back an exit status, or ends by SystemExit.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    gc.freeze()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _work(work, folder, stdin, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Ended(os.waitstatus_to_exitcode(status), *texts)


def _work(work: Callable[[], int | None], folder: Path, stdin: str, out: int, err: int) -> None:
    status: int | None = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.alarm(PATIENCE_S)
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
        faulthandler.disable()
        os.chdir(folder)
        os.dup2(out, 1)
        os.dup2(err, 2)
        read, write = os.pipe()
        os.write(write, stdin.encode())
        os.close(write)
        os.dup2(read, 0)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = sys.__stderr__ = open(  # noqa: SIM115
            2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        status = work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            status = end.code
        else:
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                status = status or 1
        os._exit((status or 0) & 0xFF)


_NEEDED = {
    "sklearn": "sklearn.neural_network sklearn.pipeline sklearn.model_selection sklearn.compose",
    "torch": "torch torch.utils.data",
    "keras": "torch keras",
    "jax": "jax jax.numpy optax",
    "lightning": "torch lightning",
}
_OURS = """
unstuck.cli unstuck.script.running unstuck.script.trainings unstuck.script.record
unstuck.script.hooks unstuck.script.children unstuck.report.run unstuck.report.diagnosis
unstuck.report.as_json unstuck.report.sarif unstuck.report.page.page unstuck.script.arrays
unstuck.script.target unstuck.commands.trials unstuck.report.handed unstuck.report.compact
unstuck.engine.optimizers unstuck.guards.guard unstuck.guards.falling_short unstuck.report.guarded
unstuck.commands.batch unstuck.commands.compare unstuck.comparing.compare unstuck.report.batch
"""


@cache
def warm(framework: str) -> None:
    """Imports what children of this process need, so that none of them does.

    JAX's backend is not started: its threads would be lost in a child.
    """
    from unstuck import diagnose

    for name in (*_OURS.split(), *_NEEDED[framework].split()):
        import_module(name)
    x, y = np.random.default_rng(0).normal(size=(20, 2)).astype("f4"), np.arange(20) % 2
    if framework == "sklearn":
        str(diagnose(sys.modules["sklearn.neural_network"].MLPClassifier((2,)), x, y))
    if framework in ("torch", "lightning"):
        torch = sys.modules["torch"]
        torch.set_num_threads(1)
        net = torch.nn.Linear(2, 2)
        str(diagnose(net, x, y, loss=torch.nn.CrossEntropyLoss(), optimizer="adam"))
    if framework == "keras":
        keras = sys.modules["keras"]
        net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
        net.compile("adam", "sparse_categorical_crossentropy")
        keras.utils.set_random_seed(0)  # imports TensorFlow, where it is there
        str(diagnose(net, x, y))
