"""Every form in which people have times, and every way in which one cannot be read."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import wall_to_utc
from strategies import instants as some_instants
from strategies import zones

from simcore.clock import instants
from simcore.clock.instants import GUESSWORK, INCOMPLETE, MISSING, NAIVE, OUT_OF_RANGE, UNREADABLE
from simcore.errors import EntryError, SimcoreError, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TEXT = "2026-03-06T21:07:30-05:00"
MOMENT = datetime(2026, 3, 7, 2, 7, 30, tzinfo=UTC)
US = (MOMENT - EPOCH) // MICROSECOND
EASTERN = timezone(timedelta(hours=-5))


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def read(values, naive_time_zone=None):
    """What is read, after a look that the values given are as they were."""
    before = values.copy() if hasattr(values, "copy") else None
    found = instants.read(values, naive_time_zone)
    if isinstance(before, pd.Series):
        pd.testing.assert_series_equal(values, before)
    elif isinstance(before, pd.Index):
        pd.testing.assert_index_equal(values, before)
    elif isinstance(before, np.ndarray):
        assert values.dtype == before.dtype
        np.testing.assert_array_equal(values, before)
    elif before is not None:
        assert list(values) == list(before)
    assert found.us.dtype == np.int64
    assert found.us.shape == (len(values),)
    return found.us.tolist(), found.faults


STAMPS = pd.DatetimeIndex(["2026-03-07T02:07:30", "2026-07-01T04:00:00"], tz="UTC")
BOTH = [US, us("2026-07-01T04:00")]


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_aware_columns(unit, zone):
    stamps = STAMPS.tz_convert(zone).as_unit(unit)
    for values in (stamps, pd.Series(stamps, index=[7, 7]), stamps.array):
        assert read(values) == (BOTH, {})
        assert read(values, "Asia/Tokyo") == (BOTH, {})


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_naive_columns(unit):
    stamps = STAMPS.tz_convert("America/New_York").tz_localize(None).as_unit(unit)
    for values in (stamps, pd.Series(stamps), stamps.to_numpy(), stamps.array):
        assert read(values) == ([0, 0], {0: NAIVE, 1: NAIVE})
        assert read(values, "America/New_York") == (BOTH, {})
        assert read(values, "UTC") == (
            [one - hours * 3600 * 10**6 for one, hours in zip(BOTH, (5, 4), strict=True)],
            {},
        )


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "ns", "W", "M", "Y", "2D", "6h"])
def test_numpy_units(unit):
    values = np.array(["2026-01-01", "NaT"], f"datetime64[{unit}]")
    first = us(str(values[0].astype("datetime64[us]")))
    assert read(values, "UTC") == ([first, 0], {1: MISSING})
    assert read(values) == ([0, 0], {0: NAIVE, 1: MISSING})
    assert read([values[0], np.datetime64("NaT", "s")], "UTC") == ([first, 0], {1: MISSING})


@pytest.mark.parametrize("unit", ["ps", "fs", "15ms", "100us", "20ns"])
def test_numpy_units_within_a_second_are_floored_to_microseconds(unit):
    value = np.datetime64("1970-01-01T00:00:01.5", unit)
    assert read([value], "UTC") == ([1_500_000], {})
    assert read(np.array([value]), "UTC") == ([1_500_000], {})


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([TEXT], id="list of strings"),
        pytest.param((TEXT,), id="tuple"),
        pytest.param(pd.Series([TEXT], dtype=object), id="object Series"),
        pytest.param(pd.Series([TEXT], dtype="str"), id="str Series"),
        pytest.param(pd.Series([TEXT], dtype=pd.StringDtype("python")), id="python string Series"),
        pytest.param(pd.Series([TEXT], dtype=pd.ArrowDtype(pa.string())), id="arrow string Series"),
        pytest.param(pd.Series([TEXT], dtype="category"), id="categorical strings"),
        pytest.param(pd.Series([pd.Timestamp(TEXT)], dtype="category"), id="categorical Timestamps"),
        pytest.param(pd.Index([TEXT]), id="Index"),
        pytest.param(np.array([TEXT]), id="numpy strings"),
        pytest.param(np.array([TEXT], dtype=object), id="numpy objects"),
        pytest.param([MOMENT], id="datetimes"),
        pytest.param([MOMENT.astimezone(EASTERN)], id="datetimes with an offset"),
        pytest.param([pd.Timestamp(TEXT)], id="Timestamps"),
        pytest.param([pd.Timestamp(TEXT).as_unit("ns") + pd.Timedelta(999, "ns")], id="nanoseconds"),
        pytest.param([str(np.str_(TEXT))], id="numpy str"),
        pytest.param(
            pd.Series(pd.DatetimeIndex([TEXT]).astype(pd.ArrowDtype(pa.timestamp("us", "UTC")))), id="arrow"
        ),
        pytest.param(
            pd.Series(pd.DatetimeIndex([TEXT]).astype(pd.ArrowDtype(pa.timestamp("ns", "Asia/Tokyo")))),
            id="arrow ns",
        ),
        pytest.param(
            pd.Series(pd.DatetimeIndex([TEXT]).astype(pd.ArrowDtype(pa.timestamp("s", "UTC")))), id="arrow s"
        ),
    ],
)
def test_forms(values):
    """T24."""
    assert read(values) == ([US], {})


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_arrow_columns(unit):
    naive = pd.Series(["2026-03-06T21:07:30", None], dtype=pd.ArrowDtype(pa.timestamp(unit)))
    assert read(naive, "America/New_York") == ([US, 0], {1: MISSING})
    assert read(naive) == ([0, 0], {0: NAIVE, 1: MISSING})
    aware = pd.Series([MOMENT, None], dtype=pd.ArrowDtype(pa.timestamp(unit, "America/New_York")))
    assert read(aware) == ([US, 0], {1: MISSING})
    dates = pd.Series([date(2026, 3, 6)], dtype=pd.ArrowDtype(pa.date32()))
    assert read(dates, "UTC") == ([us("2026-03-06")], {})


def test_a_mix():
    values = [
        TEXT,
        MOMENT,
        None,
        pd.Timestamp(TEXT),
        "2026-03-06",
        date(2026, 3, 6),
        np.datetime64("2026-03-06"),
        5,
    ]
    values += [pd.NaT, pd.NA, float("nan"), "", "nonsense", b"2026", np.datetime64("NaT", "s")]
    an_instant = "expected an instant, such as 2026-03-06T21:07:30-05:00"
    faults = {
        2: MISSING,
        7: f"a int: {an_instant}",
        8: MISSING,
        9: MISSING,
        10: MISSING,
        11: MISSING,
        12: UNREADABLE,
        13: f"a bytes: {an_instant}",
        14: MISSING,
    }
    midnight = us("2026-03-06")
    assert read(values, "UTC") == ([US, US, 0, US, midnight, midnight, midnight, *[0] * 8], faults)
    assert read(values)[1] == {**faults, 4: NAIVE, 5: NAIVE, 6: NAIVE}


@pytest.mark.parametrize(
    "values",
    [[], (), np.array([]), pd.Series([], dtype="str"), pd.DatetimeIndex([], tz="UTC"), pd.Categorical([])],
)
def test_nothing(values):
    assert read(values) == ([], {})


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT, pd.NA])
@pytest.mark.parametrize("dtype", [object, "str", "category", pd.StringDtype("python")])
def test_missing(missing, dtype):
    values = pd.Series([TEXT, missing], dtype=dtype)
    assert read(values) == ([US, 0], {1: MISSING})


def test_a_missing_category_of_numbers():
    values = pd.Categorical([1, None])
    assert read(values)[1][1] == MISSING


@pytest.mark.parametrize("value", [5, 5.5, True, timedelta(1), pd.Period("2026-03"), [TEXT]])
def test_no_instants(value):
    fault = f"a {type(value).__name__}: expected an instant, such as 2026-03-06T21:07:30-05:00"
    assert read([value]) == ([0], {0: fault})


def test_an_aware_time_without_an_offset_is_naive():
    class Nowhere(tzinfo):
        def utcoffset(self, when):
            return None

    assert read([datetime(2026, 3, 6, tzinfo=Nowhere())]) == ([0], {0: NAIVE})


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-03-06T21:07:30-05:00", "2026-03-07T02:07:30", id="ISO 8601"),
        pytest.param("2026-03-06 21:07:30-05:00", "2026-03-07T02:07:30", id="with a blank"),
        pytest.param("2026-03-06T21:07:30-0500", "2026-03-07T02:07:30", id="offset without a colon"),
        pytest.param("2026-03-06T21:07:30-05", "2026-03-07T02:07:30", id="offset in hours"),
        pytest.param("2026-03-06T21:07Z", "2026-03-06T21:07", id="without seconds"),
        pytest.param("20260306T210730Z", "2026-03-06T21:07:30", id="basic"),
        pytest.param("2026-03-06T21Z", "2026-03-06T21:00", id="hour alone"),
        pytest.param("2026-03-06T21:07:30.5Z", "2026-03-06T21:07:30.5", id="a fraction"),
        pytest.param(
            "2026-03-06T21:07:30.123456789Z", "2026-03-06T21:07:30.123456", id="nanoseconds, floored"
        ),
        pytest.param("2026-03-06T21:07:30.1234569999Z", "2026-03-06T21:07:30.123456", id="ten digits"),
        pytest.param("2026-03-06T21:07:30+05:45", "2026-03-06T15:22:30", id="Kathmandu"),
        pytest.param("6 March 2026 9pm UTC", "2026-03-06T21:00", id="UTC by name"),
        pytest.param("6 March 2026 9pm GMT", "2026-03-06T21:00", id="GMT by name"),
        pytest.param("6 March 2026 9pm -05:00", "2026-03-07T02:00", id="typed, with an offset"),
        pytest.param("Fri, 06 Mar 2026 21:07:30 -0500", "2026-03-07T02:07:30", id="RFC 5322"),
        pytest.param(" 2026-03-06T21:07:30Z ", "2026-03-06T21:07:30", id="blanks around"),
    ],
)
def test_texts_with_an_offset(text, expected):
    """T25."""
    assert read([text]) == ([us(expected)], {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("6 March 2026 9pm", "2026-03-06T21:00", id="as people write"),
        pytest.param("March 6, 2026 at 9:30 PM", "2026-03-06T21:30", id="American"),
        pytest.param("6 March 2026", "2026-03-06T00:00", id="a day begins at 00:00"),
        pytest.param("2026-03-06", "2026-03-06T00:00", id="ISO date"),
        pytest.param("20260306", "2026-03-06T00:00", id="basic date"),
        pytest.param("2026-03-06 9pm", "2026-03-06T21:00", id="ISO date, typed time"),
        pytest.param("13/06/2026", "2026-06-13T00:00", id="13 is no month"),
        pytest.param("06/06/2026", "2026-06-06T00:00", id="the same either way"),
    ],
)
def test_texts_without_an_offset(text, expected):
    """T25."""
    assert read([text], "UTC") == ([us(expected)], {})
    assert read([text]) == ([0], {0: NAIVE})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("03/06/2026", GUESSWORK),
        ("03/06/2026 21:07", GUESSWORK),
        ("6.3.2026", GUESSWORK),
        ("6 March 26", GUESSWORK),
        ("March 2026", INCOMPLETE),
        ("2026", INCOMPLETE),
        ("10:00", INCOMPLETE),
        ("6 March", INCOMPLETE),
        ("Friday 9pm", INCOMPLETE),
        ("tomorrow", UNREADABLE),
        ("now", UNREADABLE),
        ("2026-02-30", UNREADABLE),
        ("31 June 2026", UNREADABLE),
        ("2026-13-06 9pm", UNREADABLE),
        ("2026-03-06T25:00Z", UNREADABLE),
        ("2026-03-06T24:00Z", UNREADABLE),
        ("2026-03-06T21:07:30+25:00", UNREADABLE),
        ("6 March 2026 9pm EST", UNREADABLE),
        ("6 March 2026 9pm IST", UNREADABLE),
        ("9" * 400, UNREADABLE),
        ("", MISSING),
        ("  ", MISSING),
    ],
)
def test_texts_refused(text, fault):
    """T25."""
    assert read([text], "UTC") == ([0], {0: fault})
    assert read(pd.Series([text, text], dtype="str"), "UTC") == ([0, 0], {0: fault, 1: fault})


@pytest.mark.parametrize(
    "text", ["6 March 2026 9pm UTC+3", "2026-03-06 21:00 GMT+3", "2026-03-06 21:00:00 UTC+03:00"]
)
def test_utc_plus_three_is_never_minus_three(text):
    """Who writes UTC+3 means +03:00; POSIX's contrary reading must not come in by the back door."""
    found, faults = read([text], "UTC")
    assert faults or found == [us("2026-03-06T18:00")]


