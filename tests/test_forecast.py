"""Forecasts: equal, cell by cell, to what counting the rows of `project` gives.

The counting is plain Python: each send's period by its wall clock, in a dict (see test_periods).
"""

import copy
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import _lengths, _objects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import zone_info
from sequenzy_strategies import cases as sequenzy_cases
from strategies import ODD_ZONES, clock_changes, lifecycle_cases, static_cases
from test_periods import COARSE, FINE, LENGTHS, NEW_YORK, start_of, starts_between, walls

import simcore
from simcore import kit, sequenzy
from simcore.engine import times
from simcore.errors import EntryError, SimcoreError, TooLateError
from simcore.kit.model import WEEKDAYS

SPANS = {
    "15min": 3,
    "h": 12,
    "D": 200,
    "W": 1500,
    "M": 5000,
}  # [days] for which a list of periods is made, one by one
TWO = st.sampled_from([(fine, coarse) for fine in FINE for coarse in COARSE])
BY = st.sampled_from(["email", None])
MIX = ((0, "days"), (2, "hours"), (1, "days"), (7, "days"))
ENTRIES = ["2026-03-06T21:07:30-05:00", "2026-03-04T09:00:00-05:00", "2026-11-01T00:30:00-04:00"]


def utc(times):
    """Instants of a column, as datetimes in UTC."""
    return [t.to_pydatetime() for t in times.dt.tz_convert("UTC")]


def assert_counts(found, timeline, freq, by, name):
    """A forecast is the count of the rows of a timeline, whose zone is that of that name."""
    sends = utc(timeline["send_at"])
    positions = timeline["position"].tolist() if by == "email" else ["sends"] * len(sends)
    starts = {t: start_of(t, freq, name) for t in {*sends}}
    cells = Counter((starts[t], position) for t, position in zip(sends, positions, strict=True))
    index = []
    if sends:
        last = max(starts.values())
        index = starts_between(min(starts.values()), last, freq, name)
        index = index[: index.index(last) + 1]
    assert str(found.index.dtype) == f"datetime64[us, {name}]"
    assert found.index.name == "period"
    assert [t.to_pydatetime() for t in found.index.tz_convert("UTC")] == index
    assert found.columns.tolist() == (sorted({*positions}) if by == "email" else ["sends"])
    if by == "email":
        assert found.columns.name == "position"
        assert found.columns.dtype == np.int64
    assert (found.dtypes == np.int64).all()
    values = found.to_numpy()
    places = np.argwhere(values)
    assert cells == {
        (index[row], found.columns[column]): values[row, column] for row, column in places.tolist()
    }
    assert values.sum() == len(timeline)


def assert_all_counts(arguments, freqs, by, name):
    """The same for some kinds of period, cut to as many of them as can be counted one by one."""
    whole = simcore.project(**arguments)
    for freq, columns in zip(freqs, (by, None if by else "email"), strict=True):
        cut, timeline = arguments, whole
        if len(whole):
            until = whole["send_at"].min() + pd.Timedelta(SPANS[freq], "D")
            if whole["send_at"].max() >= until:
                cut = {**arguments, "until": until}
                timeline = simcore.project(**cut)
        found = simcore.forecast(freq=freq, by=columns, **cut)
        assert_counts(found, timeline, freq, columns, name)


# ---------------------------------------------------------------- any case


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(case=static_cases() | lifecycle_cases(), freqs=TWO, by=BY)
def test_kit(arguments_of, case, freqs, by):
    assert_all_counts(arguments_of(case), freqs, by, case["sequence"]["time_zone"])


def sequenzy_arguments(case):
    entries, columns = case.entries, ["subscriber_id", "entered_at", "via", "properties"]
    return {
        "sequence": sequenzy.from_api(case.sequence),
        "entries": None if entries is None else _objects(entries, columns),
        "events": _objects(case.events, ["subscriber_id", "at", "event", "ref", "properties"]),
        "until": case.until,
        "enabled_at": case.enabled_at,
        "assumptions": sequenzy.Assumptions(**_lengths(case.assumptions)),
    }


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=sequenzy_cases(), freqs=TWO, by=BY)
def test_sequenzy(case, freqs, by):
    window = case.sequence.get("sequence", case.sequence).get("sendingWindow")
    opens = window is not None and window.get("enabled", True)
    assert_all_counts(sequenzy_arguments(case), freqs, by, window["timezone"] if opens else "UTC")


