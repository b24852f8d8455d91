"""Learning rates that rise: what they rise to is looked at, not the first of them."""

SHARE = 0.1  # a rate below this share of what it rises to is judged by the latter


def warms_up(rate: float, peak: float) -> bool:
    """Whether a rate is far below what its schedule rises to; none is that is below 0."""
    return 0 <= rate < SHARE * peak


def told(rate: float, peak: float) -> str:
    """What is said of it among a report's limits."""
    return f"the learning rate warms up from {rate:g} to {peak:g}, at which it is looked at"
