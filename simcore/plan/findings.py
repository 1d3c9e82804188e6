"""Findings about a sequence, and the words that the platforms' findings share."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

import numpy as np

from simcore.clock.dates import Dates
from simcore.clock.zones import DAY_US, LAST_US, MINUTE_US, Ints, zone
from simcore.text.wording import count, listed, local_date, time_of_day, weekdays

SEVERITIES = ("note", "warning", "error")
"""How bad a finding is, the worst last: worth knowing; probably not what was meant; emails cannot go out."""
Codes = Mapping[str, tuple[str, str]]
"""For each code of findings: its severity, and what it means and what to do."""
Finding = tuple[str, str, str]
"""A finding: its code, where it is (a path such as emails[2].send_days), and a message for people."""

LEFT_OUT_ALL = (
    "error",
    "Every date on which something may go out is left out, so it does not go out, nor does anything after it: leave "
    "out fewer dates.",
)
LEFT_OUT_PAST = (
    "note",
    "All dates that are left out are past, so they move nothing any more: leave out those to come.",
)
"""What the codes left-out-all and left-out-past mean, on every platform."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


def two_years(time_zone: str, as_of_us: int) -> Ints:
    """The local dates [d, int64] from that of an instant to before the same two years later."""
    first = int(zone(time_zone).date(np.array([as_of_us]))[0])
    begin = date.fromordinal(first + _EPOCH_DAY)
    # After 29 February there may be none: the next day then.
    end = date(begin.year + 2, begin.month, 1).toordinal() + begin.day - 1 - _EPOCH_DAY
    return np.arange(first, end)


def all_left_out(allowed: Collection[int], time_zone: str, without: Dates, as_of_us: int | None) -> str:
    """Of some weekdays, that each of their dates in a zone is left out, in the two years from `as_of_us` on (None: at
    all times), in words; "" where one is not."""
    days = np.arange(LAST_US // DAY_US) if as_of_us is None else two_years(time_zone, as_of_us)
    mine = days[np.isin((days + 3) % 7, [*allowed])]
    if not mine.size or not np.isin(mine, without.days).all():
        return ""
    when = "from 1970 to 2200" if as_of_us is None else f"in the two years from {local_date(int(days[0]))} on"
    return f"{weekdays(allowed)}, and all dates of that {when} are left out"


def all_past(without: Dates, time_zone: str, as_of_us: int | None) -> Iterator[Finding]:
    """Whether the dates that are left out are past."""
    if as_of_us is None or not without:
        return
    last = int(without.days[-1])
    if last < int(zone(time_zone).date(np.array([as_of_us]))[0]):
        told = (
            f"The {count(len(without), 'date')} that are left out, up to {local_date(last)}, are past: they move"
            if len(without) > 1
            else f"The date that is left out, {local_date(last)}, is past: it moves"
        )
        yield "left-out-past", "left_out", f"{told} nothing any more. Leave out those to come."


def dates(days: Iterable[int]) -> str:
    """One or more local dates [d]: Sun 29 Mar 2026 and Sun 28 Mar 2027."""
    return listed(map(local_date, days))


def clock(local_us: int) -> str:
    """The time of day of a local time [µs], to the minute: 09:30."""
    return time_of_day(local_us % DAY_US // MINUTE_US)
