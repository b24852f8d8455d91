"""What a script has Python do at exit, which comes after its record is drawn up."""

import atexit
from collections.abc import Callable
from typing import Any

from unstuck.watching.standing import is_by_user, put


class AtExit:
    """Sees what the script, and no library, registers.

    Attributes:
        is_awaited: whether it has registered anything.
    """

    def __init__(self) -> None:
        self.is_awaited = False

        def made(register: Any) -> Callable[..., Any]:
            def registering(function: Any, *args: Any, **kwargs: Any) -> Any:
                self.is_awaited = self.is_awaited or is_by_user()
                return register(function, *args, **kwargs)

            return registering

        put(atexit, "register", made)
