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
    return "points" if measure in SHARES else f"in {measure}"


def gain(effect: Effect, measure: str) -> str:
    """The effect with its interval: "+70.7 points better (95 %: +67.5 to +73.9; 6 seeds)", "mse
    lower by 0.32 (95 %: 0.28 to 0.36; 6 seeds)".

    A gain below zero is a loss: "−4.3 points better" would be misread, so it is "4.3 points worse".
    """
    share, worse = measure in SHARES, isfinite(effect.effect) and effect.effect < 0
    size = signed(abs(effect.effect), measure)
    if share:
        says = f"{size.removeprefix('+')} points worse" if worse else f"{size} points better"
    else:
        says = f"{measure} {'higher' if worse else 'lower'} by {size.removeprefix('+')}"
    if effect.n < 2 or not (isfinite(effect.low) and isfinite(effect.high)):
        return f"{says} ({seeds(effect.n)}: no interval)"
    bounds = sorted(-bound if worse else bound for bound in (effect.low, effect.high))
    low, high = (signed(b, measure).removeprefix("" if share else "+") for b in bounds)
    return f"{says} (95 %: {low} to {high}; {seeds(effect.n)})"


def seeds(count: int) -> str:
    """So many seeds."""
    return f"{count} seed" if count == 1 else f"{count} seeds"
