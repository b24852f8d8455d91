"""A small study on the digits, for tests; as a program it runs one and can be killed.

python digits_study.py STORE SEEDS [processes | ray | loky]
"""

import sys
from dataclasses import replace

from unstuck.data import DataRef
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import Setup
from unstuck.errors import UnstuckError
from unstuck.scalers import scaler
from unstuck.trials.design import Arm, Study
from unstuck.trials.executor import Pooled
from unstuck.trials.pack_training import training
from unstuck.trials.processes import processes
from unstuck.trials.ray import on_ray
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


def study(seeds: int, setup: Setup = TINY) -> Study:
    """Two arms of one structure."""
    fast = replace(setup, optimizer=keras("sgd", learning_rate=0.1))
    arms = [Arm("slow", setup), Arm("fast", fast)]
    return Study(tuple(arms), range(seeds), DIGITS.load().fingerprint)


def loky(work):
    from loky import get_reusable_executor

    return Pooled(work, lambda: get_reusable_executor(max_workers=2), 4)


ON = {
    "processes": lambda work: processes(work, 2),
    "ray": lambda work: on_ray(work, workers=2),
    "loky": loky,
}


if __name__ == "__main__":
    with Store(sys.argv[1]) as store:
        try:
            executor = ON[(*sys.argv, "processes")[3]](training(DIGITS))
            run(study(int(sys.argv[2]), QUICK), store, executor, width=2)
        except (Interrupted, UnstuckError) as error:
            print(error, file=sys.stderr)
            sys.exit(130 if isinstance(error, Interrupted) else 1)
