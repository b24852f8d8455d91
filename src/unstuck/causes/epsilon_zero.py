"""An ε of 0, or one that the weights' precision rounds to 0."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.epsilon import EPSILON, EPSILON_OF_HALF
from unstuck.symptoms.wiring import NO_EPSILON


def _with_epsilon(epsilon: float) -> Example:
    from unstuck.engine.optimizers import keras

    return classifier(f"Adam with ε = {epsilon:g}", optimizer=keras("adam", epsilon=epsilon))


CAUSE = Cause(
    "epsilon-zero",
    "an ε of 0",
    "Adam and its relatives divide by √v + ε: where a gradient is 0, or its square is, the step is"
    " NaN, and the weight from then on. Weights of 16 bits hold nothing below 6·10⁻⁸, so that the"
    " usual ε of 10⁻⁸ is 0 for them.",
    signs=(NO_EPSILON,),
    cures={
        "keras": "keras.optimizers.Adam(epsilon=1e-7), with weights of 32 bits",
        "torch": "weights of 32 bits (with torch.autocast to save memory), or Adam(…, eps=1e-4)",
        "": "ε of 10⁻⁸ to 10⁻⁷ and weights of 32 bits",
    },
    harms=("no-epsilon", "step-overshoots"),
    changes=(EPSILON, EPSILON_OF_HALF),
    shows=lambda: _with_epsilon(0.0),
    look_alike=lambda: _with_epsilon(1e-7),
)
