"""Ctrl-C while worker processes start."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from unstuck.trials import processes

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "pthread_sigmask"), reason="no signals to a process on this system"
)


@pytest.fixture
def other_thread():
    """A thread that does not block the interrupt, as many a library has one."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_ctrl_c_waits_until_the_processes_are_started_and_is_not_lost(other_thread):
    reached = []

    def interrupted():
        with processes._interrupts_kept_from_children():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # a handler would be called in here
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_started_meanwhile_never_sees_it(other_thread):
    code = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    with processes._interrupts_kept_from_children():
        child = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert child.stdout == "True\n"