@pytest.mark.parametrize("text", ["2026-03-06-05:00", "2026-03-06 -05:00"])
def test_the_offset_of_a_date_is_not_its_time(text):
    """XML Schema writes a date's offset so; 05:00 o'clock is not meant."""
    found, faults = read([text], "Asia/Tokyo")
    assert faults or found == [us("2026-03-06T05:00")]


def test_offsets_differ_from_row_to_row():
    texts = [
        "2026-03-08T01:30:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T07:00:00Z",
        "2026-03-08 9pm",
        "x",
    ]
    expected = [
        us("2026-03-08T06:30"),
        us("2026-03-08T07:00"),
        us("2026-03-08T07:00"),
        us("2026-03-08T21:00"),
        0,
    ]
    for values in (texts, pd.Series(texts, dtype="str"), pd.Series(texts, dtype="category"), np.array(texts)):
        assert read(values, "UTC") == (expected, {4: UNREADABLE})
        assert read(values) == ([*expected[:3], 0, 0], {3: NAIVE, 4: UNREADABLE})


# ---------------------------------------------------------------- the range

FIRST, LAST = us("1970-01-01"), us("2200-01-01")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_range_edges(unit):
    """T1."""
    stamps = pd.DatetimeIndex(["1970-01-01", "2200-01-01"], tz="UTC").as_unit(unit)
    step = pd.Timedelta(1, unit).as_unit(unit)
    outside = pd.DatetimeIndex([stamps[0] - step, stamps[1] + max(step, pd.Timedelta(1, "us"))])
    for inside, out in ((stamps, outside), (stamps.tz_localize(None), outside.tz_localize(None))):
        assert read(inside, "UTC") == ([FIRST, LAST], {})
        assert read(out, "UTC") == ([0, 0], {0: OUT_OF_RANGE, 1: OUT_OF_RANGE})
        assert read(list(inside), "UTC") == ([FIRST, LAST], {})
        assert read(list(out), "UTC") == ([0, 0], {0: OUT_OF_RANGE, 1: OUT_OF_RANGE})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", FIRST),
        ("1970-01-01T05:00:00+05:00", FIRST),
        ("1969-12-31T23:59:59.999999Z", None),
        ("1969-12-31T23:59:59.999999999Z", None),
        ("2200-01-01T00:00:00Z", LAST),
        ("2200-01-01T00:00:00.000001Z", None),
        ("2200-01-01T00:00:00.0000009Z", LAST),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("0001-01-01T00:00:00+12:00", None),
        ("1 January 1960 9pm UTC", None),
    ],
)
def test_range_of_texts(text, expected):
    assert read([text]) == (([0], {0: OUT_OF_RANGE}) if expected is None else ([expected], {}))


