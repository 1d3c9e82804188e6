"""The command line's forecasts, Parquet files that become folders, and long fields of CSV files."""

import csv
import functools
import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import NO_TEXT, read_back
from rich.cells import cell_len
from test_cli import (
    CHANGES,
    DAY_FIRST,
    ENTRIES,
    EVENTS,
    GUESSWORK,
    HEADER,
    LATE,
    MAIN,
    UNCLOSED,
    WAY_OUT,
    WELCOME,
    account,
    files,
    life,
    refused,
    run,
    write,
)
from test_cli_sequenzy import EVENTS as TRACKED
from test_cli_sequenzy import NO_OBJECT, ONBOARDING, ordered, read_events, table
from test_cli_sequenzy import order as ordering
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.clock.zones import zone
from simcore.files import reading
from simcore.kit.changes import from_json
from simcore.scale import parquet
from simcore.show import terminal

FREQUENCIES = ["15min", "h", "D", "W", "M"]
COUNTS = "entered_at,count\n"
NO_COUNT = "not a whole number of 0 or more"
TOO_LONG = "a field has more than 16,777,216 characters: does a quotation mark open it that never closes?"
NO_ROOM = "No room for one column per position: use -o or --json."


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def as_in_files(expected):
    """A forecast of the library as a file has it."""
    return expected.rename(columns=str).rename_axis(columns=None).reset_index()


def texts(expected):
    """The same, periods being text."""
    frame = as_in_files(expected)
    return frame.assign(period=[each.isoformat() for each in frame["period"]])


def entering(time_zone, *instants, subject="One"):
    """A sequence that sends its one email at once, and those who enter then."""
    write("e.csv", "subscriber_id,entered_at\n" + "".join(f"{n},{at}\n" for n, at in enumerate(instants)))
    return account("w.json", [(subject, 0)], time_zone=time_zone), "e.csv"


def chart(*arguments):
    """The rows of the table: their labels, and all that follows them."""
    shown = run("forecast", *arguments).stdout
    rows = re.findall(r"^ ((?:\w{3} [ \d]\d )?\w{3} \d{4}.*?)  +(\d.*)$", shown, re.MULTILINE)
    return [(label, rest.split()) for label, rest in rows]


# Equal to the library


def of_kit(**options):
    return life(simcore.forecast, **options)


def of_sequenzy(**options):
    return simcore.forecast(sequenzy.load(ONBOARDING), events=read_events(), **options)


CASES = {
    "kit": ([WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES], of_kit),
    "sequenzy": ([ONBOARDING, "--events", TRACKED], of_sequenzy),
}


@pytest.mark.slow
@pytest.mark.parametrize("platform", CASES)
@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("by", ["email", "total"])
def test_the_files_are_what_the_library_gives(platform, freq, by):
    typed, library = CASES[platform]
    expected = library(freq=freq, by="email" if by == "email" else None)
    assert len(expected) > (2 if freq != "M" else 0)
    assert (expected.to_numpy().sum(axis=1) == 0).any() == (freq not in {"W", "M"})
    typed = ["forecast", *typed, "--freq", freq, "--by", by]
    run(*typed, "-o", "out.parquet")
    pd.testing.assert_frame_equal(read_back("out.parquet"), as_in_files(expected))
    run(*typed, "-o", "out.csv")
    pd.testing.assert_frame_equal(
        pd.read_csv("out.csv").astype({"period": str}), texts(expected).astype({"period": str})
    )
    answer = json.loads(run(*typed, "--json").stdout)
    assert answer["periods"] == texts(expected).to_dict("records")
    totals = expected.sum(axis=1)
    assert answer["sends"] == totals.sum()
    assert answer["busiest_period"] == totals.idxmax().isoformat()
    assert answer["busiest_sends"] == totals.max()


def test_days_by_email_are_the_default():
    typed = ["forecast", WELCOME, ENTRIES]
    assert run(*typed).stdout == run(*typed, "--freq", "D", "--by", "email").stdout


def test_options_reach_the_library():
    run("forecast", WELCOME, ENTRIES, "--until", "2026-03-10", "--assume", "poll_every=1h", "-o", "o.parquet")
    expected = simcore.forecast(
        kit.load(WELCOME),
        pd.read_csv(ENTRIES, dtype=str),
        until="2026-03-10T00:00-04:00",
        assumptions=kit.Assumptions(poll_every=pd.Timedelta("1h").to_pytimedelta()),
    )
    pd.testing.assert_frame_equal(read_back("o.parquet"), as_in_files(expected))
    run("forecast", ONBOARDING, "--events", TRACKED, "--enabled-at", "2026-04-01", "-o", "o.parquet")
    expected = of_sequenzy(enabled_at="2026-04-01T00:00+03:00")
    pd.testing.assert_frame_equal(read_back("o.parquet"), as_in_files(expected))
    assert 0 < expected.to_numpy().sum() < of_sequenzy().to_numpy().sum()


