"""The learning rate times or over powers of 3."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

POWERS = (1, 2, 4, 6, 8, 10)


def rate(power: int) -> Intervention:
    """The learning rate × 3^power."""
    factor = 3.0**power
    says = f"× {3**power:,}" if power > 0 else f"÷ {3**-power:,}"
    return Intervention(
        f"learning-rate-{'times' if power > 0 else 'over'}-{3 ** abs(power)}",
        f"learning rate {says}",
        settings=Settings(rate=factor),
    )


LOWER = tuple(rate(-p) for p in POWERS)
HIGHER = tuple(rate(p) for p in POWERS)
