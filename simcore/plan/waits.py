"""Waits that differ from run to run: by what a run brings along, and by what happens meanwhile."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.clock.apart import nothing, telling
from simcore.clock.delays import Delay, until
from simcore.clock.gates import NO_STEPS
from simcore.clock.instants import NAT_US
from simcore.clock.words import Case, Wait
from simcore.clock.zones import Ints
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Watched
from simcore.plan.runs import Runs

GOES, ENDS, LAPSES, SKIPS = range(4)
"""What becomes of a run once its wait is over: it goes on; it ends there, since what it waits for is missing; it ends,
since that is past; or it passes over what comes without a wait."""


class Ready(NamedTuple):
    """When the waits of some runs are over, and what becomes of them then.

    `us` int64 [µs; runs], `NEVER_US` for never; `fate` int8 [runs], such as `ENDS`; None where all go on. Who `SKIPS`
    does so at the anchor.
    """

    us: Ints
    fate: npt.NDArray[np.int8] | None = None


class RunDelay(Delay):
    """A wait that differs from run to run, by what a run brings along and what happens meanwhile.

    As a delay it is that of a run that brings nothing along, and to which nothing happens.
    """

    why, lapsed = "stopped", "stopped:past"
    """Why runs end by it, as the journal says it."""

    @property
    @abstractmethod
    def watched(self) -> Watched:
        """The events that it looks at."""

    @abstractmethod
    def ready(self, history: History, runs: Runs, rows: Ints, anchor_us: Ints) -> Ready:
        """When it is over for some runs that have come to it, and how."""


class Followed(RunDelay):
    """A wait whose end moves with what happens meanwhile, from where it was."""

    @abstractmethod
    def ready(
        self, history: History, runs: Runs, rows: Ints, anchor_us: Ints, before_us: int = NEVER_US
    ) -> Ready:
        """When it is over for some runs that have come to it, and how, by what happens before an instant [µs]."""

    @abstractmethod
    def follow(
        self,
        history: History,
        runs: Runs,
        rows: Ints,
        ready: Ready,
        since_us: Ints,
        before_us: int = NEVER_US,
    ) -> Ready:
        """The same of some runs that wait, from what it was: by what happens after instants [µs], before another."""


@dataclass(frozen=True)
class DateOfRun(RunDelay):
    """A date of each run's own, in its properties: `read` gives it [µs], or None where there is none.

    Without one a run goes on at once, or ends there (`ends`). `name` says in words which date it is.
    """

    read: Callable[[Any], int | None]
    ends: bool
    name: str
    why = "stopped:undated"

    @property
    def watched(self) -> Watched:
        """None."""
        return frozenset()

    def ready(self, history: History, runs: Runs, rows: Ints, anchor_us: Ints) -> Ready:
        """At its date, or at once."""
        which = runs.which_or_none[rows]
        places, index = np.unique(which, return_inverse=True)
        dates = [None if place < 0 else self.read(runs.properties[place]) for place in places.tolist()]
        dates_us = np.array([NAT_US if us is None else us for us in dates], np.int64)[index]
        missing = dates_us == NAT_US
        fate = np.where(missing & self.ends, ENDS, GOES).astype(np.int8)
        return Ready(np.where(missing, anchor_us, np.maximum(dates_us, anchor_us)), fate)

    def earliest(self, anchor_us: Ints) -> Ints:
        """Of runs that have no date: the anchor."""
        return anchor_us

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None, of runs that have no date."""
        return NO_STEPS

    @telling(nothing)
    def words(self, case: Case) -> Wait:
        """Waits until the event's due; at once, where that is past."""
        return until(self.name, case)
