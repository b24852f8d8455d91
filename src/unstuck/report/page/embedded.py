"""The record in its page, so that whoever has the page has all that it was drawn from."""

import base64
import gzip
import re
from dataclasses import replace

from unstuck.records.proof import Proof, Trial
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.report.as_json import compact

CURVES = 8  # trials of an arm whose curves are kept
_OPENS = '<script type="application/gzip" id="unstuck-record">'
_BLOCK = re.compile(re.escape(_OPENS) + r"([A-Za-z0-9+/=\s]*)</script>")


def block(record: RunRecord) -> str:
    """The record as JSON, compressed, in base64: an element that no browser runs or shows.

    Of each arm the curves of the first eight trials are kept; the scores of all.
    """
    kept = replace(record, subjects=tuple(_lighter(s) for s in record.subjects))
    packed = gzip.compress(compact(kept).encode(), 9, mtime=0)
    return f"{_OPENS}{base64.b64encode(packed).decode()}</script>"


def unpacked(page: str) -> str | None:
    """The record's JSON from a page; None where there is none, or it is damaged."""
    found = _BLOCK.search(page)
    if found is None:
        return None
    try:
        return gzip.decompress(base64.b64decode(found[1])).decode()
    except (ValueError, OSError, EOFError):
        return None


def _lighter(subject: SubjectRecord) -> SubjectRecord:
    proof = subject.proof
    return subject if proof is None else replace(subject, proof=_without_curves(proof))


def _without_curves(proof: Proof) -> Proof:
    seen: dict[tuple[str, ...], int] = {}
    trials: list[Trial] = []
    for trial in proof.trials:
        seen[trial.changes] = seen.get(trial.changes, 0) + 1
        kept = seen[trial.changes] <= CURVES
        trials.append(trial if kept else replace(trial, losses=(), skills=trial.skills[-1:]))
    return replace(proof, trials=tuple(trials))
