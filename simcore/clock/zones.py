"""The one door between local time and UTC: a table of clock changes per zone.

The data is that of the `tzdata` package, not the operating system's, so that one version gives one answer on
every machine (T11 to T16). Instants are int64 [microseconds since 1970-01-01 UTC];
a local time is the int64 [microseconds] that its wall clock would be if it were UTC; a local date is the
number of days [d] of its midnight, so 0 is Thursday 1970-01-01.
"""

import re
import struct
from collections.abc import Callable
from datetime import date
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.clock.dates import NO_DATES, Dates
from simcore.errors import SimcoreError, shown

Ints = npt.NDArray[np.int64]

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
FIRST_US = 0
"""The first instant that simcore knows, 1970-01-01 00:00 UTC."""
LAST_US = (date(2200, 1, 1) - date(1970, 1, 1)).days * DAY_US
"""The last one, 2200-01-01 00:00 UTC, itself included."""
FAR_US = 2**62
"""Stands for every instant after `LAST_US` that no table holds: later than all, and safe to add a delay to."""

NO_ZONE = "not a time zone: expected an IANA name such as 'America/New_York'"

_FEW, _MANY = 64, 4096  # for fewer a binary search costs less than counting days, or than counting them anew
# Tables reach past both ends by more than a month, which may begin before 1970 and end after 2200.
_FIRST_DAY, _LAST_DAY = -40, LAST_US // DAY_US + 40


def zone_names() -> frozenset[str]:
    """The IANA names that the `tzdata` package knows, aliases included."""
    return _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


@cache
def zone(name: str) -> "Zone":
    """The zone of an IANA name; one object a name. Raises SimcoreError for a name that tzdata lacks."""
    if name not in _names():
        raise SimcoreError(f"{shown(name)} is {NO_ZONE}")
    data = resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()
    return Zone(name, *_read_tzif(data))


class Ruler:
    """Sorted instants, and how many of them lie before a given one.

    A plain binary search over two centuries of days costs more than all the rest of a projection, so once
    many are asked for the points are counted by equal lengths of time, one or two points in each; a look-up starts
    at the count of its length and steps over the points in it.
    """

    def __init__(self, points_us: Ints) -> None:
        self.points_us = np.append(points_us, FAR_US)

    @cached_property
    def _counts(self) -> tuple[int, int, Ints, int, Ints]:
        """Where the first length begins and how long each is [µs]; how many points are before each, at most how many
        in one, and the points."""
        points_us = self.points_us[:-1] if self.points_us.size > 1 else self.points_us
        first_us, last_us = int(points_us[0]), int(points_us[-1])
        days = (last_us - first_us) // DAY_US + 1
        each_us = DAY_US // max(round(points_us.size / days), 1)
        begin_us = first_us // DAY_US * DAY_US
        before = np.searchsorted(points_us, np.arange(begin_us, last_us + 2 * each_us, each_us))
        # What is past the last point stays there, however far it is.
        ends_us = np.append(points_us, np.iinfo(np.int64).max)
        return begin_us, each_us, before, int(np.diff(before).max()), ends_us

    def below(self, instants_us: Ints) -> Ints:
        """For each instant, how many points are before it; that is the place of the first one at or after."""
        if instants_us.size < (_FEW if "_counts" in self.__dict__ else _MANY):
            found: Ints = np.minimum(np.searchsorted(self.points_us, instants_us), self.points_us.size - 1)
            return found
        begin_us, each_us, before, steps, ends_us = self._counts
        place = (instants_us - begin_us) // each_us
        np.clip(place, 0, before.size - 1, out=place)
        count: Ints = before[place]
        for _ in range(steps):
            count = count + (ends_us[count] < instants_us)
        return count


class _Pieces(NamedTuple):
    """Stretches of time in which neither the local date nor the offset changes, in order."""

    begin_us: Ints
    date: Ints
    offset_us: Ints