def test_finer_inputs_are_floored_and_never_wrap():
    """T1."""
    nanoseconds = np.array([1, 999, 1000, 1001, -1, -1000, np.iinfo(np.int64).max], "datetime64[ns]")
    out = dict.fromkeys([4, 5, 6], OUT_OF_RANGE)
    assert read(nanoseconds, "UTC") == ([0, 0, 1, 1, 0, 0, 0], out)
    for unit in ("s", "ms", "us", "D", "Y", "h"):
        far = np.array([np.iinfo(np.int64).max, np.iinfo(np.int64).min + 1], f"datetime64[{unit}]")
        assert read(far, "UTC") == ([0, 0], {0: OUT_OF_RANGE, 1: OUT_OF_RANGE}), unit
    assert read([np.datetime64("0001-01-01").item(), np.datetime64("9999-12-31").item()], "UTC") == (
        [0, 0],
        {0: OUT_OF_RANGE, 1: OUT_OF_RANGE},
    )


def test_a_naive_edge_depends_on_the_zone():
    naive = np.array(["1970-01-01T00:00", "2200-01-01T00:00"], "datetime64[us]")
    assert read(naive, "Asia/Tokyo")[1] == {0: OUT_OF_RANGE}
    assert read(naive, "America/New_York")[1] == {1: OUT_OF_RANGE}


