"""The table of clock changes against zoneinfo, for every zone of tzdata."""

import importlib.resources
import random
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sweep
from oracle import EPOCH, zone_info
from strategies import zone_names

from simcore.clock import zones
from simcore.clock.periods import periods
from simcore.clock.zones import DAY_US, FAR_US, FIRST_US, LAST_US, SECOND_US, Ruler, slots, windows, zone
from simcore.errors import SimcoreError

NAMES = sweep.distinct_zones()
SECOND = timedelta(seconds=1)
LAST = (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // SECOND


def at(second: int) -> datetime:
    return EPOCH + int(second) * SECOND


def test_every_name_of_tzdata_and_no_other():
    """T16."""
    assert zones.zone_names() == frozenset(zone_names())
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert repr(zone("Europe/Berlin")) == "Zone('Europe/Berlin')"


def test_aliases_are_the_same():
    folder = importlib.resources.files("tzdata").joinpath("zoneinfo")
    named = {folder.joinpath(*name.split("/")).read_bytes(): name for name in NAMES}
    for name in zone_names():
        same = zone(named[folder.joinpath(*name.split("/")).read_bytes()])
        assert zone(name).changes_us.tolist() == same.changes_us.tolist()
        assert zone(name).offsets_us.tolist() == same.offsets_us.tolist()
        assert zone(name).abbreviations == same.abbreviations


def probes(name: str) -> np.ndarray:
    """Seconds at and around changes, half way between them, and some at random."""
    changes = zone(name).changes_us[1:] // SECOND_US
    around = np.concatenate([changes - 1, changes])
    ends = np.concatenate([[0], changes, [LAST]])
    choose = random.Random(name)
    anywhere = [choose.randrange(LAST) for _ in range(150)]
    all_of_them = np.concatenate([around, (ends[1:] + ends[:-1]) // 2, anywhere, [0, LAST]])
    return np.unique(all_of_them[(all_of_them >= 0) & (all_of_them <= LAST)])


def test_offsets_and_abbreviations_are_zoneinfos():
    """T15."""
    for name in NAMES:
        here, info = zone(name), zone_info(name)
        seconds = probes(name)
        stretch = here.stretch(seconds * SECOND_US)
        found = [(here.offsets_us[k] // SECOND_US, here.abbreviations[k]) for k in stretch.tolist()]
        local = [at(second).astimezone(info) for second in seconds.tolist()]
        assert found == [(t.utcoffset() // SECOND, t.tzname()) for t in local], name
        assert here.local_us(seconds * SECOND_US).tolist() == [
            (t.replace(tzinfo=UTC) - EPOCH) // SECOND * SECOND_US for t in local
        ], name


def test_wall_clock_times_are_zoneinfos():
    """T11, T12: in gaps, in overlaps, at their edges and outside: fold=0."""
    for name in NAMES:
        here, info = zone(name), zone_info(name)
        changes, offsets = here.changes_us[1:] // SECOND_US, here.offsets_us // SECOND_US
        old, new = changes + offsets[:-1], changes + offsets[1:]
        middle = (old + new) // 2
        walls = np.concatenate([old, new, old - 1, new - 1, middle])
        walls = walls[(walls > 86_400) & (walls < LAST - 86_400)]
        if name in {"America/Nuuk", "America/Godthab"}:  # see MISREAD in tests/sweep.py
            walls = walls[walls // 86_400 != (datetime(2023, 10, 28, tzinfo=UTC) - EPOCH).days]
        wanted = [at(wall).replace(tzinfo=info).astimezone(UTC) for wall in walls.tolist()]
        found = here.instant_us(walls * SECOND_US) // SECOND_US
        assert found.tolist() == [(t - EPOCH) // SECOND for t in wanted], name


def test_no_change_is_missed():
    """Day by day the offset is zoneinfo's, in a sample of zones and years."""
    choose = random.Random(0)
    for name in choose.sample(NAMES, 40):
        first = choose.randrange(LAST - 4 * 366 * 86_400)
        seconds = np.arange(first, first + 4 * 366 * 86_400, 86_400)
        here = zone(name)
        found = here.offsets_us[here.stretch(seconds * SECOND_US)] // SECOND_US
        info = zone_info(name)
        assert found.tolist() == [at(s).astimezone(info).utcoffset() // SECOND for s in seconds.tolist()], (
            name
        )


@pytest.mark.slow
def test_a_sample_of_the_sweep():
    assert sweep.sweep(zones=8, changes=12, seed=2026, quiet=True) == []


def test_the_sweep_says_what_differs(monkeypatch, capsys):
    monkeypatch.setattr(
        sweep, "slot_of", lambda day, hour, zone: datetime(2026, 1, 1, day.day % 20, tzinfo=UTC)
    )
    monkeypatch.setattr(sys, "argv", ["sweep.py", "--zones", "1", "--changes", "1"])
    assert sweep.main() == 1
    out = capsys.readouterr().out
    assert "   1 of 1  " in out
    assert out.endswith(" differences\n")
    monkeypatch.setattr(sweep, "differences", lambda name, changes: [])
    assert sweep.main() == 0


@pytest.mark.slow
def test_the_sweep_is_a_command():
    done = subprocess.run(
        [sys.executable, Path(sweep.__file__), "--zones", "1", "--changes", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0 differences")


# ---------------------------------------------------------------- dates


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


@pytest.mark.parametrize(
    ("name", "date", "begin"),
    [
        pytest.param("America/New_York", "2026-03-08", "2026-03-08T05:00", id="an ordinary midnight"),
        pytest.param("America/Santiago", "2026-09-06", "2026-09-06T04:00", id="begins at 01:00"),
        pytest.param("America/Havana", "2026-11-01", "2026-11-01T04:00", id="00:00 to 01:00 twice"),
        pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", id="no such day: the next one's"),
        pytest.param("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", id="the day after it"),
        pytest.param("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00", id="no such day, 1993"),
        pytest.param(
            "America/St_Johns", "2010-11-07", "2010-11-07T02:30", id="the first time that it begins"
        ),
        pytest.param("America/St_Johns", "2010-11-08", "2010-11-08T03:30", id="the day after that"),
        pytest.param("Africa/Monrovia", "1971-06-01", "1971-06-01T00:44:30", id="odd seconds"),
    ],
)
def test_date_begin(name, date, begin):
    """T4, T13."""
    assert zone(name).date_begin_us(np.array([day(date)])).tolist() == [us(begin)]


def test_dates_past_the_tables_are_far():
    here = zone("UTC")
    assert here.date_begin_us(np.array([day("2210-01-01"), day("9999-12-31")])).tolist() == [FAR_US, FAR_US]
    assert here.date_begin_us(np.array([day("2200-01-02")])).tolist() == [LAST_US + DAY_US]
    assert here.date(np.array([FIRST_US, LAST_US])).tolist() == [0, LAST_US // DAY_US]


def test_tables_reach_more_than_a_month_past_both_ends():
    """So that nothing between 1970 and 2200 ever stands at the end of one, whatever its offset."""
    here, last = zone("UTC"), LAST_US // DAY_US
    begin_us, end_us = -40 * DAY_US, (last + 40) * DAY_US
    assert here.pieces.begin_us[[0, -1]].tolist() == [begin_us, end_us - DAY_US]
    dates = np.arange(-40, last + 40)
    assert here.date_begin_us(dates).tolist() == (dates * DAY_US).tolist()
    assert here.date_begin_us(dates[-1:] + 1).tolist() == [FAR_US]
    assert here.date(dates * DAY_US).tolist() == dates.tolist()
    opens_us, closes = windows("UTC", frozenset(range(7)), 0, 1440)
    assert (opens_us.tolist(), closes.points_us.tolist()) == ([begin_us, FAR_US], [end_us, FAR_US])
    # Slots in whole weeks, from a Monday to a Sunday.
    points_us = slots("UTC", frozenset(range(7)), 9).points_us
    assert points_us[0] == us("1969-11-24T09:00")
    assert points_us[-2] == us("2200-02-02T09:00")


def test_offsets_before_the_tables_are_the_first_ones():
    here = zone("Europe/Berlin")
    assert here.changes_us[0] == -FAR_US
    assert (np.diff(here.changes_us) > 0).all()
    assert here.changes_us[1] == us("1980-04-06T01:00")


def test_a_date_ends_with_its_last_microsecond():
    assert zone("UTC").date(np.array([DAY_US - 1, DAY_US])).tolist() == [0, 1]


def test_the_first_slots_of_all():
    """T8: 1970-01-01 is a Thursday: one at 09:00 that day, of Mondays on the 5th."""
    for weekdays, first in ((frozenset(range(7)), "1970-01-01T09:00"), (frozenset({0}), "1970-01-05T09:00")):
        ruler = slots("UTC", weekdays, 9)
        assert ruler.at(ruler.below(np.array([0]))).tolist() == [us(first)]


def test_a_date_that_begins_twice():
    """T14."""
    instants = np.array([us(f"2010-11-07T02:{minute}") for minute in (29, 30, 31)] + [us("2010-11-07T03:30")])
    assert (zone("America/St_Johns").date(instants) - day("2010-11-06")).tolist() == [0, 1, 0, 1]


def test_nuuk_has_no_slot_where_the_clock_carries_it_into_the_next_date():
    """T8."""
    points = slots("America/Nuuk", frozenset({5}), 23).points_us
    assert us("2026-03-22T01:00") in points
    assert points[np.searchsorted(points, us("2026-03-28"))] == us("2026-04-05T00:00")


@pytest.mark.parametrize(
    ("t", "start", "end", "expected"),
    [
        pytest.param("2026-03-08T05:00", 150, 300, "2026-03-08T07:00", id="02:30 to 05:00 from 03:00 EDT"),
        pytest.param("2026-03-08T05:00", 120, 150, "2026-03-15T06:00", id="02:00 to 02:30 not that day"),
        pytest.param("2026-11-01T05:30", 60, 90, "2026-11-01T06:00", id="01:00 to 01:30, the second time"),
    ],
)
def test_windows(t, start, end, expected):
    """T9."""
    opens_us, closes = windows("America/New_York", frozenset({6}), start, end)
    assert opens_us[closes.below(np.array([us(t) + 1]))].tolist() == [us(expected)]


def test_no_window_at_all():
    opens_us, closes = windows("UTC", frozenset(), 0, 1440)
    assert opens_us.tolist() == closes.points_us.tolist() == [FAR_US]
    for size in (1, 10_000):
        assert not closes.below(np.full(size, LAST_US)).any()


def test_a_week_of_whole_days_is_one_window():
    opens_us, closes = windows("America/New_York", frozenset(range(7)), 0, 1440)
    assert opens_us.size == 2
    assert closes.points_us.size == 2


@pytest.mark.parametrize("times", [1, 10, 1000], ids=["few", "some", "many"])
@pytest.mark.parametrize("counted", [False, True])
def test_ruler_counts(times, counted):
    """The same of few instants, which are searched, and of many, whose days are counted."""
    ruler = Ruler(np.array([0, 1, 5, DAY_US, DAY_US + 1, LAST_US]))
    if counted:
        ruler.below(np.zeros(10_000, np.int64))
    expected = {-5: 0, 0: 0, 1: 1, 2: 2, 5: 2, 6: 3, DAY_US: 3, DAY_US + 1: 4, DAY_US + 2: 5, LAST_US: 5}
    expected |= dict.fromkeys((LAST_US + 1, LAST_US + 30 * DAY_US, FAR_US, FAR_US + 1), 6)
    asked = np.array([*expected] * times)
    assert ruler.below(asked).tolist() == [*expected.values()] * times


def test_few_instants_are_searched_and_many_counted():
    """Counting days takes as long as searching for some 4,096 instants; once it is done, 64 are enough."""
    ruler = Ruler(np.arange(10) * DAY_US)
    points_us = ruler.points_us
    few, many = (np.zeros(size, np.int64) for size in (63, 64))
    ruler.below(np.zeros(4095, np.int64))
    assert "_counts" not in vars(ruler)
    ruler.below(np.zeros(4096, np.int64))
    assert "_counts" in vars(ruler)
    ruler.points_us = np.append(points_us[1:], FAR_US)  # a search would find one point less
    ruler.points_us[0] = -1
    assert (ruler.below(few) == 1).all()
    assert (ruler.below(many) == 0).all()


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Africa/Casablanca"])
def test_lengths_hold_a_point_or_two(name):
    """So that a table is no longer than its points, and a look-up one or two steps."""
    weekdays = frozenset(range(7))
    rulers = [(zone(name).dates[1], 1), (slots(name, weekdays, 9)._every, 1)]
    rulers += [(windows(name, days, 60, 120)[1], 1) for days in (weekdays, frozenset({0}))]
    for freq, a_day in (("h", 24), ("15min", 96)):
        rulers.append((periods(zone(name), freq, 0, 1000 * DAY_US)._ruler, a_day))
    for ruler, a_day in rulers:
        begin_us, each_us, before, steps, _ = ruler._counts
        assert 1 <= steps <= 2
        assert each_us == DAY_US // a_day
        first_us, last_us = ruler.points_us[[0, -2]].tolist()
        assert begin_us <= first_us < begin_us + DAY_US
        # The last length begins behind the last point.
        assert 0 < begin_us + (before.size - 1) * each_us - last_us <= 2 * each_us


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Europe/London", "Pacific/Kiritimati"])
def test_what_is_far_stays_far(name):
    """FAR_US, and what is later, has a place in every table: an email after one past 2200 is past 2200 too."""
    here, far = zone(name), np.array([LAST_US + 30 * DAY_US, FAR_US - 1, FAR_US, FAR_US + 1, FAR_US + 10**17])
    assert (here.date_begin_us(here.date(far) + 1) > LAST_US).all()
    mondays = slots(name, frozenset({0}), 9)
    assert (mondays.at(mondays.below(far)) > LAST_US).all()
    assert (slots(name, frozenset(range(7)), 0).below(far) >= 0).all()


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Mars/Olympus", "'Mars/Olympus'"),
        ("EST5EDT4", "'EST5EDT4'"),
        ("", "''"),
        ("../zones", "'../zones'"),
        (None, "None"),
        (5, "5"),
    ],
)
def test_unknown_zones(text_of, name, text):
    expected = f"{text} is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, zone, name) == expected


def test_files_with_all_that_a_file_may_have():
    """RFC 9636: a 32-bit block, leap seconds and indicators, none of which the files of tzdata have today."""

    def header(times):
        return struct.pack(">4s1s15x6l", b"TZif", b"2", 2, 2, 1, times, 2, 8)

    first = header(3) + bytes(3 * 5 + 2 * 6 + 8 + 8 + 2 + 2)
    change = us("2026-07-01") // SECOND_US
    types = struct.pack(">l?Bl?B", 0, False, 0, 3600, True, 4) + b"ONE\0TWO\0"
    second = header(1) + struct.pack(">qB", change, 1) + types + bytes(12 + 2 + 2) + b"\n<TWO>-1\n"
    changes_us, offsets_us, names = zones._read_tzif(first + second)
    assert changes_us.tolist() == [-FAR_US, change * SECOND_US]
    assert (offsets_us.tolist(), names) == ([0, 3600 * SECOND_US], ("ONE", "TWO"))


@pytest.mark.parametrize("footer", ["", "EST5EDT", "5", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0/2,M11.1.0/2,x"])
def test_unreadable_footers(text_of, footer):
    expected = f"the zone rule {footer!r} is not a POSIX TZ string"
    assert text_of(SimcoreError, zones._unroll, footer) == expected


def test_unreadable_rules(text_of):
    expected = "the zone rule '59/2' is not of the form Mm.w.d or Jn"
    assert text_of(SimcoreError, zones._unroll, "EST5EDT,59/2,J300/2") == expected


def test_footers_without_summer_time_change_nothing():
    assert zones._unroll("UTC0") == ()
    assert zones._unroll("<+0545>-5:45") == ()


def test_footer_rules():
    changes = zones._unroll("EST5EDT,M3.2.0,M11.1.0")
    assert changes[2 * 56] == (us("2026-03-08T07:00") // SECOND_US, -4 * 3600, "EDT")
    assert changes[2 * 56 + 1] == (us("2026-11-01T06:00") // SECOND_US, -5 * 3600, "EST")
    assert len(changes) == 2 * 231


@pytest.mark.parametrize(
    ("rule", "year", "expected"),
    [
        pytest.param("J60", 2026, "2026-03-01T02:00", id="day 60 is 1 March"),
        pytest.param("J60/0", 2024, "2024-03-01T00:00", id="in leap years too"),
        pytest.param("J59/0", 2024, "2024-02-28T00:00", id="before the leap day"),
        pytest.param("J1/0", 2024, "2024-01-01T00:00", id="the first"),
        pytest.param("J365/25:30:15", 2024, "2025-01-01T01:30:15", id="the last, past midnight"),
        pytest.param("M3.5.0/-2", 2026, "2026-03-28T22:00", id="the last Sunday, before midnight"),
        pytest.param("M3.4.4/50", 2026, "2026-03-28T02:00", id="two days after the fourth Thursday"),
        pytest.param("M2.5.0", 2026, "2026-02-22T02:00", id="a month without a fifth Sunday"),
        pytest.param("M12.5.4/24", 2026, "2027-01-01T00:00", id="December"),
    ],
)
def test_rule_second(rule, year, expected):
    assert zones._rule_second(rule, year) == us(expected) // SECOND_US


def test_a_rule_in_quotes_and_with_its_own_offset():
    changes = zones._unroll("<-02>2<-01>1,M3.5.0/-1,M10.5.0/0")
    assert changes[2 * 56][1:] == (-3600, "-01")
    assert changes[2 * 56 + 1][1:] == (-7200, "-02")
