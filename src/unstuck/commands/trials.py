"""A proof and its fix on the command line, with what is being tried shown on stderr."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unstuck.commands.output import console

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosed
    from unstuck.proofs.fix import Fixed
    from unstuck.proofs.prove import Proven
    from unstuck.records.training import Sighting, Witness


def proven(
    diagnosed: "Diagnosed",
    budget: float,
    epochs: int | None = None,
    witness: "Witness | None" = None,
    sightings: "Sequence[Sighting]" = (),
) -> "tuple[Proven, Fixed | None]":
    """The proof, and the fix where a repair is proven.

    Args:
        budget: seconds.
        epochs: of each trial.
        witness, sightings: what a script was seen to do.
    """
    from unstuck.proofs.fix import fix
    from unstuck.proofs.prove import prove

    with console(stderr=True).status("trials") as status:
        found = prove(
            diagnosed,
            budget,
            epochs=epochs,
            told=lambda says: status.update(f"trials: {says}"),
            witness=witness,
            sightings=sightings,
        )
        proof = found.record
        if not proof.fixable:
            return found, None
        status.update("verifying the fix on fresh seeds")
        return found, fix(found)
