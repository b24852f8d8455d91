"""What a command still does once a script has ended, in the process as the script left it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from unstuck.errors import named


class Afterwards:
    """To be made before the script starts: where Python finds modules, and how deep calls may go,
    is then as it was, for our part alone.

    Args:
        tell: called with what failed, once a failure.

    Attributes:
        is_whole: whether nothing failed.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.is_whole = True
        self._tell = tell
        self._path, self._depth = list(sys.path), sys.getrecursionlimit()

    @contextmanager
    def part(self, doing: str) -> Iterator[None]:
        """What fails within is told, and goes no further.

        Args:
            doing: what, after "could not".
        """
        path, depth = list(sys.path), sys.getrecursionlimit()
        sys.path[:] = [*path, *(one for one in self._path if one not in path)]
        sys.setrecursionlimit(max(depth, self._depth))
        try:
            yield
        except Exception as error:
            self.is_whole = False
            self._tell(
                f"unstuck: could not {doing}: {named(error)}; as the script left Python, that fails"
            )
        finally:
            sys.path[:] = path
            with suppress(RecursionError):  # we are deeper than the script allows
                sys.setrecursionlimit(depth)
