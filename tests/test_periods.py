"""Periods of a zone against zoneinfo: every instant lies in the period that the wall clock says.

What is expected is worked out one instant at a time, from `datetime`, `zoneinfo` and the instants at which clocks
change; the start of a period, and the list of all periods between two instants, serve test_forecast too.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import DAY, EPOCH, HOUR, first_instant_of, local_date, wall_clock, wall_to_utc, zone_info
from strategies import END, MICROSECOND, ODD_ZONES, QUARTER, clock_changes, instants, within, zones

from simcore.clock.periods import FREQUENCIES, check, periods
from simcore.clock.zones import LAST_US, zone
from simcore.errors import SimcoreError

LENGTHS = {"15min": QUARTER, "h": HOUR, "D": DAY, "W": 7 * DAY, "M": 31 * DAY}
FINE, COARSE = ("15min", "h"), ("D", "W", "M")
NEW_YORK, LORD_HOWE, ST_JOHNS, APIA = (
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
)

# ---------------------------------------------------------------- what is expected


def change_before(t: datetime, name: str) -> datetime | None:
    """The last clock change at or before t."""
    changes = clock_changes(name)
    place = bisect_right(changes, t)
    return changes[place - 1] if place else None


def change_after(t: datetime, name: str) -> datetime | None:
    """The first clock change after t."""
    changes = clock_changes(name)
    place = bisect_right(changes, t)
    return changes[place] if place < len(changes) else None


def into(t: datetime, length: timedelta, name: str) -> timedelta:
    """How far the wall clock is past its last full quarter, or hour, at t."""
    wall = wall_clock(t, name)
    return (wall - datetime.combine(wall.date(), time())) % length


def begin_of(day: date, name: str) -> datetime:
    """The first instant whose local date is that day, or (of a day that does not exist) the next one."""
    midnight = wall_to_utc(datetime.combine(day, time()), name)
    change = change_before(midnight, name)
    # A gap that holds midnight ends in the new day.
    if change is not None and midnight - change < DAY and local_date(change, name) >= day:
        return change
    return midnight


def exists(day: date, name: str) -> bool:
    return local_date(begin_of(day, name), name) == day


def start_of(t: datetime, freq: str, name: str) -> datetime:
    """The start of the period in which t is."""
    day = local_date(t, name)
    if freq == "D":
        return begin_of(day, name)
    if freq == "W":
        return begin_of(day - day.weekday() * DAY, name)
    if freq == "M":
        return begin_of(day.replace(day=1), name)
    change = change_before(t, name)
    full = t - into(t, LENGTHS[freq], name)
    return full if change is None else max(full, change)


def starts_between(first: datetime, last: datetime, freq: str, name: str) -> list[datetime]:
    """The starts of all periods from that of `first` to that of `last`, in order."""
    if freq in COARSE:
        days = sorted([local_date(first, name), local_date(last, name)])
        if freq == "W":
            days = [day - day.weekday() * DAY for day in days]
        if freq == "M":
            months = [12 * day.year + day.month - 1 for day in days]
            firsts = [date(at // 12, at % 12 + 1, 1) for at in range(months[0], months[1] + 1)]
            return [begin_of(day, name) for day in firsts]
        step = LENGTHS[freq].days
        found = (days[0] + n * DAY for n in range(0, (days[1] - days[0]).days + 1, step))
        return [begin_of(day, name) for day in found if freq == "W" or exists(day, name)]
    starts, end = [start_of(first, freq, name)], start_of(last, freq, name)
    while starts[-1] < end:
        change = change_after(starts[-1], name)
        full = starts[-1] + LENGTHS[freq] - into(starts[-1], LENGTHS[freq], name)
        starts.append(full if change is None else min(full, change))
    return starts


# ---------------------------------------------------------------- what is found


def us(t: datetime) -> int:
    return (t - EPOCH) // MICROSECOND


def at(t_us: int) -> datetime:
    return EPOCH + int(t_us) * MICROSECOND


def found_of(name, freq, ts):
    """All starts from the first to the last of the periods of some instants, and which each is in."""
    made = periods(zone(name), freq, us(min(ts)), us(max(ts)))
    place = made.of(np.array([us(t) for t in ts]))
    assert place.dtype == np.int64
    assert made.starts_us.dtype == np.int64
    starts = [at(start) for start in made.starts_us.tolist()]
    # A date that begins twice may have both the earliest instant and a later day than the second one.
    first, last = place.min(), place.max()
    return starts[first : last + 1], (place - first).tolist()


def utc(*texts):
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]


def walls(starts, name):
    """Instants as a person would read them off the wall, with their offsets."""
    return [start.astimezone(zone_info(name)).isoformat(sep=" ", timespec="minutes") for start in starts]


# ---------------------------------------------------------------- laws


@st.composite
def moments(draw, freq):
    """A zone and some instants in it, weeks or decades apart at the most."""
    name = draw(st.sampled_from(ODD_ZONES) | zones())
    base = draw(instants(name))
    most = {"15min": 2, "h": 10, "D": 150, "W": 1200, "M": 5000}[freq] * 96
    near = st.tuples(st.integers(-most, most), st.integers(-1, 1))
    others = draw(st.lists(near, max_size=6))
    if draw(st.booleans()):
        changes = [t for t in clock_changes(name) if abs(t - base) <= most * QUARTER]
        base = changes[0] if changes else base
    return name, [base, *(within(base + n * QUARTER + m * MICROSECOND) for n, m in others)]


@pytest.mark.parametrize("freq", FREQUENCIES)
@given(data=st.data())
def test_every_instant_is_in_its_period(freq, data):
    name, ts = data.draw(moments(freq))
    starts, places = found_of(name, freq, ts)
    assert all(start < after for start, after in pairwise(starts))
    assert [starts[place] for place in places] == [start_of(t, freq, name) for t in ts]
    for t, place in zip(ts, places, strict=True):
        assert starts[place] <= t
        if place + 1 < len(starts) and t >= starts[place + 1]:
            # The next date had begun, and a clock that was put back made it end again.
            assert freq in COARSE
            back = change_before(t, name)
            assert starts[place + 1] <= back
            assert local_date(back - MICROSECOND, name) > local_date(back, name)
    # None is left out, and none made up.
    low, high = ts[places.index(min(places))], ts[places.index(max(places))]
    assert starts == starts_between(low, high, freq, name)
    if freq in FINE:
        assert_full(starts, freq, name)


def assert_full(starts, freq, name):
    """Each begins on a full hour, or quarter, or where the clock changes."""
    changes = {*clock_changes(name)}
    for start in starts:
        assert start in changes or into(start, LENGTHS[freq], name) == timedelta(0)
    for start, after in pairwise(starts):
        assert after - start == LENGTHS[freq] or (after - start < LENGTHS[freq] and changes & {start, after})


@given(data=st.data())
def test_days_are_the_dates_that_exist(data):
    name, ts = data.draw(moments("D"))
    starts, _ = found_of(name, "D", ts)
    days = [local_date(start, name) for start in starts]
    first, last = min(local_date(t, name) for t in ts), max(local_date(t, name) for t in ts)
    every = [first + n * DAY for n in range((last - first).days + 1)]
    assert days == [day for day in every if exists(day, name)]
    for start in starts[:: max(len(starts) // 10, 1)]:
        assert start == first_instant_of(local_date(start, name), name)
        assert local_date(start - MICROSECOND, name) != local_date(start, name)


@given(data=st.data())
def test_weeks_begin_on_mondays(data):
    name, ts = data.draw(moments("W"))
    starts, _ = found_of(name, "W", ts)
    assert {local_date(start, name).weekday() for start in starts} == {0}
    mondays = [local_date(start, name) for start in starts]
    assert all(after - day == 7 * DAY for day, after in pairwise(mondays))


@given(data=st.data())
def test_months_begin_with_their_first_dates(data):
    name, ts = data.draw(moments("M"))
    starts, _ = found_of(name, "M", ts)
    firsts = [local_date(start, name) for start in starts]
    assert {day.day for day in firsts} == {1}
    assert all((after - day).days in (28, 29, 30, 31) for day, after in pairwise(firsts))


@given(data=st.data())
def test_the_start_of_a_date_is_the_oracles(data):
    """The helper of this file against the oracle's, which looks at every hour."""
    name = data.draw(zones())
    t = data.draw(instants(name))
    near = change_before(t, name) or t
    for day in {local_date(t, name), local_date(near, name), local_date(near, name) - DAY}:
        if date(1970, 1, 5) < day < date(2099, 12, 1):
            assert begin_of(day, name) == first_instant_of(day, name)