class Zone:
    """One zone: its offsets, and the local dates that they make.

    `changes_us` int64 [k]: from when each offset holds (the first from the beginning of time); `offsets_us`
    int64 [k]; `abbreviations`, k strings.
    """

    def __init__(self, name: str, changes_us: Ints, offsets_us: Ints, abbreviations: tuple[str, ...]) -> None:
        self.name = name
        self.changes_us = changes_us
        self.offsets_us = offsets_us
        self.abbreviations = abbreviations

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    @cached_property
    def plain(self) -> tuple[list[int], list[int]]:
        """Changes and offsets as Python's numbers, for one instant at a time."""
        return self.changes_us.tolist(), self.offsets_us.tolist()

    def stretch(self, instants_us: Ints) -> Ints:
        """The place of the offset in force at each instant, an index into `offsets_us` [int64, same shape]."""
        return np.searchsorted(self.changes_us, instants_us, "right") - 1

    def local_us(self, instants_us: Ints) -> Ints:
        """What the wall clock shows at each instant [int64, same shape]."""
        return instants_us + self.offsets_us[self.stretch(instants_us)]

    def instant_us(self, local_us: Ints) -> Ints:
        """The instant of each wall-clock time: PEP 495, fold=0.

        A time that does not exist is read with the offset before the jump; of one that happens twice, the
        first is meant.
        """
        # A change is behind a wall-clock time once both the old and the new clock have shown it.
        change_local_us = self.changes_us[1:] + np.maximum(self.offsets_us[1:], self.offsets_us[:-1])
        return local_us - self.offsets_us[np.searchsorted(change_local_us, local_us, "right")]

    def date(self, instants_us: Ints) -> Ints:
        """The local date of each instant [d, int64, same shape]: what the wall clock shows then."""
        days, ruler = self.dates
        return days[ruler.below(instants_us + 1) - 1]

    def date_begin_us(self, dates: Ints) -> Ints:
        """The first instant of each local date [int64]; of a date that does not exist, the first after it.

        A date that begins twice begins the first time. Dates after the tables are `FAR_US`.
        """
        begins_us = self._begins_us
        return begins_us[np.minimum(dates - _FIRST_DAY, begins_us.size - 1)]

    def first_us(self, dates: Ints) -> Ints:
        """As `date_begin_us`, without tables: for a few dates, each of which may be in another zone."""
        # In the first stretch whose clock comes to the date's midnight, or that begins past it.
        midnight_us = np.minimum(dates, _LAST_DAY) * DAY_US
        stretch = np.searchsorted(self._latest_us, midnight_us, "right")
        begin_us = np.maximum(midnight_us - self.offsets_us[stretch], self.changes_us[stretch])
        return np.where(dates < _LAST_DAY, begin_us, FAR_US)

    @cached_property
    def _latest_us(self) -> Ints:
        """The latest that the wall clock has shown by the end of each stretch, but for the last."""
        shown_us: Ints = np.maximum.accumulate(self.changes_us[1:] + self.offsets_us[:-1])
        return shown_us

    @cached_property
    def pieces(self) -> _Pieces:
        """All stretches of one local date and one offset, from before 1970 to after 2200."""
        return self.pieces_of(_FIRST_DAY, _LAST_DAY)

    def pieces_of(self, first_day: int, last_day: int) -> _Pieces:
        """Those from the beginning of one day of UTC to that of another [d]."""
        begin = np.searchsorted(self.changes_us, first_day * DAY_US, "right") - 1
        some = slice(begin, np.searchsorted(self.changes_us, last_day * DAY_US))
        changes_us, offsets_us = self.changes_us[some], self.offsets_us[some]
        begin_us = np.maximum(changes_us, first_day * DAY_US)
        end_us = np.append(changes_us[1:], last_day * DAY_US)
        first = (begin_us + offsets_us) // DAY_US
        count = (end_us + offsets_us - 1) // DAY_US - first + 1
        stretch = np.repeat(np.arange(count.size), count)
        day = first[stretch] + np.arange(stretch.size) - np.repeat(np.cumsum(count) - count, count)
        offset_us = offsets_us[stretch]
        return _Pieces(np.maximum(day * DAY_US - offset_us, begin_us[stretch]), day, offset_us)

    @cached_property
    def dates(self) -> tuple[Ints, Ruler]:
        """The local dates in the order in which the wall clock shows them, and when each comes."""
        pieces = self.pieces
        new = np.append(True, np.diff(pieces.date) != 0)
        return pieces.date[new], Ruler(pieces.begin_us[new])

    @cached_property
    def _begins_us(self) -> Ints:
        """The first instant of every date from `_FIRST_DAY` on, closed by `FAR_US`."""
        days, ruler = self.dates
        wanted = np.arange(_FIRST_DAY, int(days[-1]) + 1)
        return np.append(ruler.points_us[np.searchsorted(np.maximum.accumulate(days), wanted)], FAR_US)


