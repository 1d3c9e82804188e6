"""Instants and lengths of time in words, and the words of a delay and a gate about one send.

The reason of a send is one sentence. Its delay starts it (a `Wait`), and its gate continues it: "2 days after
the previous email is Sat 7 Mar", "; Sat and Sun are not send days, so Mon 9 Mar 09:00 EDT".
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simcore.clock.dates import Dates
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Zone
from simcore.text.wording import SHORT, count, listed, local_date, time_of_day

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is counted from it are wall clocks
MARK = "\ufdd0"
"""Stands around the name of a time of day that is filled in later: a code point that is no character."""
_FEW_DATES = 3  # so many dates that are left out are named one by one


class Moment(NamedTuple):
    """An instant by the wall clock of a zone: `day` is the local date [d].

    `role`: which instant of a case it is, if a sentence serves many cases (see `simcore.clock.apart`). Then a mark
    stands in it for the time of day.
    """

    us: int
    day: int
    offset_us: int
    abbreviation: str
    role: str = ""
    zone: str = ""

    @property
    def clock_us(self) -> int:
        """The time of day by the wall clock [µs]."""
        return self.us + self.offset_us - self.day * DAY_US

    @property
    def time(self) -> str:
        """The time of day: 21:07:30, or 21:07 on the full minute."""
        return f"{MARK}{self.role} {self.zone}{MARK}" if self.role else clock_time(self.clock_us)

    @property
    def text(self) -> str:
        """The time of day with the zone's abbreviation: 21:07 EST."""
        return f"{self.time} {self.abbreviation}"


class Case(NamedTuple):
    """One send, for its delay and its gate to put into words.

    `here`: the zone in which times are shown. `since`: what the wait counts from ("entry", "the previous email").
    `anchor`: when that was. `ready`: when the wait was over. `due`: when the send goes out. `send_day`: the platform's
    word for a day on which emails can go out.
    """

    here: Zone
    since: str
    anchor: Moment
    ready: Moment
    due: Moment
    send_day: str = "send day"

    def date(self, day: int) -> str:
        """A local date [d], with its year if that is not the anchor's: Sat 7 Mar."""
        return _date(day, self.anchor.day)

    def at(self, when: Moment) -> str:
        """An instant: Sat 7 Mar 21:07 EST."""
        return f"{_date(when.day, self.anchor.day)} {when.text}"

    @property
    def until(self) -> str:
        """When the send goes out."""
        return self.at(self.due)

    def wait(self, what: str) -> "Wait":
        """A wait that ends at an instant; `what` it is: "2 hours after entry"."""
        return Wait(f"{what} is {self.at(self.ready)}", what)

    def so(self, wait: str, *because: str) -> str:
        """The whole sentence: the wait, what else moved the send, and when it goes out."""
        return f"{'; '.join((wait, *because))}, so {self.until}"

    def not_send_days(self, weekdays: Collection[int], first: int, end: int) -> list[str]:
        """Which weekdays of the dates [d] from `first` to before `end` are not allowed: Sat is not a send day.

        An empty list if all are allowed.
        """
        days = [(day + 3) % 7 for day in range(first, min(end, first + 7)) if (day + 3) % 7 not in weekdays]
        if not days:
            return []
        told = listed(SHORT[day] for day in days)
        return [f"{told} are not {self.send_day}s" if len(days) > 1 else f"{told} is not a {self.send_day}"]

    def left_out(self, days: Sequence[int], dates: Dates) -> list[str]:
        """Which dates [d] are left out (T23): Mon 25 May is left out (Memorial Day). Many are counted.

        An empty list if there are none.
        """
        if len(days) > _FEW_DATES:
            span = f"from {self.date(days[0])} to {self.date(days[-1])}"
            return [f"{len(days)} {self.send_day}s {span} are left out"]
        names = [f" ({name})" if (name := dates.names[day]) else "" for day in days]
        return [f"{self.date(day)} is left out{name}" for day, name in zip(days, names, strict=True)]

    def within(self, here: Zone) -> "Case":
        """The same in another zone."""
        if here is self.here:
            return self
        anchor, ready, due = (
            moment(each.us, here, each.role) for each in (self.anchor, self.ready, self.due)
        )
        return self._replace(here=here, anchor=anchor, ready=ready, due=due)


class Wait(NamedTuple):
    """A wait in words.

    `says`: a sentence that ends with the end of the wait: "2 hours after entry is Fri 6 Mar 23:07 EST". `leads`: words
    for use before a colon and an instant instead: "2 hours after entry"; empty if there are none. `dated`: a sentence
    that ends with a date, in the zone in which times are shown, for gates that look only at dates; empty if there is
    none. `day`: if the wait counts dates, the date [d] that it ends on, in the zone `day_zone`; else None.
    """

    says: str
    leads: str = ""
    dated: str = ""
    day: int | None = None
    day_zone: str = ""


def moment(us: int, here: Zone, role: str = "") -> Moment:
    """An instant [µs] in a zone."""
    changes_us, offsets_us = here.plain
    stretch = bisect_right(changes_us, us) - 1
    offset_us = offsets_us[stretch]
    return Moment(us, (us + offset_us) // DAY_US, offset_us, here.abbreviations[stretch], role, here.name)


def clock_time(clock_us: int) -> str:
    """A time of day [µs]: 21:07:30, or 21:07 on the full minute."""
    minute, us = divmod(clock_us, MINUTE_US)
    told = time_of_day(minute)
    if us:
        told += f":{us // SECOND_US:02}"
    return f"{told}.{us % SECOND_US:06}".rstrip("0") if us % SECOND_US else told


def comes_again(when: Moment, here: Zone) -> bool:
    """Whether the wall clock shows this time again soon after."""
    changes_us, offsets_us = here.plain
    after = bisect_right(changes_us, when.us)
    if after == len(changes_us):
        return False
    again_us = when.us + when.offset_us - offsets_us[after]
    return again_us >= changes_us[after] and again_us != when.us


def clock(instant_us: int, here: Zone) -> str:
    """An instant as people write it: Fri 6 Mar 2026 21:07 EST."""
    at = np.array([instant_us])
    local = EPOCH + timedelta(microseconds=int(here.local_us(at)[0]))
    time = local.time().isoformat() if instant_us % 60_000_000 else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y} {time} {here.abbreviations[int(here.stretch(at)[0])]}"


def length(us: int) -> str:
    """A length of time [µs, 0 or more] in words: 1 day 12 hours."""
    parts = []
    for unit, unit_us in (("day", DAY_US), ("hour", HOUR_US), ("minute", MINUTE_US)):
        number, us = divmod(us, unit_us)
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    if us or not parts:
        seconds = f"{us // SECOND_US}{f'.{us % SECOND_US:06}'.rstrip('0').rstrip('.')}"
        parts.append(f"{seconds} second{'' if us == SECOND_US else 's'}")
    return " ".join(parts)


def rhythm(us: int) -> str:
    """A length of time [µs] in the largest unit in which it is a whole number: 90 minutes."""
    for unit, unit_us in (("hour", HOUR_US), ("minute", MINUTE_US), ("second", SECOND_US)):
        if us % unit_us == 0:
            return count(us // unit_us, unit)
    return f"{us / SECOND_US:g} seconds"


@lru_cache(maxsize=4096)
def _date(day: int, anchor_day: int) -> str:
    """A local date, with its year if that differs from another date's."""
    years = {(EPOCH + timedelta(days=each)).year for each in (day, anchor_day)}
    return local_date(day, year=len(years) > 1)
