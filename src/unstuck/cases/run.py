"""Runs cases as one study and draws up a report of each: a record that every output is made of."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from unstuck import __version__
from unstuck.cases.case import Case, Quantity
from unstuck.cases.results import Decided, Met, Results, decide, meet, staircase
from unstuck.errors import TrialsFailed, UsageError
from unstuck.trials.design import Arm, Study, Trial
from unstuck.trials.runner import run
from unstuck.trials.stored import Stored

if TYPE_CHECKING:
    from rich.console import Console

    from unstuck.data.dataset import Dataset
    from unstuck.data.sources import DataRef
    from unstuck.engine.setup import Setup
    from unstuck.trials.design import Pack
    from unstuck.trials.executor import Executor
    from unstuck.trials.pack_training import Failed, Finished
    from unstuck.trials.store import Store

PUBLISHED_ON = "fashion-mnist"


@dataclass(frozen=True)
class CaseReport:
    """All that a case's trials say, on the seeds on which none of its arms failed.

    `comparable` is why figures are compared, or are not (""); `failed` has arm, seed and reason.
    The records are read from the store: it stays open as long as a report is used.
    """

    case: Case
    data: str
    results: Results
    met: tuple[Met, ...]
    comparable: str
    decided: tuple[Decided, ...]
    staircases: Mapping[str, Mapping[int, float]]  # arm -> classes right -> share of seeds
    answers: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, int, str], ...] = ()

    def note(self, met: Met) -> str:
        """What the trials say of a figure that lies outside; "" for one that does not."""
        told = met.figure.if_outside
        outside = met.inside is False and not self.comparable
        return told(self.results) if told and outside else ""

    @property
    def notes(self) -> list[str]:
        """The notes on all figures that lie outside."""
        return [note for met in self.met if (note := self.note(met))]

    @property
    def answer(self) -> str:
        """The answers to all that the asker wanted to know, in one paragraph."""
        return " ".join(text for _, text in self.answers)


def checked(source: "DataRef") -> "tuple[Dataset, int]":
    """The data and their number of classes, if cases can be run on them.

    Raises:
        UsageError: targets that are no class labels.
        DataError: as `source.load` raises it.
    """
    data = source.load()
    if data.classes is None:
        raise UsageError(f"{data.name} has real-valued targets", "class labels: the cases classify")
    return data, data.classes


def run_cases(
    cases: Sequence[Case],
    source: "DataRef",
    seeds: int,
    store: "Store",
    executor: "Executor[Pack, Finished]",
    epochs: int | None = None,
    progress: "bool | Console" = True,
) -> list[CaseReport]:
    """Trains every arm of the cases on `seeds` independent seeds, then judges.

    Args:
        cases: what to run; arms they share are trained once.
        source: the data.
        seeds: number of seeds, 0 … seeds − 1.
        store, executor, progress: see `unstuck.trials.runner.run`.
        epochs: at most so many epochs an arm; None for the case's own number.

    Raises:
        UsageError: regression data, or no seeds.
        TrialsFailed: no seed is left on which all arms of a case came to their end.
    """
    data, classes = checked(source)
    if seeds < 1 or (epochs is not None and epochs < 1):
        raise UsageError("no seeds or no epochs", "at least 1 of each")
    arms = {case.name: _shortened(case.arms(classes), epochs) for case in cases}
    every = [Arm(name, setup) for of_case in arms.values() for name, setup in of_case.items()]
    study = Study(tuple(every), range(seeds), data.fingerprint)
    failed = run(study, store, executor, progress=progress)
    reports = []
    for case in cases:
        lost = _lost(arms[case.name], failed)
        without = {seed for _, seed, _ in lost}
        left = tuple(seed for seed in range(seeds) if seed not in without)
        if not left:
            arm, seed, reason = lost[0]
            raise TrialsFailed(
                f"{case.name}: on each seed a trial failed, the first of {arm!r} on seed {seed}: "
                f"{reason}",
                "a seed on which all arms come to their end",
                "give the same command again: what failed is tried again",
            )
        results = _results(arms[case.name], store, left, data, classes)
        reports.append(replace(_report(case, data, results, epochs), failed=lost))
    return reports


def so_far(
    cases: Sequence[Case],
    source: "DataRef",
    seeds: int,
    store: "Store",
    epochs: int | None = None,
) -> list[CaseReport]:
    """What can be said of cases whose trials were interrupted: of the seeds on which all arms of a
    case are stored. Cases without such a seed are left out.

    Args:
        cases, source, seeds, store, epochs: see `run_cases`.
    """
    data, classes = checked(source)
    reports = []
    for case in cases:
        arms = _shortened(case.arms(classes), epochs)
        keys = {
            seed: [Trial(setup, seed, data.fingerprint).key for setup in arms.values()]
            for seed in range(seeds)
        }
        whole = tuple(seed for seed, of_seed in keys.items() if not store.missing(of_seed))
        if whole:
            results = _results(arms, store, whole, data, classes)
            reports.append(_report(case, data, results, epochs))
    return reports


def _results(
    arms: Mapping[str, "Setup"],
    store: "Store",
    seeds: tuple[int, ...],
    data: "Dataset",
    classes: int,
) -> Results:
    by_arm = {name: Stored(store, setup, seeds, data.fingerprint) for name, setup in arms.items()}
    return Results(by_arm, seeds, classes)


def _lost(
    arms: Mapping[str, "Setup"], failed: "Sequence[Failed]"
) -> tuple[tuple[str, int, str], ...]:
    """Arm, seed and reason of a case's trials that failed."""
    return tuple(
        (name, f.trial.seed, f.reason)
        for f in failed
        for name, setup in arms.items()
        if f.trial.setup == setup
    )


