"""The oracle against answers and facts from outside, before anything is compared with it."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    WEEKDAYS,
    allowed_slot,
    first_instant_of,
    in_window,
    instant,
    local_date,
    next_in_window,
    next_poll,
    next_slot,
    project,
    simulate,
    wall_clock,
    wall_to_utc,
)
from strategies import clock_changes, instants, lifecycle_cases, static_cases, weekday_sets, zones

ANSWERS = sorted((Path(__file__).parent / "answers").glob("kit_*.jsonl"))
EVERY_DAY = range(7)
NEW_YORK = "America/New_York"
MICROSECOND = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    """The instant of "2026-03-08 07:00" in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows(found: list[dict], like: list[dict]) -> Counter:
    """Rows as a bag, with the columns of the expected ones and instants as datetimes."""
    columns = like[0] if like else {}
    return Counter(
        tuple(instant(row[c]) if c.endswith("_at") and row[c] else row[c] for c in columns) for row in found
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_answers_from_outside(path):
    wrong = []
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        found = simulate(case)
        for table in found.keys() & case.keys():
            if rows(found[table], case[table]) != rows(case[table], case[table]):
                wrong.append((case["case"], table))
    assert wrong == []


def test_there_are_answers():
    assert "kit_static" in [path.stem for path in ANSWERS]


# ---------------------------------------------------------------- the examples of the Kit rules

EXAMPLE = {
    "sequence": {"name": "Example", "send_days": list(WEEKDAYS[:5]), "send_hour": 9, "time_zone": NEW_YORK},
    "emails": [
        {
            "id": position,
            "subject": "S",
            "position": position,
            "published": True,
            "delay_value": value,
            "delay_unit": unit,
            "send_days": days,
        }
        for position, (value, unit, days) in enumerate([
            (0, "days", None),
            (2, "hours", None),
            (1, "days", None),
            (2, "days", ["tuesday", "thursday"]),
        ])
    ],
    "assumptions": {},
    "include_drafts": False,
    "until": None,
}


@pytest.mark.parametrize(
    ("entered_at", "sends"),
    [
        pytest.param(
            "2026-03-06T21:07:30-05:00",
            ["2026-03-06T23:15:00-05:00", "2026-03-09T09:00:00-04:00", "2026-03-12T09:00:00-04:00"],
            id="Saturday is no send day",
        ),
        pytest.param(
            "2026-03-04T09:00:00-05:00",
            ["2026-03-04T11:00:00-05:00", "2026-03-05T09:00:00-05:00", "2026-03-10T09:00:00-04:00"],
            id="exactly on a poll",
        ),
        pytest.param(
            "2026-03-04T22:50:00-05:00",
            ["2026-03-05T01:00:00-05:00", "2026-03-06T09:00:00-05:00", "2026-03-10T09:00:00-04:00"],
            id="the anchor is Thursday",
        ),
        pytest.param(
            "2026-11-01T00:30:00-04:00",
            ["2026-11-01T01:30:00-05:00", "2026-11-02T09:00:00-05:00", "2026-11-05T09:00:00-05:00"],
            id="clocks fall back",
        ),
    ],
)
def test_example_table(entered_at, sends):
    case = EXAMPLE | {"entries": [{"subscriber_id": 1, "entered_at": entered_at}]}
    expected = [entered_at, *sends]
    assert [row["send_at"] for row in project(case)] == [instant(text) for text in expected]
    assert [row["position"] for row in project(case)] == [0, 1, 2, 3]


# ---------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        pytest.param("2026-03-08 02:00", NEW_YORK, "2026-03-08 07:00", id="gap: PEP 495, fold=0"),
        pytest.param("2026-11-01 01:00", NEW_YORK, "2026-11-01 05:00", id="twice: PEP 495, the first"),
        pytest.param("2026-10-04 02:00", "Australia/Lord_Howe", "2026-10-03 15:30", id="gap of half an hour"),
        pytest.param("2026-09-06 00:00", "America/Santiago", "2026-09-06 04:00", id="no midnight"),
        pytest.param("2026-06-01 05:45", "Asia/Kathmandu", "2026-06-01 00:00", id="UTC+05:45"),
        pytest.param("1971-06-01 00:00", "Africa/Monrovia", "1971-06-01 00:44:30", id="UTC-00:44:30 to 1972"),
    ],
)
def test_wall_to_utc(wall, zone, expected):
    assert wall_to_utc(datetime.fromisoformat(wall), zone) == utc(expected)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        pytest.param(date(2026, 3, 8), NEW_YORK, "2026-03-08 05:00", id="an ordinary midnight"),
        pytest.param(date(2026, 9, 6), "America/Santiago", "2026-09-06 04:00", id="begins at 01:00"),
        pytest.param(date(2026, 3, 8), "America/Havana", "2026-03-08 05:00", id="begins at 01:00, too"),
        pytest.param(date(2026, 11, 1), "America/Havana", "2026-11-01 04:00", id="00:00 to 01:00 twice"),
        pytest.param(date(2011, 12, 30), "Pacific/Apia", "2011-12-30 10:00", id="tzdata: no such day"),
        pytest.param(date(2011, 12, 31), "Pacific/Apia", "2011-12-30 10:00", id="tzdata: the day after it"),
        pytest.param(
            date(1993, 8, 21), "Pacific/Kwajalein", "1993-08-21 12:00", id="tzdata: no such day, 1993"
        ),
        pytest.param(date(2010, 11, 7), "America/St_Johns", "2010-11-07 02:30", id="begins twice"),
        pytest.param(date(2010, 11, 8), "America/St_Johns", "2010-11-08 03:30", id="the day after that"),
    ],
)
def test_first_instant_of(day, zone, expected):
    assert first_instant_of(day, zone) == utc(expected)