@st.composite
def arrivals(draw):
    """A Kit sequence, instants, how often each comes, and until when."""
    name = draw(st.sampled_from(ODD_ZONES))
    units = st.tuples(st.integers(1, 9), st.sampled_from(["days", "hours"]))
    delays = draw(st.lists(units, min_size=1, max_size=4))
    emails = [
        kit.Email(subject="S", delay_value=n, delay_unit=unit, published=draw(st.integers(0, 5)) > 0)
        for n, unit in delays
    ]
    sequence = kit.Sequence(
        name="S",
        emails=emails,
        time_zone=name,
        send_days=draw(st.sampled_from([WEEKDAYS, WEEKDAYS[:5], WEEKDAYS[5:]])),
        send_hour=draw(st.integers(0, 23)),
        repeat=draw(st.booleans()),
    )
    changes = [t for t in clock_changes(name) if t.year > 1971] or [datetime(2026, 3, 8, tzinfo=UTC)]
    base = draw(st.sampled_from(changes))
    quarters = draw(st.lists(st.integers(-500, 200), min_size=1, max_size=8))
    at = [base + n * timedelta(minutes=15) for n in quarters]
    counts = draw(st.lists(st.sampled_from([1, 0, 2, 3, 70]), min_size=len(at), max_size=len(at)))
    until = draw(st.none() | st.integers(-100, 1500).map(lambda n: base + n * timedelta(minutes=15)))
    return sequence, at, counts, {"until": until, "include_drafts": draw(st.booleans())}


@given(case=arrivals(), freq=st.sampled_from([*LENGTHS]), by=BY, many=st.sampled_from([1, 3, times.MANY]))
def test_counted(case, freq, by, many):
    """Arrivals that are counted are those arrivals, one by one; also by the engine's way for many runs."""
    sequence, at, counts, others = case
    single = [t for t, count in zip(at, counts, strict=True) for _ in range(count)]
    counted = pd.DataFrame({"entered_at": at, "count": counts})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "MANY", many)
        found = simcore.forecast(sequence, counted, freq=freq, by=by, **others)
        pd.testing.assert_frame_equal(simcore.forecast(sequence, single, freq=freq, by=by, **others), found)
    assert_counts(found, simcore.project(sequence, single, **others), freq, by, sequence.time_zone)


