"""Sending windows where clocks change: by hand, by a sample of tests/sweep.py, and at random."""

import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import sweep
from hypothesis import given
from hypothesis import strategies as st
from oracle import in_window, next_in_window, wall_clock
from strategies import ODD_ZONES, clock_changes, instants, weekday_sets, within, zones
from sweep import EVERY_DAY, Window

from simcore.clock.gates import SendWindow

MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (frozenset({day}) for day in (0, 3, 4, 5, 6))
MANY = 100  # instants are looked up in another way where there are many


def minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def opens(zone: str, days: frozenset[int], times: str, t: str) -> str:
    """When the window, such as "02:30-05:00", lets through what asks at t; the same for one as for many."""
    start, end = times.split("-")
    gate = SendWindow(days, minute(start), minute(end), zone)
    (found,) = gate.snap(np.array([us(t)]))
    assert gate.snap(np.full(MANY, us(t))).tolist() == [found] * MANY
    return str(np.datetime64(int(found), "us")).removesuffix(".000000").removesuffix(":00")


def cases(zone: str, *rows: tuple[frozenset[int], str, str, str, str]) -> list:
    return [pytest.param(zone, *row, id=f"{zone}: {why}") for *row, why in rows]


@pytest.mark.parametrize(
    ("zone", "days", "times", "t", "expected"),
    [
        # Sunday 2026-03-08, 02:00 EST (-5) is 03:00 EDT (-4): 07:00 UTC.
        *cases(
            "America/New_York",
            (SUNDAY, "02:30-05:00", "2026-03-08T05:00", "2026-03-08T07:00", "starts in the gap"),
            (SUNDAY, "02:30-05:00", "2026-03-08T08:59:59.999999", "2026-03-08T08:59:59.999999", "last of it"),
            (SUNDAY, "02:30-05:00", "2026-03-08T09:00", "2026-03-15T06:30", "then at its own time"),
            (EVERY_DAY, "02:00-02:30", "2026-03-08T05:00", "2026-03-09T06:00", "in the gap: the next day"),
            (EVERY_DAY, "02:00-03:00", "2026-03-08T07:00", "2026-03-09T06:00", "the gap itself"),
            (SUNDAY, "02:00-02:30", "2026-03-08T05:00", "2026-03-15T06:00", "in the gap: a week later"),
            (SUNDAY, "02:59-03:01", "2026-03-08T05:00", "2026-03-08T07:00", "a minute of it is left"),
            (SUNDAY, "02:59-03:01", "2026-03-08T07:01", "2026-03-15T06:59", "and no more"),
            (SUNDAY, "01:00-02:30", "2026-03-08T06:59:59.999999", "2026-03-08T06:59:59.999999", "to the gap"),
            (SUNDAY, "01:00-02:30", "2026-03-08T07:00", "2026-03-15T05:00", "ends with the gap's beginning"),
            (SUNDAY, "01:00-04:00", "2026-03-08T07:00", "2026-03-08T07:00", "straddles the gap"),
        ),
        # Sunday 2026-11-01, 02:00 EDT (-4) is 01:00 EST (-5): 06:00 UTC.
        *cases(
            "America/New_York",
            (SUNDAY, "01:00-01:30", "2026-11-01T04:00", "2026-11-01T05:00", "open twice: once"),
            (
                SUNDAY,
                "01:00-01:30",
                "2026-11-01T05:29:59.999999",
                "2026-11-01T05:29:59.999999",
                "to 01:30 EDT",
            ),
            (SUNDAY, "01:00-01:30", "2026-11-01T05:30", "2026-11-01T06:00", "open twice: again"),
            (
                SUNDAY,
                "01:00-01:30",
                "2026-11-01T06:29:59.999999",
                "2026-11-01T06:29:59.999999",
                "to 01:30 EST",
            ),
            (EVERY_DAY, "01:00-01:30", "2026-11-01T06:30", "2026-11-02T06:00", "not a third time"),
            (SUNDAY, "01:30-02:30", "2026-11-01T06:00", "2026-11-01T06:30", "closed between"),
            (SUNDAY, "01:00-02:00", "2026-11-01T06:00", "2026-11-01T06:00", "the doubled hour is one"),
            (SUNDAY, "01:00-02:00", "2026-11-01T07:00", "2026-11-08T06:00", "after both"),
        ),
        # Sunday 2026-03-08, 00:00 CST (-5) is 01:00 CDT (-4): 05:00 UTC.
        *cases(
            "America/Havana",
            (SATURDAY, "22:00-24:00", "2026-03-08T04:59:59.999999", "2026-03-08T04:59:59.999999", "to 24:00"),
            (SATURDAY, "22:00-24:00", "2026-03-08T05:00", "2026-03-15T02:00", "24:00 is the gap"),
            (EVERY_DAY, "22:00-24:00", "2026-03-08T05:00", "2026-03-09T02:00", "the evening after"),
            (SUNDAY, "00:00-24:00", "2026-03-08T04:59:59.999999", "2026-03-08T05:00", "a day from 01:00"),
            (SUNDAY, "00:00-24:00", "2026-03-09T04:00", "2026-03-15T04:00", "that day's end"),
            (EVERY_DAY, "00:00-00:30", "2026-03-08T04:00", "2026-03-09T04:00", "no first half hour"),
            (SUNDAY, "00:00-00:30", "2026-03-08T04:00", "2026-03-15T04:00", "a week later"),
        ),
        # Sunday 2025-11-02, 01:00 CDT (-4) is 00:00 CST (-5): 05:00 UTC.
        *cases(
            "America/Havana",
            (
                SATURDAY,
                "22:00-24:00",
                "2025-11-02T03:59:59.999999",
                "2025-11-02T03:59:59.999999",
                "24:00 once",
            ),
            (SATURDAY, "22:00-24:00", "2025-11-02T04:00", "2025-11-09T03:00", "and over"),
            (SUNDAY, "00:00-00:30", "2025-11-02T04:30", "2025-11-02T05:00", "midnight again"),
        ),
        # Sunday 2025-09-07, 00:00 (-4) is 01:00 (-3): 04:00 UTC. Saturday 2025-04-05, 24:00 (-3) is 23:00 (-4):
        # Sunday 03:00 UTC.
        *cases(
            "America/Santiago",
            (SATURDAY, "22:00-24:00", "2025-09-07T03:59:59.999999", "2025-09-07T03:59:59.999999", "to 24:00"),
            (SATURDAY, "22:00-24:00", "2025-09-07T04:00", "2025-09-14T01:00", "24:00 is the gap"),
            (SUNDAY, "00:30-02:00", "2025-09-07T00:00", "2025-09-07T04:00", "starts in the gap"),
            (SATURDAY, "23:00-24:00", "2025-04-06T03:00", "2025-04-06T03:00", "23:00 to 24:00 twice is one"),
            (SATURDAY, "23:00-24:00", "2025-04-06T04:00", "2025-04-13T03:00", "24:00 after the second time"),
            (SATURDAY, "23:00-23:30", "2025-04-06T02:30", "2025-04-06T03:00", "open twice before 24:00"),
        ),
        # Sunday 2025-10-05, 02:00 (+10:30) is 02:30 (+11): Saturday 15:30 UTC. Sunday 2025-04-06, 02:00 (+11)
        # is 01:30 (+10:30): Saturday 15:00 UTC.
        *cases(
            "Australia/Lord_Howe",
            (SUNDAY, "02:15-04:00", "2025-10-04T12:00", "2025-10-04T15:30", "starts in half an hour's gap"),
            (SUNDAY, "02:00-02:30", "2025-10-04T12:00", "2025-10-11T15:00", "in half an hour's gap"),
            (SUNDAY, "02:00-02:31", "2025-10-04T12:00", "2025-10-04T15:30", "a minute is left"),
            (SUNDAY, "02:00-02:31", "2025-10-04T15:31", "2025-10-11T15:00", "and no more"),
            (SUNDAY, "01:30-01:45", "2025-04-05T14:45", "2025-04-05T15:00", "half an hour twice"),
        ),
        # Sunday 1995-10-29, 00:01 (-2:30) is Saturday 23:01 (-3:30): 02:31 UTC. Sunday 1995-04-02, 00:01 (-3:30)
        # is 01:01 (-2:30): 03:31 UTC.
        *cases(
            "America/St_Johns",
            (SUNDAY, "00:00-00:30", "1995-10-29T00:00", "1995-10-29T02:30", "Sunday for a minute"),
            (SUNDAY, "00:00-00:30", "1995-10-29T02:31", "1995-10-29T03:30", "Sunday again"),
            (SATURDAY, "22:00-24:00", "1995-10-29T02:29:59.999999", "1995-10-29T02:29:59.999999", "to 24:00"),
            (SATURDAY, "22:00-24:00", "1995-10-29T02:30", "1995-10-29T02:31", "Saturday again"),
            (SATURDAY, "22:00-24:00", "1995-10-29T03:30", "1995-11-05T01:30", "over at the second 24:00"),
            (SUNDAY, "00:00-24:00", "1995-10-29T02:31", "1995-10-29T03:30", "a day in two pieces"),
            (SUNDAY, "00:00-00:30", "1995-04-02T03:31", "1995-04-09T02:30", "a minute, then the gap"),
        ),
        # Thursday 2011-12-29, 24:00 (-10) is Saturday 00:00 (+14): Friday 10:00 UTC.
        *cases(
            "Pacific/Apia",
            (FRIDAY, "00:00-24:00", "2011-12-30T09:00", "2012-01-05T10:00", "no such Friday"),
            (EVERY_DAY, "09:00-17:00", "2011-12-30T03:00", "2011-12-30T19:00", "Saturday after Thursday"),
            (THURSDAY, "22:00-24:00", "2011-12-30T09:59:59.999999", "2011-12-30T09:59:59.999999", "to 24:00"),
            (THURSDAY, "22:00-24:00", "2011-12-30T10:00", "2012-01-05T08:00", "Thursday is over"),
            (SATURDAY, "00:00-00:30", "2011-12-30T09:00", "2011-12-30T10:00", "Saturday at once"),
        ),
        # Friday 1993-08-20, 24:00 (-12) is Sunday 00:00 (+12): Saturday 12:00 UTC.
        *cases(
            "Pacific/Kwajalein",
            (SATURDAY, "00:00-24:00", "1993-08-21T00:00", "1993-08-27T12:00", "no such Saturday"),
        ),
        # Saturday 2026-03-28, 23:00 (-2) is 24:00 (-1): Sunday 01:00 UTC.
        *cases(
            "America/Nuuk",
            (SATURDAY, "23:00-24:00", "2026-03-29T00:00", "2026-04-05T00:00", "the gap ends at 24:00"),
            (SATURDAY, "22:00-24:00", "2026-03-29T01:00", "2026-04-04T23:00", "over an hour early"),
            (SUNDAY, "00:00-00:30", "2026-03-29T00:00", "2026-03-29T01:00", "Sunday follows"),
        ),
        # Friday 1972-01-07, 00:00 (-0:44:30) is 00:44:30 (+0): 00:44:30 UTC.
        *cases(
            "Africa/Monrovia",
            (FRIDAY, "00:30-01:00", "1972-01-07T00:00", "1972-01-07T00:44:30", "from the middle of a minute"),
            (FRIDAY, "00:00-00:44", "1972-01-07T00:00", "1972-01-14T00:00", "in the gap: a week later"),
            (THURSDAY, "23:00-24:00", "1972-01-06T23:00", "1972-01-06T23:44:30", "odd seconds"),
            (THURSDAY, "23:00-24:00", "1972-01-07T00:44:30", "1972-01-13T23:00", "even ones from then on"),
        ),
    ],
)
def test_by_hand(zone, days, times, t, expected):
    """T9, T13."""
    assert opens(zone, days, times, t) == expected