@pytest.mark.parametrize(
    ("t", "day"),
    [("2010-11-07 02:29", 6), ("2010-11-07 02:30", 7), ("2010-11-07 02:31", 6), ("2010-11-07 03:30", 7)],
)
def test_st_johns_begins_a_date_twice(t, day):
    assert local_date(utc(t), "America/St_Johns") == date(2010, 11, day)


@pytest.mark.parametrize(
    ("t", "weekdays", "hour", "zone", "expected"),
    [
        pytest.param("2026-03-08 07:00", [6], 2, NEW_YORK, "2026-03-08 07:00", id="02:00 is 03:00 EDT"),
        pytest.param("2026-03-08 07:00:01", [6], 2, NEW_YORK, "2026-03-15 06:00", id="a second too late"),
        pytest.param("2026-03-28 12:00", [5], 23, "America/Nuuk", "2026-04-05 00:00", id="23:00 is Sunday"),
        pytest.param("2026-03-28 12:00", [5, 6], 23, "America/Nuuk", "2026-03-30 00:00", id="Sunday's own"),
        pytest.param("2011-12-29 22:00", [4], 9, "Pacific/Apia", "2012-01-05 19:00", id="that Friday is not"),
        pytest.param("2026-11-01 05:30", [6], 1, NEW_YORK, "2026-11-08 06:00", id="01:00 once, the first"),
    ],
)
def test_next_slot(t, weekdays, hour, zone, expected):
    assert next_slot(utc(t), weekdays, hour, zone) == utc(expected)
    assert allowed_slot(utc(expected), weekdays, hour, zone)


def test_no_weekdays_no_instant():
    assert next_slot(utc("2026-03-08"), [], 9, NEW_YORK) is None
    assert next_in_window(utc("2026-03-08"), [], 0, 1440, NEW_YORK) is None


def test_nuuk_has_no_slot_at_23_on_2026_03_28():
    quarters = [utc("2026-03-28") + n * timedelta(minutes=15) for n in range(200)]
    slots = [t for t in quarters if allowed_slot(t, [5], 23, "America/Nuuk")]
    assert slots == []


