"""Answers from outside: local times around clock changes, as other libraries' tests have them.

tests/answers/local_times.csv holds facts alone: a zone, what is given, what is expected, and where it is from: a file
under one of `SOURCES`. Its kinds, and the rules that they are answers to:
- `wall`: a wall-clock time and its instant: skipped ones shift forward, of repeated ones the first counts (T11, T12).
- `text`: a time with an offset, and what the clock of the zone shows then (T25).
- `local`: an instant, and what the clock shows.
- `begin`: a time, and where its date begins (T13, T14). `no date`: a date that the zone leaves out. `length`: a time,
  and the hours of its date.
- `add`: a time, a wait in days and hours (ISO 8601), and where that ends (T3, T4, T11).
- `next`, `previous`: a time, and the change of offset that is nearest to it. `jump`: a change, and by how many hours.
What is expected is given as far as its source goes: an instant, a wall clock, or the beginning of one. Parts of a
microsecond are cut off; where a source goes a nanosecond beside a change, a microsecond stands for it. Where a source
gives the offset that a wall-clock time is read with, its instant is here.

What these sources have too, and what has no answer here:
- "earlier" and "later" where "compatible" is the other one, and "reject": there is one reading (T11, T12). The second
  of two instants can be had by its offset. NodaTime's strict reading raises, as its beginning of a date does that does
  not exist: here that is the first instant after it.
- Texts with a zone in brackets, and what "use", "prefer", "ignore" and "reject" make of an offset beside it: a text
  has an offset or none (T25), and that has no seconds. What "use" gives, and "ignore" as a wall-clock time, is here.
- Going backwards, and days, months or years between two instants, whole, rounded or in fractions: a delay goes
  forward, by days or by hours.
- whenever keeps the second of two instants where no day is added. Here days are counted by the date alone.
- Luxon takes of two instants the one whose offset is in force now. Here nothing depends on now.
- Vancouver in January 2038: in the rules of 2026 its winters are no longer at -08:00.
- What is before 1970: a midnight skipped in Toronto in 1919, Zurich in 1894, Singapore in 1933, Palmer in 1964.
- A listing of every zone's changes, such as moment-timezone's: tests/zone_listing.py has tzvalidate's.
"""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import simcore
from simcore import kit, sequenzy
from simcore.clock.delays import CalendarDays, Elapsed
from simcore.clock.gates import SendSlots, SendWindow
from simcore.clock.instants import read_one
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, zone

