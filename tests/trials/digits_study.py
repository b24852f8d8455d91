"""A small study on the digits, for tests; as a program it runs one and can be killed.

python digits_study.py STORE SEEDS
"""

import sys
from dataclasses import replace

from unstuck.data import DataRef
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import Setup
from unstuck.errors import UnstuckError
from unstuck.scalers import scaler
from unstuck.trials.design import Arm, Trial, trials
from unstuck.trials.executor import ProcessExecutor
from unstuck.trials.runner import Interrupted, run
from unstuck.trials.store import Store

DIGITS = DataRef("digits")
TINY = Setup(
    mlp([8], 10),
    "sparse_categorical_crossentropy_clipped",
    keras("sgd", learning_rate=0.05),
    scaler("/255"),
    epochs=2,
    drop_remainder=True,  # one step to compile, not two
)


# Softmax regression from zero: real training that compiles in a fraction of the time.
QUICK = replace(TINY, network=mlp([], 10, kernel="zeros"), epochs=100)


def study(seeds: int, setup: Setup = TINY) -> list[Trial]:
    """Two arms of one structure."""
    fast = replace(setup, optimizer=keras("sgd", learning_rate=0.1))
    arms = [Arm("slow", setup), Arm("fast", fast)]
    return trials(arms, range(seeds), DIGITS.load().fingerprint)


if __name__ == "__main__":
    with Store(sys.argv[1]) as store:
        try:
            all_trials = study(int(sys.argv[2]), QUICK)
            run(all_trials, store, ProcessExecutor(DIGITS, workers=2), width=2)
        except (Interrupted, UnstuckError) as error:
            print(error, file=sys.stderr)
            sys.exit(130 if isinstance(error, Interrupted) else 1)