@pytest.mark.parametrize("freq", FREQUENCIES)
@given(data=st.data())
def test_many_instants_are_as_few(freq, data):
    """More than a hundred look-ups go another way than one does."""
    name, ts = data.draw(moments(freq))
    made = periods(zone(name), freq, us(min(ts)), us(max(ts)))
    spread = np.linspace(us(min(ts)), us(max(ts)), 150).astype(np.int64)
    some = np.append(spread, [us(t) for t in ts])
    assert made.of(some).tolist() == [int(made.of(each)[0]) for each in np.split(some, len(some))]
    assert made.of(some[::-1]).tolist() == made.of(some)[::-1].tolist()
    assert made.of(np.empty(0, np.int64)).tolist() == []


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize(
    ("name", "freq", "first", "last", "expected"),
    [
        pytest.param(
            NEW_YORK,
            "h",
            "2026-03-08 06:30",
            "2026-03-08 08:00",
            ["2026-03-08 01:00-05:00", "2026-03-08 03:00-04:00", "2026-03-08 04:00-04:00"],
            id="the hour from 02:00 is skipped",
        ),
        pytest.param(
            NEW_YORK,
            "h",
            "2026-11-01 04:59",
            "2026-11-01 07:59",
            [
                "2026-11-01 00:00-04:00",
                "2026-11-01 01:00-04:00",
                "2026-11-01 01:00-05:00",
                "2026-11-01 02:00-05:00",
            ],
            id="the hour from 01:00 comes twice",
        ),
        pytest.param(
            LORD_HOWE,
            "h",
            "2026-04-04 14:30",
            "2026-04-04 15:30",
            ["2026-04-05 01:00+11:00", "2026-04-05 01:30+10:30", "2026-04-05 02:00+10:30"],
            id="half an hour comes twice",
        ),
        pytest.param(
            LORD_HOWE,
            "h",
            "2026-10-03 15:00",
            "2026-10-03 16:00",
            ["2026-10-04 01:00+10:30", "2026-10-04 02:30+11:00", "2026-10-04 03:00+11:00"],
            id="half an hour is skipped",
        ),
        pytest.param(
            LORD_HOWE,
            "15min",
            "2026-04-04 14:45",
            "2026-04-04 15:15",
            ["2026-04-05 01:45+11:00", "2026-04-05 01:30+10:30", "2026-04-05 01:45+10:30"],
            id="quarters of it come twice",
        ),
        pytest.param(
            "Asia/Kathmandu",
            "h",
            "2026-06-01 00:00",
            "2026-06-01 00:15",
            ["2026-06-01 05:00+05:45", "2026-06-01 06:00+05:45"],
            id="hours of the wall clock, not of UTC",
        ),
        pytest.param(
            "Africa/Monrovia",
            "h",
            "1972-01-07 00:30",
            "1972-01-07 01:00",
            ["1972-01-06 23:00-00:44:30", "1972-01-07 00:44+00:00", "1972-01-07 01:00+00:00"],
            id="23:00 to 24:00, then from 00:44:30 on",
        ),
        pytest.param(
            ST_JOHNS,
            "h",
            "2010-11-07 02:30",
            "2010-11-07 03:30",
            [
                "2010-11-07 00:00-02:30",
                "2010-11-06 23:01-03:30",
                "2010-11-07 00:00-03:30",
            ],
            id="put back at 00:01",
        ),
        pytest.param(
            APIA,
            "D",
            "2011-12-29 12:00",
            "2011-12-31 12:00",
            ["2011-12-29 00:00-10:00", "2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"],
            id="no 30 December",
        ),
        pytest.param(
            "Pacific/Kwajalein",
            "D",
            "1993-08-20 13:00",
            "1993-08-22 13:00",
            ["1993-08-20 00:00-12:00", "1993-08-22 00:00+12:00", "1993-08-23 00:00+12:00"],
            id="no 21 August",
        ),
        pytest.param(
            "America/Santiago",
            "D",
            "2026-09-05 12:00",
            "2026-09-07 12:00",
            ["2026-09-05 00:00-04:00", "2026-09-06 01:00-03:00", "2026-09-07 00:00-03:00"],
            id="a day begins at 01:00",
        ),
        pytest.param(
            ST_JOHNS,
            "D",
            "2010-11-06 12:00",
            "2010-11-08 12:00",
            ["2010-11-06 00:00-02:30", "2010-11-07 00:00-02:30", "2010-11-08 00:00-03:30"],
            id="a day that begins twice begins the first time",
        ),
        pytest.param(
            NEW_YORK,
            "W",
            "2026-03-02 05:00",
            "2026-03-16 03:59",
            ["2026-03-02 00:00-05:00", "2026-03-09 00:00-04:00"],
            id="167 hours, Monday to Sunday",
        ),
        pytest.param(
            NEW_YORK,
            "W",
            "2026-10-26 03:59",
            "2026-11-02 05:00",
            ["2026-10-19 00:00-04:00", "2026-10-26 00:00-04:00", "2026-11-02 00:00-05:00"],
            id="169 hours",
        ),
        pytest.param(
            NEW_YORK,
            "M",
            "2026-02-01 04:59",
            "2026-04-01 04:00",
            [
                "2026-01-01 00:00-05:00",
                "2026-02-01 00:00-05:00",
                "2026-03-01 00:00-05:00",
                "2026-04-01 00:00-04:00",
            ],
            id="months by the wall clock",
        ),
        pytest.param(
            "Pacific/Kiritimati",
            "M",
            "1994-12-31 09:59",
            "1994-12-31 10:00",
            ["1994-12-01 00:00-10:00", "1995-01-01 00:00+14:00"],
            id="a month that ends a day early",
        ),
        pytest.param(
            APIA,
            "W",
            "2011-12-26 12:00",
            "2012-01-01 10:00",
            ["2011-12-26 00:00-10:00", "2012-01-02 00:00+14:00"],
            id="a week of six days",
        ),
    ],
)
def test_by_hand(name, freq, first, last, expected):
    starts, _ = found_of(name, freq, utc(first, last))
    assert walls(starts, name) == expected