@pytest.fixture(scope="module")
def crowds(chain):
    """Very many entries: of people who come once, or twice, and of a sequence that changes; and what to count."""
    spread = np.random.default_rng(5).integers(0, 3 * 86_400, times.MANY + 5)
    entries = pd.DataFrame({
        "subscriber_id": np.arange(spread.size) // 2,
        "entered_at": pd.Timestamp("2026-03-07", tz="UTC") + pd.to_timedelta(spread // 60, unit="min"),
    })
    sequence = chain((1, "hours"), (3, "hours"), (1, "days"), repeat=True, hold=True)
    new = kit.create_email(
        "2026-03-09T12:00Z", subject="N", delay_value=1, delay_unit="days", published=True, position=2
    )
    made = []
    singles = entries.assign(subscriber_id=np.arange(len(entries)))
    for coming, changes in ((singles, []), (entries, []), (entries, [new])):
        arguments = {"sequence": sequence, "entries": coming, "changes": changes}
        timeline = simcore.project(**arguments)
        sizes = timeline.groupby([timeline["send_at"].dt.tz_convert(None), "position"]).size()
        made.append((arguments, sizes))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("freq", LENGTHS)
def test_crowds(crowds, freq):
    """Rounds that share what they count, and rounds that do not."""
    for arguments, sizes in crowds:
        expected = Counter()
        for (t, position), count in sizes.items():
            expected[start_of(t.to_pydatetime().replace(tzinfo=UTC), freq, NEW_YORK), position] += count
        found = simcore.forecast(freq=freq, **arguments)
        cells = {(t, at): n for at, sends in found.items() for t, n in sends[sends > 0].items()}
        assert cells == expected
        whole = simcore.forecast(freq=freq, by=None, **arguments)
        pd.testing.assert_series_equal(whole["sends"], found.sum(axis=1), check_names=False)


def test_counted_crowds(crowds):
    arguments, _ = crowds[0]
    entries = arguments["entries"]
    counts = np.arange(len(entries)) % 3
    counted = entries[["entered_at"]].assign(count=counts)
    found = simcore.forecast(**{**arguments, "entries": counted}, freq="h")
    repeated = entries["entered_at"].repeat(counts).array
    pd.testing.assert_frame_equal(
        found, simcore.forecast(**{**arguments, "entries": repeated}, freq="h"), check_freq=False
    )


@pytest.mark.parametrize("freq", ["D", "W", "M"])
@pytest.mark.parametrize("counted", [False, True])
def test_runs_that_do_not_come_so_far(chain, freq, counted):
    """Of many, one would have an email in 2204, but the world ends before that."""
    at = pd.DatetimeIndex(["2026-03-07T12:00Z"] * times.MANY + ["2195-01-01T00:00Z"] * 2)
    sequence = chain((2, "hours"), (3650, "days"), (3650, "days"))
    entries = pd.DataFrame({"entered_at": at, "count": 3}) if counted else at
    found = simcore.forecast(sequence, entries, until="2199-01-01T00:00Z", freq=freq)
    sends = times.MANY * (3 if counted else 1)
    assert found.sum().tolist() == [sends + (6 if counted else 2), sends, sends]
    assert (
        walls(found.index[[0, -1]], NEW_YORK)
        == {
            "D": ["2026-03-07 00:00-05:00", "2194-12-31 00:00-05:00"],
            "W": ["2026-03-02 00:00-05:00", "2194-12-29 00:00-05:00"],
            "M": ["2026-03-01 00:00-05:00", "2194-12-01 00:00-05:00"],
        }[freq]
    )


# ---------------------------------------------------------------- by hand


def shown(found, name=NEW_YORK):
    """Periods as the wall clock shows them, with their sends."""
    return dict(zip(walls(found.index, name), found.sum(axis=1).tolist(), strict=True))


def every(minutes, first, last):
    """Instants, so many minutes apart."""
    ends = (pd.Timestamp(end).tz_convert("UTC") for end in (first, last))
    return pd.date_range(*ends, freq=f"{minutes}min", inclusive="left")


@pytest.fixture
def at_once(chain):
    """A sequence whose one email goes out at the entry, in a zone."""
    return lambda name: chain((0, "days"), time_zone=name)


@pytest.mark.parametrize(
    ("name", "freq", "first", "last", "expected"),
    [
        pytest.param(
            NEW_YORK,
            "D",
            "2026-03-07T00:00-05:00",
            "2026-03-10T00:00-04:00",
            {
                "2026-03-07 00:00-05:00": 24 * 12,
                "2026-03-08 00:00-05:00": 23 * 12,
                "2026-03-09 00:00-04:00": 24 * 12,
            },
            id="a day of 23 hours",
        ),
        pytest.param(
            NEW_YORK,
            "D",
            "2026-10-31T00:00-04:00",
            "2026-11-03T00:00-05:00",
            {
                "2026-10-31 00:00-04:00": 24 * 12,
                "2026-11-01 00:00-04:00": 25 * 12,
                "2026-11-02 00:00-05:00": 24 * 12,
            },
            id="a day of 25 hours",
        ),
        pytest.param(
            NEW_YORK,
            "h",
            "2026-11-01T00:30-04:00",
            "2026-11-01T02:30-05:00",
            {
                "2026-11-01 00:00-04:00": 6,
                "2026-11-01 01:00-04:00": 12,
                "2026-11-01 01:00-05:00": 12,
                "2026-11-01 02:00-05:00": 6,
            },
            id="the hour that comes twice is two rows",
        ),
        pytest.param(
            NEW_YORK,
            "h",
            "2026-03-08T01:30-05:00",
            "2026-03-08T04:30-04:00",
            {"2026-03-08 01:00-05:00": 6, "2026-03-08 03:00-04:00": 12, "2026-03-08 04:00-04:00": 6},
            id="the hour that is skipped is none",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "h",
            "2026-04-05T01:00+11:00",
            "2026-04-05T03:00+10:30",
            {"2026-04-05 01:00+11:00": 12, "2026-04-05 01:30+10:30": 6, "2026-04-05 02:00+10:30": 12},
            id="half an hour twice",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "h",
            "2026-10-04T01:00+10:30",
            "2026-10-04T04:00+11:00",
            {"2026-10-04 01:00+10:30": 12, "2026-10-04 02:30+11:00": 6, "2026-10-04 03:00+11:00": 12},
            id="half an hour skipped",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "D",
            "2026-04-05T00:00+11:00",
            "2026-04-06T00:00+10:30",
            {"2026-04-05 00:00+11:00": 294},
            id="a day of 24 hours and a half",
        ),
        pytest.param(
            "Pacific/Apia",
            "D",
            "2011-12-29T00:00-10:00",
            "2012-01-01T00:00+14:00",
            {"2011-12-29 00:00-10:00": 288, "2011-12-31 00:00+14:00": 288},
            id="no 30 December",
        ),
        pytest.param(
            "Pacific/Apia",
            "W",
            "2011-12-26T00:00-10:00",
            "2012-01-03T00:00+14:00",
            {"2011-12-26 00:00-10:00": 6 * 288, "2012-01-02 00:00+14:00": 288},
            id="a week of six days",
        ),
        pytest.param(
            NEW_YORK,
            "W",
            "2026-03-01T00:00-05:00",
            "2026-03-16T00:00-04:00",
            {
                "2026-02-23 00:00-05:00": 288,
                "2026-03-02 00:00-05:00": 167 * 12,
                "2026-03-09 00:00-04:00": 168 * 12,
            },
            id="a week that holds a change",
        ),
        pytest.param(
            "America/St_Johns",
            "D",
            "2010-11-06T00:00-02:30",
            "2010-11-08T00:00-03:30",
            # The 7th begins at 00:00, is over at 00:01, and begins again 59 minutes later.
            {"2010-11-06 00:00-02:30": 24 * 12 + 11, "2010-11-07 00:00-02:30": 24 * 12 + 1},
            id="a date that begins twice",
        ),
        pytest.param(
            "America/St_Johns",
            "h",
            "2010-11-06T23:30-02:30",
            "2010-11-07T00:30-03:30",
            {
                "2010-11-06 23:00-02:30": 6,
                "2010-11-07 00:00-02:30": 1,
                "2010-11-06 23:01-03:30": 11,
                "2010-11-07 00:00-03:30": 6,
            },
            id="an hour of a minute, one of 59",
        ),
        pytest.param(
            "America/Santiago",
            "D",
            "2026-09-05T23:00-04:00",
            "2026-09-06T02:00-03:00",
            {"2026-09-05 00:00-04:00": 12, "2026-09-06 01:00-03:00": 12},
            id="a day that begins at 01:00",
        ),
        pytest.param(
            "Asia/Tokyo",
            "W",
            "1970-01-01T09:00+09:00",
            "1970-01-01T09:05+09:00",
            {"1969-12-29 00:00+09:00": 1},
            id="a week from before 1970",
        ),
        pytest.param(
            NEW_YORK,
            "M",
            "1969-12-31T23:55-05:00",
            "1970-01-01T00:05-05:00",
            {"1969-12-01 00:00-05:00": 1, "1970-01-01 00:00-05:00": 1},
            id="a month from before 1970",
        ),
        pytest.param(
            "Asia/Tokyo",
            "M",
            "2200-01-01T08:55+09:00",
            "2200-01-01T09:05+09:00",
            {"2200-01-01 00:00+09:00": 2},
            id="the last month",
        ),
        pytest.param(
            NEW_YORK,
            "M",
            "2026-02-28T00:00-05:00",
            "2026-04-02T00:00-04:00",
            {
                "2026-02-01 00:00-05:00": 288,
                "2026-03-01 00:00-05:00": 743 * 12,
                "2026-04-01 00:00-04:00": 288,
            },
            id="a month of 743 hours",
        ),
        pytest.param(
            "UTC",
            "15min",
            "2199-12-31T23:55Z",
            "2200-01-01T00:05Z",
            {"2199-12-31 23:45+00:00": 1, "2200-01-01 00:00+00:00": 1},
            id="the last instant",
        ),
    ],
)
def test_clock_changes(at_once, name, freq, first, last, expected):
    assert shown(simcore.forecast(at_once(name), every(5, first, last), freq=freq), name) == expected


def test_periods_without_a_send_are_zero_inside_and_not_there_outside(chain):
    found = simcore.forecast(chain((0, "days"), (3, "days"), send_hour=9), ["2026-03-07T12:00-05:00"])
    assert found.columns.tolist() == [0, 1]
    assert found.to_numpy().tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]
    assert walls(found.index, NEW_YORK) == [
        "2026-03-07 00:00-05:00",
        "2026-03-08 00:00-05:00",
        "2026-03-09 00:00-04:00",
        "2026-03-10 00:00-04:00",
    ]


