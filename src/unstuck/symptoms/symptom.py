"""A symptom: a probe's value judged. It makes a cause suspected, never proven."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from unstuck.probes.look import Look, Measured


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a symptom is judged on: the look itself and every probe's value by name."""

    look: Look
    values: Mapping[str, Measured]

    def number(self, name: str) -> float | None:
        """A probe's value if it is a single finite number."""
        value = self.values.get(name)
        if isinstance(value, int | float) and abs(value) < float("inf"):
            return float(value)
        return None

    def numbers(self, name: str) -> dict[str, float]:
        """A probe's finite numbers, one a layer or input."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            return {}
        return {
            k: float(v)
            for k, v in value.items()
            if isinstance(v, int | float) and abs(v) < float("inf")
        }


@dataclass(frozen=True)
class Finding:
    """A symptom that is present.

    Args:
        symptom: its name.
        probe: the probe that was judged.
        value: what was measured.
        expected: what a set-up that can learn shows.
        where: the layer or input it was found at; "" for the whole.
    """

    symptom: str
    probe: str
    value: float | int | str
    expected: str
    where: str = ""


# Evidence ↦ value and place where the symptom is present, else None.
Judge = Callable[[Evidence], tuple[float | int | str, str] | None]


@dataclass(frozen=True)
class Symptom:
    """A judgement on one probe.

    Args:
        name: stable, lower case with hyphens.
        probe: name of the probe.
        expected: what a set-up that can learn shows, with the threshold.
        source: where the threshold comes from.
        judge: decides.
        harm: whether it says by itself that training is kept from working, whatever the reason;
            a suspect is supported by the harms that go away when its cause is cut.
    """

    name: str
    probe: str
    expected: str
    source: str
    judge: Judge
    harm: bool = False

    def __call__(self, evidence: Evidence) -> Finding | None:
        found = self.judge(evidence)
        if found is None:
            return None
        return Finding(self.name, self.probe, found[0], self.expected, found[1])


def above(probe: str, threshold: float) -> Judge:
    """Present where the probe, or its largest value over layers, is above the threshold."""
    return _worst(probe, max, lambda value: value > threshold)


def below(probe: str, threshold: float) -> Judge:
    """Present where the probe, or its smallest value over layers, is below the threshold."""
    return _worst(probe, min, lambda value: value < threshold)


def _worst(
    probe: str, pick: Callable[..., tuple[str, float]], beyond: Callable[[float], bool]
) -> Judge:
    def judge(evidence: Evidence) -> tuple[float, str] | None:
        value = evidence.number(probe)
        values = evidence.numbers(probe) if value is None else {"": value}
        if not values:
            return None
        place, worst = pick(values.items(), key=lambda item: item[1])
        return (worst, place) if beyond(worst) else None

    return judge