class Slots:
    """The send slots of a zone: each allowed local date's instant at `hour`:`minute` (weekdays: 0 is Monday).

    A date that does not exist has none, nor has one whose slot a clock change carries into the next date
    (America/Nuuk, Saturday 2026-03-28 23:00). Each slot has its place among those of all weekdays, which are found
    once for all sets of weekdays; the place after them all is `FAR_US`. `without`: dates [d] that are left out (T23).
    """

    def __init__(
        self, name: str, weekdays: frozenset[int], hour: int, minute: int = 0, without: Dates = NO_DATES
    ) -> None:
        self._every, first, none = _every_slot(name, hour, minute)
        self._last = self._every.points_us.size - 1
        left_out = without.days - first
        self._none = np.union1d(none, left_out[(left_out >= 0) & (left_out < self._last)])
        wait = [next((n for n in range(7) if (day + n) % 7 in weekdays), self._last) for day in range(7)]
        self._wait = np.array(wait)

    @property
    def points_us(self) -> Ints:
        """All slots in order, closed by `FAR_US`."""
        return self.at(np.unique(self._allowed(np.arange(self._last + 1))))

    def below(self, instants_us: Ints) -> Ints:
        """The place of the first slot at or after each instant."""
        return self._allowed(self._every.below(instants_us))

    def _allowed(self, places: Ints) -> Ints:
        """The places themselves, or the next ones on whose weekdays there are slots."""
        found: Ints = self._next[places] if self._none.size else places + self._wait[places % 7]
        return np.minimum(found, self._last, out=found)

    @cached_property
    def _next(self) -> Ints:
        """For each place, the first allowed one from there on."""
        places = np.arange(self._last + 1)
        allowed = self._wait[places % 7] == 0
        allowed[self._none] = False
        next_one: Ints = np.where(allowed, places, self._last)
        np.minimum.accumulate(next_one[::-1], out=next_one[::-1])
        return next_one

    def at(self, places: Ints) -> Ints:
        """The slots at some places."""
        return self._every.points_us[places]


@lru_cache(maxsize=32)
def slots(
    name: str, weekdays: frozenset[int], hour: int, minute: int = 0, without: Dates = NO_DATES
) -> Slots:
    """The slots of a zone; those of the same arguments are one object."""
    return Slots(name, weekdays, hour, minute, without)


@lru_cache(maxsize=32)
def _every_slot(name: str, hour: int, minute: int) -> tuple[Ruler, int, Ints]:
    """The slots of all dates in whole weeks from Monday, the first date [d], and at which places there is none.

    There, the next slot stands.
    """
    place = zone(name)
    first = int(place.pieces.date.min())
    dates = np.flatnonzero(np.bincount(place.pieces.date - first)) + first
    slot_us = place.instant_us(dates * DAY_US + hour * HOUR_US + minute * MINUTE_US)
    kept = place.local_us(slot_us) // DAY_US == dates
    dates, slot_us = dates[kept], slot_us[kept]
    # Whole weeks, which still reach past both ends.
    whole = np.arange(dates[0] + 7 - (dates[0] + 3) % 7, dates[-1] - (dates[-1] + 3) % 7)
    at = np.searchsorted(dates, whole)
    return Ruler(slot_us[at]), int(whole[0]), np.flatnonzero(dates[at] != whole)


@lru_cache(maxsize=128)
def windows(
    name: str, weekdays: frozenset[int], start_min: int, end_min: int, without: Dates = NO_DATES
) -> tuple[Ints, Ruler]:
    """The send windows of a zone: where each begins, and a ruler of their ends (each half open, in order).

    On each allowed local date, all instants whose wall clock is from `start_min` to before `end_min` [minutes
    of the day, 0 to 1440]. Windows that touch are one. `without`: dates that are left out (T23).
    """
    opens_us, closes_us = _open(zone(name).pieces, weekdays, start_min, end_min, without, _LAST_DAY)
    apart = opens_us[1:] != closes_us[:-1]
    return (
        np.append(opens_us[np.append(True, apart)[: opens_us.size]], FAR_US),
        Ruler(closes_us[np.append(apart, True)[: closes_us.size]]),
    )


