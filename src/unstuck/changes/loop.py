"""What the training loop itself does around a step."""

from unstuck.changes.change import Change, Part

ZEROED = Change(
    "gradients-zeroed", "gradients set to zero before each backward pass", Part.ZEROING, True
)
STEPPED = Change("step-behind-backward", "each step behind the backward pass", Part.ZEROING, "step")
DIFFERENTIATED = Change(
    "loss-differentiated", "the loss differentiated before each step", Part.ZEROING, "backward"
)
LOSS_ITSELF = Change(
    "loss-itself",
    "the loss itself differentiated, and nothing made anew of it",
    Part.ZEROING,
    "loss",
)
CONSTANT = Change("rate-constant", "the learning rate kept constant", Part.SCHEDULE, "constant")
PER_EPOCH = Change(
    "schedule-per-epoch", "the schedule stepped once an epoch", Part.SCHEDULE, "epoch"
)
TRAINING_MODE = Change("training-mode", "training mode while it trains", Part.MODE, "training")
STATISTICS = Change(
    "statistics-faster", "moving statistics with a momentum of 0.1", Part.STATISTICS, 0.1
)
