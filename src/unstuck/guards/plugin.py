"""The pytest plugin: the fixture `unstuck`, the marker of the same name and its options.

pytest loads this file in every project that has unstuck installed: nothing else is imported
before a test asks for the fixture.
"""

import math
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unstuck.guards.guard import Guard

MARKER = (
    "unstuck(budget=SECONDS): a test that trains copies of a network to see that it learns;"
    " budget goes before --unstuck-budget"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("unstuck", "guards of networks that are to learn")
    group.addoption(
        "--unstuck-budget",
        type=float,
        metavar="SECONDS",
        help="for one guard of the fixture unstuck. Default: 60.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line("markers", MARKER)
    seconds = config.getoption("--unstuck-budget")
    if seconds is not None and not 0 < seconds < math.inf:
        raise pytest.UsageError(f"--unstuck-budget {seconds:g}: expected seconds above 0")


@pytest.fixture
def unstuck(request: pytest.FixtureRequest) -> "Guard":
    """Guards of networks: `learns`, `fits`, `fits_together`, `no_worse_than`."""
    from unstuck.guards.guard import BUDGET, Guard

    seconds = request.config.getoption("--unstuck-budget")
    marker = request.node.get_closest_marker("unstuck")
    if marker is not None:
        if marker.args or marker.kwargs.keys() - {"budget"}:
            raise pytest.UsageError("the marker unstuck: expected budget=SECONDS and nothing else")
        seconds = marker.kwargs.get("budget", seconds)
    return Guard(BUDGET if seconds is None else seconds)
