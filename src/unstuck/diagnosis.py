"""Measures a set-up as it stands and says what is suspected; trains nothing, leaves no trace."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unstuck.causes.suspects import Suspicion, harms, judged, suspects
from unstuck.causes.what_if import what_if
from unstuck.changes.change import Change, Part
from unstuck.frameworks.recognize import recognize
from unstuck.probes import measure, probes
from unstuck.probes.look import Curvature, Look
from unstuck.probes.shapes import cloud, distributions, fingerprint
from unstuck.probes.sharpness import PIECE, curvature
from unstuck.records.report import Evidence as Shown
from unstuck.records.report import Link, Report, Suspect
from unstuck.records.shape import Cloud
from unstuck.setups.admission import admit, enough_memory
from unstuck.setups.calls import counted
from unstuck.setups.sample import EXAMPLES
from unstuck.setups.subject import Given, Inputs, Sample, Subject
from unstuck.setups.untouched import untouched
from unstuck.symptoms import symptoms
from unstuck.symptoms.step import ABOVE_CRITICAL
from unstuck.symptoms.symptom import Evidence

ACTIVATIONS = 1 << 26  # numbers a look may hold: 256 MB in float32
LOOK_S = 1.0  # of the processor, for one look at all examples: see `_bounded`
FEWEST = 128  # examples that are looked at however long it takes

# The links of the chain from inputs to harm, each with the probe that measures it. Where a probe
# has a value a layer, the first, last or largest one is told.
CHAIN = (
    ("size of the inputs", "input_size", max),
    ("offset of the inputs", "input_offset", max),
    ("size of the targets' distance", "target_distance", max),
    ("pre-activations, first layer: sd", "pre_activation_spread", lambda v: v[0]),
    ("saturated hidden units", "saturated_units", max),
    ("dead hidden units", "dead_units", max),
    ("logits: sd", "logit_spread", max),
    ("saturated softmax outputs", "saturated_softmax", max),
    ("output's spread over the targets'", "output_excess", max),
    ("loss at the start over knowing nothing", "loss_at_start", max),
    ("wrong examples with zero gradient", "frozen_examples", max),
    ("learning rate over the critical one", "learning_rate_excess", max),
    ("loss after one step over before", "step_loss_ratio", max),
    ("share of the loss one step removes", "step_decrease", max),
)


@dataclass(frozen=True, eq=False)
class Diagnosed:
    """A diagnosis, and what a proof goes on from.

    Args:
        report: the record.
        again: makes the subject anew, with so many examples.
        sample: the examples that were looked at; None where they are not at hand.
    """

    report: Report
    again: Callable[[int], Subject]
    sample: Sample | None = None


def diagnosed(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    validation_data: Any = None,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int | None = None,
    shuffle: bool | None = None,
    step: Callable[..., Any] | None = None,
    examples: int = EXAMPLES,
) -> Diagnosed:
    """Says what keeps a set-up from learning, from measurements alone.

    Nothing is trained, and everything is left as it was: weights, optimizer, random states, data.

    Args:
        model: a Keras 3 model, torch module, Lightning module, skorch net, scikit-learn estimator
            with a neural network in it, or (apply function, parameters) for plain JAX.
        x, y: arrays or tensors, one row an example; or x alone, a data set or loader that yields
            batches (x, y).
        validation_data: (x, y), or a data set or loader.
        loss, optimizer: what a compiled Keras model or a scikit-learn estimator brings along and
            a torch module or JAX function does not; objects or names of the framework.
        batch_size: examples a step. Default: the data set's or estimator's, else 32.
        shuffle: whether training shuffles. Default: what the framework or loader does.
        step: (model, batch) ↦ loss, for torch training loops that are not loss(model(x), y).
        examples: looked at, at most; fewer where the activations would not fit into 256 MB.

    Returns:
        the report, and how to make the subject anew for a proof.

    Raises:
        UsageError: a model, loss, optimizer or option that cannot be used.
        DataError: data that cannot be trained on.
    """
    given = Given(x, y, validation_data, loss, optimizer, batch_size, shuffle, step, examples)
    admit(given)
    began = time.perf_counter()
    with untouched(), enough_memory(), counted() as calls:
        subject = recognize(model, given)
        made = time.perf_counter()
        report = replace(examine(subject, began, made), calls=calls.count or None)

    def again(examples: int) -> Subject:
        return recognize(model, replace(given, examples=examples))

    return Diagnosed(report, again, subject.sample)


def examine(subject: Subject, began: float | None = None, made: float | None = None) -> Report:
    """The report on a subject; see `diagnose`.

    Args:
        began, made: clock readings (seconds) from before and after the subject was made.
    """
    began = time.perf_counter() if began is None else began
    seconds = {"subject": (made or began) - began, "look": 0.0, "curvature": 0.0, "what_if": 0.0}
    sample = _bounded(subject)

    def look(
        x: Inputs, y: Any, curved: bool = True, names: frozenset[str] | None = None
    ) -> Evidence:
        start = time.perf_counter()
        seen = Look(subject.about, replace(sample, x=x, y=y), subject.observe(x, y))
        looked = time.perf_counter()
        sound = bool(np.isfinite(seen.seen.loss) and np.isfinite(seen.seen.output).all())
        bent = Curvature(None)
        if sound and curved:
            bent = curvature(subject, x, y, seen.seen.parameters)
        seen = replace(seen, curvature=bent)
        seconds["look"] += looked - start
        seconds["curvature"] += time.perf_counter() - looked
        return Evidence(seen, measure(seen, names))

    evidence = look(sample.x, sample.y)
    # Looked at again only where it is a harm: it takes most of the time.
    present = judged(evidence)
    steep = ABOVE_CRITICAL.name in present
    judged_on = frozenset({s.probe for s in symptoms() if s.harm} | {p for _, p, _ in CHAIN})

    def relook(change: Change) -> Evidence:
        start = time.perf_counter()
        again = look(*what_if(change, evidence.look), steep, judged_on)
        seconds["what_if"] += time.perf_counter() - start
        return again

    found = suspects(evidence, present, relook)
    first = found[0] if found else None
    cut = None if first is None or first.cut is None else first.cut.look
    with np.errstate(all="ignore"):
        shapes = distributions(evidence.look, cut)
        clouds = _clouds(evidence.look, first)
    seconds["static"] = time.perf_counter() - began
    about = subject.about
    return Report(
        about.framework,
        about.backend,
        _setup(subject, sample),
        tuple(_suspect(s, i + 1, evidence, about.framework) for i, s in enumerate(found)),
        evidence.values,
        {probe.name: probe.unit for probe in probes()},
        about.limits,
        seconds,
        harms=harms(present),
        loss=evidence.look.seen.loss,
        cut=first.what_if.says if first and first.cut and first.what_if else "",
        distributions=shapes,
        clouds=clouds,
        fingerprint=fingerprint(sample),
    )


def _clouds(look: Look, first: Suspicion | None) -> tuple[Cloud, ...]:
    """The inputs as they are and with the first suspect's cut, where that moves them."""
    if first is None or first.cut is None or first.what_if is None:
        return ()
    if first.what_if.part not in (Part.INPUTS, Part.OUTLIERS):
        return ()
    both = cloud(look, "as it is"), cloud(first.cut.look, first.what_if.says)
    return () if both[0] is None or both[1] is None else (both[0], both[1])


