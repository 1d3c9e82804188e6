"""Texts that are instants (T25): each form and each refusal, and all against slow readers of other making."""

import calendar
import re
import warnings
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dateutil import parser
from hypothesis import assume, given
from hypothesis import strategies as st

import simcore
from simcore.clock import grammar, instants, texts
from simcore.clock.grammar import (
    APOSTROPHE,
    FAULTS,
    FORMS,
    GUESSWORK,
    INCOMPLETE,
    LOST_PLUS,
    MILLISECONDS,
    MINUS,
    MISSING,
    NAMED_OFFSET,
    NO_CLOCK,
    NO_TIME,
    OTHER_DAY,
    PART_OFFSET,
    PERIOD,
    SECONDS,
    SHORT_YEAR,
    TWO_DATES,
    TWO_TIMES,
    UNREADABLE,
)
from simcore.clock.instants import NAIVE, OUT_OF_RANGE, Reader
from simcore.errors import EntryError, SimcoreError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def one(text, **how):
    """The instant that a text is, in UTC where it says no zone; or what is wrong with it."""
    found = Reader(**{"naive_time_zone": "UTC"} | how).read([text])
    return found.faults.get(0, int(found.us[0]))


def aware(text):
    return instants.read([text], None).faults.get(0) != NAIVE


# ---------------------------------------------------------------- what is read

FRIDAY = "2026-03-06T21:07"
READ = [
    # what was reported: a column written by Ruby or Rails
    ("2026-03-06 21:07:30 UTC", "2026-03-06T21:07:30", True),
    ("2026-03-06 21:07:30 +0000", "2026-03-06T21:07:30", True),
    ("2026-03-06 21:07:30 -0500", "2026-03-07T02:07:30", True),
    ("2026-03-06 21:07:30 GMT", "2026-03-06T21:07:30", True),
    ("2026-03-06 21:07:30 Z", "2026-03-06T21:07:30", True),
    ("2026-03-06 21:07:30.123 utc", "2026-03-06T21:07:30.123", True),
    ("2026-03-06 21:07:30 +05", "2026-03-06T16:07:30", True),
    ("2026-03-06 21:07:30 +0000 UTC", "2026-03-06T21:07:30", True),  # Go
    ("2026-03-06 21:07:30.1234567 +05:45", "2026-03-06T15:22:30.123456", True),  # SQL Server
    ("2026-03-06T21:07:30,5Z", "2026-03-06T21:07:30.5", True),
    ("2026-03-06t21:07:30z", "2026-03-06T21:07:30", True),
    ("2026-03-06T21:07:30\u221205:00", "2026-03-07T02:07:30", True),  # the minus sign that ISO 8601 prefers
    ("2026-03-06T21-05", "2026-03-07T02:00", True),
    ("2026-03-06T2107Z", FRIDAY, True),
    ("2026-03-06 21", "2026-03-06T21:00", False),
    ("20260306T2107Z", FRIDAY, True),
    ("20260306 210730", "2026-03-06T21:07:30", False),
    ("20260306210730Z", "2026-03-06T21:07:30", True),  # LDAP
    ("20260306 21:07", FRIDAY, False),
    ("2026-03-06\t21:07", FRIDAY, False),
    ("March 6, 2026 at 9:07\u202fPM", FRIDAY, False),  # browsers write such a space
    # what was reported: the year first
    ("2026/03/06 21:07", FRIDAY, False),
    ("2026/03/26 21:07", "2026-03-26T21:07", False),
    ("2026-3-6 21:07", FRIDAY, False),
    ("21:07 2026-03-06", FRIDAY, False),
    ("2026/3/6 21:07", FRIDAY, False),
    ("2026/3/6", "2026-03-06", False),
    ("2026.3.6 9:07 pm", FRIDAY, False),
    ("2026/3/6T21:07:30-05:00", "2026-03-07T02:07:30", True),
    ("2026/06/13", "2026-06-13", False),
    ("9:07pm 2026/3/6", FRIDAY, False),
    ("21:07 UTC 2026-03-06", FRIDAY, True),
    ("21:07, 6 March 2026", FRIDAY, False),
    ("21:07 6 March 2026 UTC", FRIDAY, True),
    ("2026 March 6", "2026-03-06", False),
    ("2026-Mar-06 21:07", FRIDAY, False),
    # what was reported: no space after the comma
    ("May 17,2026 08:00", "2026-05-17T08:00", False),
    ("May 17, 2026 08:00", "2026-05-17T08:00", False),
    ("May 17,2026", "2026-05-17", False),
    ("May 17 ,2026 8am", "2026-05-17T08:00", False),
    ("may 17th,2026, 08:00", "2026-05-17T08:00", False),
    ("17 May,2026 08:00", "2026-05-17T08:00", False),
    ("Sun, May 17,2026,08:00 +02:00", "2026-05-17T06:00", True),
    # RFC 2822, and what mail programs and servers make of it
    ("Fri, 06 Mar 2026 21:07:30 +0000", "2026-03-06T21:07:30", True),
    ("Fri, 6 Mar 2026 21:07 -0500 (EST)", "2026-03-07T02:07", True),
    ("06 Mar 2026 21:07:30 GMT", "2026-03-06T21:07:30", True),
    ("Friday, 06-Mar-2026 21:07:30 UT", "2026-03-06T21:07:30", True),
    ("Fri Mar  6 21:07:30 2026", "2026-03-06T21:07:30", False),
    ("Fri Mar  6 21:07:30 UTC 2026", "2026-03-06T21:07:30", True),
    ("Fri Mar 06 21:07:30 +0530 2026", "2026-03-06T15:37:30", True),
    ("Fri Mar 6 21:07:30 2026 -0500", "2026-03-07T02:07:30", True),
    ("Fri  6 Mar 09:07:30 PM GMT 2026", "2026-03-06T21:07:30", True),
    # as people write
    ("6th of March, 2026 at 9:07 p.m.", FRIDAY, False),
    ("6.March.2026", "2026-03-06", False),
    ("06MAR2026", "2026-03-06", False),
    ("sept. 6, 2026", "2026-09-06", False),
    ("9pm on 6 March 2026", "2026-03-06T21:00", False),
    ("12am 6 March 2026", "2026-03-06T00:00", False),
    ("6 March 2026 12:30 pm", "2026-03-06T12:30", False),
    ("6 March 2026 0:30 am", "2026-03-06T00:30", False),
    ("6 March 2026 9pm +01", "2026-03-06T20:00", True),
    ("6 March 2026 21:07 -05:00", "2026-03-07T02:07", True),
    ("6 March 2026 21:07:30-05:00", "2026-03-07T02:07:30", True),
    ("2026-03-06 21:07-05:00", "2026-03-07T02:07", True),
    ("2026-03-06 Fri 21:07", FRIDAY, False),
    ("2026-03-06 (Fri) 21:07", FRIDAY, False),
    ("Fri. 6 Mar. 2026", "2026-03-06", False),
    ("Friday 13/03/2026", "2026-03-13", False),
    ("03/13/2026 9pm", "2026-03-13T21:00", False),
]


