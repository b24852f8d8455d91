"""Measures and effects in words: an accuracy in percent and points, a loss with three digits."""

from math import isfinite

from unstuck.records.effect import Effect
from unstuck.records.quantity import quantity

SHARES = ("accuracy", "balanced accuracy")


def level(value: float, measure: str) -> str:
    """A measure's value: "83.1 %", "0.298"."""
    if not isfinite(value):
        return "not finite"
    return f"{100 * value:.1f} %".replace("-", "−") if measure in SHARES else quantity(value)


def signed(value: float, measure: str) -> str:
    """A difference: "+70.7", "−0.12"; "∞" where it has no bound."""
    if not isfinite(value):
        return quantity(value)
    if measure in SHARES:
        return f"{100 * value:+.1f}".replace("-", "−")
    return ("+" if value >= 0 else "") + quantity(value)


def unit(measure: str) -> str:
    """What a difference is counted in."""
    return "points" if measure in SHARES else f"of {measure}"


def gain(effect: Effect, measure: str) -> str:
    """The effect with its interval: "+70.7 points better (95 %: +67.5 to +73.9; 6 seeds)".

    A gain below zero is a loss: "−4.3 points better" would be misread, so it is "4.3 points worse".
    """
    worse = isfinite(effect.effect) and effect.effect < 0
    sign = -1 if worse else 1
    word = "worse" if worse else "better"
    told = signed(abs(effect.effect), measure).removeprefix("+" if worse else "\0")
    says = f"{told} {unit(measure)} {word}"
    if effect.n < 2 or not (isfinite(effect.low) and isfinite(effect.high)):
        return f"{says} ({seeds(effect.n)}: no interval)"
    low, high = sorted(sign * bound for bound in (effect.low, effect.high))
    return f"{says} (95 %: {signed(low, measure)} to {signed(high, measure)}; {seeds(effect.n)})"


def seeds(count: int) -> str:
    """So many seeds."""
    return f"{count} seed" if count == 1 else f"{count} seeds"
