"""Sending limits: equal to a plain queue, in which each email waits for the first period that has room for it."""

import json
import os
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import median_high

import numpy as np
import pandas as pd
import pytest
from oracle import EPOCH
from strategies import MICROSECOND, clock_changes
from test_cli import account, refused, run, write
from test_periods import LENGTHS, starts_between

import simcore
from simcore import kit
from simcore.answers import capacity as limits
from simcore.errors import SimcoreError

TRIALS = int(os.environ.get("SIMCORE_TRIALS", "25"))
ZONES = (
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "America/Santiago",
    "UTC",
)
COLUMNS = ["due", "sent", "waiting", "late", "median_late", "max_late"]
EXPECTED = (
    'expected the most emails in each period, such as {"D": 5000}, or {"D": [1000, 2000, 5000]} for a ramp'
)


def queued(due, freq, most, name):
    """Rows of (start, due, sent, waiting, late, median, most), with one email after another taken from a queue."""
    due = deque(sorted(due))
    starts = starts_between(
        due[0], due[-1] + (len(due) // most[-1] + len(most) + 2) * LENGTHS[freq], freq, name
    )
    rows, waiting = [], deque()
    for at, (start, end) in enumerate(pairwise(starts)):
        room, came, lateness = most[min(at, len(most) - 1)], 0, []
        while room and waiting:
            lateness.append(start - waiting.popleft())
            room -= 1
        while due and due[0] < end:
            came += 1
            if room:
                lateness.append(timedelta(0))
                due.popleft()
                room -= 1
            else:
                waiting.append(due.popleft())
        late = sum(each > timedelta(0) for each in lateness)
        ends = (-median_high([-each for each in lateness]), max(lateness)) if lateness else (None, None)
        rows.append((start, came, len(lateness), len(waiting), late, *ends))
        if not due and not waiting:
            return rows
    raise AssertionError("it takes longer than expected here")


def rows_of(found):
    ends = [
        [None if each is pd.NaT else each.to_pytimedelta() for each in found[name]] for name in COLUMNS[4:]
    ]
    counts = [found[name].tolist() for name in COLUMNS[:4]]
    return [*zip(found.index.tz_convert("UTC").to_pydatetime().tolist(), *counts, *ends, strict=True)]


def arrivals(random, name, freq):
    """Some instants [µs], near a clock change if there is one, often several at once, and how many come at each."""
    changes = [each for each in clock_changes(name) if 1990 < each.year < 2030]
    near = random.choice(changes or [datetime(2026, 3, 8, tzinfo=UTC)]) - 4 * LENGTHS[freq]
    width = random.choice([1, 10, 40]) * LENGTHS[freq] // MICROSECOND
    us = [(near - EPOCH) // MICROSECOND + random.randrange(width) for _ in range(random.randrange(1, 40))]
    us += random.choices(us, k=random.randrange(10))
    counts = random.choice([None, [random.randrange(1, 4) for _ in us]])
    return np.array(us), counts if counts is None else np.array(counts)


@pytest.mark.slow
def test_any_queue():
    for trial in range(20 * TRIALS):
        random = Random(trial)
        name, freq = random.choice(ZONES), random.choice([*LENGTHS])
        rounds = [arrivals(random, name, freq)]
        if rounds[0][1] is None:  # another email, at some of the instants
            rounds.append((rounds[0][0][::2] + random.choice([0, 7]), None))
        due = [
            EPOCH + int(us) * MICROSECOND
            for at_us, counts in rounds
            for us, times in zip(at_us, [1] * len(at_us) if counts is None else counts, strict=True)
            for _ in range(times)
        ]
        most = [random.randrange(4) for _ in range(random.randrange(4))] + [random.choice([1, 2, 3, 8, 1000])]
        found = limits.queue(rounds, name, limits.read({freq: most}, "D"))
        assert rows_of(found) == queued(due, freq, most, name), trial
        assert found["sent"].sum() == len(due)
        assert str(found.index.dtype) == f"datetime64[us, {name}]"


WELCOME = kit.load(simcore.example("welcome"))


@pytest.mark.parametrize("freq", ["h", "D", "W", "M"])
@pytest.mark.parametrize("most", [8, [1, 2, 0, 9]])
def test_of_a_sequence(freq, most):
    entries = simcore.arrivals(6, "2026-03-01", "2026-03-20", time_zone="America/New_York", seed=3)
    due = [each.to_pydatetime() for each in simcore.project(WELCOME, entries)["send_at"].dt.tz_convert("UTC")]
    found = simcore.forecast(WELCOME, entries, capacity={freq: most})
    assert rows_of(found) == queued(due, freq, most if isinstance(most, list) else [most], "America/New_York")
    counted = simcore.forecast(WELCOME, entries, freq=freq, by=None)["sends"]
    pd.testing.assert_series_equal(
        found["due"].iloc[: len(counted)], counted, check_names=False, check_freq=False
    )
    assert found["late"].sum() > 0
    assert found.index.name == "period"
    assert found.columns.tolist() == COLUMNS
    assert [str(each) for each in found.dtypes] == ["int64"] * 4 + ["timedelta64[us]"] * 2


def test_a_high_limit_changes_nothing():
    entries = simcore.arrivals(6, "2026-03-01", "2026-03-20", time_zone="America/New_York", seed=3)
    found = simcore.forecast(WELCOME, entries, capacity={"D": 10_000})
    assert found["sent"].tolist() == simcore.forecast(WELCOME, entries, by=None)["sends"].tolist()
    assert not found[["waiting", "late"]].to_numpy().any()
    assert found["max_late"].dropna().unique().tolist() == [pd.Timedelta(0)]


def test_counted_arrivals_and_no_arrivals():
    entries = pd.DataFrame({"entered_at": ["2026-03-06T21:07-05:00"], "count": [1_000_000]})
    found = simcore.forecast(WELCOME, entries, capacity={"D": [500_000, 1_000_000]})
    assert found["sent"].tolist() == [500_000, 1_000_000, 500_000, 1_000_000, 0, 0, 1_000_000]
    nothing = simcore.forecast(WELCOME, [], capacity={"D": 1})
    assert nothing.columns.tolist() == COLUMNS
    assert nothing.dtypes.tolist() == found.dtypes.tolist()
    assert str(nothing.index.dtype) == "datetime64[us, America/New_York]"
    assert not len(nothing)


def test_the_end_of_time(text_of):
    entries = pd.DataFrame({"entered_at": ["2199-12-01T12:00Z"], "count": [40]})
    emails = [kit.Email(subject="A", delay_value=0, delay_unit="days", published=True)]
    sequence = kit.Sequence(name="S", emails=emails, time_zone="UTC")
    assert text_of(SimcoreError, simcore.forecast, sequence, entries, capacity={"D": 1}) == (
        "capacity: 10 emails of 40 would still wait on 2200-01-01: give a higher limit by 'D'"
    )
    found = simcore.forecast(sequence, entries.assign(count=30), capacity={"D": 1})
    assert found.index[-1] == pd.Timestamp("2199-12-30", tz="UTC")
    early = entries.assign(entered_at="2100-01-31T12:00Z")  # and 1,199 months until 2200
    found = simcore.forecast(sequence, early.assign(count=1200), capacity={"M": 1})
    assert found.index[-1] == pd.Timestamp("2199-12-01", tz="UTC")
    assert text_of(SimcoreError, simcore.forecast, sequence, early.assign(count=1201), capacity={"M": 1}) == (
        "capacity: 1 email of 1201 would still wait on 2200-01-01: give a higher limit by 'M'"
    )


@pytest.mark.parametrize(
    ("capacity", "message"),
    [
        (5000, f"capacity: found 5000, {EXPECTED}"),
        ({}, f"capacity: found {{}}, {EXPECTED}"),
        ({"D": 5, "h": 1}, f"capacity: found {{'D': 5, 'h': 1}}, {EXPECTED}"),
        ({"Y": 5}, "capacity: found 'Y', expected one of: '15min', 'h', 'D', 'W', 'M'"),
        ({1: 5}, "capacity: found 1, expected one of: '15min', 'h', 'D', 'W', 'M'"),
        ({"D": -1}, f"capacity: found -1 by 'D', {EXPECTED}: whole numbers of 0 or more"),
        ({"D": []}, f"capacity: found [] by 'D', {EXPECTED}: whole numbers of 0 or more"),
        ({"D": [1, 2.5]}, f"capacity: found [1, 2.5] by 'D', {EXPECTED}: whole numbers of 0 or more"),
        ({"D": True}, f"capacity: found True by 'D', {EXPECTED}: whole numbers of 0 or more"),
        ({"D": "many"}, f"capacity: found 'many' by 'D', {EXPECTED}: whole numbers of 0 or more"),
        ({"D": [5, 0]}, "capacity: found [5, 0] by 'D', expected a last number over 0, which goes on"),
    ],
    ids=repr,
)
def test_no_limit(capacity, message, text_of):
    assert text_of(SimcoreError, simcore.forecast, WELCOME, [], capacity=capacity) == message


def test_other_periods(text_of):
    assert text_of(SimcoreError, simcore.forecast, WELCOME, [], freq="h", capacity={"W": 5}) == (
        "freq: found 'h' with a capacity by 'W', whose periods are the rows: leave freq out"
    )
    assert simcore.forecast(WELCOME, [], freq="h", capacity={"h": 5}).empty


# ---------------------------------------------------------------- on the command line


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    write("e.csv", "subscriber_id,entered_at\n" + "".join(f"{n},2026-03-06T10:00Z\n" for n in range(5)))
    return ["forecast", account("w.json", [("One", 0)], time_zone="UTC"), "e.csv", "--capacity"]


def test_in_the_terminal(typed):
    assert run(*typed, "1,2/D").stdout.splitlines() == [
        "Series, UTC",
        "",
        " period           due  late  waiting  sent",
        " " + "─" * 41,
        " Fri  6 Mar 2026    5     0        4     1  " + "█" * 18,
        " Sat  7 Mar 2026    0     2        2     2  " + "█" * 36,
        " Sun  8 Mar 2026    0     2        0     2  " + "█" * 36,
        "",
        "5 sends; busiest: Sat 7 Mar 2026 with 2; late: 4, by 1 day 14 hours at most",
    ]
    assert (
        run(*typed, "9/h").stdout.splitlines()[-1]
        == "5 sends; busiest: Fri 6 Mar 2026 10:00 UTC with 5; late: 0"
    )


def test_for_machines_and_in_files(typed):
    answer = json.loads(run(*typed, "3,0,2/D", "--json").stdout)
    assert {name: answer[name] for name in ("sends", "busiest_sends", "late", "max_late_seconds")} == {
        "sends": 5,
        "busiest_sends": 3,
        "late": 2,
        "max_late_seconds": 38 * 3600.0,
    }
    assert answer["periods"][1] == {
        "period": "2026-03-07T00:00:00+00:00",
        "due": 0,
        "sent": 0,
        "waiting": 2,
        "late": 0,
        "median_late_seconds": None,
        "max_late_seconds": None,
    }
    assert run(*typed, "3,0,2/D", "-o", "o.csv").stdout == (
        "5 sends; busiest: Fri 6 Mar 2026 with 3; late: 2, by 1 day 14 hours at most, in o.csv\n"
    )
    rows = pd.read_csv("o.csv").astype(object).where(lambda frame: frame.notna(), None).to_dict("records")
    assert rows == answer["periods"]


def test_nobody_is_late_where_nobody_is(typed):
    write("e.csv", "subscriber_id,entered_at\n")
    answer = json.loads(run(*typed, "3/D", "--json").stdout)
    assert (answer["sends"], answer["late"], answer["max_late_seconds"], answer["periods"]) == (
        0,
        0,
        None,
        [],
    )
    assert run(*typed, "3/D").stdout == "Series, UTC\n\nno sends: there are no entries\n"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("5000", "--capacity: found '5000', expected MOST/FREQ, such as 5000/D or 1000,2000,5000/D"),
        ("5000/month", "--capacity: found 'month', expected one of: '15min', 'h', 'D', 'W', 'M'"),
    ],
)
def test_what_is_typed_wrong(typed, given, message):
    assert message in refused(*typed, given)
