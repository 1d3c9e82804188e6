"""Synthetic entries against the law of a Poisson process: within k standard errors, never what came out last time.

Seeds are fixed, so a test that passes does so each time; what is drawn is compared with what theory expects of it,
worked out minute by minute from the wall clock.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import inf, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import wall_clock, zone_info
from strategies import ODD_ZONES, QUARTER, clock_changes

import simcore
from simcore.errors import EntryError, SimcoreError

NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"
MINUTE = timedelta(minutes=1)
WORKDAYS = (5, 4, 3, 2, 1, 0, 0.5)
BY_DAY = (0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 8, 6, 5, 5, 6, 5, 4, 3, 4, 5, 3, 2, 1, 0.5)
K = 5  # standard errors: fewer than one in a million of what is right lies outside


def assert_near(found, expected, k=K):
    """Counts are about what a Poisson law expects of them."""
    for key in {*found, *expected}:
        count, mean = found.get(key, 0), expected.get(key, 0)
        assert abs(count - mean) <= k * sqrt(mean), (key, count, mean)


def expected_by(key, per_day, start, end, name, weekday=None, hour=None, step=MINUTE):
    """How many to expect for each key of a wall clock, looked at in steps of a minute, or more."""
    weekday, hour = weekday or (1,) * 7, hour or (1,) * 24
    found = Counter()
    scale = per_day * (step / timedelta(days=1)) / (sum(weekday) / 7) / (sum(hour) / 24)
    for wall in walls_between(start, end, name, step):
        found[key(wall)] += scale * weekday[wall.weekday()] * hour[wall.hour]
    return found


@lru_cache(2)
def walls_between(start, end, name, step):
    """What the wall clock shows at all steps from an instant to before another."""
    return [wall_clock(start + n * step, name) for n in range((end - start) // step)]


def counted_by(key, people):
    return Counter(
        key(t.replace(tzinfo=None, fold=0)) for t in map(pd.Timestamp.to_pydatetime, people["entered_at"])
    )


def utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def us(people):
    """The instants of entries [µs]."""
    return people["entered_at"].dt.tz_convert(None).to_numpy().astype("datetime64[us]").astype(np.int64)


# ---------------------------------------------------------------- how many, and when


def test_as_many_a_day():
    people = simcore.arrivals(1000, "2026-01-01", "2026-01-31", seed=1)
    days = counted_by(lambda wall: wall.date(), people)
    assert len(days) == 30
    assert_near(days, dict.fromkeys(days, 1000))
    assert_near({"all": len(people)}, {"all": 30_000}, k=4)


KEYS = {
    "hour": lambda wall: wall.hour,
    "both": lambda wall: (wall.weekday(), wall.hour),
    "quarter": lambda wall: wall.minute // 15,
    "date": lambda wall: wall.date(),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weekday", "hour"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(WORKDAYS, None, id="weekday"),
        pytest.param(None, BY_DAY, id="hour"),
        pytest.param(WORKDAYS, BY_DAY, id="both"),
        pytest.param((0, 0, 1, 0, 0, 0, 0), (*[0] * 23, 1), id="one hour a week"),
    ],
)
@pytest.mark.parametrize("name", [NEW_YORK, "Asia/Kathmandu"])
def test_weights(weekday, hour, name):
    """Over five weeks, the change of the clock among them."""
    start, end = "2026-02-16T00:00", "2026-03-23T00:00"
    people = simcore.arrivals(400, start, end, time_zone=name, weekday=weekday, hour=hour, seed=2)
    ends = [datetime.fromisoformat(t).replace(tzinfo=zone_info(name)).astimezone(UTC) for t in (start, end)]
    for key in KEYS.values():
        expected = expected_by(key, 400, *ends, name, weekday, hour, QUARTER)
        found = counted_by(key, people)
        assert_near(found, expected)
        # What weighs nothing has nobody.
        assert {*found} <= {which for which, mean in expected.items() if mean}


@pytest.mark.parametrize("scale", [1, 7, 2.0**-1000, 2.0**1020], ids=["1", "7", "tiny", "huge"])
def test_per_day_stays_the_average_of_a_week(scale):
    weekday, hour = [scale * weight for weight in WORKDAYS], [scale * weight for weight in BY_DAY]
    for seed in range(3):
        people = simcore.arrivals(
            500, "2026-01-05", "2026-03-02", weekday=weekday, hour=hour, seed=seed
        )  # 8 weeks
        assert_near({"all": len(people)}, {"all": 8 * 7 * 500}, k=4)


def test_only_proportions_of_weights_matter():
    plain = simcore.arrivals(50, "2026-01-05", "2026-01-19", weekday=WORKDAYS, hour=BY_DAY, seed=3)
    for scale in (8, 2.0**-1000, 2.0**1018):
        scaled = simcore.arrivals(
            50,
            "2026-01-05",
            "2026-01-19",
            weekday=np.array(WORKDAYS) * scale,
            hour=tuple(weight * scale for weight in BY_DAY),
            seed=3,
        )
        pd.testing.assert_frame_equal(scaled, plain)
    flat = simcore.arrivals(50, "2026-01-05", "2026-01-19", seed=3)
    same = simcore.arrivals(50, "2026-01-05", "2026-01-19", weekday=[4] * 7, hour=[0.5] * 24, seed=3)
    pd.testing.assert_frame_equal(same, flat)


# ---------------------------------------------------------------- one by one, at random


@pytest.mark.parametrize("minutes_each", [60, 7, 90], ids=str)
def test_the_variance_is_the_mean(minutes_each):
    """The index of dispersion: chi squared, whose mean is n - 1 and variance 2 (n - 1)."""
    people = simcore.arrivals(200, "2026-01-01", "2027-01-01", seed=4)
    pieces = (us(people) - us(people)[0]) // (minutes_each * 60 * 10**6)
    counts = np.bincount(pieces)[:-1]
    n, mean = len(counts), counts.mean()
    statistic = ((counts - mean) ** 2).sum() / mean
    assert abs(statistic - (n - 1)) <= 4 * sqrt(2 * (n - 1))


def test_totals_of_many_seeds_vary_as_much():
    """Seeds give independent draws: over them, too, the variance of the total is its mean."""
    totals = np.array([
        len(simcore.arrivals(40, "2026-01-01", "2026-01-03", seed=seed)) for seed in range(150)
    ])
    n, mean = len(totals), 80
    assert abs(totals.mean() - mean) <= 4 * sqrt(mean / n)
    assert abs(((totals - mean) ** 2).sum() / mean - n) <= 4 * sqrt(2 * n)


def distance(values, law):
    """How far the share of values up to each is from a law (Kolmogorov and Smirnov), times sqrt(n)."""
    values = np.sort(values)
    n = len(values)
    expected = law(values)
    most = max((np.arange(1, n + 1) / n - expected).max(), (expected - np.arange(n) / n).max())
    return most * sqrt(n)


FAR = 1.95  # a distance above it has a probability of 2 exp(-2 * 1.95**2), 1 in 1000


@pytest.mark.parametrize("per_day", [2, 24, 1000, 200_000], ids=str)
def test_gaps_are_exponential(per_day):
    """Whether many fall into an hour or days pass without one."""
    days = min(20_000 / per_day, 7000)
    start = datetime(2000, 1, 1, tzinfo=UTC)
    people = simcore.arrivals(per_day, start, start + timedelta(days=days), seed=6)
    gaps = np.diff(us(people)) / 86_400e6
    assert distance(gaps, lambda gap: 1 - np.exp(-per_day * gap)) < FAR
    # One gap says nothing of the next.
    parted = np.log(gaps + 1e-12)
    assert abs(np.corrcoef(parted[1:], parted[:-1])[0, 1]) <= 4 / sqrt(len(gaps))


def test_within_an_hour_all_instants_are_as_likely():
    people = simcore.arrivals(20_000, "2026-03-06T09:00", "2026-03-06T23:00", hour=BY_DAY, seed=7)
    hour_us = 3600 * 10**6
    assert distance(us(people) % hour_us, lambda after: (after + 0.5) / hour_us) < FAR
    assert len({*(us(people) % 1000).tolist()}) > 900  # to the microsecond


def test_hours_are_independent():
    people = simcore.arrivals(2400, "2026-01-01", "2026-03-01", seed=8)
    counts = np.bincount((us(people) - us(people)[0]) // (3600 * 10**6))[:-1]
    assert abs(np.corrcoef(counts[1:], counts[:-1])[0, 1]) <= 4 / sqrt(len(counts))


# ---------------------------------------------------------------- clock changes


def test_nobody_comes_in_the_hour_that_is_skipped():
    people = simcore.arrivals(24_000, "2026-03-08", "2026-03-09", time_zone=NEW_YORK, seed=9)
    hours = counted_by(KEYS["hour"], people)
    assert 2 not in hours
    assert_near(hours, {hour: 1000 for hour in range(24) if hour != 2})
    only = [0] * 24
    only[2] = 1
    skipped = simcore.arrivals(24_000, "2026-03-08", "2026-03-09", time_zone=NEW_YORK, hour=only, seed=9)
    assert len(skipped) == 0


def test_twice_as_many_come_in_the_hour_that_comes_twice():
    people = simcore.arrivals(24_000, "2026-11-01", "2026-11-02", time_zone=NEW_YORK, seed=10)
    hours = counted_by(KEYS["hour"], people)
    assert_near(hours, {hour: 2000 if hour == 1 else 1000 for hour in range(24)})
    one = people["entered_at"][people["entered_at"].dt.hour == 1]
    folds = Counter(t.utcoffset() // timedelta(hours=1) for t in map(pd.Timestamp.to_pydatetime, one))
    assert_near(folds, {-4: 1000, -5: 1000})


def test_half_an_hour():
    key = lambda wall: (wall.hour, wall.minute // 30)  # noqa: E731  a key like the others
    back = simcore.arrivals(48_000, "2026-04-05", "2026-04-05T04:00", time_zone=LORD_HOWE, seed=11)
    halves = {(hour, half): 1000 for hour in range(4) for half in range(2)}
    assert_near(counted_by(key, back), halves | {(1, 1): 2000})
    on = simcore.arrivals(48_000, "2026-10-04", "2026-10-04T04:00", time_zone=LORD_HOWE, seed=12)
    assert_near(counted_by(key, on), halves | {(2, 0): 0})


def test_a_day_that_does_not_exist():
    people = simcore.arrivals(5000, "2011-12-29", "2012-01-01", time_zone="Pacific/Apia", seed=13)
    assert_near(counted_by(KEYS["date"], people), {date(2011, 12, 29): 5000, date(2011, 12, 31): 5000})
    friday = simcore.arrivals(
        5000, "2011-12-29", "2012-01-01", time_zone="Pacific/Apia", weekday=[0, 0, 0, 0, 1, 0, 0], seed=13
    )
    assert len(friday) == 0


@given(data=st.data())
def test_any_clock_change(data):
    """The hours around a change, under weights that differ from hour to hour."""
    name = data.draw(st.sampled_from([name for name in ODD_ZONES if clock_changes(name)]))
    change = data.draw(st.sampled_from(clock_changes(name)))
    before, after, seed = (data.draw(st.integers(0, most)) for most in (90, 90, 1000))
    start = max(change - before * MINUTE, datetime(1970, 1, 1, tzinfo=UTC))
    start, end = start.replace(second=0), (change + (after + 1) * MINUTE).replace(second=0)
    hour, weekday = [1 + at % 3 for at in range(24)], [1 + at % 2 for at in range(7)]
    people = simcore.arrivals(20_000, start, end, time_zone=name, hour=hour, weekday=weekday, seed=seed)
    found = counted_by(KEYS["both"], people)
    expected = expected_by(KEYS["both"], 20_000, start, end, name, weekday, hour)
    if change.second:  # Monrovia, 1972: the change splits a minute
        expected = {which: expected[which] + 20 for which in {*found, *expected}}
    assert_near(found, expected, k=7)
    assert people["entered_at"].between(start, end, inclusive="left").all()


# ---------------------------------------------------------------- start and end


def test_start_is_inside_and_end_is_not():
    start = datetime(2026, 3, 6, 9, 59, 59, 999_998, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    dense = 200 * 86_400 * 10**6  # 200 in a microsecond
    for length in (1, 2, 3, 7):
        people = simcore.arrivals(dense, start, start + length * tick, seed=14)
        found = Counter(us(people).tolist())
        first = (start - datetime(1970, 1, 1, tzinfo=UTC)) // tick
        assert [*found] == [first + at for at in range(length)]
        assert_near(found, dict.fromkeys(found, 200))


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        pytest.param("2026-03-06T09:20", "2026-03-06T09:50", 30, id="in one hour"),
        pytest.param("2026-03-06T09:40", "2026-03-06T11:10", 90, id="parts of two"),
        pytest.param("2026-03-06T09:00", "2026-03-06T10:00", 60, id="a whole one"),
        pytest.param("2026-03-08T01:50-05:00", "2026-03-08T03:20-04:00", 30, id="over the one skipped"),
        pytest.param("2026-11-01T01:50-04:00", "2026-11-01T01:10-05:00", 20, id="from one to its second"),
    ],
)
def test_parts_of_hours(start, end, length):
    people = simcore.arrivals(1440 * 500, start, end, time_zone=NEW_YORK, seed=15)
    each = Counter((us(people) // (60 * 10**6)).tolist())
    assert len(each) == length
    assert_near(each, dict.fromkeys(each, 500))
    late = simcore.arrivals(1440 * 500, start, end, time_zone=NEW_YORK, hour=[0] * 12 + [1] * 12, seed=15)
    assert len(late) == 0


@pytest.mark.parametrize(
    "instant",
    [
        "2026-03-06T09:20",
        "2026-03-06T09:00",
        "1970-01-01T00:00Z",
        "2200-01-01T00:00Z",
        "2026-03-08T03:00-04:00",
    ],
)
def test_no_time_at_all(instant):
    people = simcore.arrivals(10**6, instant, instant, time_zone=NEW_YORK, seed=16)
    assert_empty(people, NEW_YORK)


@pytest.mark.parametrize("per_day", [0, 0.0, -0.0, np.int64(0)], ids=repr)
def test_nobody(per_day):
    assert_empty(simcore.arrivals(per_day, "2026-01-01", "2027-01-01", time_zone="Asia/Tokyo"), "Asia/Tokyo")


def assert_empty(people, name):
    assert len(people) == 0
    assert list(people) == ["subscriber_id", "entered_at"]
    assert people["subscriber_id"].dtype == np.int64
    assert str(people["entered_at"].dtype) == f"datetime64[us, {name}]"


def test_the_ends_of_time():
    first = simcore.arrivals(10**4, "1970-01-01T00:00Z", "1970-01-02T00:00Z", time_zone="Asia/Tokyo", seed=17)
    last = simcore.arrivals(10**4, "2199-12-31T00:00Z", "2200-01-01T00:00Z", time_zone="Asia/Tokyo", seed=17)
    assert_near({"first": len(first), "last": len(last)}, {"first": 10**4, "last": 10**4})
    assert us(first).min() >= 0
    assert last["entered_at"].max() < pd.Timestamp("2200-01-01T00:00Z")


def test_times_without_an_offset_are_on_the_wall():
    expected = simcore.arrivals(
        500, "2026-03-07T00:00-05:00", "2026-03-08T03:30-04:00", time_zone=NEW_YORK, seed=18
    )
    for start, end in [
        ("2026-03-07", "2026-03-08 02:30"),  # in the gap: as far behind it
        (date(2026, 3, 7), datetime(2026, 3, 8, 3, 30)),  # noqa: DTZ001  without a zone
        (pd.Timestamp("2026-03-07"), np.datetime64("2026-03-08T03:30")),
        ("2026-03-07T05:00Z", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("7 March 2026", "8 March 2026 3:30am"),
        (pd.Timestamp("2026-03-07T14:00", tz="Asia/Tokyo"), "2026-03-08T13:15+05:45"),
    ]:
        found = simcore.arrivals(500, start, end, time_zone=NEW_YORK, seed=18)
        pd.testing.assert_frame_equal(found, expected)
    twice = simcore.arrivals(500, "2026-11-01 01:30", "2026-11-02", time_zone=NEW_YORK, seed=18)
    first = simcore.arrivals(500, "2026-11-01T01:30-04:00", "2026-11-02", time_zone=NEW_YORK, seed=18)
    pd.testing.assert_frame_equal(twice, first)
    utc_days = simcore.arrivals(500, "2026-03-07", "2026-03-08", seed=18)
    assert utc_days["entered_at"].between("2026-03-07T00:00Z", "2026-03-08T00:00Z", inclusive="left").all()
    assert str(utc_days["entered_at"].dtype) == "datetime64[us, UTC]"


# ---------------------------------------------------------------- the frame, and seeds


def test_the_frame():
    people = simcore.arrivals(
        3000, "2026-03-01", "2026-03-15", time_zone=NEW_YORK, weekday=WORKDAYS, hour=BY_DAY, seed=19
    )
    assert list(people) == ["subscriber_id", "entered_at"]
    assert people["subscriber_id"].dtype == np.int64
    assert people["subscriber_id"].tolist() == [*range(len(people))]
    assert str(people["entered_at"].dtype) == f"datetime64[us, {NEW_YORK}]"
    assert people["entered_at"].is_monotonic_increasing
    assert people["entered_at"].notna().all()
    assert people.index.equals(pd.RangeIndex(len(people)))


def test_they_are_entries(chain):
    sequence = chain((0, "days"), (1, "days"))
    people = simcore.arrivals(100, "2026-03-01", "2026-03-15", time_zone="Asia/Tokyo", seed=20)
    timeline = simcore.project(sequence, people)
    assert len(timeline) == 2 * len(people)
    at_once = timeline.loc[timeline["position"] == 0, "send_at"].dt.tz_convert("UTC")
    assert at_once.tolist() == people["entered_at"].dt.tz_convert("UTC").tolist()


def test_equal_seeds_give_equal_entries():
    given = {"time_zone": NEW_YORK, "weekday": WORKDAYS, "hour": BY_DAY}
    made = [
        simcore.arrivals(100, "2026-03-01", "2026-03-15", **given, seed=seed) for seed in (0, 0, 1, 2**70)
    ]
    pd.testing.assert_frame_equal(made[0], made[1])
    for other in made[2:]:
        assert not {*us(other).tolist()} & {*us(made[0]).tolist()}
    numpys = simcore.arrivals(100, "2026-03-01", "2026-03-15", **given, seed=np.int64(1))
    pd.testing.assert_frame_equal(numpys, made[2])


def test_without_a_seed_they_differ():
    first, other = (simcore.arrivals(1000, "2026-03-01", "2026-03-08") for _ in range(2))
    assert us(first).tolist() != us(other).tolist()


def test_no_state_of_others_is_used_or_changed():
    np.random.seed(3)  # noqa: NPY002  the state that is not to be touched
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = simcore.arrivals(10, "2026-03-01", "2026-03-08", seed=1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    pd.testing.assert_frame_equal(simcore.arrivals(10, "2026-03-01", "2026-03-08", seed=1), first)


def test_weights_of_any_kind_are_left_as_they_were():
    weights = np.array(WORKDAYS, np.float64)
    expected = simcore.arrivals(100, "2026-03-01", "2026-03-15", weekday=WORKDAYS, seed=21)
    for some in (weights, [*WORKDAYS], pd.Series(WORKDAYS), pd.Series(WORKDAYS, index=range(7, 0, -1))):
        found = simcore.arrivals(100, "2026-03-01", "2026-03-15", weekday=some, seed=21)
        pd.testing.assert_frame_equal(found, expected)
    assert weights.tolist() == [*WORKDAYS]


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "wrong",
    [
        -1,
        -0.001,
        nan,
        inf,
        None,
        "many",
        "3",
        True,
        1j,
        10**400,
        [3],
        np.array([1, 2]),
        pd.NA,
        np.datetime64("2026"),
        Decimal("NaN"),
    ],
    ids=lambda wrong: repr(wrong)[:30],
)
def test_bad_rates(text_of, wrong):
    text = repr(wrong) if not isinstance(wrong, np.datetime64) else "datetime.date(2026, 1, 1)"
    text = text if len(text) <= 60 else f"{text[:59]}…"
    expected = f"per_day: found {text}, expected a number of 0 or more"
    assert text_of(SimcoreError, simcore.arrivals, wrong, "2026-03-01", "2026-03-08") == expected


@pytest.mark.parametrize(("name", "size"), [("weekday", 7), ("hour", 24)])
def test_bad_weights(text_of, name, size):
    other = 31 - size
    for wrong in (
        [1] * (size - 1),
        [1] * (size + 1),
        [1] * other,
        [],
        [[1] * size],
        [0] * size,
        [0.0] * size,
        [-1] + [1] * (size - 1),
        [nan] + [1] * (size - 1),
        [inf] + [1] * (size - 1),
        [None] + [1] * (size - 1),
        ["1"] * size,
        [True] * size,
        [1j] * size,
        [10**400] + [1] * (size - 1),
        [[1, 2], *[1] * (size - 1)],
        "1" * size,
        3,
        {"monday": 1},
        {*range(size)},
        (weight for weight in ()),
    ):
        text = repr(wrong) if len(repr(wrong)) <= 60 else f"{repr(wrong)[:59]}…"
        expected = f"{name}: found {text}, expected {size} numbers of 0 or more, not all of them 0"
        found = text_of(SimcoreError, simcore.arrivals, 3, "2026-03-01", "2026-03-08", **{name: wrong})
        assert found == expected


@pytest.mark.parametrize("wrong", [-1, 1.5, "x", True, [1], nan], ids=repr)
def test_bad_seeds(text_of, wrong):
    expected = f"seed: found {wrong!r}, expected a whole number of 0 or more, or None"
    assert text_of(SimcoreError, simcore.arrivals, 3, "2026-03-01", "2026-03-08", seed=wrong) == expected


def test_end_before_start(text_of):
    assert text_of(SimcoreError, simcore.arrivals, 3, "2026-03-02", "2026-03-01") == (
        "end: found '2026-03-01', expected an instant at or after start ('2026-03-02')"
    )
    # The first 01:30 is earlier than the second, though the wall shows the same.
    second = "2026-11-01T01:30-05:00"
    assert text_of(SimcoreError, simcore.arrivals, 3, second, "2026-11-01T01:30", time_zone=NEW_YORK) == (
        f"end: found '2026-11-01T01:30', expected an instant at or after start ('{second}')"
    )


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            "03/06/2026",
            "'03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        ),
        ("soon", "'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00"),
        (None, "None is missing"),
        (pd.NaT, "NaT is missing"),
        (3, "3 is a int: expected an instant, such as 2026-03-06T21:07:30-05:00"),
        ("1969-12-31T23:59Z", "'1969-12-31T23:59Z' is out of range: expected 1970-01-01 to 2200-01-01 UTC"),
        ("2200-01-02", "'2200-01-02' is out of range: expected 1970-01-01 to 2200-01-01 UTC"),
    ],
)
def test_bad_instants(text_of, wrong, text):
    assert text_of(EntryError, simcore.arrivals, 3, wrong, "2026-03-01") == f"start: {text}"
    assert text_of(EntryError, simcore.arrivals, 3, "2026-03-01", wrong) == f"end: {text}"


@pytest.mark.parametrize("wrong", ["utc+1", "America/Gotham", "", None, 1, timedelta(hours=1)], ids=repr)
def test_bad_zones(text_of, wrong):
    expected = f"{wrong!r} is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, simcore.arrivals, 3, "2026-03-01", "2026-03-08", time_zone=wrong) == expected


@pytest.mark.parametrize(("per_day", "text"), [(1e9, "7e+09"), (1e308, "inf"), (1.5e8, "1.05e+09")])
def test_more_than_a_machine_holds(text_of, per_day, text):
    expected = f"per_day: found about {text} arrivals in all, expected at most 1,000,000,000"
    assert text_of(SimcoreError, simcore.arrivals, per_day, "2026-03-01", "2026-03-08") == expected
    few = simcore.arrivals(1e9, "2026-03-01T00:00:00", "2026-03-01T00:00:01", seed=22)
    assert_near({"all": len(few)}, {"all": 1e9 / 86_400})


def test_more_than_memory_holds(monkeypatch, text_of):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(np, "repeat", full)
    text = text_of(SimcoreError, simcore.arrivals, 2e8, "2026-03-01T00:00Z", "2026-03-02T00:00Z", seed=1)
    assert text == (
        "per_day: there is not enough memory for about 2e+08 arrivals: give a lower rate or a shorter range. For "
        "forecast you can count arrivals instead (the columns entered_at and count)"
    )
