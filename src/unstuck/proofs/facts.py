"""What is known of a set-up before anything is trained."""

from unstuck.causes import load
from unstuck.errors import UsageError
from unstuck.probes.kernel_gain import of_kernel
from unstuck.probes.look import undivided
from unstuck.proofs.candidates import Facts
from unstuck.proofs.folds import Folds
from unstuck.records.report import Report
from unstuck.setups.subject import Layer, Observation, Subject
from unstuck.symptoms.start import STATISTICS


def facts(subject: Subject, seen: Observation, splits: Folds) -> Facts:
    """The facts of a set-up, from two of its examples seen through the network."""
    shape, first = seen.output_shape, splits.first
    labels = first.fit.labels
    return Facts(
        subject.about,
        first.data,
        seen.output.shape[1],
        None if shape is None else 1 + len(shape),
        tuple(layer.activation for layer in seen.layers[:-1]),
        labels is not None,
        0 if labels is None else undivided(labels, seen.output.shape[1]),
        min((_units(layer) for layer in seen.layers[:-1]), default=None),
        tuple(gain for p in seen.parameters if (gain := of_kernel(p)) is not None),
    )


def _units(layer: Layer) -> int:
    """Of a layer that was seen; a narrow one that was not is not told."""
    return 10**9 if layer.pre_activation is None else layer.pre_activation.shape[1]


def check_statistics(report: Report) -> None:
    """Trials begin with moving statistics of their own, and so say nothing of broken ones.

    Raises:
        UsageError: those of the set-up make its output NaN.
    """
    if STATISTICS.name in report.harms:
        raise UsageError(
            "nothing is proven around moving statistics that make the output NaN in evaluation",
            STATISTICS.expected,
            load("non-finite-weights").cure(report.framework),
        )