@pytest.mark.parametrize(("text", "expected", "zoned"), READ, ids=[text for text, _, _ in READ])
def test_read(text, expected, zoned):
    assert one(text) == us(expected)
    assert one(text.upper().replace("T21", "t21")) == one(f"  {text.lower()} ") == us(expected)
    assert aware(text) == zoned


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_each_form_reads_its_example_and_none_before_it_does(form):
    shape = re.sub("[1-9]", "0", form.example.lower())
    assert next(each.name for each in FORMS if re.fullmatch(each.pattern, shape)) == form.name
    assert slow(form.example) == {(one(form.example), aware(form.example))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06/03/2026", "2026-03-06"),
        ("06.03.2026 21:07", FRIDAY),
        ("6-3-2026 9:07 PM UTC", FRIDAY),
        ("13/03/2026", "2026-03-13"),
        ("21:07 6/3/2026", FRIDAY),
        ("Fri, 06/03/2026", "2026-03-06"),
        ("2026/03/06", "2026-03-06"),
        ("March 6, 2026", "2026-03-06"),
        ("06/13/2026", UNREADABLE),
        ("Wed, 06/03/2026", OTHER_DAY[4]),
        ("06/03/26", SHORT_YEAR),
        ("6.3.99", SHORT_YEAR),
        ("6 March 26", GUESSWORK),
    ],
)
def test_day_first_where_it_is_asked_for(text, expected):
    assert one(text, dayfirst=True) == (expected if expected in FAULTS else us(expected))


# ---------------------------------------------------------------- what is refused