# ---------------------------------------------------------------- the sweep


def one_change_of_each_kind() -> dict[tuple[int, bool, bool, bool], tuple[str, datetime]]:
    """Of all changes of the odd zones (tests/strategies.py) until 2038, the last of each kind.

    The kind is by how much the wall clock goes forward or back, and whether what it jumps over or repeats begins
    at midnight, ends at midnight, has midnight inside.
    """
    kinds = {}
    for zone in ODD_ZONES:
        for change in clock_changes(zone):
            if change.year < 2038 and change - sweep.EPOCH > 4 * sweep.DAY:
                before_us, after_us = sweep.jump_us(change, zone)
                low_us, high_us = sorted((before_us, after_us))
                begins, ends = low_us % sweep.DAY_US == 0, high_us % sweep.DAY_US == 0
                across = low_us // sweep.DAY_US != (high_us - 1) // sweep.DAY_US
                kinds[after_us - before_us, begins, ends, across] = zone, change
    return kinds


@pytest.mark.slow
def test_a_change_of_each_kind():
    kinds = one_change_of_each_kind()
    assert {forward // sweep.MINUTE_US for forward, *_ in kinds} >= {-120, -60, -30, 15, 30, 60, 120, 1440}
    assert [line for zone, at in kinds.values() for line in sweep.window_differences(zone, [at])] == []


@pytest.mark.slow
def test_a_sample_of_the_sweep():
    """Drawn by a fixed seed from all that the command goes through."""
    assert sweep.sweep(zones=4, changes=3, seed=2026, what="windows", quiet=True) == []


def test_the_sweep_tries_windows_of_every_kind():
    """At a jump from 02:00 to 03:00 and at 01:00 to 02:00 twice; the Sunday is the 6."""
    spring, autumn = datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)
    for change, x, y in ((spring, 120, 180), (autumn, 60, 120)):
        tried = sweep.windows_at(change, "America/New_York")
        for days in (EVERY_DAY, SUNDAY):
            for times in [(0, 1440), (1320, 1440), (0, 30), (x, y), (x + 15, y - 15), (x + 30, y + 90)]:
                assert Window(days, *times) in tried
            for times in [(max(x - 90, 0), x + 30), (x - 60, y + 60), (x - 1, x), (x, x + 1), (y - 1, y)]:
                assert Window(days, *times) in tried
            assert Window(days, y, y + 1) in tried
        assert {window.weekdays for window in tried} == {EVERY_DAY, SUNDAY, MONDAY, EVERY_DAY - SUNDAY}