def _shortened(arms: Mapping[str, "Setup"], epochs: int | None) -> Mapping[str, "Setup"]:
    if epochs is None:
        return arms
    return {name: replace(s, epochs=min(s.epochs, epochs)) for name, s in arms.items()}


def _report(case: Case, data: "Dataset", results: Results, epochs: int | None) -> CaseReport:
    comparable = ""
    if data.name != PUBLISHED_ON:
        comparable = f"published on Fashion-MNIST; this is {data.name}"
    elif epochs is not None:
        comparable = f"published for the full run; this one has at most {epochs} epochs"
    return CaseReport(
        case,
        data.name,
        results,
        tuple(meet(figure, results) for figure in case.figures),
        comparable,
        tuple(decide(claim, results) for claim in case.claims),
        {
            arm: staircase(results.values(Quantity(arm)), "val_accuracy", results.classes)
            for arm in case.staircase
        },
        tuple((q.asked, q.answer(results)) for q in case.questions),
    )


def provenance() -> dict[str, Any]:
    """Machine, versions and date: stands beside every figure that is written down."""
    packages = ("jax", "jaxlib", "optax", "numpy", "scipy", "scikit-learn")
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {_processor()}, {platform.system()}",
        "python": platform.python_version(),
        "versions": {"unstuck": __version__} | {name: version(name) for name in packages},
    }


def _processor() -> str:
    from unstuck.trials.processes import cores

    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            name = next(line.split(":")[1].strip() for line in info if "model name" in line)
    except (OSError, StopIteration):
        name = platform.processor() or "processor unknown"
    return f"{name}, {cores()} cores"


def to_json(reports: Sequence[CaseReport]) -> dict[str, Any]:
    """The reports as plain JSON values; see docs/cases-json.md. Unknown numbers are null."""
    return {"unstuck": provenance(), "cases": [_case_json(r) for r in reports]}


def _case_json(report: CaseReport) -> dict[str, Any]:
    return {
        "name": report.case.name,
        "data": report.data,
        "seeds": len(report.results.seeds),
        "failed": [{"arm": a, "seed": s, "reason": r} for a, s, r in report.failed],
        "figures": [
            {
                "arm": m.figure.of.arm,
                "metric": m.figure.of.metric,
                "epoch": m.figure.of.epoch,
                "published": m.figure.value,
                "wording": m.figure.wording,
                "kind": m.figure.kind,
                "measured": {
                    "n": m.n,
                    "median": _number(m.median),
                    "low": _number(m.low),
                    "high": _number(m.high),
                },
                "steps": m.steps and {str(k): v for k, v in m.steps.items()},
                "inside": None if report.comparable else m.inside,
                "note": report.note(m) or None,
            }
            for m in report.met
        ],
        "claims": [
            {
                "id": d.claim.id,
                "question": d.claim.question,
                "verdict": d.verdict.value,
                "effect": _number(d.deciding.effect.difference),
                "low": _number(d.deciding.effect.low),
                "high": _number(d.deciding.effect.high),
                "n": d.deciding.effect.n,
                "arms": d.arms,
                "predictions": [
                    {
                        "says": t.prediction.says,
                        "relation": t.prediction.relation,
                        "margin": t.prediction.margin,
                        "effect": _number(t.effect.difference),
                        "low": _number(t.effect.low),
                        "high": _number(t.effect.high),
                        "n": t.effect.n,
                        "confidence": t.effect.confidence,
                        "share_above": t.effect.better,
                        "verdict": t.verdict.value,
                    }
                    for t in d.tested
                ],
            }
            for d in report.decided
        ],
        "staircases": {
            arm: {str(k): v for k, v in steps.items()} for arm, steps in report.staircases.items()
        },
        "answers": [{"question": q, "answer": a} for q, a in report.answers],
        "answer": report.answer,
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
