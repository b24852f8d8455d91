"""One recording of trainings, whose hooks are on only within a test."""

import pytest

import unstuck
from script.recording import Recording

RECORDING = Recording()


@pytest.fixture
def trainings():
    """PyTorch's hooks, on for one test; each training is diagnosed when it starts."""
    from unstuck.frameworks.torch.watch import loops_of

    def diagnose(seen):
        seen.report = unstuck.diagnose(**seen.arguments)

    loops = loops_of(RECORDING)
    loops.remove()
    loops.install()
    RECORDING.clear()
    RECORDING.at_start = diagnose
    yield RECORDING
    loops.remove()
    RECORDING.clear()