# ---------------------------------------------------------------- wall-clock time


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        pytest.param("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30", id="gap: 03:30 EDT"),
        pytest.param("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30", id="twice: the first"),
        pytest.param("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45", id="gap of half an hour"),
        pytest.param("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00", id="no such day"),
        pytest.param(
            "2010-11-07T00:00:30", "America/St_Johns", "2010-11-07T02:30:30", id="a minute that comes twice"
        ),
    ],
)
def test_gaps_and_overlaps(wall, zone, expected):
    """T11, T12."""
    forms = (
        [wall],
        np.array([wall], "datetime64[us]"),
        pd.DatetimeIndex([wall]),
        [datetime.fromisoformat(wall)],
        [datetime.fromisoformat(wall).replace(fold=1)],
        [pd.Timestamp(wall)],
        [np.datetime64(wall)],
        pd.Series([wall], dtype="str"),
    )
    for values in forms:
        assert read(values, zone) == ([us(expected)], {})


@given(st.data(), zones())
def test_every_form_of_an_instant_is_the_same(data, zone):
    t = data.draw(some_instants(zone))
    expected = ([(t - EPOCH) // MICROSECOND], {})
    offset = timezone(timedelta(minutes=data.draw(st.integers(-14 * 60, 14 * 60))))
    local = t.astimezone(offset)
    for values in (
        [t],
        [local],
        [local.isoformat()],
        [local.isoformat(" ")],
        pd.DatetimeIndex([t]),
        [pd.Timestamp(t)],
    ):
        assert read(values) == expected


@given(st.data(), zones())
def test_every_form_of_a_wall_clock_time_is_the_same(data, zone):
    t = data.draw(some_instants(zone))
    wall = data.draw(st.sampled_from([t.replace(tzinfo=None), t.replace(tzinfo=None, minute=0, second=0)]))
    utc = (wall_to_utc(wall, zone) - EPOCH) // MICROSECOND
    if zone in {"America/Nuuk", "America/Godthab"} and wall.date() == date(2023, 10, 28):
        return  # zoneinfo reads it wrong, see tests/test_laws.py
    expected = ([utc], {}) if utc >= 0 else ([0], {0: OUT_OF_RANGE})
    for values in ([wall], [wall.isoformat()], np.array([wall], "datetime64[us]"), [pd.Timestamp(wall)]):
        assert read(values, zone) == expected


# ---------------------------------------------------------------- one value, errors, what is shown


def test_read_one(text_of):
    assert instants.read_one(TEXT, "until", None) == US
    assert instants.read_one("2026-03-06 21:07:30", "until", "America/New_York") == US
    assert (
        text_of(EntryError, instants.read_one, "2026-03-06", "until", None) == f"until: '2026-03-06' {NAIVE}"
    )
    assert text_of(EntryError, instants.read_one, None, "until", "UTC") == "until: None is missing"
    assert (
        text_of(EntryError, instants.read_one, "March 2026", "until", "UTC")
        == f"until: 'March 2026' {INCOMPLETE}"
    )
    assert (
        text_of(EntryError, instants.read_one, "x" * 80, "until", "UTC")
        == f"until: '{'x' * 58}… is {UNREADABLE}"
    )


def test_check_zone(text_of):
    instants.check_zone(None)
    instants.check_zone("Asia/Tokyo")
    expected = "'EST/EDT' is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, instants.check_zone, "EST/EDT") == expected


def test_explain_faults():
    values = pd.Series([f"row {n}" for n in range(12)])
    error = instants.explain_faults(
        "entered_at", values, dict.fromkeys(range(11, -1, -1), MISSING), "the way out"
    )
    lines = [f"  row {n}: 'row {n}' is missing" for n in range(10)]
    assert str(error) == "\n".join([
        "entered_at: 12 of 12 rows cannot be used",
        *lines,
        "  and 2 more",
        "the way out",
    ])
    assert error.rows == list(range(12))
    one = instants.explain_faults("at", [MOMENT], {0: NAIVE}, "fix it")
    assert str(one) == f"at: 1 of 1 rows cannot be used\n  row 0: {shown(MOMENT)} {NAIVE}\nfix it"


def test_show():
    """T16, T26."""
    shown = instants.show(np.array([US, np.iinfo(np.int64).min]), "America/New_York")
    assert str(shown.dtype) == "datetime64[us, America/New_York]"
    assert shown[0].isoformat() == TEXT
    assert shown[1] is pd.NaT
    assert shown.dtype == instants.frame_dtype("America/New_York")


@pytest.mark.parametrize("text", ["Monday 6 March 2026 9pm UTC", "Mon, 06 Mar 2026 21:00 +0000"])
def test_a_weekday_that_is_another(text_of, text):
    """The 6th of March 2026 is a Friday."""
    expected = f"until: {text!r} names a weekday that its date is not: that is a Friday"
    assert text_of(EntryError, instants.read_one, text, "until", None) == expected
    right = text.replace("Monday", "Friday").replace("Mon", "Fri")
    assert instants.read_one(right, "until", None) == pd.Timestamp("2026-03-06T21:00Z").value // 1000


def test_reading_leaves_the_warnings_of_the_process_alone():
    """Threads share them."""
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: read(["6 March 2026 9pm"], "UTC"), range(40)))
    assert warnings.filters == before


def test_half_a_character_is_no_time():
    """A lone surrogate, which pandas' own texts cannot hold."""
    found = instants.read([TEXT, "\ud800"] * 20, None)
    assert found.faults == dict.fromkeys(range(1, 40, 2), UNREADABLE)
    assert found.us[::2].tolist() == [US] * 20
