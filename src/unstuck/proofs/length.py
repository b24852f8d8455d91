"""How many steps a trial has: as many as people train, where the budget holds so many trials."""

from unstuck.proofs.bench import SCREEN, Bench
from unstuck.setups.subject import Subject

SHARE = 0.85  # of the budget that screening may take, and confirmation unless there is more
TRIALS = {True: 50, False: 30}  # that a budget should hold, where there are suspects or none
STEPS = (1_000, 3_000)  # at least and at most, where time allows
EPOCHS = 20


def calibrate(
    bench: Bench, subject: Subject, budget: float, epochs: int | None, suspected: bool
) -> None:
    """Sets the steps of a trial from how long they take, in fifties.

    Args:
        budget: seconds.
        epochs: of a trial; None for as many steps as the budget holds, at most 20 epochs or
            1,000 steps, whichever is more.
        suspected: whether there are suspects, which take more trials.
    """
    bench.told("how long a step takes")
    bench.run((), SCREEN, 50)  # compiles
    run = bench.run((), SCREEN, 100)
    step = run.seconds / max(1, run.steps)
    epoch = -(-len(bench.data.y) // max(1, subject.about.batch_size))
    if epochs is None:
        least, most = STEPS
        bench.wanted = min(max(EPOCHS * epoch, least), most)
        affordable = int(budget * SHARE / TRIALS[suspected] / step)
        steps = max(50, min(affordable, bench.wanted))
        bench.steps = steps - steps % 50
    else:
        bench.wanted = bench.steps = epochs * epoch
    bench.seconds = step * bench.steps