SOURCES = {
    "test262": "https://github.com/tc39/test262/blob/be13516fb6441b950ba8a3df97eb34062c186972/test/",
    "temporal": "https://github.com/tc39/proposal-temporal/blob/171f1c3b630f91b1a0bba80ce5cbfcfa5b14c478/",
    "nodatime": "https://github.com/nodatime/nodatime/blob/67f788570b9b5972f52aa316fa1cf32b73439eb6/",
    "whenever": "https://github.com/ariebovenberg/whenever/blob/e2b1627be899e28a5db833dfae23d71328bfcefc/",
    "js-joda": "https://github.com/js-joda/js-joda/blob/554068e7ff8797ba9e72d9e216761dc93c0b0bd1/",
    "threetenbp": "https://github.com/ThreeTen/threetenbp/blob/f69cd48c38e40f80d2fcbbee8b6b536a42447336/",
    "luxon": "https://github.com/moment/luxon/blob/b6b9d03709085008287ed7f4ce5067f0f4be53f2/",
    "chrono-tz": "https://github.com/chronotope/chrono-tz/blob/713ffb5be372cbafc01206e9fb7e934600150cdc/",
    "jiff": "https://github.com/BurntSushi/jiff/blob/ab6e8c83462e9b6d0dfe33f9cb70583d3d82049b/",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ALL = frozenset(range(7))


class Case(NamedTuple):
    """A line of the file."""

    kind: str
    zone: str
    given: str
    expected: str
    source: str


with (Path(__file__).parent / "answers" / "local_times.csv").open(newline="", encoding="utf-8") as lines:
    CASES = [Case(*row) for row in csv.reader(lines)][1:]


def of(*kinds):
    some = [case for case in CASES if case.kind in kinds]
    return pytest.mark.parametrize("case", [pytest.param(each, id=" ".join(each[:3])) for each in some])


def us(text, place):
    """The instant of a text: by its offset where it has one, else by the wall clock of a zone."""
    t = datetime.fromisoformat(text)
    if t.tzinfo is not None:
        return (t - EPOCH) // MICROSECOND
    return int(place.instant_us(np.array([(t.replace(tzinfo=UTC) - EPOCH) // MICROSECOND]))[0])


def check(found_us, expected, place):
    """That an instant is what is expected."""
    found = EPOCH + int(found_us) * MICROSECOND
    local = EPOCH + int(place.local_us(np.array([found_us]))[0]) * MICROSECOND
    if re.search(r"(Z|[+-]\d\d:\d\d)$", expected[10:]):
        wanted = datetime.fromisoformat(expected)
        assert found == wanted
        assert expected.endswith("Z") or local - found == wanted.utcoffset()
    elif len(expected) >= len("2026-11-29T10:00"):
        assert local == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    else:
        assert local.isoformat().startswith(expected)


def begin_us(place, us):
    """Where the date of an instant begins, and the one after it, in each of the two ways."""
    at_us = np.array([us])
    day = place.date(at_us)
    assert place.local_us(at_us)[0] // DAY_US == day[0]
    both = [place.date_begin_us(day)[0], place.date_begin_us(day + 1)[0]]
    assert [place.first_us(day)[0], place.first_us(day + 1)[0]] == both
    assert [CalendarDays(n, place.name).earliest(at_us)[0] for n in (0, 1)] == both
    return both


def after(**delay):
    """A sequence of Sequenzy's that has one email and no sending window."""
    steps = [{"subject": "S", "html": "<p></p>", "delay": delay}]
    return sequenzy.from_api({"name": "W", "trigger": "contact_added", "steps": steps})


def at(hour, days, zone):
    """A sequence of Kit's that has one email, some days after the entry at a full hour."""
    email = kit.Email(subject="S", delay_value=days, delay_unit="days", published=True)
    return kit.Sequence(name="K", send_hour=hour, time_zone=zone, emails=[email])


def send_us(sequence, start, naive_time_zone=None):
    (found,) = simcore.project(sequence, [start], naive_time_zone=naive_time_zone)["send_at"]
    return (found.to_pydatetime() - EPOCH) // MICROSECOND


@of("wall")
def test_wall_clock_times(case):
    """By the table, and as what people type is read."""
    here = zone(case.zone)
    check(us(case.given, here), case.expected, here)
    assert read_one(case.given, "until", case.zone) == us(case.given, here)


@pytest.mark.slow
@of("wall")
def test_wall_clock_times_of_entries(case):
    check(send_us(after(), case.given, case.zone), case.expected, zone(case.zone))


@of("text")
def test_times_with_an_offset(case):
    found = read_one(case.given, "until", None)
    check(found, case.expected, zone(case.zone))


@of("local")
def test_what_the_clock_shows(case):
    here = zone(case.zone)
    check(us(case.given, here), case.expected, here)


@of("begin")
def test_beginnings_of_dates(case):
    here = zone(case.zone)
    found, _ = begin_us(here, us(case.given, here))
    check(found, case.expected, here)


@of("no date")
def test_dates_that_do_not_exist(case):
    """They have no slot and no window; they begin where the next date does."""
    here, day = zone(case.zone), (date.fromisoformat(case.given) - EPOCH.date()).days
    assert day not in here.dates[0]
    next_us = here.date_begin_us(np.array([day + 1]))
    assert here.date_begin_us(np.array([day])) == next_us
    weekday = frozenset({(day + 3) % 7})
    for gate in (SendSlots(weekday, 12, case.zone), SendWindow(weekday, 0, 1440, case.zone)):
        opens_us = gate.snap(next_us)
        assert opens_us > next_us + 5 * DAY_US


@of("length")
def test_lengths_of_dates(case):
    here = zone(case.zone)
    first, end = begin_us(here, us(case.given, here))
    assert (end - first) / HOUR_US == float(case.expected)


@of("next", "previous")
def test_changes_of_the_offset(case):
    here = zone(case.zone)
    changes_us = here.changes_us[1:][np.diff(here.offsets_us) != 0]
    at_us = us(case.given, here)
    found = {"next": changes_us[changes_us > at_us][:1], "previous": changes_us[changes_us < at_us][-1:]}[
        case.kind
    ]
    assert found.size == (case.expected != "none")
    for change_us in found:
        check(change_us, case.expected, here)


@of("jump")
def test_long_jumps(case):
    here = zone(case.zone)
    at_us = us(case.given, here)
    assert at_us in here.changes_us
    old_us, new_us = here.offsets_us[here.stretch(np.array([at_us - 1, at_us]))].tolist()
    assert (new_us - old_us) / HOUR_US == float(case.expected)


@pytest.mark.slow
@of("add")
def test_waits(case):
    """Days by the wall clock, then hours; days by a delay and a slot at the same time of day, too."""
    here = zone(case.zone)
    start, wait = case.given.split()
    parts = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", wait).groups()
    days, hours, minutes = (int(each or 0) for each in parts)
    later_us = timedelta(hours=hours, minutes=minutes) // MICROSECOND
    at_us = np.array([us(start, here)])
    local_us = here.local_us(at_us)
    by_wall_us = here.instant_us(local_us + days * DAY_US) if days else at_us
    check(Elapsed(later_us).earliest(by_wall_us)[0], case.expected, here)
    if not days:
        check(send_us(after(hours=hours, minutes=minutes), start), case.expected, here)
    elif local_us % MINUTE_US == 0:
        hour, minute = divmod(int(local_us[0] % DAY_US) // MINUTE_US, 60)
        slot = SendSlots(ALL, hour, case.zone, minute)
        assert slot.snap(CalendarDays(days, case.zone).earliest(at_us)) == by_wall_us
        if not minute:
            assert send_us(at(hour, days, case.zone), start) == by_wall_us


def test_every_case_has_its_source():
    assert {case.source.split()[0] for case in CASES} == SOURCES.keys()
    assert len(set(CASES)) == len(CASES) == 379