REFUSED = {
    # what was reported: an offset whose plus sign became a space, as web forms make it
    LOST_PLUS: [
        *("2026-03-06T21:07:30 00:00", "2026-03-06T21:07:30 05:30", "2026-03-06 09:00 10:00"),
        *("2026-03-06T21:07:30 0000", "2026-03-06 21:07:30 0530", "2026-03-06T21:07:30.5 05:30"),
        *("2026-03-06T21:07 05", "Fri, 06 Mar 2026 21:07:30 0000", "6 March 2026 9pm 05:30"),
        *("20260306T210730 0000", "2026/3/6 21:07 00:00", " 2026-03-06T21:07:30 00:00 "),
    ],
    # what was reported: a week as pandas writes it
    PERIOD: [
        *("2026-03-02/2026-03-08", "2026-03-16/2026-03-22", "6 March 2026 9am-10am", "2026-03-06 09:00/10:00"),
        *("2026-03-06 - 2026-03-08", "2026-03-06 to 2026-03-08", "2026-03-06..2026-03-08", "2026-03-02/08"),
        *("2026-03-06T09:00Z/2026-03-06T10:00Z", "2026-03-06T09:00Z/PT1H", "2026-03-06/P1D", "2026-03-06-2026-03-08"),
        *("2026-03-06T09:00-05:00/2026-03-06T10:00-05:00", "6-8 March 2026", "March 6-8, 2026", "9-10am 6 March 2026"),
        *("6 March - 8 March 2026", "6 March 2026 9am to 10am", "6 March 2026 9am-10", "6 March 2026 9 - 10am"),
        *("2026-03-06 9am-10", "20260306 9am-10", "2026-03-06 09-10"),
        *("9:00-10am 6 March 2026", "6 March 2026 9:00-10am"),
    ],
    MINUS: [
        *("6 March 2026 10:00-11:00", "10:00-11:00 6 March 2026", "6 March 2026 9am-10:30", "6 March 2026 9am -10"),
        *("2026/3/6 10:00-11:00", "2026-03-06T21:07:30-5:30", "2026-03-06 9am-10:30", "2026-03-06 9am -10"),
    ],
    TWO_DATES: [
        *("2026-03-06 2026-03-07", "2026-03-06, 2026-03-07", "20260306 20260307", "6 March 2026 7 March 2026"),
        *("2026-03-06T21:07Z 2026-03-06T21:07Z", "6/3/2026 7/3/2026"),
    ],
    TWO_TIMES: [
        *("2026-03-06 9am 10am", "2026-03-06 9am, 10am", "2026-03-06 9am and 10am", "21:07 6 March 2026 21:08"),
        *("6 March 2026 9am 10am UTC", "9am 10:00 6 March 2026"),
    ],
    NO_TIME: [
        *("2026-03-06-05:00", "2026-03-06 -05:00", "2026-03-06+05:00", "2026-03-06Z", "2026-03-06 UTC"),
        *("6 March 2026 -0500", "Fri, 6 March 2026 GMT", "2026/3/6 +05"),
    ],
    NAMED_OFFSET: [
        *("2026-03-06 21:00 GMT+3", "6 March 2026 9pm UTC+03:00", "2026-03-06T21:07:30Z+01:00"),
        *("2026-03-06 21:00 +0300 UTC", "2026-03-06 21:00 +0300 (GMT)"),
        "Fri Mar 06 2026 21:07:30 GMT+0000 (Coordinated Universal Time)",
    ],
    PART_OFFSET: [
        *("2026-03-06T21:07:30+5:30", "2026-03-06 21:07 +5", "6 March 2026 9pm +5", "2026-03-06T21:07:30+05:3"),
        *("2026-03-06T21:07:30+05:30:15", "2026-03-06 21:07 + 05:30"),
    ],
    NO_CLOCK: [
        *("2026-03-06 2026", "2026-03-06 2107", "2026-03-06 9", "6 March 2026 21", "6 March 2026, at 21"),
        *("6 March 2026 21.07", "6 March 2026 21h07"),
    ],
    APOSTROPHE: [
        *("'2026-03-06 21:07:30", "'2026-03-06", "'6 March 2026 9pm", "'2026-03-06T21:07:30Z", "'03/06/2026"),
        *(" '2026-03-06", "'2026-02-30"),
    ],
    GUESSWORK: [
        *("03/06/2026", "03/06/2026 21:07", "6.3.2026", "6-3-2026 9pm", "21:07 6/3/2026", "03/06/2026 9:07 PM UTC"),
        *("03/06/26", "26-03-06", "6 March 26", "March 6, 26", "Fri, 06 Mar 26 21:07:30 GMT", "Fri 03/06/2026"),
    ],
    SHORT_YEAR: ["6 March 99", "March 6, 70 9pm", "Friday, 06-Mar-98 21:07:30 GMT", "6-Mar-00"],
    INCOMPLETE: [
        *("March 2026", "2026", "10:00", "6 March", "Friday 9pm", "2026-03", "03/2026", "6/3", "6 March 21:07"),
        *("2026-03/2026-04", "9pm", "21:07:30Z", "Friday", "-05:00", "1", "9am-10am"),
    ],
    SECONDS: ["1772830800", "1772830800.5", "946684800"],
    MILLISECONDS: ["1772830800000", "1772830800123.4", "946684800000", "202603062107"],
    MISSING: ["", "  ", "\t\n", "\u00a0", " " * 100_000],
    UNREADABLE: [
        *("tomorrow", "never", "nonsense", "N/A", "-", "?", "'", "2026-02-30", "31 June 2026", "2026-13-06"),
        *("2026-03-06T25:00Z", "2026-03-06T24:00Z", "2026-03-06T21:60Z", "2026-03-06T21:07:60Z", "00/01/2026"),
        *("29/02/2026", "0000-00-00 00:00:00", "17728308000000000", "2026-03-06 \ud800", "6 March 2026 9pmZ"),
        *("2026-03-06 13:00 pm", "2026-03-06T21:07:30+24:00", "2026-03-06T21:07:30+05:60", "32/01/2026", "13/13/2026"),
        *("6 March 2026 9pm EST", "2026-03-06 21:07 America/New_York", "2026-03-06 noon", "2026-03-06_21:07"),
        *("2026-03-06T21:07:30.", "2026-W10-5", "2026-065", "2026Q1", "2026/3-6", "2026 3 6", "46087.88"),
        *("2026\u5e743\u67086\u65e5", "\u0662\u0660\u0662\u0666-03-06", "2026-03-06\x00", "2026\u201303\u201306"),
        *("\ud800", "9" * 400, "x" * 100_000, "mon " * 25_000),
    ],
}  # fmt: skip
CASES = [(text, fault) for fault, those in REFUSED.items() for text in those]


