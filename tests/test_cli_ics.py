"""The command line's calendar files."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_cli import ENTRIES, HEADER, WELCOME, files, refused, run, write

import simcore
from simcore import kit

icalendar = pytest.importorskip("icalendar", reason="calendar files are made by the extra calendar")

OUT = ["-o", "sends.ics"]
ENTERED = ["--entered", "2026-03-06 21:07"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def events(name="sends.ics"):
    return icalendar.Calendar.from_ical(Path(name).read_bytes()).walk("VEVENT")


def test_one_subscriber():
    shown = run("ics", WELCOME, *ENTERED, *OUT).stdout
    assert shown == (
        "4 sends to 1 subscriber, Fri 6 Mar 2026 21:07 EST to Thu 12 Mar 2026 09:00 EDT, in sends.ics\n"
    )
    preview = simcore.preview(kit.load(WELCOME), "2026-03-06 21:07")
    assert [event["dtstart"].dt for event in events()] == [
        at.to_pydatetime() for at in preview["send_at"].dt.tz_convert("UTC")
    ]
    assert str(events()[0]["description"]) == "to you, run 1, email 301, 2026-03-06 21:07:00 EST"
    assert files() == ["sends.ics"]


def test_a_list_of_them():
    told = json.loads(run("ics", WELCOME, ENTRIES, "--until", "2026-03-01", *OUT, "--json").stdout)
    entries = pd.read_csv(ENTRIES, dtype={"subscriber_id": "str"})
    sends = simcore.project(kit.load(WELCOME), entries, until="2026-03-01T00:00-05:00")
    assert told["sends"] == len(events()) == len(sends)
    assert (told["file"], told["quarantined"]) == ("sends.ics", 0)
    text = Path(ENTRIES).read_text(encoding="utf-8")
    write("e.csv", f"{text}x,yesterday,\n")
    typed = ["ics", WELCOME, "e.csv", "--until", "2026-03-01", *OUT, "--on-error", "quarantine"]
    assert run(*typed).stderr == "1 of 201 rows cannot be used: see sends.quarantine.csv\n"
    assert len(events()) == len(sends)


def test_no_sends():
    write("e.csv", HEADER)
    assert run("ics", WELCOME, "e.csv", *OUT).stdout == "no sends, in sends.ics: there are no entries\n"
    assert events() == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([*ENTERED, "-o", "sends.csv"], "sends.csv: expected a name that ends in .ics"),
        ([ENTRIES, *ENTERED, *OUT], "--entered: is of one subscriber, expected it without ENTRIES"),
        (
            ["--events", "e.csv", *ENTERED, *OUT],
            "--entered: is of one subscriber, expected it without --events",
        ),
        (
            [*ENTERED, "--time-zones", "tz", *OUT],
            "--entered: is of one subscriber, expected it without --time-zones",
        ),
        (["e.ics", "-o", "e.ics"], "e.ics: cannot be written: it is an input"),
        (
            OUT,
            "ENTRIES: missing, expected a file of the people who enter (events enrol nobody in this sequence)",
        ),
        (
            ["--entered", "03/06/2026", *OUT],
            "--entered: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        ),
    ],
)
def test_what_is_refused(typed, expected):
    write("e.ics", HEADER)
    assert refused("ics", WELCOME, *typed) == expected
    assert files() == ["e.ics"]


def test_day_first():
    run("ics", WELCOME, "--entered", "06/03/2026 21:07", "--day-first", *OUT)
    assert len(events()) == 4


def test_without_icalendar(monkeypatch):
    monkeypatch.setitem(sys.modules, "icalendar", None)
    assert refused("ics", WELCOME, ENTRIES, *OUT) == (
        'calendar files need icalendar: pip install "simcore[calendar]"'
    )
