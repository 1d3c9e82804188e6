"""Tables from files and into files, as the command line reads and writes them."""

import gzip
import io
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from test_cli import BROKEN, CHANGES, ENTRIES, EVENTS, HEADER, WELCOME, files, refused, run, write
from test_cli_inputs import pipe

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError

ZONE = "America/New_York"
WELCOMING = kit.load(WELCOME)
ONBOARDING = str(simcore.example("onboarding"))
LOG = str(simcore.example("sequenzy_events"))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def content(path):
    return Path(path).read_bytes()


# Out


def test_a_timeline_as_the_command_line_writes_it():
    entries = simcore.read_entries(ENTRIES, naive_time_zone=ZONE)
    simcore.write_csv(simcore.project(WELCOMING, entries, explain=True), "mine.csv")
    run("project", WELCOME, ENTRIES, "--explain", "-o", "out.csv")
    assert content("mine.csv") == content("out.csv")


def test_a_life_as_the_command_line_writes_it():
    entries = simcore.read_entries(ENTRIES, naive_time_zone=ZONE)
    events = simcore.read_events(EVENTS, naive_time_zone=ZONE)
    life = simcore.simulate(WELCOMING, entries, events=events)
    run("simulate", WELCOME, ENTRIES, "--events", EVENTS, "-o", "out")
    for name, frame in life._asdict().items():
        simcore.write_csv(frame, f"{name}.csv")
        assert content(f"{name}.csv") == content(f"out/{name}.csv")


@pytest.mark.parametrize(
    ("asked", "typed"),
    [
        ({}, []),
        ({"by": None, "freq": "h"}, ["--by", "total", "--freq", "h"]),
        ({"capacity": {"D": 5}}, ["--capacity", "5/D"]),
    ],
    ids=["email", "total", "capacity"],
)
def test_a_forecast_as_the_command_line_writes_it(asked, typed):
    entries = simcore.read_entries(ENTRIES, naive_time_zone=ZONE)
    simcore.write_csv(simcore.forecast(WELCOMING, entries, **asked), "mine.csv")
    run("forecast", WELCOME, ENTRIES, *typed, "-o", "out.csv")
    assert content("mine.csv") == content("out.csv")


def test_an_index_that_has_a_name_comes_first():
    shown = simcore.preview(WELCOMING, "2026-03-06 21:07")
    simcore.write_csv(shown, "p.csv")
    header, first, *_ = Path("p.csv").read_text(encoding="utf-8").splitlines()
    assert header == "position,email_id,subject,send_at,wait_seconds,reason"
    assert first.startswith('0,301,"Welcome, and your first recipe",2026-03-06T21:07:00-05:00,0.0,')


def test_texts_that_would_run_as_formulas():
    frame = pd.DataFrame({"subscriber_id": ["=1+1", "-5"], "note": ["a", None]})
    simcore.write_csv(frame, Path("safe.csv"))
    assert content("safe.csv") == b"subscriber_id,note\n'=1+1,a\n-5,\n"
    simcore.write_csv(frame, "plain.csv", csv_safe=False)
    assert content("plain.csv") == b"subscriber_id,note\n=1+1,a\n-5,\n"


def test_the_frame_stays_as_it_is():
    frame = simcore.preview(WELCOMING, "2026-03-06 21:07")
    before = frame.copy()
    simcore.write_csv(frame, "p.csv")
    assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([1], "p.csv"), "frame: found [1] (a list), expected a DataFrame of simcore's"),
        ((pd.DataFrame(), 5), "path: found 5, expected the path of a file"),
        ((pd.DataFrame({"a": [1]}), "no/p.csv"), "no/p.csv: cannot be written: No such file or directory"),
        (
            (pd.DataFrame({"at": pd.to_datetime(["2026-03-06T00:00+01:00"])}), "p.csv"),
            "'UTC+01:00' is not a time zone: expected an IANA name such as 'America/New_York'",
        ),
    ],
    ids=["list", "path", "folder", "zone"],
)
def test_what_cannot_be_written(given, message, text_of):
    assert text_of(SimcoreError, simcore.write_csv, *given) == message
    assert files() == []


def test_csv_safe_is_yes_or_no(text_of):
    told = text_of(SimcoreError, simcore.write_csv, pd.DataFrame(), "p.csv", csv_safe="no")
    assert told == "csv_safe: found 'no', expected True or False"


# In


