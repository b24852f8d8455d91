"""What the run's list of trainings does, reduced to writing down; diagnoses nothing by itself."""

import contextlib
from dataclasses import dataclass, field

from unstuck.watching import place


@dataclass
class Losses:
    values: list = field(default_factory=list)
    void: str = ""
    nothing: float | None = None

    def loss(self, value):
        self.values.append(value)


@dataclass
class Seen:
    framework: str
    arguments: dict
    anew: bool = False
    watch: Losses = field(default_factory=Losses)
    ended: bool = False
    unproven: str = ""
    routine_seen: object = None
    sightings: dict = field(default_factory=dict)
    questions: list = field(default_factory=list)

    def routine(self, routine):
        self.routine_seen = routine

    def saw(self, sighting):
        self.sightings[sighting.cause] = sighting

    def asked(self, question, where):
        self.questions.append((question, where))

    def says_nothing(self, why):
        self.watch.void = why

    def cannot_be_proven(self, why):
        self.unproven = why

    def ends(self):
        self.ended = True


class Recording:
    """Stands in for `Trainings`."""

    def __init__(self, at_start=None):
        self.trainings, self.said = [], []
        self.at_start = at_start
        self._quiet = 0

    @property
    def is_quiet(self):
        return self._quiet > 0

    @property
    def is_within(self):
        return any(not t.ended for t in self.trainings)

    @contextlib.contextmanager
    def quiet(self):
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def guard(self, doing):
        return contextlib.nullcontext()

    def was_here(self):
        return False

    def here(self):
        return place.current()

    def says(self, line):
        self.said.append(line)

    def starts(self, framework, arguments, where=None, names=None, anew=False):
        if any(not t.ended for t in self.trainings):
            return None
        seen = Seen(framework, arguments, anew=anew)
        self.trainings.append(seen)
        if self.at_start is not None and arguments:
            with self.quiet():
                self.at_start(seen)
        return seen

    def clear(self):
        self.trainings, self.said = [], []
        self.at_start = None