def test_an_instant_after_a_second_beginning():
    """St Johns, 2010-11-07: the date begins at 00:00 -02:30 and ends a minute later; the 6th is back for an hour."""
    minute, back, again = utc("2010-11-07 02:30:30", "2010-11-07 03:00", "2010-11-07 03:30")
    starts, places = found_of(ST_JOHNS, "D", [back, minute, again])
    assert walls(starts, ST_JOHNS) == ["2010-11-06 00:00-02:30", "2010-11-07 00:00-02:30"]
    assert places == [0, 1, 1]
    # Though the first of these two instants is on the later date.
    assert found_of(ST_JOHNS, "D", [minute, back]) == (starts, [1, 0])
    assert found_of(ST_JOHNS, "h", [minute, back, again])[1] == [0, 1, 2]


@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", NEW_YORK, "Pacific/Kiritimati", "Asia/Kathmandu"])
@pytest.mark.parametrize("edge", [0, 1, LAST_US - 1, LAST_US], ids=["first", "after it", "before it", "last"])
def test_the_ends_of_time(freq, name, edge):
    starts, places = found_of(name, freq, [at(edge)])
    assert places == [0]
    assert walls(starts, name) == walls([start_of(at(edge), freq, name)], name)


def test_from_end_to_end():
    starts, places = found_of("Asia/Tokyo", "D", [at(0), at(LAST_US)])
    assert len(starts) == LAST_US // (DAY // MICROSECOND) + 1
    assert places == [0, len(starts) - 1]
    assert LAST_US == us(datetime(2200, 1, 1, tzinfo=UTC)) > us(END)


def test_frequencies(text_of):
    for freq, length in LENGTHS.items():
        check(freq)
        assert length == timedelta(microseconds=FREQUENCIES[freq])
    assert list(FREQUENCIES) == [*LENGTHS]
    for wrong, shown in [
        ("H", "'H'"),
        ("d", "'d'"),
        ("", "''"),
        (None, "None"),
        (1, "1"),
        (HOUR, repr(HOUR)),
    ]:
        expected = f"freq: found {shown}, expected one of: '15min', 'h', 'D', 'W', 'M'"
        assert text_of(SimcoreError, check, wrong) == expected


@pytest.mark.parametrize("wrong", [["D"], {"D": 1}, np.array(["D"])], ids=["list", "dict", "array"])
def test_a_frequency_that_no_dict_can_hold(text_of, wrong):
    expected = f"freq: found {wrong!r}, expected one of: '15min', 'h', 'D', 'W', 'M'"
    assert text_of(SimcoreError, check, wrong) == expected
