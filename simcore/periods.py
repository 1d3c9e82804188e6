"""Periods of a zone: quarter hours, hours, days and weeks as the wall clock shows them."""

import numpy as np

from simcore.errors import SimcoreError, shown
from simcore.zones import DAY_US, HOUR_US, MINUTE_US, Ints, Ruler, Zone

FREQUENCIES = {"15min": 15 * MINUTE_US, "h": HOUR_US, "D": DAY_US, "W": 7 * DAY_US}
"""What periods there are, by pandas' names, and how long each is where no clock changes [µs]."""


class Periods:
    """Periods in order, without gaps: `starts_us` int64 [µs], the first instant of each.

    `dates` int64: the local date on which each begins, where periods are made of dates; or else None.
    """

    def __init__(self, place: Zone, starts_us: Ints, dates: Ints | None = None) -> None:
        self.starts_us = starts_us
        self._place = place
        self._first = 0 if dates is None else int(dates[0])
        # Which period each date, or (by a ruler) each instant, is in.
        self._of_date = None if dates is None else np.repeat(np.arange(dates.size - 1), np.diff(dates))
        self._ruler = Ruler(starts_us)

    def of(self, instants_us: Ints) -> Ints:
        """Which period each instant is in [int64, same shape]: by what the wall clock shows."""
        if self._of_date is None:
            return self._ruler.below(instants_us + 1) - 1
        return self._of_date[self._place.date(instants_us) - self._first]


def check(freq: str) -> None:
    """Raises SimcoreError where there are no such periods."""
    if not isinstance(freq, str) or freq not in FREQUENCIES:
        raise SimcoreError(f"freq: found {shown(freq)}, expected one of: {', '.join(map(repr, FREQUENCIES))}")


def periods(place: Zone, freq: str, first_us: int, last_us: int) -> Periods:
    """All periods from that of `first_us` to that of `last_us` [µs]; perhaps some more at the ends.

    A day is a local date that exists, whatever its length; a week begins on Monday. An hour (or a quarter of
    one) is that of the wall clock, and another one begins where the clock is changed: an hour that it shows
    twice is two periods.
    """
    if FREQUENCIES[freq] >= DAY_US:
        # The wall clock goes back less than a day: dates between the two instants are among these.
        dates = np.sort(place.date(np.array([first_us, last_us])))
        dates = np.arange(dates[0] - 1, dates[1] + 9)
        dates = dates[place.date(place.date_begin_us(dates)) == dates]
        if freq == "W":
            dates = np.unique((dates + 3) // 7) * 7 - 3
        return Periods(place, place.date_begin_us(dates), dates)
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
    return Periods(place, np.concatenate(starts))
