"""The learning rate times or over powers of 3."""

from unstuck.changes.change import Change, Part

POWERS = (1, 2, 4, 6, 8, 10)


def rate(power: int) -> Change:
    """The learning rate × 3^power."""
    says = f"× {3**power:,}" if power > 0 else f"÷ {3**-power:,}"
    name = f"learning-rate-{'times' if power > 0 else 'over'}-{3 ** abs(power)}"
    return Change(name, f"learning rate {says}", Part.RATE, 3.0**power)


LOWER = tuple(rate(-p) for p in POWERS)
HIGHER = tuple(rate(p) for p in POWERS)