def test_naive_times_and_drafts():
    write("e.csv", HEADER + "a,2026-03-06 21:07,\n")
    draft = {"subject": "Soon", "delay_value": 0, "delay_unit": "days"}
    sequence = {"name": "Series", "time_zone": "America/New_York"}
    file = write("w.json", json.dumps({"sequence": sequence, "emails": [draft]}))
    typed = ["forecast", file, "e.csv", "--freq", "h"]
    why = "no email is published (--include-drafts shows drafts)"
    assert run(*typed).stdout == f"Series, America/New_York\n\nno sends: {why}\n"
    for options, period in (
        ([], "2026-03-06T21:00:00-05:00"),
        (["--naive-time-zone", "UTC"], "2026-03-06T16:00:00-05:00"),
    ):
        answer = json.loads(run(*typed, "--include-drafts", "--json", *options).stdout)
        assert answer["periods"] == [{"period": period, "0": 1}]


def test_the_summary_as_json():
    expected = {
        "sends": 800,
        "busiest_period": "2026-03-19T00:00:00-04:00",
        "busiest_sends": 42,
        "entries_without_run": {},
        "why_no_sends": None,
        "file": "out.csv",
        "quarantined": 0,
        "quarantine_file": None,
    }
    assert json.loads(run("forecast", WELCOME, ENTRIES, "-o", "out.csv", "--json").stdout) == expected
    told = "800 sends; busiest: Thu 19 Mar 2026 with 42, in out.csv\n"
    assert run("forecast", WELCOME, ENTRIES, "-o", "out.csv").stdout == told


@pytest.mark.parametrize(("by", "header"), [("email", "period\n"), ("total", "period,sends\n")])
def test_no_sends(by, header):
    file, entries = entering("America/New_York")
    typed = ["forecast", file, entries, "--by", by]
    assert run(*typed).stdout == "Series, America/New_York\n\nno sends: there are no entries\n"
    assert json.loads(run(*typed, "--json").stdout) == {
        "sends": 0,
        "busiest_period": None,
        "busiest_sends": None,
        "entries_without_run": {},
        "why_no_sends": "there are no entries",
        "periods": [],
        "quarantined": 0,
        "quarantine_file": None,
    }
    assert run(*typed, "-o", "o.csv").stdout == "no sends, in o.csv: there are no entries\n"
    assert Path("o.csv").read_text(encoding="utf-8") == header
    run(*typed, "-o", "o.parquet")
    expected = simcore.forecast(kit.load(file), [], by="email" if by == "email" else None)
    pd.testing.assert_frame_equal(read_back("o.parquet"), as_in_files(expected))


# In the terminal


SHOWN = """\
Series, America/New_York

   0  One
   1  Two, which has a subject that does not fit into a line of a terminal, and…

 period                  0  1  total
 ───────────────────────────────────
 Fri  6 Mar 2026         4  0      4  ██████████████████████████████████████████
 Sat  7 Mar 2026         0  0      0
 Sun  8 Mar 2026 (23 h)  0  4      4  ██████████████████████████████████████████
 Mon  9 Mar 2026         1  0      1  ██████████▌
 Tue 10 Mar 2026         2  0      2  █████████████████████
 Wed 11 Mar 2026         0  1      1  ██████████▌
 Thu 12 Mar 2026         0  2      2  █████████████████████

14 sends; busiest: Fri 6 Mar 2026 with 4
"""


def two_emails():
    long = "Two, which has a subject that does not fit into a line of a terminal, and goes on"
    file = account("w.json", [("One", 0), (long, 2)])
    days = ["2026-03-06"] * 4 + ["2026-03-09"] + ["2026-03-10"] * 2
    write("e.csv", "subscriber_id,entered_at\n" + "".join(f"{n},{at}\n" for n, at in enumerate(days)))
    return ["forecast", file, "e.csv"]


def test_a_table_with_a_row_a_period():
    assert run(*two_emails()).stdout == SHOWN


def test_a_terminal_without_blocks():
    shown = CliRunner(charset="ascii").invoke(cli.app, two_emails()).stdout_bytes.decode("ascii")
    expected = SHOWN.replace("and…", "a...").replace("─", "-").replace("█", "#").replace("▌", "")
    assert shown == expected  # of 10.5 blocks 10 are left