def test_the_sweep_asks_at_every_minute_and_beside_every_edge():
    change = datetime(2026, 3, 8, 7, tzinfo=UTC)
    window = Window(SUNDAY, 150, 300)
    span = sweep.span_around(change, {window}, "America/New_York")
    minutes = [us("2026-03-06T07:00") + n * sweep.MINUTE_US for n in range(5 * 1440 + 1)]
    asked = set(span.at_us.tolist())
    assert asked.issuperset(minutes)
    for edge in ("2026-03-08T07:00", "2026-03-08T09:00", "2026-03-08T05:00", "2026-03-07T07:30"):
        assert asked.issuperset({us(edge) - 1, us(edge) + 1})
    inside = (span.weekday == 6) & (span.clock_us >= 150 * 60 * 10**6) & (span.clock_us < 300 * 60 * 10**6)
    assert span.at_us[inside].min() == us("2026-03-08T07:00")
    assert span.at_us[inside].max() == us("2026-03-08T09:00") - 1


def test_the_sweep_asks_on_the_wall_clocks_minutes_too():
    """Monrovia, 44 minutes and a half behind until 1972-01-07 00:44:30 UTC."""
    change = datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)
    asked = set(sweep.span_around(change, set(), "Africa/Monrovia").at_us.tolist())
    assert asked.issuperset({us("1972-01-06T12:00"), us("1972-01-06T12:00:30"), us("1972-01-07T00:44:30")})