@pytest.mark.parametrize(
    ("t", "start", "end", "expected"),
    [
        pytest.param("2026-03-08 05:00", 150, 300, "2026-03-08 07:00", id="02:30 to 05:00 from 03:00 EDT"),
        pytest.param("2026-03-08 05:00", 120, 150, "2026-03-15 06:00", id="02:00 to 02:30 not that day"),
        pytest.param("2026-11-01 05:15", 60, 90, "2026-11-01 05:15", id="01:00 to 01:30, inside"),
        pytest.param("2026-11-01 05:30", 60, 90, "2026-11-01 06:00", id="01:00 to 01:30, the second time"),
        pytest.param("2026-11-02 05:00", 0, 1440, "2026-11-08 05:00", id="the next Sunday, 24 hours long"),
    ],
)
def test_next_in_window(t, start, end, expected):
    assert next_in_window(utc(t), [6], start, end, NEW_YORK) == utc(expected)


@pytest.mark.parametrize(
    ("t", "every", "phase", "expected"),
    [
        ("2026-03-08 07:00", 15, 0, "2026-03-08 07:00"),
        ("2026-03-08 07:00:00.000001", 15, 0, "2026-03-08 07:15"),
        ("2026-03-08 07:00", 15, 7, "2026-03-08 07:07"),
        ("2026-03-08 07:08", 60, 7, "2026-03-08 08:07"),
        ("1970-01-01 00:01", 15, 7, "1970-01-01 00:07"),
    ],
)
def test_next_poll(t, every, phase, expected):
    assert next_poll(utc(t), timedelta(minutes=every), timedelta(minutes=phase)) == utc(expected)


# ---------------------------------------------------------------- laws


@given(st.data(), zones())
def test_a_date_begins_once_for_the_first_time(data, zone):
    day = local_date(data.draw(instants(zone)), zone) + timedelta(days=data.draw(st.integers(0, 3)))
    first = first_instant_of(day, zone)
    assert local_date(first - MICROSECOND, zone) < day <= local_date(first, zone)
    assert all(local_date(first - timedelta(minutes=m), zone) < day for m in range(1, 1500, 15))


@given(st.data(), zones(), weekday_sets().filter(bool), st.integers(0, 23))
def test_a_slot_is_the_first_allowed_one(data, zone, weekdays, hour):
    t = data.draw(instants(zone))
    slot = next_slot(t, weekdays, hour, zone)
    assert slot >= t
    assert allowed_slot(slot, weekdays, hour, zone)
    days = (local_date(t, zone) + timedelta(days=n) for n in range(-2, 24))
    others = (wall_to_utc(datetime(d.year, d.month, d.day, hour), zone) for d in days)  # noqa: DTZ001  a wall clock
    assert not any(t <= other < slot and allowed_slot(other, weekdays, hour, zone) for other in others)


@given(st.data(), zones(), weekday_sets().filter(bool), st.tuples(st.integers(0, 1440), st.integers(0, 1440)))
def test_a_window_opens_at_the_first_instant_in_it(data, zone, weekdays, edges):
    start, end = min(edges), max(edges) + (edges[0] == edges[1])
    t = data.draw(instants(zone))
    opening = next_in_window(t, weekdays, min(start, 1439), min(end, 1440), zone)
    bounds = (weekdays, min(start, 1439), min(end, 1440), zone)
    assert opening >= t
    assert in_window(opening, *bounds)
    assert opening == t or not in_window(opening - MICROSECOND, *bounds)
    assert not any(in_window(t + n * (opening - t) / 200, *bounds) for n in range(200) if opening > t)


@given(zones())
def test_clock_changes_are_where_the_offset_changes(zone):
    for change in clock_changes(zone)[:20]:
        assert wall_clock(change, zone) - wall_clock(change - MICROSECOND, zone) != MICROSECOND


@given(st.one_of(static_cases(), lifecycle_cases()))
def test_a_run_gets_every_email_once(case):
    found = simulate(case)
    sent = Counter((row["subscriber_id"], row["run"], row["email_id"]) for row in found["timeline"])
    assert set(sent.values()) <= {1}
    runs = Counter(row["subscriber_id"] for row in found["subscribers"] if row["status"] == "active")
    assert set(runs.values()) <= {1}


@given(static_cases())
def test_sends_follow_the_order_of_positions(case):
    found = project(case)
    for one, two in pairwise(found):
        if (one["subscriber_id"], one["run"]) == (two["subscriber_id"], two["run"]):
            assert one["position"] < two["position"]
            assert one["send_at"] < two["send_at"]