def test_the_total_alone():
    file, entries = entering("UTC", *["2026-03-06T10:00Z"] * 9, "2026-03-07T10:00Z")
    assert run("forecast", file, entries, "--by", "total").stdout.splitlines() == [
        "Series, UTC",
        "",
        " period           sends",
        " " + "─" * 22,
        " Fri  6 Mar 2026      9  " + "█" * 55,
        " Sat  7 Mar 2026      1  ██████▏",
        "",
        "10 sends; busiest: Fri 6 Mar 2026 with 9",
    ]


def test_the_least_is_seen_beside_the_most():
    write("c.csv", COUNTS + "2026-03-06T10:00Z,1000000\n2026-03-07T10:00Z,1\n2026-03-09T10:00Z,0\n")
    file = account("w.json", [("One", 0)], time_zone="UTC")
    rows = chart(file, "c.csv")
    assert [row[1][-1][-1] for row in rows] == ["█", "▏"]
    ascii_only = CliRunner(charset="ascii").invoke(cli.app, ["forecast", file, "c.csv"])
    assert [line.count("#") for line in ascii_only.stdout.splitlines() if " Mar 2026  " in line] == [
        44,
        1,
    ]  # to column 80


def test_all_rows_are_shown():
    file, entries = entering("UTC", "2026-01-01T00:00Z", "2026-03-01T00:00Z")
    rows = chart(file, entries, "--freq", "h")
    assert len(rows) == 59 * 24 + 1
    assert rows[1] == ("Thu  1 Jan 2026 01:00 UTC", ["0", "0"])


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
@pytest.mark.parametrize("count", [1, 4, 40])
@pytest.mark.parametrize("freq", FREQUENCIES)
def test_tables_fit(columns, count, freq, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    subject = "\x1b[31mred\x07 two\nlines \u202e" + "long" * 20 + "漢字" * 40
    file = account("w.json", [(f"[bold] {subject}", 1)] * count, name=subject, send_hour=1)
    counts = "".join(f"2026-10-{day},1000\n" for day in range(28, 32))
    shown = run("forecast", file, write("c.csv", COUNTS + counts), "--freq", freq).stdout
    lines = shown.splitlines()
    summary = cell_len(lines[-1])  # which terminals wrap
    assert max(map(cell_len, lines[:-1])) <= min(int(columns), 80)
    assert summary <= 80
    rows = [line for line in lines if line.startswith(" ")]
    assert max(map(cell_len, rows)) <= min(int(columns), 80)
    squeezed = NO_ROOM in " ".join(lines)
    assert squeezed or count < 40
    assert not squeezed or count == 40 or columns in {"40", "60"}
    assert lines[0].startswith(r"\x1b[31mred\x07 two\nlines")
    assert lines[2].startswith(r"   0  [bold] \x1b[31mred\x07")
    assert "\x1b" not in shown
    head = next(line for line in lines if line.startswith(" period ")).split()
    positions = [] if squeezed else [*map(str, range(count))]
    assert head == ["period", *positions, "total"]


def test_subjects_that_change():
    shown = run("forecast", WELCOME, ENTRIES, "--changes", CHANGES, "--freq", "W").stdout.splitlines()
    assert shown[:8] == [
        "Welcome series, America/New_York",
        "",
        "   0  Welcome, and your first recipe",
        "   1  What to buy on Saturday",
        "   2  Three knives are enough / Ten things to keep in the pantry",
        "   3  A coupon for the cooking class / Three knives are enough",
        "   4  A coupon for the cooking class",
        "",
    ]


# Where the clock changes


@pytest.mark.parametrize(
    ("time_zone", "freq", "instants", "labels"),
    [
        (
            "America/New_York",
            "D",
            ["2026-10-31T16:00Z", "2026-11-02T16:00Z"],
            ["Sat 31 Oct 2026", "Sun  1 Nov 2026 (25 h)", "Mon  2 Nov 2026"],
        ),
        ("Australia/Lord_Howe", "D", ["2026-10-04T02:00Z"], ["Sun  4 Oct 2026 (23.5 h)"]),
        ("America/New_York", "D", ["2199-12-31T23:00Z"], ["Tue 31 Dec 2199"]),
        ("America/New_York", "W", ["2199-12-31T23:00Z"], ["Mon 30 Dec 2199"]),
        ("America/New_York", "M", ["2199-12-31T23:00Z"], ["Dec 2199"]),
        ("America/New_York", "M", ["2026-03-01T04:59Z", "2026-03-01T05:00Z"], ["Feb 2026", "Mar 2026"]),
        (
            "Pacific/Apia",  # which had no 30 December
            "D",
            ["2011-12-29T20:00Z", "2011-12-30T20:00Z"],
            ["Thu 29 Dec 2011", "Sat 31 Dec 2011"],
        ),
        (
            "America/New_York",
            "W",
            ["2026-03-01T16:00Z", "2026-03-10T16:00Z"],
            ["Mon 23 Feb 2026", "Mon  2 Mar 2026 (167 h)", "Mon  9 Mar 2026"],
        ),
        (
            "America/New_York",
            "h",
            ["2026-11-01T04:30Z", "2026-11-01T07:30Z"],
            [
                "Sun  1 Nov 2026 00:00 EDT",
                "Sun  1 Nov 2026 01:00 EDT",
                "Sun  1 Nov 2026 01:00 EST",
                "Sun  1 Nov 2026 02:00 EST",
            ],
        ),
        (
            "America/New_York",
            "15min",
            ["2026-03-08T06:50Z", "2026-03-08T07:10Z"],
            ["Sun  8 Mar 2026 01:45 EST", "Sun  8 Mar 2026 03:00 EDT"],
        ),
        (
            "Europe/Moscow",  # MSK before and after
            "h",
            ["2014-10-25T20:10Z", "2014-10-25T23:10Z"],
            [
                "Sun 26 Oct 2014 00:00 MSK",
                "Sun 26 Oct 2014 01:00 MSK +04:00",
                "Sun 26 Oct 2014 01:00 MSK +03:00",
                "Sun 26 Oct 2014 02:00 MSK",
            ],
        ),
        (
            "Australia/Lord_Howe",  # 02:00 to 01:30
            "h",
            ["2026-04-04T14:10Z", "2026-04-04T15:40Z"],
            [
                "Sun  5 Apr 2026 01:00 +11",
                "Sun  5 Apr 2026 01:30 +1030",
                "Sun  5 Apr 2026 02:00 +1030",
            ],
        ),
    ],
    ids=[
        "25 h", "23.5 h", "end", "end, W", "end, M", "months", "no day", "week", "twice", "skipped", "twice alike",
        "half an hour",
    ],
)  # fmt: skip
def test_clock_changes_are_seen(time_zone, freq, instants, labels):
    rows = chart(*entering(time_zone, *instants), "--freq", freq)
    assert [label for label, _ in rows] == labels
    periods = [
        row["period"]
        for row in json.loads(run("forecast", "w.json", "e.csv", "--freq", freq, "--json").stdout)["periods"]
    ]
    assert len(set(periods)) == len(labels)


def test_the_busiest_of_two_hours_that_look_alike():
    shown = run(
        "forecast", *entering("Europe/Moscow", *["2014-10-25T22:10Z"] * 2, "2014-10-25T21:10Z"), "--freq", "h"
    ).stdout
    assert shown.endswith("3 sends; busiest: Sun 26 Oct 2014 01:00 MSK +03:00 with 2\n")


def test_no_two_labels_are_alike():
    for name in ("Europe/Moscow", "Asia/Pyongyang", "America/Caracas"):
        changes = zone(name).changes_us
        changes = changes[changes > 0] // (900 * 10**6)
        starts = np.unique(np.add.outer(changes, np.arange(-100, 101))) * 900 * 10**6  # a day around each
        labels = terminal.spans(starts, zone(name), "15min")
        assert len(set(labels)) == len(starts)


# Counted arrivals


COUNTED_ROWS = COUNTS + "2026-03-06 21:07,3\n2026-03-07T08:00Z, 2.0 \n2026-03-08 02:30,0\n"


@pytest.mark.parametrize("file", ["c.csv", "c.parquet"])
@pytest.mark.parametrize("extra", [{}, {"via": ["form", None, "api"]}], ids=["plain", "via"])
def test_counted_arrivals(file, extra):
    counted = pd.DataFrame({
        "entered_at": ["2026-03-06T21:07-05:00", "2026-03-07T08:00Z", "2026-03-08T03:30-04:00"],
        "count": [3, 2, 0],
    }).assign(**extra)
    if file == "c.csv":
        counted.to_csv(file, index=False)
    else:
        counted.to_parquet(file)
    expected = simcore.forecast(kit.load(WELCOME), counted)
    assert expected.to_numpy().sum() == 20
    run("forecast", WELCOME, file, "-o", "out.parquet")
    pd.testing.assert_frame_equal(read_back("out.parquet"), as_in_files(expected))
    single = counted.loc[counted.index.repeat(counted["count"])]
    single.drop(columns="count").assign(subscriber_id=range(5)).to_csv("e.csv", index=False)
    assert run("forecast", WELCOME, "e.csv").stdout == run("forecast", WELCOME, file).stdout


def test_counted_arrivals_as_people_write_them():
    write("c.csv", COUNTED_ROWS)
    assert json.loads(run("forecast", WELCOME, "c.csv", "--json").stdout)["sends"] == 20


def test_counted_arrivals_of_sequenzy():
    file = ordered(steps=[{"subject": "{{event.city}}", "html": "<p>Hello</p>", "delay": {"days": 1}}])
    table("c.csv", ["2026-03-06", "7", {"city": "Rome"}], header="entered_at,count,properties\n")
    assert json.loads(run("forecast", file, "c.csv", "--json").stdout)["periods"] == [
        {"period": "2026-03-07T00:00:00+00:00", "0": 7}
    ]


COUNT_FAULTS = {
    3: f"count '-1': {NO_COUNT}",
    4: f"count '2.5': {NO_COUNT}",
    5: f"count '': {NO_COUNT}",
    6: f"entered_at '03/06/2026': {GUESSWORK}; count 'many': {NO_COUNT}",
    7: f"count '9007199254740992': {NO_COUNT}",
    8: "3 fields, expected 2",
}
BROKEN_COUNTS = (
    COUNTS + "2026-03-06,2\n2026-03-06,-1\n2026-03-06,2.5\n2026-03-06,\n03/06/2026,many\n"
    "2026-03-06,9007199254740992\n2026-03-06,1,2\n2199-12-31T23:00Z,1\n"
)


def test_broken_counts_stop_with_their_lines():
    write("c.csv", BROKEN_COUNTS)
    lines = [f"  line {line}: {fault}" for line, fault in COUNT_FAULTS.items()]
    message = "\n".join(["c.csv: 6 of 8 rows cannot be used", *lines, DAY_FIRST, WAY_OUT])
    assert refused("forecast", WELCOME, "c.csv", "-o", "out.csv") == message
    assert files() == ["c.csv"]


@pytest.mark.parametrize(
    ("options", "aside"),
    [([], "c.quarantine.csv"), (["-o", "out.csv"], "out.quarantine.csv")],
    ids=["table", "file"],
)
def test_broken_counts_are_quarantined(options, aside):
    write("c.csv", BROKEN_COUNTS)
    result = run("forecast", WELCOME, "c.csv", "--on-error", "quarantine", *options)
    assert result.stderr == f"7 of 8 rows cannot be used: see {aside}\n"
    assert "8 sends; busiest: " in result.stdout
    with open(aside, encoding="utf-8", newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["line", "reason", "entered_at", "count", "surplus"]
    assert {int(row[0]): row[1] for row in found} == COUNT_FAULTS | {9: LATE[11]}


def test_broken_counts_in_parquet():
    instants = pd.to_datetime(["2026-03-06T10:00Z"] * 3)
    pd.DataFrame({"entered_at": instants, "count": [1, None, 1.5]}).to_parquet("c.parquet")
    lines = [f"  row 1: count nan: {NO_COUNT}", f"  row 2: count 1.5: {NO_COUNT}"]
    message = "\n".join(["c.parquet: 2 of 3 rows cannot be used", *lines, WAY_OUT])
    assert refused("forecast", WELCOME, "c.parquet") == message
    pd.DataFrame({"entered_at": instants, "count": ["1", None, "2"]}).to_parquet("c.parquet")
    run("forecast", WELCOME, "c.parquet", "--on-error", "quarantine", "-o", "o.csv")
    assert Path("o.quarantine.csv").read_text(encoding="utf-8").splitlines() == [
        "row,reason,entered_at,count",
        f"1,count {NO_TEXT}: {NO_COUNT},2026-03-06 10:00:00+00:00,",
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("entered_at,number", "no column subscriber_id or count; the columns are: entered_at, number"),
        (
            "subscriber_id,when",
            "no column entered_at; did you mean 'when'? the columns are: subscriber_id, when; "
            "--column entered_at=when maps it",
        ),
        ("a,b", "no column subscriber_id or count and no column entered_at; the columns are: a, b"),
        (
            "subscriber_id,entered_at,count",
            "columns subscriber_id and count together: arrivals that are counted are no single subscribers; leave "
            "one of them out",
        ),
        ("entered_at,count,count", "2 columns are named count"),
    ],
)  # fmt: skip
def test_files_that_are_no_entries(header, message):
    write("e.csv", f"{header}\n")
    assert refused("forecast", WELCOME, "e.csv") == f"e.csv: {message}"
    names = header.split(",")
    if len(set(names)) == len(names):
        pd.DataFrame(columns=names, dtype=str).to_parquet("e.parquet")
        assert refused("forecast", WELCOME, "e.parquet") == f"e.parquet: {message}"
    write("e.csv", "")
    message = "e.csv: empty: expected a header with subscriber_id and entered_at"
    assert refused("forecast", WELCOME, "e.csv") == message


@pytest.mark.parametrize("name", ["project", "simulate", "impact"])
def test_only_forecasts_take_counted_arrivals(name):
    write("c.csv", COUNTED_ROWS)
    options = {"simulate": ["-o", "out"], "impact": ["--changes", CHANGES]}.get(name, [])
    message = "c.csv: no column subscriber_id; the columns are: entered_at, count"
    assert refused(name, WELCOME, "c.csv", *options) == message


@pytest.mark.parametrize("file", ["e.csv", "e.parquet"])
def test_a_column_called_count_is_any_other_elsewhere(file):
    entries = pd.DataFrame({"subscriber_id": ["a"], "entered_at": ["2026-03-06"], "count": ["many"]})
    entries.to_csv("e.csv", index=False)
    entries.to_parquet("e.parquet")
    assert len(run("project", WELCOME, file).stdout.splitlines()) == 5


def test_counted_arrivals_have_no_events():
    write("c.csv", COUNTED_ROWS)
    message = (
        "entries: found count and events together, expected one of them: counted arrivals are not single "
        "subscribers; leave one out"
    )
    assert refused("forecast", WELCOME, "c.csv", "--events", EVENTS) == message


def test_more_arrivals_than_can_be_counted():
    write("c.csv", COUNTS + f"2026-03-06,{2**53 - 1}\n" * 2)
    message = f"entries: count: {2**54 - 2} arrivals are too many to count exactly"
    assert refused("forecast", WELCOME, "c.csv") == message


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--freq", "Y"], "--freq: found 'Y', expected '15min', 'h', 'D', 'W' or 'M'"),
        (["--by", "day"], "--by: found 'day', expected 'email' or 'total'"),
        (["-o", "out.xlsx"], "out.xlsx: expected a name that ends in .csv or .parquet"),
        (["-o", "out"], "out: expected a name that ends in .csv or .parquet"),
        (["-o", "e.csv"], "e.csv: cannot be written: it is an input"),
        (["-o", "no/out.csv"], "no/out.csv: cannot be written: No such file or directory"),
        (["--on-error", "ignore"], "--on-error: found 'ignore', expected 'stop' or 'quarantine'"),
        (["--until", "03/06/2026"], f"--until: '03/06/2026' {GUESSWORK}"),
        (["--enabled-at", "2026"], f"--enabled-at: only for Sequenzy sequences, and {WELCOME} is a Kit sequence"),
        (["--events", "v.csv"], "v.csv: No such file or directory"),
        (["--changes", "v.csv"], "v.csv: No such file or directory"),
    ],
)  # fmt: skip
def test_forecast_refuses(options, message):
    write("e.csv", HEADER + "1,2026-03-06,api\n")
    assert refused("forecast", WELCOME, "e.csv", *options) == message
    assert files() == ["e.csv"]