def test_positions_that_never_send_have_no_column(chain):
    sequence = chain(*MIX).replace_email(1, published=False)
    entry = ["2026-03-06T12:00Z"]
    assert simcore.forecast(sequence, entry).columns.tolist() == [0, 2, 3]
    assert simcore.forecast(sequence, entry, include_drafts=True).columns.tolist() == [0, 1, 2, 3]
    assert simcore.forecast(sequence, entry, until="2026-03-10T00:00Z").columns.tolist() == [0, 2]
    closed = chain((0, "days"), (1, "days"), send_days=())
    assert simcore.forecast(closed, entry).columns.tolist() == [0]


def test_an_email_moved_to_another_position(chain):
    """Sends stand under the position in force at the send."""
    sequence = chain((1, "hours"), (1, "hours"), (1, "hours"))
    entries = ["2026-03-02T12:00Z", "2026-03-03T12:00Z"]
    changes = [kit.update_email("2026-03-03T00:00Z", 100, position=2)]
    found = simcore.forecast(sequence, entries, changes=changes)
    timeline = simcore.project(sequence, entries, changes=changes)
    by_email = timeline.loc[timeline["email_id"] == 100, "position"].tolist()
    assert by_email == [0, 2]
    assert found.to_numpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert_counts(found, timeline, "D", "email", NEW_YORK)
    # One that is put in moves those behind it along, and one taken out back.
    changes = [
        kit.create_email(
            "2026-03-03T00:00Z", subject="N", delay_value=1, delay_unit="hours", published=True, position=0
        ),
        kit.delete_email("2026-03-04T00:00Z", 101),
    ]
    entries = [*entries, "2026-03-04T12:00Z"]
    found = simcore.forecast(sequence, entries, changes=changes)
    assert found.columns.tolist() == [0, 1, 2, 3]
    assert_counts(found, simcore.project(sequence, entries, changes=changes), "D", "email", NEW_YORK)