def chain_values(look: Look, names: frozenset[str]) -> dict[str, float]:
    """Links of the chain as these probes measure them, by probe."""
    evidence = Evidence(look, measure(look, names))
    found = ((p, _one(evidence, p, pick)) for _, p, pick in CHAIN if p in names)
    return {probe: value for probe, value in found if value is not None}


def _bounded(subject: Subject) -> Sample:
    """The sample, cut so that its activations fit into memory and a look takes about `LOOK_S`.

    What a look costs is told by one at a single batch: recurrent and attention layers take far
    longer than their parameters or activations tell.
    """
    sample, elements = subject.sample, max(1, subject.about.elements)
    n = len(sample.x[0])
    size = min(n, max(32, ACTIVATIONS // elements))
    few = min(subject.about.batch_size, FEWEST)
    if few < size and size * elements > PIECE:
        part = _first(sample, few)

        def affordable() -> int:
            start = time.process_time()
            subject.observe(part.x, part.y)
            each = (time.process_time() - start) / few
            return max(FEWEST, int(LOOK_S / each))

        most = affordable()
        if most < size:  # the first look may have paid for what is made but once
            most = max(most, affordable())
        size = min(size, most)
    return sample if size == n else _first(sample, size)


def _first(sample: Sample, size: int) -> Sample:
    """The sample's first examples."""
    return replace(
        sample,
        x=tuple(a[:size] for a in sample.x),
        y=None if sample.y is None else sample.y[:size],
    )


def _suspect(found: Suspicion, rank: int, evidence: Evidence, framework: str) -> Suspect:
    sources = {symptom.name: symptom.source for symptom in symptoms()}
    cause = found.cause
    return Suspect(
        cause.name,
        cause.title,
        cause.mechanism,
        rank,
        tuple(
            Shown(f.probe, f.value, f.expected, f.where, sources[f.symptom]) for f in found.findings
        ),
        _chain(evidence, found.cut),
        cause.cure(framework),
        found.removes,
        found.what_if.says if found.what_if else "",
    )


def _chain(evidence: Evidence, cut: Evidence | None) -> tuple[Link, ...]:
    links = []
    for says, probe, pick in CHAIN:
        value = _one(evidence, probe, pick)
        changed = None if cut is None else _one(cut, probe, pick)
        if value is not None and (cut is None or changed is not None):
            links.append(Link(says, probe, value, changed))
    return tuple(links)


def _one(evidence: Evidence, probe: str, pick: Callable[[list[float]], float]) -> float | None:
    value = evidence.number(probe)
    if value is not None:
        return value
    several = list(evidence.numbers(probe).values())
    return pick(several) if several else None


def _setup(subject: Subject, sample: Sample) -> dict[str, str]:
    about = subject.about
    rule = about.rule
    rate = "" if rule is None or rule.learning_rate is None else f", rate {rule.learning_rate:g}"
    of = f" of {sample.examples:,}" if sample.examples else ""
    return {
        "loss": about.loss.name,
        "output": about.output_activation,
        "optimizer": "none" if rule is None else f"{rule.name}{rate}",
        "batch size": f"{about.batch_size:,}",
        "looked at": f"{len(sample.x[0]):,}{of} examples",
    }
