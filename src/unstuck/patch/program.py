"""`unstuck` as a program that we start ourselves, in a process of its own."""

import sys

# `python -c` looks into the folder it is started in first: what lies there is the script's.
_START = "import sys\nif sys.path[0] == '':\n    sys.path[0] = sys.prefix\n"


def program(*arguments: str, before: str = "") -> list[str]:
    """The command that starts it, for `subprocess`.

    Args:
        before: Python that the process does first.
    """
    code = f"{_START}{before}\nfrom unstuck.cli import main; main()"
    return [sys.executable, "-c", code, *arguments]