def test_the_zone_is_the_one_before_any_change(chain):
    changes = [kit.update("2026-03-07T00:00Z", time_zone="Asia/Tokyo")]
    found = simcore.forecast(chain(*MIX), ENTRIES, changes=changes)
    assert_counts(found, simcore.project(chain(*MIX), ENTRIES, changes=changes), "D", "email", NEW_YORK)


def test_order_and_render_change_nothing(chain, text_of):
    sequence, expected = chain(*MIX), simcore.forecast(chain(*MIX), ENTRIES)
    for order in ("entry", "email"):
        pd.testing.assert_frame_equal(simcore.forecast(sequence, ENTRIES, order=order), expected)
    assert text_of(SimcoreError, simcore.forecast, sequence, ENTRIES, order="send") == (
        "order: found 'send', expected 'entry' or 'email'"
    )
    onboarding = sequenzy.load(simcore.example("onboarding"))
    events = pd.read_csv(simcore.example("sequenzy_events"))
    plain = simcore.forecast(onboarding, events=events)
    assert plain.to_numpy().sum() == len(simcore.project(onboarding, events=events)) > 0
    pd.testing.assert_frame_equal(simcore.forecast(onboarding, events=events, render=True), plain)


def test_naive_entries(chain):
    naive = simcore.forecast(chain(*MIX), ["2026-03-06 21:07:30"], naive_time_zone=NEW_YORK)
    pd.testing.assert_frame_equal(naive, simcore.forecast(chain(*MIX), ENTRIES[:1]))


@pytest.mark.parametrize("by", ["email", None])
@pytest.mark.parametrize("freq", LENGTHS)
@pytest.mark.parametrize(
    ("entries", "changed"),
    [
        pytest.param([], {}, id="no entries"),
        pytest.param(pd.DataFrame({"entered_at": [], "count": []}), {}, id="none counted"),
        pytest.param(pd.DataFrame({"entered_at": ENTRIES, "count": 0}), {}, id="zeros"),
        pytest.param(ENTRIES, {"active": False}, id="inactive"),
        pytest.param(ENTRIES, {"emails": ()}, id="no emails"),
        pytest.param(ENTRIES, {"send_days": ()}, id="no send days"),
    ],
)
@pytest.mark.filterwarnings("ignore:nothing to send")  # of a sequence without emails: see test_idle
def test_no_sends_at_all(chain, entries, changed, freq, by):
    sequence = chain((1, "days"), (1, "hours"), time_zone="Asia/Tokyo").replace(**changed)
    found = simcore.forecast(sequence, entries, freq=freq, by=by)
    assert len(found) == 0
    assert str(found.index.dtype) == "datetime64[us, Asia/Tokyo]"
    assert found.index.name == "period"
    if by is None:
        assert found.columns.tolist() == ["sends"]
        assert found["sends"].dtype == np.int64
    else:
        assert found.columns.tolist() == []
        assert found.columns.dtype == np.int64
        assert found.columns.name == "position"


