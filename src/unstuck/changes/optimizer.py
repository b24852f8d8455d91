"""Another optimizer, with its usual rate."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

ADAM = Intervention("optimizer-adam", "Adam with rate 0.001", settings=Settings(optimizer="adam"))
SGD = Intervention("optimizer-sgd", "SGD with rate 0.01", settings=Settings(optimizer="sgd"))