def test_entries_that_are_missing():
    message = "ENTRIES: missing, expected a file of the people who enter"
    assert refused("forecast", ONBOARDING) == f"{message}, or --events that enrol them"
    assert (
        refused("forecast", WELCOME, "--events", EVENTS)
        == f"{message} (events enrol nobody in this sequence)"
    )


def test_options_of_kit():
    message = f"--include-drafts: only for Kit sequences, and {ONBOARDING} is a Sequenzy sequence"
    assert refused("forecast", ONBOARDING, "--events", TRACKED, "--include-drafts") == message


@pytest.mark.parametrize(
    ("options", "aside"),
    [([], "v.quarantine.csv"), (["-o", "out.csv"], "out.events.quarantine.csv")],
    ids=["table", "file"],
)
def test_broken_events(options, aside):
    table("v.csv", ordering("a"), ordering("b", "[1]"))
    typed = ["forecast", ordered(), "--events", "v.csv", *options]
    message = f"v.csv: 1 of 2 rows cannot be used\n  line 3: properties '[1]': {NO_OBJECT}\n{WAY_OUT}"
    assert refused(*typed) == message
    result = run(*typed, "--on-error", "quarantine", "--json")
    assert json.loads(result.stderr) == {"note": f"1 of 2 rows cannot be used: see {aside}"}
    answer = json.loads(result.stdout)
    assert (answer["sends"], answer["events_quarantine_file"]) == (1, aside)