@pytest.mark.parametrize(("text", "fault"), CASES, ids=[ascii(text)[:60] for text, _ in CASES])
def test_refused(text, fault):
    fault = MISSING if text == "'" else fault
    assert one(text) == fault
    held = instants.read([text] * 3, None)
    assert held.faults == dict.fromkeys(range(3), fault)
    assert held.us.tolist() == [0] * 3


def test_what_is_refused_is_said_in_full(text_of):
    """All texts of faults once as they are, and one as an error has it."""
    sentences = {
        LOST_PLUS: "has another number after its time; if that is an offset, the offset's plus sign became a space: "
        "write +00:00",
        PERIOD: "a period, not an instant: expected one date and one time",
        MINUS: "has a minus sign after its time that is a period's or an offset's: write an offset in full, a space "
        "before it, as 21:07 -05:00",
        TWO_DATES: "has two dates: expected one",
        TWO_TIMES: "has two times: expected one",
        NO_TIME: "has an offset that no time stands before: write the time too, as in 2026-03-06T00:00-05:00",
        NAMED_OFFSET: "has an offset beside the name UTC or GMT, which is read both ways: write the offset alone",
        PART_OFFSET: "has an offset that is not written out: write it as +05:30",
        NO_CLOCK: "has a number after its date that is no time: write it as 21:07 or 9pm",
        APOSTROPHE: "begins with an apostrophe, as a spreadsheet marks a text: leave it out",
        GUESSWORK: "leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        SHORT_YEAR: "gives its year in two digits: write all four, as in 2026-03-06 or 6 March 2026",
        INCOMPLETE: "names no whole date: expected year, month and day",
        SECONDS: 'a number: if it counts seconds since 1970, say so with unit="s"',
        MILLISECONDS: 'a number: if it counts milliseconds since 1970, say so with unit="ms"',
        MISSING: "missing",
        UNREADABLE: "not a date and time: expected something like 2026-03-06T21:07:30-05:00",
        OTHER_DAY[4]: "names a weekday that its date is not: that is a Friday",
    }
    assert {fault: fault for fault in sentences} == sentences
    assert {*sentences} == {*FAULTS[1:]} - {*OTHER_DAY} | {OTHER_DAY[4]} == {*REFUSED, OTHER_DAY[4]}
    for text, sentence in (
        ("2026-03-06T21:07:30 00:00", LOST_PLUS),
        ("2026-03-02/2026-03-08", f"is {PERIOD}"),
        ("'2026-03-06", APOSTROPHE),
        ("6 March 99", SHORT_YEAR),
    ):
        assert text_of(EntryError, instants.read_one, text, "until", None) == f"until: {text!r} {sentence}"


@pytest.mark.parametrize("day", range(7))
def test_the_weekday_that_it_is(day):
    names = ["Monday", "Tues", "Wed", "Thurs", "Fri.", "Saturday,", "sun"]
    for number, name in enumerate(names):
        expected = us(f"2026-03-{2 + day:02}T21:00") if number == day else OTHER_DAY[day]
        assert one(f"{name} {2 + day} March 2026 9pm") == expected
        assert one(f"2026-03-{2 + day:02} {name} 21:00") == expected