def test_the_sweep_says_which_window_differs(monkeypatch, capsys):
    class Late(SendWindow):
        def snap(self, instants_us):
            found = super().snap(instants_us)
            return found + (found == us("2026-03-08T07:00"))

    change = datetime(2026, 3, 8, 7, tzinfo=UTC)
    monkeypatch.setattr(sweep, "SendWindow", Late)
    window = Window(SUNDAY, 150, 300)
    span = sweep.span_around(change, {window}, "America/New_York")
    assert sweep.difference(span, window, "America/New_York") == (
        "America/New_York: the window 02:30 to 05:00 on [6] from 2026-03-06T07:00:00.000000: "
        "2026-03-08T07:00:00.000001, not 2026-03-08T07:00:00.000000"
    )
    assert sweep.window_differences("America/New_York", [change])
    assert sweep.window_differences("America/New_York", [datetime(2026, 11, 1, 6, tzinfo=UTC)]) == []
    monkeypatch.setattr(sys, "argv", ["sweep.py", "--changes", "1"])
    monkeypatch.setattr(sweep, "distinct_zones", lambda: ["Europe/Paris"])
    monkeypatch.setattr(sweep, "differences", lambda name, changes: [])
    monkeypatch.setattr(sweep, "window_differences", lambda name, changes: ["a window"])
    assert sweep.main() == 1
    out = capsys.readouterr().out
    assert "windows: 1 zones, 1 changes, 0 comparisons, 1 differences\na window\n1 differences\n" in out


# ---------------------------------------------------------------- at random


@st.composite
def windows(draw, zone: str, t: datetime) -> Window:
    """Some begin at any time of day, the others near to what the wall clock shows at t."""
    wall = wall_clock(t, zone)
    beside = draw(st.none() | st.integers(-90, 90))
    start = draw(st.integers(0, 1439)) if beside is None else (wall.hour * 60 + wall.minute + beside) % 1440
    end = draw(st.just(1440) | st.integers(start + 1, 1440) | st.integers(start + 1, min(start + 60, 1440)))
    return Window(draw(weekday_sets().filter(bool)), start, end)


@given(st.data(), zones())
def test_any_window_around_any_instant(data, zone):
    """Each minute of five days, and the edges: the library opens when the wall clock is inside."""
    t = data.draw(instants(zone))
    window = data.draw(windows(zone, t))
    span = sweep.span_around(within(max(t, sweep.EPOCH + 3 * sweep.DAY)), {window}, zone)
    assert sweep.difference(span, window, zone) is None


@given(st.data(), zones())
def test_any_instant_in_any_window(data, zone):
    """One at a time: what is inside stays, what is not goes to where the inside begins, and no later."""
    t = data.draw(instants(zone))
    window = data.draw(windows(zone, t))
    (found_us,) = SendWindow(*window, zone).snap(np.array([sweep.us(t)]))
    snapped = sweep.EPOCH + int(found_us) * sweep.MICROSECOND
    assert in_window(snapped, *window, zone)
    assert snapped == next_in_window(t, *window, zone)
    assert (snapped == t) == in_window(t, *window, zone)
    if snapped != t:
        assert not in_window(snapped - sweep.MICROSECOND, *window, zone)