@pytest.mark.parametrize("name", ["forecast", "project", "example"])
def test_help_fits_and_has_an_example(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = run(name, "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(rf"^ +simcore {name} ", shown, re.MULTILINE)
    assert "[[" not in shown
    assert name != "project" or "the same command resumes it" in " ".join(shown.split())


# A Parquet file that becomes a folder


NAMED = "give -o a name that ends in .csv or .parquet"


@pytest.fixture
def entries():
    """The shipped entries, sorted, in Parquet."""
    frame = pd.read_csv(ENTRIES, dtype=str).sort_values("subscriber_id", kind="stable", ignore_index=True)
    frame.to_parquet("e.parquet")
    return frame


@pytest.fixture
def parts_of_50(monkeypatch):
    monkeypatch.setattr(parquet, "project", functools.partial(parquet.project, chunk_rows=50))


def stream(*options, status=0):
    return run("project", WELCOME, "e.parquet", "-o", "out", *options, status=status)


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
@pytest.mark.usefixtures("parts_of_50")
def test_a_folder_is_what_the_library_gives(there, entries):
    if there:
        Path("out").mkdir()
    told = stream("--until", "2026-03-25", "--changes", CHANGES)
    changes = from_json(json.loads(Path(CHANGES).read_text(encoding="utf-8")))
    expected = simcore.project(
        kit.load(WELCOME), entries, changes=changes, until="2026-03-25T00:00-04:00",
        naive_time_zone="America/New_York",
    )  # fmt: skip
    assert told.stdout == f"{len(expected)} sends from 200 rows, in out; parts: 4, finished before: 0\n"
    assert told.stderr == ""
    pd.testing.assert_frame_equal(read_back("out"), expected)
    assert [path.name for path in sorted(Path("out").glob("*.parquet"))] == [
        f"part-0000{number}.parquet" for number in range(4)
    ]


@pytest.mark.usefixtures("entries")
def test_a_folder_with_every_option_it_takes():
    stream("--order", "email", "--explain")
    run("project", WELCOME, "e.parquet", "-o", "o.parquet", "--order", "email", "--explain")
    pd.testing.assert_frame_equal(read_back("out"), read_back("o.parquet"))


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize("out", ["o.parquet", "o.csv"])
def test_a_name_with_a_suffix_is_a_file(out):
    assert run("project", WELCOME, "e.parquet", "-o", out).stdout.endswith(f" in {out}\n")
    assert Path(out).is_file()


@pytest.mark.usefixtures("entries")
def test_a_folder_whatever_its_name():
    Path("o.parquet").mkdir()
    assert run("project", WELCOME, "e.parquet", "-o", "o.parquet").stdout == (
        "800 sends from 200 rows, in o.parquet; parts: 1, finished before: 0\n"
    )


@pytest.mark.usefixtures("parts_of_50", "entries")
def test_a_run_that_was_stopped_goes_on(monkeypatch):
    keep, kept = parquet._keep, []

    def stop(*arguments):
        if len(kept) == 3:
            raise KeyboardInterrupt
        kept.append(keep(*arguments))

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "_keep", stop)
        assert stream(status=130).stdout == ""
    summary = {"rows": 200, "sends": 800, "parts": 4, "found": 2, "folder": "out"}
    summary |= {"entries_without_run": {}, "why_no_sends": None}
    assert json.loads(stream("--json").stdout) == summary
    assert json.loads(stream("--json").stdout) == summary | {"found": 4}
    assert stream().stdout == "800 sends from 200 rows, in out; parts: 4, finished before: 4\n"
    run("project", WELCOME, "e.parquet", "-o", "o.parquet")
    pd.testing.assert_frame_equal(read_back("out"), read_back("o.parquet"))


def test_entries_of_sequenzy_in_a_folder():
    file = ordered()
    frame = pd.DataFrame({
        "subscriber_id": ["a", "b"],
        "entered_at": "2026-03-02T10:00Z",
        "properties": ['{"city": "Rome"}', None],
    })
    frame.to_parquet("e.parquet")
    run("project", file, "e.parquet", "-o", "out", "--render")
    assert read_back("out")["rendered_subject"].tolist() == ["Rome: hello", "There: hello"]
    message = f"--enabled-at: not possible if -o is a folder, as out is: {NAMED}"
    assert refused("project", file, "e.parquet", "-o", "out", "--enabled-at", "2026-03-06") == message


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--events", EVENTS], f"--events: not possible if -o is a folder, as out is: {NAMED}"),
        (["--on-error", "quarantine"], f"--on-error quarantine: not possible if -o is a folder, as out is: {NAMED}"),
        (["--on-error", "ignore"], "--on-error: found 'ignore', expected 'stop' or 'quarantine'"),
        (["--order", "size"], "--order: found 'size', expected 'entry' or 'email'"),
        (["--until", "03/06/2026"], f"--until: '03/06/2026' {GUESSWORK}"),
        (["--enabled-at", "2026"], f"--enabled-at: only for Sequenzy sequences, and {WELCOME} is a Kit sequence"),
    ],
)  # fmt: skip
def test_what_a_folder_does_not_take(options, message):
    assert refused("project", WELCOME, "e.parquet", "-o", "out", *options) == message
    assert files() == ["e.parquet"]


