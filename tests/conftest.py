"""What all tests share: a user's data folder that is not the user's."""

import signal

import pytest

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
