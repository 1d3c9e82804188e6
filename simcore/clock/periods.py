"""Periods of a zone: quarter hours, hours, days, weeks and months as the wall clock shows them."""

import numpy as np

from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, Ints, Ruler, Zone
from simcore.errors import SimcoreError, shown

FREQUENCIES = {"15min": 15 * MINUTE_US, "h": HOUR_US, "D": DAY_US, "W": 7 * DAY_US, "M": 31 * DAY_US}
"""What periods there are, by pandas' names, and how long each is where no clock changes [µs]: a month, at most."""


class Periods:
    """Periods in order, without gaps: `starts_us` int64 [µs], the first instant of each.

    `edges_us` int64: where the wall clock goes on to another one, and `which` it is; more often than there are
    periods, where a date comes twice.
    """

    def __init__(self, starts_us: Ints, edges_us: Ints, which: Ints) -> None:
        self.starts_us = starts_us
        self._which = which
        self._ruler = Ruler(edges_us)

    def of(self, instants_us: Ints) -> Ints:
        """Which period each instant is in [int64, same shape]: by what the wall clock shows."""
        return self._which[self._ruler.below(instants_us + 1) - 1]

    def counts(self, instants_us: Ints, weights: Ints | None) -> Ints:
        """How many of some instants are in each period [int64]; of each so many, where there are `weights`.

        Exact, where all weights together are below 2**53.
        """
        size = self.starts_us.size
        if weights is None:  # in order, they are counted faster than looked up
            begins = np.searchsorted(np.sort(instants_us), self._ruler.points_us[:-1])
            weights, which = np.diff(np.append(begins, instants_us.size)), self._which
        else:
            which = self.of(instants_us)
        return np.bincount(which, weights, minlength=size).astype(np.int64)


def check(freq: str) -> None:
    """Raises SimcoreError where there are no such periods."""
    if not isinstance(freq, str) or freq not in FREQUENCIES:
        raise SimcoreError(f"freq: found {shown(freq)}, expected one of: {', '.join(map(repr, FREQUENCIES))}")


def periods(place: Zone, freq: str, first_us: int, last_us: int) -> Periods:
    """All periods from that of `first_us` to that of `last_us` [µs].

    A day is a local date that exists, whatever its length; a week begins on Monday, and a month with its first date.
    An hour (or a quarter of one) is that of the wall clock, and another one begins where the clock is changed: an
    hour that it shows twice is two periods.
    """
    if FREQUENCIES[freq] >= DAY_US:
        shown, begins = place.dates
        first, last = (int(each) for each in begins.below(np.array([first_us, last_us]) + 1))
        shown = shown[first - 1 : last]
        if freq == "W":
            shown = (shown + 3) // 7 * 7 - 3
        elif freq == "M":
            months = shown.astype("datetime64[D]").astype("datetime64[M]")
            shown = months.astype("datetime64[D]").view(np.int64)
        dates, which = np.unique(shown, return_inverse=True)
        return Periods(place.date_begin_us(dates), begins.points_us[first - 1 : last], which)
    length_us = FREQUENCIES[freq]
    changed = np.append(True, np.diff(place.offsets_us) != 0)
    begins_us, offsets_us = place.changes_us[changed], place.offsets_us[changed]
    ends_us = np.append(begins_us[1:], last_us + 1)
    starts = []
    for at in np.flatnonzero((begins_us <= last_us) & (ends_us > first_us)).tolist():
        begin_us = max(int(begins_us[at]), first_us)
        floor_us = (begin_us + offsets_us[at]) // length_us * length_us - offsets_us[at]
        found = np.arange(floor_us, min(int(ends_us[at]), last_us + 1), length_us)
        starts.append(np.maximum(found, begins_us[at]))
    starts_us = np.concatenate(starts)
    return Periods(starts_us, starts_us, np.arange(starts_us.size))
