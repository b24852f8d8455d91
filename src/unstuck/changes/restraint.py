"""What holds a network back: dropout, weight decay and regularisers, class weights."""

from unstuck.changes.change import Change, Part

NO_DROPOUT = Change("no-dropout", "no dropout", Part.DROPOUT, 0.0)
NO_PENALTY = Change("no-penalty", "no weight decay or regularisers", Part.PENALTY, 0.0)
UNWEIGHTED = Change("classes-unweighted", "no class weights", Part.CLASS_WEIGHTS, "none")
BALANCED = Change("classes-balanced", "balanced class weights", Part.CLASS_WEIGHTS, "balanced")