def test_only_a_parquet_file_becomes_a_folder():
    Path("there").mkdir()
    for out in ("out", "there"):
        message = f"{out}: expected a name that ends in .csv or .parquet"
        assert refused("project", WELCOME, ENTRIES, "-o", out) == message
        assert refused("project", ONBOARDING, "--events", TRACKED, "-o", out) == message


def test_rows_that_cannot_be_used_in_a_folder(entries):
    entries.assign(entered_at=entries["entered_at"].mask(entries.index == 7, "never")).to_parquet("e.parquet")
    fault = "entered_at 'never': not a date and time: expected something like 2026-03-06T21:07:30-05:00"
    message = f"e.parquet: 1 of the 200 rows from row 0 on cannot be used\n  row 7: {fault}"
    assert refused("project", WELCOME, "e.parquet", "-o", "out").startswith(message)


@pytest.mark.usefixtures("parts_of_50")
def test_subscribers_that_come_back_in_a_folder(entries):
    pd.concat([entries, entries[:1]]).to_parquet("e.parquet")
    who = entries["subscriber_id"][0]
    assert refused("project", WELCOME, "e.parquet", "-o", "out") == (
        f"e.parquet: subscriber {who!r} is at row 0 and, after others, again at row 200: sort the file by "
        f"subscriber_id, or {NAMED} to read it as one chunk"
    )
    run("project", WELCOME, "e.parquet", "-o", "o.csv")


