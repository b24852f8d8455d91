"""The routine around a step is part of a set-up; it is a record like any other."""

from unstuck.records.routine import PLAIN as PLAIN
from unstuck.records.routine import Routine as Routine
from unstuck.records.routine import Zeroing as Zeroing
