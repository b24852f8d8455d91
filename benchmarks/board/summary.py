"""The board's figures, each with its interval, from the lines that it wrote."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from board.faults import FAULTS, undoes
from board.spec import SUBJECTS, of_told

Record = dict[str, Any]
FAILS = ("stuck", "slow", "diverged")


def summary(records: list[Record]) -> dict[str, Any]:
    """All figures."""
    errors = [r for r in records if "error" in r]
    valid = [r for r in records if r.get("valid") and "error" not in r]
    drawn = [r for r in valid if r["spec"]["mirror"] < 0]
    healthy = [r for r in drawn if not r["spec"]["faults"]]
    faulty = [r for r in drawn if r["spec"]["faults"]]
    several = [r for r in faulty if len(r["spec"]["faults"]) > 1]
    compared = [r for r in faulty if "random" in r.get("judged", {})]
    patches = [r for r in faulty if r["spec"]["route"] == "script" and repaired(r)]
    return {
        "set-ups": {"healthy": len(healthy), "faulty": len(faulty), "errors": len(errors),
                    "no valid draw": sum(not r.get("valid") and "error" not in r for r in records),
                    "passed over": sum(len(r.get("passed_over", ())) for r in records)},
        "false proofs on healthy": _share(map(false_proof, healthy), one_sided=True),
        "healthy: told as learning or improvable": _share(
            r.get("state") in ("learning", "improvable") for r in healthy),
        "healthy: suspected": _share(bool(r.get("suspected")) for r in healthy),
        "healthy: improvable": _share(r.get("state") == "improvable" for r in healthy),
        "false 'nothing to learn'": _share(r.get("state") == "nothing-to-learn" for r in drawn),
        "no proof": _share("outcome" not in r for r in drawn),
        "trials not as the script": _share(r.get("agrees") is False for r in drawn),
        "repairs": _share(map(repaired, faulty)),
        "repairs, two and more faults": _share(map(repaired, several)),
        "repairs told as verified": _share(
            bool(r.get("repair") and r["repair"]["verified"]) for r in faulty),
        "wrong repairs, of those told as proven": _share(
            not repaired(r) for r in faulty if r.get("proven")),
        "necessary parts that are, or undo, an injected fault": _share(
            right for r in faulty for right in necessary(r)),
        "repairs of scripts with a patch": _share(bool(r.get("patch")) for r in patches),
        "patched scripts that are repairs": _share(
            r.get("mended", {}).get("patch", False) for r in patches if r.get("patch")),
        "same set-ups: repairs": _share(map(repaired, compared)),
        "same set-ups: random search": _share(r["mended"]["random"] for r in compared),
        "same set-ups: good defaults": _share(r["mended"]["defaults"] for r in compared),
        "same verdict across frameworks": _agreement(valid),
        "seconds a proof": _times(r["seconds"]["proof"] for r in drawn if "seconds" in r),
        "by subject": _by(drawn, lambda r: r["spec"]["subject"], SUBJECTS),
        "by framework": _by(drawn, lambda r: r["spec"]["framework"]),
        "by route": _by(drawn, lambda r: r["spec"]["route"]),
        "by number of faults": _by(faulty, lambda r: str(len(r["spec"]["faults"]))),
        "by fault": {name: _share(repaired(r) for r in faulty if name in r["spec"]["faults"])
                     for name in FAULTS},
        "errors": Counter(r["error"][:120] for r in errors),
    }  # fmt: skip


def false_proof(r: Record) -> bool:
    """Whether a healthy set-up is said to be kept from learning."""
    return bool(r.get("proven")) or r.get("status") == 11


def repaired(r: Record) -> bool:
    """Whether a faulty set-up got a repair that was told as proven, and is one."""
    found = r.get("repair")
    told = r.get("proven") or r.get("state") == "improvable"
    return bool(told and found and found["status"] == "proven" and r["mended"]["repaired"])


def necessary(r: Record) -> list[bool]:
    """Of each part that a proven repair calls necessary, whether it undoes an injected fault; the
    one part of a repair is necessary."""
    found = r.get("repair")
    if not found or found["status"] != "proven" or not r.get("proven"):
        return []
    spec, parts = of_told(r["spec"]), found["parts"]
    called = [p for p in parts if p["necessary"] == "proven" or len(parts) == 1]
    return [undoes(p["change"], spec) for p in called]


def _agreement(valid: list[Record]) -> dict[str, Any]:
    """Share of pairs of frameworks with the same verdict on mirrored set-ups."""
    groups: dict[int, list[Record]] = defaultdict(list)
    for r in valid:
        if r["spec"]["mirror"] >= 0:
            groups[r["spec"]["mirror"]].append(r)
    pairs = []
    for group in groups.values():
        told = [(r.get("state") in FAILS, bool(r.get("proven"))) for r in group]
        pairs += [a == b for i, a in enumerate(told) for b in told[:i]]
    return _share(pairs)


def _by(
    records: list[Record], key: Callable[[Record], str], keys: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """False proofs and repairs by some property."""
    found = list(dict.fromkeys([*keys, *sorted(map(key, records))]))
    made = {}
    for name in found:
        mine = [r for r in records if key(r) == name]
        made[name] = {
            "false proofs": _share(false_proof(r) for r in mine if not r["spec"]["faults"]),
            "repairs": _share(repaired(r) for r in mine if r["spec"]["faults"]),
        }
    return made


def _share(values: Iterable[Any], one_sided: bool = False) -> dict[str, Any]:
    from unstuck.judging.statistics import share

    given = [bool(v) for v in values]
    if not given:
        return {"n": 0}
    found = share(sum(given), len(given), 0.90 if one_sided else 0.95)
    return {"k": found.k, "n": found.n, "share": found.share, "low": found.low, "high": found.high}


def _times(values: Iterable[float]) -> dict[str, float]:
    given = list(values)
    if not given:
        return {}
    return {"median": float(np.median(given)), "p95": float(np.percentile(given, 95))}


def show(record: dict[str, Any]) -> None:
    """As tables."""
    from rich.console import Console
    from rich.table import Table

    out = Console(width=120)
    table = Table("figure", "found (95 % interval; false proofs: one-sided)")
    for name, value in record.items():
        if not name.startswith("by ") and name != "errors":
            table.add_row(name, told(value))
    out.print(table)
    for name in ("by subject", "by framework", "by route", "by number of faults"):
        table = Table(name[3:], "false proofs", "repairs")
        for key, value in record[name].items():
            table.add_row(key, told(value["false proofs"]), told(value["repairs"]))
        out.print(table)
    table = Table("fault", "repairs of set-ups with it")
    for key, value in record["by fault"].items():
        table.add_row(key, told(value))
    out.print(table)
    for error, count in record["errors"].items():
        out.print(f"{count} × {error}", markup=False)


def told(value: Any) -> str:
    """A figure in words."""
    if isinstance(value, dict) and value.get("n"):
        return (f"{value['k']} of {value['n']} ({100 * value['low']:.0f} to"
                f" {100 * value['high']:.0f} %)")  # fmt: skip
    if isinstance(value, dict):
        return ", ".join(f"{k} {v:.4g}" for k, v in value.items() if k != "n") or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