def test_sends_too_late_in_a_folder():
    pd.DataFrame({"subscriber_id": ["a"], "entered_at": ["2199-12-31T23:00Z"]}).to_parquet("e.parquet")
    message = refused("project", WELCOME, "e.parquet", "-o", "out")
    assert message.startswith("e.parquet: ")
    assert "pass --until to end before that" in message


@pytest.mark.slow
@pytest.mark.usefixtures("entries")
def test_progress_of_a_folder_at_a_terminal():
    arguments = [sys.executable, "-c", MAIN, "project", WELCOME, "e.parquet", "-o", "out"]
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        told = b""
        with suppress(OSError):  # the other end of a terminal that is closed
            while part := os.read(ours, 4096):
                told += part
        assert process.stdout.read() == b"800 sends from 200 rows, in out; parts: 1, finished before: 0\n"
        assert process.wait(60) == 0
    os.close(ours)
    assert b"Projecting" in told


# Long fields


def test_long_fields_are_read():
    limit = csv.field_size_limit()
    long = {"city": "Rome", "note": "x" * 300_000}
    table("v.csv", ordering("a", long), ordering("b", long, at="never"))
    typed = ["project", ordered(), "--events", "v.csv", "--render", "-o", "out.csv"]
    run(*typed, "--on-error", "quarantine")
    assert pd.read_csv("out.csv")["rendered_subject"].tolist() == ["Rome: hello"]
    aside = pd.read_csv("out.events.quarantine.csv")
    assert json.loads(aside["properties"][0]) == long
    assert csv.field_size_limit() == limit