def test_inputs_are_as_they_were(chain):
    sequence = chain(*MIX, repeat=True)
    ids = pd.Series(["a", "a", "b"])
    given = {
        "entries": pd.DataFrame({"subscriber_id": ids, "entered_at": ENTRIES}),
        "events": pd.DataFrame({"subscriber_id": ["a"], "at": ENTRIES[1:2], "event": ["unsubscribed"]}),
        "changes": [kit.update("2026-03-07T00:00Z", send_hour=4)],
    }
    before = copy.deepcopy(given)
    simcore.forecast(sequence, **given)
    for name in ("entries", "events"):
        pd.testing.assert_frame_equal(given[name], before[name])
    assert given["changes"] == before["changes"]
    counted = pd.DataFrame({"entered_at": ENTRIES, "count": [1, 2, 3]}, index=[7, 7, 8])
    before = counted.copy()
    found = simcore.forecast(sequence, counted)
    untouched = found.copy()
    pd.testing.assert_frame_equal(counted, before)
    found.loc[:, :] = 0
    pd.testing.assert_frame_equal(simcore.forecast(sequence, counted), untouched)


# ---------------------------------------------------------------- arrivals that are counted


def counted(*counts, dtype=None):
    """Arrivals in March, so many an hour."""
    at = pd.date_range("2026-03-06T12:00Z", periods=len(counts), freq="h", unit="us")
    return pd.DataFrame({"entered_at": at, "count": pd.Series(counts, dtype=dtype)})


