"""Delays: the earliest instant at which a step may happen, as far as its wait is concerned (T2 to T5).

All instants are int64 [microseconds since 1970-01-01 UTC], in arrays of any length.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from simcore.clock.gates import Gate
from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints, zone


class Delay(Protocol):
    """What every delay can do."""

    def earliest(self, anchor_us: Ints) -> Ints:
        """The earliest instant for each anchor [int64, same shape]; `FAR_US` or more where it is past 2200."""
        ...


class Elapsed(NamedTuple):
    """A length of absolute time: `duration_us` [µs, 0 or more] after the anchor."""

    duration_us: int

    def earliest(self, anchor_us: Ints) -> Ints:
        """The anchor plus the duration; never before the anchor, monotone."""
        return anchor_us + self.duration_us


class CalendarDays(NamedTuple):
    """Whole days of the calendar: the beginning of the anchor's local date plus `days` [d, 0 or more]."""

    days: int
    time_zone: str

    def earliest(self, anchor_us: Ints) -> Ints:
        """The first instant of the local date, or the first after it where the date does not exist."""
        place = zone(self.time_zone)
        return place.date_begin_us(place.date(anchor_us) + self.days)


class UntilDate(NamedTuple):
    """A given instant for each row [int64, the shape of the anchors]: a date field of the run."""

    instants_us: Ints

    def earliest(self, anchor_us: Ints) -> Ints:
        """The given instant, or the anchor where that is later."""
        return np.maximum(anchor_us, self.instants_us)


class UntilOpen(NamedTuple):
    """The first instant that a gate allows: a wait for part of the week (Q10)."""

    gate: Gate

    def earliest(self, anchor_us: Ints) -> Ints:
        """The anchor itself where it is allowed, or else the next instant that is."""
        return self.gate.snap(anchor_us)


class Brought(NamedTuple):
    """A date that each run brings along in its properties: `read` gives it [µs], or None where there is none.

    Without one a run goes on at once, or ends there (`ends`). `name` says in words which date it is.
    """

    read: Callable[[Any], int | None]
    ends: bool
    name: str

    def of(self, things: Sequence[Any], thing: Ints) -> UntilDate:
        """The dates of runs with these properties (places in `things`, -1 for none); `NAT_US` for none."""
        places, index = np.unique(thing, return_inverse=True)
        dates = [None if place < 0 else self.read(things[place]) for place in places.tolist()]
        return UntilDate(np.array([NAT_US if us is None else us for us in dates], np.int64)[index])