def test_entries_of_a_csv_file():
    write("e.csv", f"{HEADER}007,2026-03-06T21:07:30-05:00,\nNA,6 March 2026 9pm UTC,form\n")
    found = simcore.read_entries("e.csv")
    assert found["subscriber_id"].tolist() == ["007", "NA"]
    assert str(found["entered_at"].dtype) == "datetime64[us, UTC]"
    assert found["entered_at"].astype(str).tolist() == [
        "2026-03-07 02:07:30+00:00",
        "2026-03-06 21:00:00+00:00",
    ]
    assert found["via"].isna().tolist() == [True, False]
    assert found.index.equals(pd.RangeIndex(2))


def test_they_come_in_every_way_the_command_line_reads(monkeypatch):
    expected = simcore.read_entries(ENTRIES)
    Path("e.csv.gz").write_bytes(gzip.compress(content(ENTRIES)))
    assert_frame_equal(simcore.read_entries("e.csv.gz"), expected)
    with pipe(content(ENTRIES)) as path:
        assert_frame_equal(simcore.read_entries(path), expected)
    pd.read_csv(ENTRIES, dtype=str).to_parquet("e.parquet")
    assert_frame_equal(simcore.read_entries(Path("e.parquet")), expected)
    text = content(ENTRIES).decode().replace(",", ";")
    write("semicolons.csv", text)
    assert_frame_equal(simcore.read_entries("semicolons.csv", delimiter=";"), expected)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content(ENTRIES))))
    assert_frame_equal(simcore.read_entries("-"), expected)


def test_how_times_are_read():
    write("e.csv", "subscriber_id,entered_at\na,03/06/2026 12:00\n")
    found = simcore.read_entries("e.csv", dayfirst=True, naive_time_zone=ZONE)
    assert found["entered_at"][0] == pd.Timestamp("2026-06-03T12:00-04:00")
    write("e.csv", "subscriber_id,entered_at\na,1772830800\n")
    assert simcore.read_entries("e.csv", unit="s")["entered_at"][0] == pd.Timestamp(
        1772830800, unit="s", tz="UTC"
    )


def test_columns_by_the_names_that_people_give():
    write("mine.csv", "email,Subscribed at,note\na@b.c,2026-03-06T21:07Z,x\n")
    names = {"subscriber_id": "email", "entered_at": "Subscribed at"}
    found = simcore.read_entries("mine.csv", columns=names)
    assert found.columns.tolist() == ["subscriber_id", "entered_at"]
    assert len(simcore.project(WELCOMING, found)) == 4


def test_a_platform_s_own_table_keeps_its_names():
    """So that what goes for them goes for the file: words for ways of entry, and who is not active."""
    write("kit.csv", "id,added_at,state\n1,2026-03-06T21:07Z,active\n2,2026-03-06T21:07Z,cancelled\n")
    found = simcore.read_entries("kit.csv")
    assert found.columns.tolist() == ["id", "added_at", "state"]
    with pytest.warns(UserWarning, match="1 of 2 subscribers are not active"):
        assert len(simcore.project(WELCOMING, found)) == 8
    write(
        "s.csv",
        "subscriberId,enrollmentStartedAt,enteredVia\na,2026-03-06T21:07Z,webhook\nb,2026-03-07T00:00Z,\n",
    )
    found = simcore.read_entries("s.csv")
    assert found.columns.tolist() == ["subscriberId", "enrollmentStartedAt", "enteredVia"]
    assert simcore.project(sequenzy.load(ONBOARDING), found)["subscriber_id"].unique().tolist() == ["a", "b"]


def test_columns_that_mean_something_to_some():
    write(
        "e.csv",
        "subscriber_id,entered_at,time_zone,properties,attributes,sequence_id,note\n"
        'a,2026-03-06T21:07Z,Europe/Kyiv,"{""a"": 1}",,30,x\nb,2026-03-06T21:07Z,,,"{}",31,x\n',
    )
    found = simcore.read_entries("e.csv")
    assert sorted(found) == [
        "attributes",
        "entered_at",
        "properties",
        "sequence_id",
        "subscriber_id",
        "time_zone",
    ]
    assert found["properties"].tolist() == [{"a": 1}, None]
    assert found["attributes"].tolist() == [None, {}]
    assert found["time_zone"].isna().tolist() == [False, True]
    assert found["sequence_id"].tolist() == ["30", "31"]


def test_entries_that_are_counted():
    write("c.csv", "entered_at,count\n2026-03-06T21:07Z,3\n2026-03-07T21:07Z,0\n")
    found = simcore.read_entries("c.csv")
    assert found["count"].tolist() == [3, 0]
    assert simcore.forecast(WELCOMING, found).to_numpy().sum() == 12