def test_a_text_of_another_kind_of_string():
    class Text(str):
        __slots__ = ()

    assert one(Text("6 March 2026 9pm")) == us("2026-03-06T21:00")


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("s", 1772830800, "2026-03-06T21:00"),
        ("s", "1772830800", "2026-03-06T21:00"),
        ("s", "1772830800.123456789", "2026-03-06T21:00:00.123456"),
        ("s", 1772830800.123457, "2026-03-06T21:00:00.123457"),
        ("s", np.float64(1772830800.25), "2026-03-06T21:00:00.25"),
        ("s", np.int32(1772830800), "2026-03-06T21:00"),
        ("s", np.uint64(1772830800), "2026-03-06T21:00"),
        ("s", 0, "1970-01-01"),
        ("s", "20260306", "1970-08-23T11:51:46"),
        ("s", "7258118400", "2200-01-01"),
        ("ms", 1772830800123, "2026-03-06T21:00:00.123"),
        ("ms", " 1772830800123.4567 ", "2026-03-06T21:00:00.123456"),
        ("ms", 1772830800123.4, "2026-03-06T21:00:00.1234"),
        ("ms", 5, "1970-01-01T00:00:00.005"),
        ("s", "2026-03-06T21:00Z", "2026-03-06T21:00"),
        ("ms", "20260306T210000", "2026-03-06T21:00"),
        ("s", -1, OUT_OF_RANGE),
        ("s", "-1", OUT_OF_RANGE),
        ("s", 7258118401, OUT_OF_RANGE),
        ("s", 7258118400.5, OUT_OF_RANGE),
        ("s", "9999999999999", OUT_OF_RANGE),
        ("s", 10**30, OUT_OF_RANGE),
        ("ms", float("inf"), OUT_OF_RANGE),
        ("ms", np.uint64(2**64 - 1), OUT_OF_RANGE),
        ("ms", np.int64(-(2**63)), OUT_OF_RANGE),
        ("s", float("nan"), MISSING),
        ("s", "1e9", UNREADABLE),
        ("s", True, f"a bool: {instants._EXPECTED}"),
        (None, 5, f"a int: {instants._EXPECTED}"),
        (None, -5.5, f"a float: {instants._EXPECTED}"),
        (None, 1772830800, SECONDS),
        (None, np.int64(1772830800), SECONDS),
        (None, 1772830800.5, SECONDS),
        (None, 1772830800000, MILLISECONDS),
        (None, 1772830800000000, f"a int: {instants._EXPECTED}"),
    ],
)
def test_numbers_only_where_asked_for(unit, value, expected):
    faults = {*FAULTS, OUT_OF_RANGE}
    expected = expected if expected in faults or "expected" in expected else us(expected)
    assert one(value, unit=unit) == expected
    if not isinstance(value, str | bool):
        column = pd.Series([value, value])
        found = Reader("UTC", unit).read(column)
        assert [found.faults.get(0, found.us[0]), found.faults.get(1, found.us[1])] == [expected] * 2 or (
            unit is None and found.faults[0].startswith("a float")
        )


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1772830800, None], dtype="Int64"),
        pd.Series([1772830800, None], dtype="UInt32"),
        pd.Series([1772830800, None], dtype="Float64"),
        pd.Series([1772830800, None], dtype="float64"),
        pd.Series([1772830800, None], dtype="object"),
        pd.Series([1772830800, None], dtype="category"),
        pd.Series([1772830800, None], dtype=pd.ArrowDtype(pa.int64())),
        pd.Series([1772830800, None], dtype=pd.ArrowDtype(pa.decimal128(12, 2))),
        pd.Series(["1772830800", None], dtype="str"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_columns_of_numbers(column):
    found = Reader(unit="s").read(column)
    assert found.us.tolist() == [us("2026-03-06T21:00"), 0]
    assert found.faults == {1: MISSING}
    told = Reader().read(column).faults
    assert told == {0: SECONDS, 1: MISSING}


def test_decimals():
    assert one(Decimal("1772830800.1234569"), unit="s") == us("2026-03-06T21:00:00.123456")
    assert one(Decimal("NaN"), unit="s") == one(Decimal("NaN")) == one(Decimal("sNaN")) == MISSING
    assert one(Decimal("Infinity"), unit="s") == OUT_OF_RANGE


def test_how_times_are_read_must_be_said_right(text_of):
    zone = "'Mars' is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, Reader, "Mars") == zone
    assert text_of(SimcoreError, Reader, unit="us") == "unit: found 'us', expected 's' or 'ms'"
    assert text_of(SimcoreError, Reader, dayfirst="yes") == "dayfirst: found 'yes', expected True or False"


def test_as_asked_for():
    assert instants.read_one("06/03/2026", "until", "UTC", dayfirst=True) == us("2026-03-06")
    assert instants.read_one(1772830800, "until", None, unit="s") == us("2026-03-06T21:00")
    assert instants.read(["1772830800123"], None, unit="ms").us.tolist() == [us("2026-03-06T21:00:00.123")]


def test_split_entries_as_asked_for():
    entries = ["06/03/2026", 1772830800, "2026-03-06T21:00Z"]
    good, bad = simcore.split_entries(entries, naive_time_zone="UTC", unit="s", dayfirst=True)
    assert len(good) == 3
    good, bad = simcore.split_entries(entries)
    assert bad["reason"].tolist() == [GUESSWORK, SECONDS]


# ---------------------------------------------------------------- against slow readers of other making

MARKS = "-/."
DATES = [
    *("%Y%m%d", "%d %b %Y", "%b %d %Y", "%Y %b %d"),
    *(
        mark.join(parts)
        for mark in MARKS
        for parts in ("Ymd", "dmY", "mdY")
        for parts in [[f"%{p}" for p in parts]]
    ),
]
TIMES = [
    *("%H", "%H%M", "%H%M%S", "%H%M%S.%f", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f"),
    *("%I %p", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S.%f %p"),
]
PATTERNS = {"Y": r"\d{4}", "b": "[a-z]{3}", "M": r"\d\d", "S": r"\d\d", "f": r"\d+", "p": "[ap]m"}
PATTERNS |= dict.fromkeys("mdHI", r"\d\d?")
FORMATS = [
    *DATES,
    *(f"{date} {time}" for date, time in product(DATES, TIMES)),
    *(f"{time} {date}" for date, time in product(DATES, TIMES)),
    *(f"{date} {time} %Y" for date, time in product(["%d %b", "%b %d"], TIMES)),
    "%Y%m%d%H%M%S",
]
KNOWN = [
    (re.compile(re.sub(r"%(\w)|(\.)", lambda m: PATTERNS[m[1]] if m[1] else r"\.", each)), each)
    for each in FORMATS
]
ZONE = re.compile(
    r"\s*(?:(z|utc?|gmt)|([+-])(\d\d)(?::?(\d\d))?(?:\s*\([a-z]+\)|\s+utc|\s+gmt)?)(?=$|\s*,?\s+)"
)
MONTHS = [name.lower() for name in calendar.month_name[1:]]
WEEKDAYS = [name.lower() for name in calendar.day_name]


def slow(text):
    """All that a text could say by strptime, once it is written in one way: each [µs] and whether it says its zone."""
    text = re.sub(r"\s+", " ", text.strip().lower().replace("\u2212", "-"))
    days = {name[:3] for name in re.findall(rf"\b({'|'.join(name[:3] for name in WEEKDAYS)})[a-z]*\b", text)}
    text = re.sub(rf"\(?\b({'|'.join(name[:3] for name in WEEKDAYS)})[a-z]*\b\)?[.,]*", " ", text)
    found = set()
    for zone in [None, *ZONE.finditer(text)]:
        rest, offset = text, timedelta()
        if zone is not None:
            rest = f"{text[: zone.start()]} {text[zone.end() :]}"
            if not zone[1]:
                sign = -1 if zone[2] == "-" else 1
                offset = sign * timedelta(hours=int(zone[3]), minutes=int(zone[4] or 0))
        for wall in walls(rest):
            if days <= {WEEKDAYS[wall.weekday()][:3]}:
                at = (wall.replace(tzinfo=UTC) - EPOCH - offset) // timedelta(microseconds=1)
                found.add((at, zone is not None))
    return found


def walls(text):
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b|\b(at|of|on)\b|,(?!\d+$)(?!\d+ )", " ", text)
    text = re.sub(r"([:\d]\d\d)[.,](\d+)", lambda m: f"{m[1]}.{m[2][:6]}", text)
    text = text.replace(",", " ")
    text = re.sub(r"(?<!:)\b0?0((?::\d\d)*(?:\.\d+)?) *([ap]\.?m)", r"12\1 \2", text)
    text = re.sub(r"(?<=\d) *([ap])\.?m\.?(?![a-z])", r" \1m", text)
    text = re.sub(r"sept\b", "sep", text)
    for name in MONTHS:
        text = re.sub(rf"[-/. ]*(?<![a-z])({name}|{name[:3]})(?![a-z])[-/. ]*", f" {name[:3]} ", text)
        text = re.sub(rf"({name[:3]} \d\d?)[-/](?=\d{{4}})", r"\1 ", text)
    text = re.sub(r"\s+", " ", text).strip()
    for pattern, each in KNOWN:
        if pattern.fullmatch(text):
            try:
                yield datetime.strptime(text, each)  # noqa: DTZ007  the zone is taken out before
            except ValueError:
                continue


def test_the_slow_reader_reads():
    assert slow("2026-03-06T21:07:30.5-05:00") == {(us("2026-03-07T02:07:30.5"), True)}
    assert slow("Fri, 6th of March, 2026 at 9:07 p.m.") == {(us(FRIDAY), False)}
    assert slow("03/06/2026") == {(us("2026-03-06"), False), (us("2026-06-03"), False)}
    assert slow("nonsense") == slow("Mon, 6 March 2026") == set()


@st.composite
def dates(draw, at):
    """A date as texts have it, and whether as ISO 8601 has it."""
    if draw(st.booleans()):
        return draw(st.sampled_from([f"{at:%Y-%m-%d}", f"{at:%Y%m%d}"])), True
    name = f"{at:%b}" if draw(st.booleans()) else f"{at:%B}"
    day, month = (draw(st.sampled_from([f"{part}", f"{part:02}"])) for part in (at.day, at.month))
    mark = draw(st.sampled_from(MARKS))
    named = [
        f"{day} {name} {at:%Y}",
        f"{name} {day}, {at:%Y}",
        f"{name} {day},{at:%Y}",
        f"{at:%Y}-{name}-{day}",
    ]
    others = [f"{at:%a}, {day} {at:%b %Y}", f"{day}-{at:%b}-{at:%Y}", f"{at:%Y}{mark}{month}{mark}{day}"]
    return draw(st.sampled_from(named + others)), False


@st.composite
def written(draw):
    """A text in one of the ways to write instants, and what it says: the instant [µs], and whether of UTC."""
    at = draw(st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 30)))  # noqa: DTZ001  a wall clock
    date, iso = draw(dates(at))
    digits = draw(st.integers(0, 9))
    part = f"{at.microsecond:06}000"[:digits]
    times = {
        "": 86400 * 10**6,
        f"{at:%I%p}".lower(): 3600 * 10**6,
        f"{at.hour % 12 or 12}:{at:%M %p}": 60 * 10**6,
        f"{at:%H:%M}": 60 * 10**6,
        f"{at:%H:%M:%S}{'.' * bool(part)}{part}": 10 ** (6 - min(digits, 6)),
    }
    time = draw(st.sampled_from([*times]))
    wall = (at.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    wall -= wall % times[time]
    if not time:
        return date, wall, False
    minutes = draw(st.integers(-14 * 60, 14 * 60))
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    clock = time[-1].isdigit()
    space = draw(st.sampled_from(["", " "])) if iso and clock else " "
    zones = {"": None, "Z" if clock else " Z": 0, " UTC": 0, " GMT": 0, f" +{hours:02}": hours * 60}
    zones |= {f"{space}{sign}{hours:02}{mark}{rest:02}": minutes for mark in ("", ":")}
    zone = draw(st.sampled_from([*zones]))
    join = draw(st.sampled_from([" ", "T", ", "] if iso else [" ", ", ", " at "]))
    return f"{date}{join}{time}{zone}", wall - (zones[zone] or 0) * 60 * 10**6, zones[zone] is not None


@given(written())
def test_what_is_written_is_read(case):
    """By construction, and by strptime."""
    text, expected, zoned = case
    assume(0 <= expected <= us("2200-01-01"))
    assert one(text) == expected
    assert aware(text) == zoned
    assert slow(text) == {(expected, zoned)}


EDITS = "0123456789 :-+/.,TZ'apmutcMarchFriof()"


@st.composite
def near(draw):
    """A text that is nearly in a form, or is in one by chance."""
    text = draw(written())[0]
    for _ in range(draw(st.integers(0, 3))):
        at, more = draw(st.integers(0, len(text))), draw(st.text(EDITS, max_size=3))
        text = text[:at] + more + text[at + draw(st.integers(0, 3)) :]
    if draw(st.booleans()):
        text += draw(
            st.sampled_from([" 00:00", " 0530", "/2026-03-08", "-10am", " 2026", " 21:07", "Z", " UTC"])
        )
    return text


@given(near())
def test_what_is_read_has_no_second_reading(text):
    found = one(text)
    if isinstance(found, int):
        assert slow(text) == {(found, aware(text))}


@given(near())
def test_dateutil_reads_nothing_else(text):
    """Where it reads what we do. It takes 2026-3-6 for 3 June where the day is first, and 17,2026 for a fraction."""
    found = one(text)
    assume(isinstance(found, int))
    orders = [(False, False), (True, False), (False, True), (True, True)]
    if re.match(r"\s*([\d:.]+ *([ap]\.?m\.?)?[, ]+)?(on )?(\w{3,9}[., ]+)?\d{4}", text, re.IGNORECASE):
        orders = orders[:1]
    spaced = re.sub(r",(?=\d{4}\b)", ", ", text)
    nothing = datetime(1, 1, 1)  # noqa: DTZ001  what the text says is put in its place
    for first in orders:
        how = dict(zip(("dayfirst", "yearfirst"), first, strict=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that it does not know
            try:
                read = parser.parse(spaced, default=nothing, **how)
            except (ValueError, OverflowError):
                continue
        at = read if read.utcoffset() is not None else read.replace(tzinfo=UTC)
        assert (at - EPOCH) // timedelta(microseconds=1) == found


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),  # noqa: DTZ001  a wall clock
    st.integers(-14 * 60, 14 * 60),
)
def test_mail(wall, minutes):
    """By Python's own writer and reader of RFC 2822, and of ISO 8601."""
    at = wall.replace(microsecond=0, tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    for text, read in (
        (format_datetime(at), parsedate_to_datetime),
        (at.isoformat(), datetime.fromisoformat),
        (at.isoformat(" "), datetime.fromisoformat),
        (at.strftime("%Y%m%dT%H%M%S%z"), datetime.fromisoformat),
    ):
        assert one(text) == (read(text) - EPOCH) // timedelta(microseconds=1)


# ---------------------------------------------------------------- columns

MIXED = [*(text for text, _, _ in READ), *(text for text, _ in CASES if len(text) < 1000)]
PLAIN = [text for text in MIXED if text.isprintable()]
DTYPES = [
    object,
    "str",
    pd.StringDtype("python"),
    pd.StringDtype("pyarrow"),
    "category",
    pd.ArrowDtype(pa.string()),
]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "how", [Reader("America/New_York"), Reader("UTC", "s"), Reader(dayfirst=True)], ids=str
)
def test_a_column_reads_as_each_of_its_texts(dtype, how):
    alone = [how.read([text]) for text in PLAIN]
    expected = (
        [found.us[0] for found in alone],
        {at: each.faults[0] for at, each in enumerate(alone) if each.faults},
    )
    held = pd.Series(PLAIN, dtype=dtype)
    for values in (held, held.array, pd.concat([held[:7], held[7:]])):
        found = how.read(values)
        assert (found.us.tolist(), found.faults) == expected


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_missing_texts_in_a_column(dtype):
    found = instants.read(pd.Series(["6 March 2026 9pm", None, "2026-03-06", "x"], dtype=dtype), "UTC")
    assert found.us.tolist() == [us("2026-03-06T21:00"), 0, us("2026-03-06"), 0]
    assert found.faults == {1: MISSING, 3: UNREADABLE}


@given(
    st.lists(near() | st.text(max_size=12), max_size=40), st.sampled_from([object, pd.StringDtype("python")])
)
def test_any_column_reads_as_each_of_its_texts(listed, dtype):
    listed = [text.encode("utf-8", "replace").decode() for text in listed]
    found = instants.read(pd.Series(listed, dtype=dtype), "UTC")
    assert [found.faults.get(at, int(each)) for at, each in enumerate(found.us)] == [*map(one, listed)]


def test_longer_than_a_page():
    """Texts are read by pages, each once with all that it has."""
    size = 3 * texts._PAGE + 5
    stamps = pd.date_range("2026-01-01", periods=size, freq="61s")
    listed = stamps.strftime("%d %B %Y %H:%M:%S UTC").to_numpy(object)
    listed[[0, texts._PAGE, size - 1]] = "03/06/2026"
    for dtype in (object, "str"):
        found = instants.read(pd.Series(listed, dtype=dtype), None)
        assert found.faults == dict.fromkeys([0, texts._PAGE, size - 1], GUESSWORK)
        good = np.delete(np.arange(size), [*found.faults])
        np.testing.assert_array_equal(found.us[good], stamps.as_unit("us").asi8[good])


@pytest.mark.slow
def test_texts_are_not_read_one_by_one():
    """Of 50,000 texts no more than their shapes are looked at: a weekday, a month and the length of a day."""
    stamps = pd.date_range("2026-01-01", periods=50_000, freq="10min")
    columns = [stamps.strftime(form) for form in ("%Y-%m-%d %H:%M:%S UTC", "%a, %d %b %Y %H:%M:%S +0000")]
    columns += [[f"{at.day} {at:%B %Y} {at.hour % 12 or 12}{at:%p}" for at in stamps]]
    for column, most in zip(columns, (1, 7 * 12, 12 * 2 * 2 * 2), strict=True):
        grammar.shape_of.cache_clear()
        instants.read(column, "UTC")
        assert grammar.shape_of.cache_info().misses <= most


def test_shapes_that_mix_to_the_same(monkeypatch):
    """Which no honest column has: then they are told apart by looking."""
    expected = instants.read(MIXED, "UTC")
    monkeypatch.setattr(texts, "_MIX", 0)
    found = instants.read(MIXED, "UTC")
    assert found.us.tolist() == expected.us.tolist()
    assert found.faults == expected.faults


@pytest.mark.parametrize(
    "kept",
    [
        pa.chunked_array([["2026-03-06"], [], ["6 March 2026"]], pa.string()),
        pa.chunked_array([["x", "2026-03-06", "6 March 2026"]], pa.large_string())[1:],
        pa.chunked_array([pa.array(["2026-03-06", "6 March 2026"]).dictionary_encode().cast(pa.string())]),
    ],
    ids=["pieces", "a slice", "cast"],
)
def test_however_arrow_keeps_them(kept):
    column = pd.Series(pd.array(kept, dtype=pd.ArrowDtype(kept.type)))
    assert instants.read(column, "UTC").us.tolist() == [us("2026-03-06")] * 2


def test_all_empty_in_arrow():
    assert instants.read(pd.Series(["", ""], dtype=pd.ArrowDtype(pa.string())), "UTC").faults == {
        0: MISSING,
        1: MISSING,
    }
