"""Findings about a sequence, and the words that the platforms' findings share."""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np

from simcore.clock.zones import DAY_US, MINUTE_US, Ints, zone
from simcore.text.wording import listed, local_date, time_of_day

SEVERITIES = ("note", "warning", "error")
"""How bad a finding is, the worst last: worth knowing; probably not what was meant; emails cannot go out."""
Codes = Mapping[str, tuple[str, str]]
"""For each code of findings: its severity, and what it means and what to do."""
Finding = tuple[str, str, str]
"""A finding: its code, where it is (a path such as emails[2].send_days), and a message for people."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


def two_years(time_zone: str, as_of_us: int) -> Ints:
    """The local dates [d, int64] from that of an instant to before the same two years later."""
    first = int(zone(time_zone).date(np.array([as_of_us]))[0])
    begin = date.fromordinal(first + _EPOCH_DAY)
    # After 29 February there may be none: the next day then.
    end = date(begin.year + 2, begin.month, 1).toordinal() + begin.day - 1 - _EPOCH_DAY
    return np.arange(first, end)


def dates(days: Iterable[int]) -> str:
    """One or more local dates [d]: Sun 29 Mar 2026 and Sun 28 Mar 2027."""
    return listed(map(local_date, days))


def clock(local_us: int) -> str:
    """The time of day of a local time [µs], to the minute: 09:30."""
    return time_of_day(local_us % DAY_US // MINUTE_US)