def test_events():
    found = simcore.read_events(LOG)
    assert sorted(found) == ["at", "event", "properties", "ref", "subscriber_id"]
    run("project", ONBOARDING, "--events", LOG, "-o", "out.csv")
    simcore.write_csv(simcore.project(sequenzy.load(ONBOARDING), events=found), "mine.csv")
    assert content("mine.csv") == content("out.csv")
    write("v.csv", "subscriber_id,at,event,received_at\na,2026-03-06T21:07Z,unsubscribed,\n")
    found = simcore.read_events("v.csv")
    assert found["received_at"].isna().all()
    assert found["ref"].isna().all()


def test_a_column_that_may_be_meant_is_told_of():
    write("e.csv", "subscriber_id,entered_at,propertys\na,2026-03-06T21:07Z,x\n")
    told = "entries: column 'propertys' not read (did you mean properties?): columns="
    with pytest.warns(UserWarning, match=f"^{re.escape(told)}"):
        simcore.read_entries("e.csv")


def test_rows_that_cannot_be_used(text_of):
    write("e.csv", BROKEN)
    typed = refused("project", WELCOME, "e.csv", "-o", "out.csv")
    lines = typed.replace("--day-first", "dayfirst=True").splitlines()
    vias = [line for line in lines if "pigeon" in line]  # which a platform may have
    expected = [line.partition("; via")[0] if line in vias else line for line in lines[:-1]]
    told = text_of(EntryError, simcore.read_entries, "e.csv", naive_time_zone=ZONE)
    assert told == "\n".join([*expected, "fix those rows, or leave them out"])
    with pytest.raises(EntryError) as caught:
        simcore.read_entries("e.csv", naive_time_zone=ZONE)
    assert caught.value.rows == [2, 3, 4, 5, 6, 8]


def test_times_without_a_zone_are_refused(text_of):
    write("e.csv", "subscriber_id,entered_at\na,2026-03-06 21:07\n")
    told = text_of(EntryError, simcore.read_entries, "e.csv")
    assert told.startswith(
        "e.csv: 1 of 1 rows cannot be used\n  line 2: entered_at '2026-03-06 21:07': has no time zone"
    )


@pytest.mark.parametrize("call", [simcore.read_entries, simcore.read_events])
@pytest.mark.parametrize(
    ("path", "asked", "message"),
    [
        (5, {}, "path: found 5, expected the path of a file"),
        ("e.csv", {"delimiter": ";;"}, "delimiter: found ';;', expected one character, such as ';' or '\\t'"),
        ("e.csv", {"delimiter": None}, "delimiter: found None, expected one character, such as ';' or '\\t'"),
        ("e.csv", {"unit": "h"}, "unit: found 'h', expected 's' or 'ms'"),
        ("e.csv", {"dayfirst": "yes"}, "dayfirst: found 'yes', expected True or False"),
        ("e.csv", {"columns": ["email"]}, "columns: found ['email'], expected a dict such as "),
        ("e.csv", {"naive_time_zone": "Mars"}, "'Mars' is not a time zone: expected an IANA name such as "),
        ("e.csv", {"columns": {"subscriber_id": "mail"}}, "columns: subscriber_id is 'mail', and "),
        ("semicolons.csv", {}, "semicolons.csv: no column subscriber_id"),
        ("empty.csv", {}, "empty.csv: empty: expected a header with subscriber_id"),
    ],
)
def test_what_cannot_be_read(call, path, asked, message):
    write("e.csv", "subscriber_id,entered_at,at,event\n")
    write("semicolons.csv", "subscriber_id;entered_at;at;event\n")
    write("empty.csv", "")
    with pytest.raises(SimcoreError, match=f"^{re.escape(message)}") as caught:
        call(path, **asked)
    if path == "semicolons.csv":
        assert str(caught.value).endswith("; the columns are divided by semicolons: delimiter=';'")


def test_no_file():
    with pytest.raises(FileNotFoundError):
        simcore.read_entries("e.csv")


# How many get mail


@pytest.mark.parametrize(
    "typed",
    [
        [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES],
        [WELCOME, "again.csv"],
        ["repeats.json", "again.csv"],
        [ONBOARDING, "--events", LOG],
    ],
    ids=["events", "again", "repeats", "enrolled"],
)
def test_a_summary_counts_those_who_get_mail(typed):
    write("again.csv", f"{HEADER}a,2026-03-06,\nb,2026-03-07,\na,2026-06-06,\na,2026-03-08,\n")
    welcome = json.loads(content(WELCOME))
    welcome["sequence"]["repeat"] = True
    write("repeats.json", json.dumps(welcome))
    told = json.loads(run("project", *typed, "-o", "out.csv", "--json").stdout)
    assert told["subscribers"] == pd.read_csv("out.csv", dtype=str)["subscriber_id"].nunique() > 1
    assert (
        json.loads(run("simulate", *typed, "-o", "out", "--json").stdout)["subscribers"]
        == told["subscribers"]
    )
