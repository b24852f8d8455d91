"""A proof and its fix on the command line, with what is being tried shown on stderr."""

from typing import TYPE_CHECKING

from unstuck.commands.output import console

if TYPE_CHECKING:
    from unstuck.proofs.fix import Fix
    from unstuck.proofs.proof import Proof
    from unstuck.records.report import Report


def proven(
    report: "Report", budget: float, epochs: int | None = None, also: bool = True
) -> "tuple[Proof, Fix | None]":
    """The proof, and the fix where a cause is proven.

    Args:
        also: whether to go on with interactions and other changes once the suspects are decided.
    """
    with console(stderr=True).status("trials") as status:
        proof = report.prove(
            budget,
            epochs=epochs,
            also=also,
            told=lambda says: status.update(f"trials: {says}"),
        )
        status.update("verifying the fix on fresh seeds")
        return proof, proof.fix() if proof.proven else None
