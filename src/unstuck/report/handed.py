"""The record of a set-up that was handed over: what `unstuck run` writes, with one subject."""

import unstuck
from unstuck.records.fix import Fix
from unstuck.records.origin import here
from unstuck.records.proof import Proof
from unstuck.records.report import Report
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.report.sentence import of_subject


def run_record(
    report: Report, proof: Proof | None = None, fix: Fix | None = None, command: str = ""
) -> RunRecord:
    """The record of what was found on one set-up.

    Args:
        report: of the diagnosis.
        proof, fix: None where none was made.
        command: as it was given; "" from Python.
    """
    subject = SubjectRecord(
        None,
        report.framework,
        report.backend,
        report.state if proof is None else proof.state,
        "",
        report if proof is None else proof.report,
        proof=proof,
        fix=fix,
        seconds={
            "static": report.seconds.get("static"),
            "proof": None if proof is None else proof.seconds,
        },
    )
    return RunRecord(unstuck.__version__, (of_subject(subject),), here(command))