def test_a_hundred_million(chain):
    at = every(60, "2026-03-01T00:00Z", "2026-03-31T00:00Z")
    counts = np.full(len(at), 10**8 // len(at))
    counts[-1] += 10**8 - counts.sum()
    found = simcore.forecast(chain(*MIX), pd.DataFrame({"entered_at": at, "count": counts}))
    assert found.sum().tolist() == [10**8] * 4
    one = simcore.forecast(chain(*MIX), pd.DataFrame({"entered_at": at[:1], "count": [10**8]}))
    assert one.sum().tolist() == [10**8] * 4
    pd.testing.assert_frame_equal(one, simcore.forecast(chain(*MIX), at[:1]) * 10**8)


@pytest.mark.parametrize("counts", [(2**53 - 1,), (2**52, 2**52 - 1), (2**53 - 2, 0, 1)])
def test_the_most_is_exact(chain, counts):
    found = simcore.forecast(chain(*MIX), counted(*counts))
    assert found.sum().tolist() == [2**53 - 1] * 4
    assert simcore.forecast(chain(*MIX), counted(*counts), by=None)["sends"].sum() == 4 * (2**53 - 1)


def test_zeros(chain):
    """Those who are none have no column, and stretch no index."""
    long = chain((0, "days"), (3, "days"))
    found = simcore.forecast(long, counted(0, 0, 4, 0))
    pd.testing.assert_frame_equal(found, simcore.forecast(long, counted(0, 0, 1)) * 4)
    early = pd.DataFrame({"entered_at": ["2020-01-01T00:00Z", "2026-03-06T12:00Z"], "count": [0, 2]})
    assert walls(simcore.forecast(chain((0, "days")), early).index, NEW_YORK) == ["2026-03-06 00:00-05:00"]
    # Whoever is inside at the end has had the first email only.
    late = pd.DataFrame({"entered_at": ["2026-03-01T12:00Z", "2026-03-06T12:00Z"], "count": [0, 2]})
    assert simcore.forecast(long, late, until="2026-03-07T00:00Z").columns.tolist() == [0]


@pytest.mark.parametrize(
    "dtype",
    ["int8", "uint64", "float32", "float64", "Int64", "Float64", "int64[pyarrow]", "object"],
)
def test_whole_numbers_of_any_dtype(chain, dtype):
    expected = simcore.forecast(chain(*MIX), counted(3, 0, 2))
    pd.testing.assert_frame_equal(simcore.forecast(chain(*MIX), counted(3, 0, 2, dtype=dtype)), expected)


def test_entries_beside_their_counts(chain):
    """Other columns are read as ever; each is a subscriber of his own, who comes once."""
    entries = counted(1, 2).assign(via="manual", entered_at="2026-03-06T12:00Z")
    for repeat in (False, True):
        found = simcore.forecast(chain(*MIX, repeat=repeat), entries)
        pd.testing.assert_frame_equal(found, simcore.forecast(chain(*MIX), ["2026-03-06T12:00Z"] * 3))
    naive = entries.assign(entered_at="2026-03-06 12:00")
    found = simcore.forecast(chain(*MIX), naive, naive_time_zone="UTC")
    pd.testing.assert_frame_equal(found, simcore.forecast(chain(*MIX), entries))


def test_counts_for_sequenzy():
    onboarding = sequenzy.load(simcore.example("onboarding"))
    at = ["2026-03-06T12:00Z", "2026-03-07T12:00Z"]
    found = simcore.forecast(onboarding, pd.DataFrame({"entered_at": at, "count": [2, 1]}))
    pd.testing.assert_frame_equal(found, simcore.forecast(onboarding, [at[0], *at]))
    assert found.to_numpy().sum() > 0


HUGE = 10**400


@pytest.mark.parametrize(
    ("counts", "bad"),
    [
        pytest.param([1, -1], {1: "-1"}, id="negative"),
        pytest.param([0.5, 2], {0: "0.5"}, id="fraction"),
        pytest.param([1e15 + 0.5, 2], {0: "1000000000000000.5"}, id="fraction of many digits"),
        pytest.param([1, np.nan], {1: "nan"}, id="NaN"),
        pytest.param(pd.array([1, None], "Int64"), {1: "<NA>"}, id="NA"),
        pytest.param(pd.Series([1, None], dtype=object), {1: "None"}, id="None"),
        pytest.param([np.inf, -np.inf], {0: "inf", 1: "-inf"}, id="without end"),
        pytest.param(["many", "2.5"], {0: "'many'", 1: "'2.5'"}, id="text"),
        pytest.param(pd.Series([2, "few"], dtype=object), {1: "'few'"}, id="text among numbers"),
        pytest.param([True, False], {0: "True", 1: "False"}, id="bool"),
        pytest.param(pd.Series([True, 2], dtype=object), {0: "True"}, id="bool among numbers"),
        pytest.param(pd.Series([np.True_, 2], dtype=object), {0: "True"}, id="numpy's bool"),
        pytest.param(pd.Series([True, False], dtype=object), {0: "True", 1: "False"}, id="bool as objects"),
        pytest.param(pd.array([True, False], "boolean"), {0: "True", 1: "False"}, id="boolean"),
        pytest.param(
            pd.array([True, False], pd.ArrowDtype(pa.bool_())), {0: "True", 1: "False"}, id="Arrow's bool"
        ),
        pytest.param(pd.Categorical([True, False]), {0: "True", 1: "False"}, id="categories of bool"),
        pytest.param([2**53, 1], {0: "9007199254740992"}, id="huge"),
        pytest.param([2**63, 1], {0: "9223372036854775808"}, id="huge, unsigned"),
        pytest.param([1, 10**30], {1: f"{10**30}"}, id="huge, no int64"),
        pytest.param(pd.Series([1, HUGE], dtype=object), {1: f"1{'0' * 58}…"}, id="huge, no float"),
        pytest.param([Fraction(1, 2), 1], {0: "Fraction(1, 2)"}, id="half"),
        pytest.param([Decimal("1.5"), 1], {0: "Decimal('1.5')"}, id="Decimal"),
        pytest.param([1j, 2], {0: "1j", 1: "(2+0j)"}, id="complex"),
        pytest.param([[1], 2], {0: "[1]"}, id="a list"),
        pytest.param(
            pd.to_datetime(["2026-01-01"] * 2),
            dict.fromkeys((0, 1), "Timestamp('2026-01-01 00:00:00')"),
            id="dates",
        ),
        pytest.param(
            pd.to_timedelta([1, 1], unit="D"),
            dict.fromkeys((0, 1), "Timedelta('1 days 00:00:00')"),
            id="lengths of time",
        ),
    ],
)
def test_bad_counts(text_of, chain, counts, bad):
    entries = pd.DataFrame({"entered_at": ENTRIES[:2], "count": counts})
    lines = [f"  row {row}: {text} is not a whole number of 0 or more" for row, text in bad.items()]
    expected = "\n".join([
        f"entries: count: {len(bad)} of 2 rows cannot be used",
        *lines,
        "fix those rows, or leave them out",
    ])
    assert text_of(EntryError, simcore.forecast, chain(*MIX), entries) == expected
    with pytest.raises(EntryError) as caught:
        simcore.forecast(chain(*MIX), entries)
    assert caught.value.rows == [*bad]


def test_many_bad_counts(text_of, chain):
    lines = [f"  row {row}: -1 is not a whole number of 0 or more" for row in range(10)]
    expected = "\n".join([
        "entries: count: 12 of 12 rows cannot be used",
        *lines,
        "  and 2 more",
        "fix those rows, or leave them out",
    ])
    assert text_of(EntryError, simcore.forecast, chain(*MIX), counted(*[-1] * 12)) == expected


def test_more_than_can_be_counted(text_of, chain):
    expected = "entries: count: 9007199254740992 arrivals are too many to count exactly"
    assert text_of(EntryError, simcore.forecast, chain(*MIX), counted(2**52, 2**52)) == expected


def test_counts_beside_subscribers(text_of, chain):
    entries = counted(1, 2)
    expected = (
        "entries: found count and {} together, expected one of them: counted arrivals are not single "
        "subscribers; leave one out"
    )
    named = entries.assign(subscriber_id=[1, 2])
    assert text_of(EntryError, simcore.forecast, chain(*MIX), named) == expected.format("subscriber_id")
    events = pd.DataFrame({"subscriber_id": [0], "at": ENTRIES[:1], "event": ["unsubscribed"]})
    for some in (events, events[:0]):
        assert text_of(EntryError, simcore.forecast, chain(*MIX), entries, events=some) == (
            expected.format("events")
        )
    both = text_of(EntryError, simcore.forecast, chain(*MIX), named, events=events)
    assert both == expected.format("subscriber_id")


def test_counted_entries_are_read_as_others_are(text_of, chain):
    entries = counted(1, 2).assign(entered_at=["2026-03-06T12:00Z", "soon"])
    assert text_of(EntryError, simcore.forecast, chain(*MIX), entries) == (
        "entered_at: 1 of 2 rows cannot be used\n"
        "  row 1: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00\n"
        "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
    )
    late = counted(1, 2).assign(entered_at=["2026-03-06T12:00Z", "2199-12-31T12:00Z"])
    assert text_of(TooLateError, simcore.forecast, chain((1, "days")), late) == (
        "the email at position 0 (id 100) would go out after 2200-01-01 UTC to row 1 (subscriber 1): pass until= to "
        "end before that, or change the delay or the entry"
    )


def test_counts_are_a_forecasts_only(chain):
    """`project` makes rows, each of a subscriber."""
    with pytest.raises(EntryError):
        simcore.project(chain(*MIX), counted(1, 2))


# ---------------------------------------------------------------- freq and by


@pytest.mark.parametrize(
    "wrong", ["d", "1h", "", None, 1, ["D"], np.array(["D"]), timedelta(days=1)], ids=repr
)
def test_freq_is_one_of_five(text_of, chain, wrong):
    expected = f"freq: found {wrong!r}, expected one of: '15min', 'h', 'D', 'W', 'M'"
    assert text_of(SimcoreError, simcore.forecast, chain(*MIX), ENTRIES, freq=wrong) == expected


@pytest.mark.parametrize("wrong", ["position", "", 0, False, ["email"], np.array([1, 2]), pd.NA], ids=repr)
def test_by_is_one_of_two(text_of, chain, wrong):
    expected = f"by: found {wrong!r}, expected 'email', 'total' or None"
    assert text_of(SimcoreError, simcore.forecast, chain(*MIX), ENTRIES, by=wrong) == expected


def test_zones_have_their_ordinary_names(chain):
    found = simcore.forecast(chain(*MIX), ENTRIES)
    assert str(found.index.tz) == NEW_YORK
    assert found.index[0].tzinfo.key == zone_info(NEW_YORK).key
