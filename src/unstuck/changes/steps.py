"""More steps: a training that was too short."""

from unstuck.changes.change import Change, Part


def longer(factor: int) -> Change:
    """So many times the steps."""
    return Change(f"steps-times-{factor}", f"{factor} times as many steps", Part.STEPS, factor)


LONGER = (longer(4), longer(16))
