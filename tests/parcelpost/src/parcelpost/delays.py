"""A delay of Parcel Post's own: months of the calendar (PP3)."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from simcore.platform import CalendarDays, Case, Delay, Ints, Wait, zone


@dataclass(frozen=True)
class Months(Delay):
    """Months of the calendar: the beginning of the same day of a later month.

    `spills`: where that month has no such day, the first of the next counts, and not its last day. `own_zone`: in the
    zone of each reader who has one.
    """

    months: int
    time_zone: str
    spills: bool
    own_zone: bool = False

    def earliest(self, anchor_us: Ints) -> Ints:
        """The first instant of the local date."""
        place = zone(self.time_zone)
        day = place.date(anchor_us).astype("datetime64[D]")
        month = day.astype("datetime64[M]")
        first = (month + np.timedelta64(self.months, "M")).astype("datetime64[D]")
        longest = (month + np.timedelta64(self.months + 1, "M")).astype("datetime64[D]") - first
        ahead = np.minimum(day - month, longest if self.spills else longest - np.timedelta64(1, "D"))
        return place.date_begin_us((first + ahead).astype(np.int64))

    def in_zone(self, time_zone: str) -> Self:
        """The same in another zone, if `own_zone` is set."""
        return replace(self, time_zone=time_zone) if self.own_zone else self

    def as_own(self) -> Self:
        """The same in the zone of each reader."""
        return replace(self, own_zone=True)

    def words(self, case: Case) -> Wait:
        """2 months after entry."""
        return case.wait(f"{self.months} month{'' if self.months == 1 else 's'} after {case.since}")

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """Where dates begin."""
        return CalendarDays(0, self.time_zone).steps_us(first_us, end_us)