def _open(
    pieces: _Pieces, weekdays: frozenset[int], start_min: int, end_min: int, without: Dates, last_day: int
) -> tuple[Ints, Ints]:
    """Where windows begin and end in pieces of time up to a day of UTC."""
    allowed = _allowed(pieces.date, weekdays, without)
    midnight_us = pieces.date * DAY_US - pieces.offset_us
    end_us = np.append(pieces.begin_us[1:], last_day * DAY_US)
    opens_us = np.maximum(pieces.begin_us, midnight_us + start_min * MINUTE_US)[allowed]
    closes_us = np.minimum(end_us, midnight_us + end_min * MINUTE_US)[allowed]
    some = opens_us < closes_us
    return opens_us[some], closes_us[some]


def _allowed(days: Ints, weekdays: frozenset[int], without: Dates) -> npt.NDArray[np.bool_]:
    """Which dates are of some weekdays, and not left out."""
    allowed: npt.NDArray[np.bool_] = np.array([day in weekdays for day in range(7)])[(days + 3) % 7]
    return allowed & ~np.isin(days, without.days) if without else allowed


def next_slots(
    name: str, weekdays: frozenset[int], hour: int, minute: int, without: Dates, instants_us: Ints
) -> Ints:
    """As `slots(…).at(slots(…).below(instants_us))`, without tables of two centuries: for one zone among many."""
    here = zone(name)

    def points_us(first: int, last: int) -> tuple[Ints, Ints]:
        days = np.arange(first, last)
        days = days[_allowed(days, weekdays, without)]
        slot_us = here.instant_us(days * DAY_US + hour * HOUR_US + minute * MINUTE_US)
        slot_us = slot_us[here.local_us(slot_us) // DAY_US == days]
        return slot_us, slot_us

    return _next_of(points_us, instants_us)


def next_open(
    name: str,
    weekdays: frozenset[int],
    start_min: int,
    end_min: int,
    without: Dates,
    instants_us: Ints,
) -> Ints:
    """The first instant in a window at or after each, without tables of two centuries: for one zone among many."""
    here = zone(name)

    def windows_us(first: int, last: int) -> tuple[Ints, Ints]:
        opens_us, closes_us = _open(here.pieces_of(first, last), weekdays, start_min, end_min, without, last)
        return opens_us, closes_us - 1

    return _next_of(windows_us, instants_us)


def _next_of(stretches: Callable[[int, int], tuple[Ints, Ints]], instants_us: Ints) -> Ints:
    """The first instant in a stretch of time at or after each; `FAR_US` where there is none.

    `stretches`: from when to when each lasts, both included, of those on the days of UTC [d] from one to another.
    """
    if not instants_us.size:
        return instants_us
    known_us = np.minimum(instants_us, _LAST_DAY * DAY_US)
    first, until_us = max(int(known_us.min()) // DAY_US - 3, _FIRST_DAY), int(known_us.max())
    last = until_us // DAY_US + 10
    while True:
        last = min(last, _LAST_DAY)
        begins_us, ends_us = stretches(first, last)
        # Where the days end a window may, too, that goes on.
        if last == _LAST_DAY or (ends_us.size > 1 and ends_us[-2] >= until_us):
            break
        last += 2 * (last - first)
    place = np.searchsorted(ends_us, instants_us)
    found: Ints = np.maximum(instants_us, np.append(begins_us, FAR_US)[place])
    return found


def _read_tzif(data: bytes) -> tuple[Ints, Ints, tuple[str, ...]]:
    """The changes, offsets and abbreviations of a TZif file (RFC 9636), its footer unrolled to 2200."""
    header = struct.Struct(">4s1s15x6l")
    _, _, isutc, isstd, leap, times, types, chars = header.unpack_from(data)
    # The second, 64-bit block follows the first, 32-bit one (RFC 9636 section 3.1).
    at = header.size + times * 5 + types * 6 + chars + leap * 8 + isstd + isutc
    _, _, isutc, isstd, leap, times, types, chars = header.unpack_from(data, at)
    at += header.size
    seconds = list(struct.unpack_from(f">{times}q", data, at))
    kinds = list(data[at + times * 8 : at + times * 9])
    at += times * 9
    records = [struct.unpack_from(">l?B", data, at + 6 * i) for i in range(types)]
    at += types * 6
    names = data[at:]
    at += chars + leap * 12 + isstd + isutc
    footer = data[at + 1 : -1].decode("ascii")  # between two line feeds

    def abbreviation(start: int) -> str:
        return names[start : names.index(b"\0", start)].decode("ascii")

    # Before the first change the first type holds (section 3.2).
    states = [(records[kind][0], abbreviation(records[kind][2])) for kind in [0, *kinds]]
    for second, offset, name in _unroll(footer):
        if [second] > seconds[-1:]:  # where there is none yet, too
            seconds.append(second)
            states.append((offset, name))

    changes_us = np.array([-FAR_US // SECOND_US, *seconds], np.int64) * SECOND_US
    ends_us = np.append(changes_us[1:], FAR_US)
    inside = (ends_us > _FIRST_DAY * DAY_US) & (changes_us < _LAST_DAY * DAY_US)
    changes_us = changes_us[inside]
    changes_us[0] = -FAR_US
    states = [states[at] for at in np.flatnonzero(inside).tolist()]
    offsets_us = np.array([offset for offset, _ in states], np.int64) * SECOND_US
    return changes_us, offsets_us, tuple(name for _, name in states)


_FOOTER = (
    r"(?P<std><[^>]+>|[A-Za-z]+)(?P<std_at>[+-]?[\d:]+)"
    r"((?P<dst><[^>]+>|[A-Za-z]+)(?P<dst_at>[+-]?[\d:]+)?,(?P<begin>[^,]+),(?P<end>[^,]+))?"
)


@cache
def _unroll(footer: str) -> tuple[tuple[int, int, str], ...]:
    """The changes that a footer (a POSIX TZ string, RFC 9636 section 3.3) makes: (second, offset [s], name)."""
    match = re.fullmatch(_FOOTER, footer)
    if match is None:
        raise SimcoreError(f"the zone rule {footer!r} is not a POSIX TZ string")
    standard = -_seconds(match["std_at"])  # POSIX counts west of Greenwich as positive
    if match["dst"] is None:
        return ()
    summer = -_seconds(match["dst_at"]) if match["dst_at"] else standard + 3600
    names = [match[each].strip("<>") for each in ("std", "dst")]
    changes = []
    for year in range(1970, 2201):
        changes.append((_rule_second(match["begin"], year) - standard, summer, names[1]))
        changes.append((_rule_second(match["end"], year) - summer, standard, names[0]))
    return tuple(sorted(changes))


def _seconds(clock: str) -> int:
    """The seconds of [+-]hh[:mm[:ss]]."""
    parts = [int(part) for part in re.findall(r"\d+", clock)] + [0, 0]
    return (-1 if clock.startswith("-") else 1) * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _rule_second(rule: str, year: int) -> int:
    """The local second of a rule's change in a year: Mm.w.d[/time], or Jn[/time]."""
    day, _, clock = rule.partition("/")
    if day.startswith("M"):
        month, week, weekday = (int(part) for part in day[1:].split("."))
        first = date(year, month, 1)
        until = date(year + month // 12, month % 12 + 1, 1)
        number = (first - date(1970, 1, 1)).days + (weekday - first.isoweekday()) % 7 + (week - 1) * 7
        if number >= (until - date(1970, 1, 1)).days:  # week 5 is the last
            number -= 7
    elif day.startswith("J"):  # 1 to 365, 29 February never counted
        leap = int(day[1:]) > 59 and date(year, 12, 31).timetuple().tm_yday == 366
        number = (date(year, 1, 1) - date(1970, 1, 1)).days + int(day[1:]) - 1 + leap
    else:
        raise SimcoreError(f"the zone rule {rule!r} is not of the form Mm.w.d or Jn")
    return number * 86_400 + _seconds(clock or "2")