def test_a_quotation_mark_that_closes_late():
    write("e.csv", HEADER + '1,"' + "2026-03-06\n" * 20_000 + '",api\n2,"x,api\n')
    assert refused("project", WELCOME, "e.csv") == f"e.csv: {UNCLOSED.format(20_003)}"


@pytest.mark.slow
@pytest.mark.parametrize("end", ['"', ""], ids=["closed", "open"])
@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_fields_too_long(end, on_error):
    limit = csv.field_size_limit()
    write("e.csv", HEADER + '1,2026-03-06,api\n2,"' + "x" * (1 << 24) + "yz" + end + ",api\n")
    message = f"e.csv: line 3: {TOO_LONG}"
    assert refused("project", WELCOME, "e.csv", "--on-error", on_error) == message
    assert csv.field_size_limit() == limit


def test_the_header_is_told_apart_too(monkeypatch):
    monkeypatch.setattr(reading, "_LONGEST", 50)
    for header, fault in (
        ('"subscriber_id"s,entered_at', "text after a closing quotation mark"),
        ("subscriber_id,entered_at," + "x" * 60, TOO_LONG),
        ('subscriber_id,entered_at,"x', UNCLOSED.format(1).removeprefix("line 1: ")),
    ):
        write("e.csv", f"{header}\n1,2026-03-06,api\n")
        assert refused("project", WELCOME, "e.csv") == f"e.csv: line 1: {fault}"
